#include "tls_cursor.h"

#include <algorithm>
#include <utility>

#include "tlsproof/wire/record.h"

namespace tlsproof::capture {

using wire::kRecordHeaderLen;

void RecordCursor::reset(ByteView bytes, size_t begin) {
  *this = RecordCursor();
  all_ = bytes;
  at_ = std::min(begin, bytes.size());
}

void RecordCursor::reset_unaligned(ByteView bytes, size_t begin) {
  reset(bytes, begin);
  any_record_ = true;  // what stands before the first record is not said to be no TLS
  begin_hunt(at_);
}

void RecordCursor::extend(size_t end) {
  end_ = std::max(end_, std::min(end, all_.size()));
}

bool RecordCursor::take_lost() {
  return std::exchange(lost_, false);
}

void RecordCursor::begin_hunt(size_t from) {
  hunting_ = true;
  lost_ = true;
  hunt_from_ = from;
}

void RecordCursor::gap(uint64_t missing) {
  if (!hunting_ && at_ > end_) return;  // TLS has not begun
  size_t resume = end_;
  // The record under way says how much of it is still to come, if its header is there and the gap does not reach beyond
  // its end.
  if (!hunting_ && missing != 0 && end_ - at_ >= kRecordHeaderLen && header_fits(at_)) {
    const size_t left = record_end(at_) - end_;
    if (missing <= left) resume = end_ + left - static_cast<size_t>(missing);
  }
  if (!hunting_) begin_hunt(at_);
  lost_ = true;
  at_ = resume;
}

// A header as TLS has it. Where records are hunted for, versions later than TLS 1.3's 0x0304 and empty records that are
// no application data are not believed.
bool RecordCursor::header_fits(size_t at) const {
  const ByteView head = all_.first(end_).subspan(at);
  if (head.empty()) return true;
  if (head[0] < registry::content_type::change_cipher_spec || head[0] > registry::content_type::heartbeat) return false;
  if (head.size() > 1 && head[1] != 3) return false;
  if (head.size() > 2 && head[2] > 4) return false;
  if (head.size() < kRecordHeaderLen) return true;
  const size_t len = static_cast<size_t>(head[3] << 8 | head[4]);
  return len <= wire::kMaxCiphertext12 && (len > 0 || head[0] == registry::content_type::application_data);
}

// With a header that is there.
size_t RecordCursor::record_end(size_t at) const {
  return at + kRecordHeaderLen + static_cast<size_t>(all_[at + 3] << 8 | all_[at + 4]);
}

// Whether a record begins here: a header, and behind its record another one, or the end of what has come.
RecordCursor::Guess RecordCursor::guess(size_t at) const {
  if (!header_fits(at)) return Guess::no;
  if (end_ - at >= kRecordHeaderLen && record_end(at) <= end_)
    return header_fits(record_end(at)) ? Guess::yes : Guess::no;
  return finished_ ? Guess::no : Guess::wait;
}

RecordCursor::Next RecordCursor::hunt(RecordCut& out) {
  Guess found = Guess::no;
  while (at_ < end_ && (found = guess(at_)) == Guess::no) ++at_;
  if (found == Guess::wait || (found == Guess::no && !finished_)) return Next::need_more;
  hunting_ = found == Guess::no;
  at_ = std::min(at_, end_);
  out.stream = {hunt_from_, at_ - hunt_from_};
  hunt_from_ = at_;
  if (out.stream.len != 0) return Next::skipped;
  return hunting_ ? Next::need_more : next(out);
}

bool RecordCursor::peek(RecordCut& out) const {
  if (hunting_ || end_ < at_ + kRecordHeaderLen || all_[at_ + 1] != 3) return false;
  const size_t end = record_end(at_);
  if (end > end_ || end - at_ > wire::kMaxCiphertext12 + kRecordHeaderLen) return false;
  out.type = all_[at_];
  out.version = static_cast<uint16_t>(all_[at_ + 1] << 8 | all_[at_ + 2]);
  out.stream = {at_, end - at_};
  out.raw = all_.subspan(at_, end - at_);
  return true;
}

RecordCursor::Next RecordCursor::next(RecordCut& out) {
  if (hunting_) return hunt(out);
  if (at_ >= end_) return Next::need_more;
  if (peek(out)) {
    const bool first = !any_record_;
    if (!first ||
        (out.type >= registry::content_type::change_cipher_spec && out.type <= registry::content_type::heartbeat)) {
      any_record_ = true;
      at_ += out.raw.size();
      return Next::record;
    }
  }
  const ByteView head = pending();
  out.stream = {at_, std::min(head.size(), kRecordHeaderLen)};
  Next what = Next::need_more;
  // Any other version than 3.x is not TLS; what a plain-text peer says shows it in its first byte.
  const bool odd_type =
      head[0] < registry::content_type::change_cipher_spec || head[0] > registry::content_type::heartbeat;
  if ((!any_record_ && odd_type) || (head.size() > 1 && head[1] != 3))
    what = any_record_ ? Next::bad_header : Next::not_tls;
  else if (head.size() >= kRecordHeaderLen && record_end(at_) - at_ > wire::kMaxCiphertext12 + kRecordHeaderLen)
    what = Next::too_long;
  if (what == Next::need_more) return what;
  any_record_ = true;
  begin_hunt(at_);
  ++at_;
  return what;
}

namespace {

// At least so many records in a row where nothing else speaks for TLS, in each direction that said anything; and in the
// only one there is, twice as many.
constexpr size_t kMidwayRecords = 2;

size_t records_in_a_row(ByteView bytes) {
  RecordCursor cursor;
  cursor.reset_unaligned(bytes, 0);
  cursor.extend(bytes.size());
  RecordCut cut;
  size_t num = 0;
  for (auto next = cursor.next(cut); num < 2 * kMidwayRecords; next = cursor.next(cut)) {
    if (next == RecordCursor::Next::record)
      ++num;
    else if (num > 0 || next != RecordCursor::Next::skipped)
      break;
  }
  return num;
}

}  // namespace

bool is_midway(ByteView a, ByteView b) {
  const size_t num_a = records_in_a_row(a), num_b = records_in_a_row(b);
  if (a.empty() || b.empty()) return num_a + num_b >= 2 * kMidwayRecords;
  return num_a >= kMidwayRecords && num_b >= kMidwayRecords;
}

}  // namespace tlsproof::capture
