// DTLS as far as it differs from TLS: records in datagrams, and handshake messages that come in fragments, in any
// order, and more than once. RFC 6347 (1.2; RFC 4347 is 1.0), RFC 9147 (1.3), RFC 9146 (connection ids).
#pragma once

#include <map>

#include "tlsproof/wire/codec.h"
#include "tlsproof/wire/types.h"

namespace tlsproof::wire {

inline constexpr size_t kDtlsRecordHeaderLen = 13;
inline constexpr size_t kDtlsHandshakeHeaderLen = 12;
inline constexpr uint8_t kTls12Cid = 25;  // RFC 9146 §4: content type of records with a connection id

// The version of TLS that a version of DTLS was made from: 0xfeff and 0x0100 (what OpenSSL before 0.9.8f sent) are 1.1,
// 0xfefd 1.2, 0xfefc 1.3. Any other is returned as it is.
[[nodiscard]] constexpr uint16_t tls_version_of(uint16_t version) {
  if (version == 0xfeff || version == 0x0100) return 0x0302;
  if (version == 0xfefd) return 0x0303;
  return version == 0xfefc ? 0x0304 : version;
}

// One record of a datagram. Borrows from it.
struct DtlsRecordView {
  bool unified = false;   // RFC 9147 §4: the header of protected records of DTLS 1.3
  uint8_t type = 0;       // unified: 0, it is inside
  uint16_t version = 0;   // unified: 0
  uint16_t epoch = 0;     // unified: its two lowest bits
  uint64_t sequence = 0;  // unified: its lowest bits, still encrypted (RFC 9147 §4.2.3)
  ByteView connection_id;
  ByteView fragment;
  ByteView raw;       // header and fragment
  size_t offset = 0;  // of the header in the datagram
};

// Whether a datagram begins with a record of DTLS: RFC 7983 §7 sends first bytes from 20 to 63 there. False for
// anything that a version, epoch or length contradicts; a unified header says so little that it is never enough.
[[nodiscard]] bool looks_like_dtls(ByteView datagram);

// Cuts a datagram into records (RFC 6347 §4.1: a record does not span datagrams).
class DtlsRecordCursor {
 public:
  enum class Next : uint8_t {
    record,  // `out` holds the next one
    end,
    bad,  // what is left is no record, or its length points behind the datagram: `out` has raw = the rest. Final.
  };
  // `connection_id_len`: of the ids in this direction, 0 when none was negotiated. Where the datagram holds a record
  // with one though none is known, the length that makes the record fill the datagram is taken.
  explicit DtlsRecordCursor(ByteView datagram, size_t connection_id_len = 0)
      : datagram_(datagram), connection_id_len_(connection_id_len) {}
  [[nodiscard]] Next next(DtlsRecordView& out);

 private:
  Next bad(DtlsRecordView& out);
  Next legacy(DtlsRecordView& out);
  Next unified(DtlsRecordView& out);

  ByteView datagram_;
  size_t connection_id_len_;
  size_t at_ = 0;
};

// The header before each fragment of a handshake message (RFC 6347 §4.2.2).
struct DtlsFragmentHeader {
  static constexpr std::string_view kName = "DtlsFragmentHeader";
  uint8_t type = 0;
  uint32_t length = 0;  // of the message, uint24
  uint16_t message_seq = 0;
  uint32_t fragment_offset = 0;  // uint24
  uint32_t fragment_length = 0;  // uint24
  bool operator==(const DtlsFragmentHeader&) const = default;
};
[[nodiscard]] bool decode(Reader& r, DtlsFragmentHeader& out);
void encode(const DtlsFragmentHeader& in, Writer& w);

// Puts the messages of one direction together. Messages come out in the order of message_seq, each once, in the form
// that they have in TLS; a fragment that came before counts where fragments overlap.
//
// Memory: at most kMaxOpen messages of at most `max_len` bytes each, of which no more is taken than has come.
class DtlsAssembler {
 public:
  static constexpr size_t kMaxOpen = 16;

  struct Message {  // borrows until the next call that is not const
    uint8_t type = 0;
    uint16_t message_seq = 0;
    ByteView raw;      // TLS's header of four bytes, and the body
    ByteRange stream;  // from the first byte of its first fragment to the last of all, in the caller's counting
    bool retransmitted = false;  // some of it came more than once
  };
  enum class Push : uint8_t {
    taken,
    repeated,      // nothing new in it: a message that has been given out, or bytes that were there
    contradicted,  // it says another length, type or content than before
    bad,           // its lengths contradict each other, or exceed the limit
    restarted,     // a new handshake begins: another message 0 than the one given out. All else is forgotten
  };
  explicit DtlsAssembler(size_t max_len = size_t{1} << 18) : max_len_(max_len) {}

  // `stream`: where the fragment with its header stands.
  [[nodiscard]] Push push(const DtlsFragmentHeader& header, ByteView fragment, ByteRange stream);
  // The next message in order; false: it is not whole yet.
  [[nodiscard]] bool next(Message& out);
  // The same without waiting for messages that are not whole: whoever answers has read them. False: there is none.
  [[nodiscard]] bool next_anyway(Message& out);
  // Messages of which parts have come, and parts are missing.
  [[nodiscard]] size_t num_incomplete() const;
  void reset();

 private:
  struct Open {
    uint8_t type = 0;
    uint32_t length = 0;
    Bytes raw;                    // grows with what comes
    std::vector<ByteRange> have;  // of the body; sorted, apart
    ByteRange stream;
    bool retransmitted = false;
    [[nodiscard]] bool whole() const { return have.size() == 1 && have[0].offset == 0 && have[0].len == length; }
  };
  Push fill(Open& open, const DtlsFragmentHeader& header, ByteView fragment, ByteRange stream);
  Push push_again(const DtlsFragmentHeader& header, ByteView fragment, ByteRange stream);
  void give(std::map<uint16_t, Open>::iterator which, Message& out);

  size_t max_len_;
  uint32_t next_seq_ = 0;
  std::map<uint16_t, Open> open_;
  Bytes first_;  // message 0 as it was given out, to know a new one by
  Open again_;   // message 0, when it comes again
  Open given_;   // what the last Message borrows from
};

}  // namespace tlsproof::wire
