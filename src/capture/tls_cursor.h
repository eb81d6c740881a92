// Cuts one side's bytes, as they lie in a Flow, into TLS records; and finds the next record where bytes are missing or
// are none.
#pragma once

#include "tlsproof/base/bytes.h"

namespace tlsproof::capture {

// A record, in place. Borrows from the flow.
struct RecordCut {
  uint8_t type = 0;
  uint16_t version = 0;
  ByteView raw;      // header and fragment
  ByteRange stream;  // in the side's bytes
  [[nodiscard]] ByteView fragment() const { return raw.subspan(5); }
};

class RecordCursor {
 public:
  // `bytes` is all that the side said; of it nothing has come so far. Records begin at `begin`.
  void reset(ByteView bytes, size_t begin);
  // As above, but where a record begins is not known.
  void reset_unaligned(ByteView bytes, size_t begin);
  // Bytes up to here have come.
  void extend(size_t end);
  // After what has come, `missing` bytes were lost (0: not known how many). What was incomplete goes with them.
  void gap(uint64_t missing);
  // The next bytes are something else than records. Within what has come.
  void skip(size_t len) { at_ += len; }
  // Nothing will come any more: what has to be guessed is guessed from what there is.
  void finish() { finished_ = true; }

  enum class Next : uint8_t {
    record,
    need_more,
    not_tls,  // the first bytes are no record header; `out.stream` is where. The next one that looks like one follows
    bad_header,  // nor later: the major version is not 3
    too_long,    // longer than any record may be
    skipped,     // `out.stream` held no record, or parts of one
  };
  [[nodiscard]] Next next(RecordCut& out);

  // The record that next() would give, without taking it. False: there is none (yet).
  [[nodiscard]] bool peek(RecordCut& out) const;
  [[nodiscard]] ByteView all() const { return all_; }
  [[nodiscard]] size_t position() const { return at_; }
  [[nodiscard]] size_t arrived() const { return end_; }
  [[nodiscard]] ByteView pending() const { return at_ < end_ ? all_.subspan(at_, end_ - at_) : ByteView(); }
  // Everything that this side will have said has been taken.
  [[nodiscard]] bool exhausted() const { return at_ >= all_.size(); }
  // Whether a record was lost since the last call.
  [[nodiscard]] bool take_lost();

 private:
  [[nodiscard]] bool header_fits(size_t at) const;
  [[nodiscard]] size_t record_end(size_t at) const;
  enum class Guess : uint8_t { no, wait, yes };
  [[nodiscard]] Guess guess(size_t at) const;
  Next hunt(RecordCut& out);
  void begin_hunt(size_t from);

  ByteView all_;
  size_t at_ = 0;   // the next byte to look at
  size_t end_ = 0;  // of what has come
  size_t hunt_from_ = 0;
  bool any_record_ = false;
  bool hunting_ = false;
  bool lost_ = false;
  bool finished_ = false;
};

// Whether both sides' bytes hold TLS records, one after the other, although the beginning is not there.
[[nodiscard]] bool is_midway(ByteView a, ByteView b);

}  // namespace tlsproof::capture
