#include "tlsproof/wire/dtls.h"

#include <algorithm>

#include "tlsproof/registry/constants.h"

namespace tlsproof::wire {
namespace {

constexpr size_t kMaxConnectionIdLen = 255;
// RFC 9147 §4: 001CSLEE.
constexpr uint8_t kUnifiedMask = 0xe0, kUnified = 0x20, kHasCid = 0x10, kLongSequence = 0x08, kHasLength = 0x04;

bool is_dtls_version(uint32_t version) {
  return version == 0xfeff || version == 0xfefd || version == 0xfefc || version == 0x0100;
}
uint32_t be16(ByteView b, size_t at) {
  return uint32_t{b[at]} << 8 | b[at + 1];
}

// Where the length field of a record with a connection id stands behind the sequence number, when the record fills the
// datagram.
size_t guess_connection_id_len(ByteView rest) {
  for (size_t len = 0; len <= kMaxConnectionIdLen && kDtlsRecordHeaderLen + len <= rest.size(); ++len)
    if (be16(rest, kDtlsRecordHeaderLen - 2 + len) == rest.size() - kDtlsRecordHeaderLen - len) return len;
  return 0;
}

}  // namespace

bool looks_like_dtls(ByteView datagram) {
  namespace content_type = registry::content_type;
  if (datagram.size() < kDtlsRecordHeaderLen) return false;
  const uint8_t type = datagram[0];
  if (type < content_type::change_cipher_spec || type > 26 || !is_dtls_version(be16(datagram, 1))) return false;
  DtlsRecordView record;
  return DtlsRecordCursor(datagram).next(record) == DtlsRecordCursor::Next::record && !record.fragment.empty();
}

DtlsRecordCursor::Next DtlsRecordCursor::next(DtlsRecordView& out) {
  if (at_ == datagram_.size()) return Next::end;
  out = {};
  out.offset = at_;
  return (datagram_[at_] & kUnifiedMask) == kUnified ? unified(out) : legacy(out);
}

DtlsRecordCursor::Next DtlsRecordCursor::bad(DtlsRecordView& out) {
  out.raw = datagram_.subspan(at_);
  at_ = datagram_.size();
  return Next::bad;
}

// struct { ContentType type; ProtocolVersion version; uint16 epoch; uint48 sequence_number; opaque cid[cid_length];
// uint16 length; opaque fragment[length]; } (RFC 6347 §4.1; cid where the type is tls12_cid, RFC 9146 §4)
DtlsRecordCursor::Next DtlsRecordCursor::legacy(DtlsRecordView& out) {
  const ByteView rest = datagram_.subspan(at_);
  if (rest.size() < kDtlsRecordHeaderLen || !is_dtls_version(be16(rest, 1))) return bad(out);
  size_t cid_len = 0;
  if (rest[0] == kTls12Cid) cid_len = connection_id_len_ > 0 ? connection_id_len_ : guess_connection_id_len(rest);
  const size_t header_len = kDtlsRecordHeaderLen + cid_len;
  if (rest.size() < header_len) return bad(out);
  const size_t len = be16(rest, header_len - 2);
  if (len > rest.size() - header_len) return bad(out);
  out.type = rest[0];
  out.version = static_cast<uint16_t>(be16(rest, 1));
  out.epoch = static_cast<uint16_t>(be16(rest, 3));
  for (size_t i = 5; i < 11; ++i) out.sequence = out.sequence << 8 | rest[i];
  out.connection_id = rest.subspan(kDtlsRecordHeaderLen - 2, cid_len);
  out.fragment = rest.subspan(header_len, len);
  out.raw = rest.first(header_len + len);
  at_ += out.raw.size();
  return Next::record;
}

// RFC 9147 §4: the first byte, the connection id, a sequence number of one or two bytes, and the length; the last
// record of a datagram may go without.
DtlsRecordCursor::Next DtlsRecordCursor::unified(DtlsRecordView& out) {
  const ByteView rest = datagram_.subspan(at_);
  const uint8_t first = rest[0];
  const size_t cid_len = (first & kHasCid) != 0 ? connection_id_len_ : 0;
  const size_t sequence_len = (first & kLongSequence) != 0 ? 2 : 1;
  const size_t length_at = 1 + cid_len + sequence_len;
  const size_t header_len = length_at + ((first & kHasLength) != 0 ? 2 : 0);
  if (rest.size() < header_len) return bad(out);
  size_t len = rest.size() - header_len;
  if ((first & kHasLength) != 0) {
    if (be16(rest, length_at) > len) return bad(out);
    len = be16(rest, length_at);
  }
  out.unified = true;
  out.epoch = first & 3;
  for (size_t i = 0; i < sequence_len; ++i) out.sequence = out.sequence << 8 | rest[1 + cid_len + i];
  out.connection_id = rest.subspan(1, cid_len);
  out.fragment = rest.subspan(header_len, len);
  out.raw = rest.first(header_len + len);
  at_ += out.raw.size();
  return Next::record;
}

// struct { HandshakeType msg_type; uint24 length; uint16 message_seq; uint24 fragment_offset; uint24 fragment_length; …
// } Handshake; (RFC 6347 §4.2.2)
bool decode(Reader& r, DtlsFragmentHeader& out) {
  return r.u8(out.type, "Handshake.msg_type") && r.u24(out.length, "Handshake.length") &&
         r.u16(out.message_seq, "Handshake.message_seq") && r.u24(out.fragment_offset, "Handshake.fragment_offset") &&
         r.u24(out.fragment_length, "Handshake.fragment_length");
}

void encode(const DtlsFragmentHeader& in, Writer& w) {
  w.u8(in.type);
  w.u24(in.length);
  w.u16(in.message_seq);
  w.u24(in.fragment_offset);
  w.u24(in.fragment_length);
}

DtlsAssembler::Push DtlsAssembler::push(const DtlsFragmentHeader& header, ByteView fragment, ByteRange stream) {
  if (header.length > max_len_ || header.fragment_length != fragment.size() ||
      size_t{header.fragment_offset} + header.fragment_length > header.length)
    return Push::bad;
  if (header.message_seq < next_seq_) return push_again(header, fragment, stream);
  if (open_.size() >= kMaxOpen && !open_.contains(header.message_seq)) return Push::bad;
  return fill(open_[header.message_seq], header, fragment, stream);
}

DtlsAssembler::Push DtlsAssembler::fill(Open& open, const DtlsFragmentHeader& header, ByteView fragment,
                                        ByteRange stream) {
  if (open.raw.empty()) {
    open.type = header.type;
    open.length = header.length;
    open.stream = stream;
    Writer w(open.raw);
    w.u8(header.type);
    w.u24(header.length);
  } else if (open.type != header.type || open.length != header.length) {
    return Push::contradicted;
  }
  const size_t begin = header.fragment_offset, end = begin + fragment.size();
  if (open.raw.size() < kHandshakeHeaderLen + end) open.raw.resize(kHandshakeHeaderLen + end);
  // The first copy of each byte counts. `have` is kept sorted, and what touches is joined.
  bool contradicts = false;
  size_t at = begin, num_new = 0;
  const auto take_until = [&](size_t to) {
    std::copy_n(fragment.begin() + static_cast<std::ptrdiff_t>(at - begin), to - at,
                open.raw.begin() + static_cast<std::ptrdiff_t>(kHandshakeHeaderLen + at));
    num_new += to - at;
    at = to;
  };
  for (const ByteRange& have : open.have) {
    if (have.end() <= at || have.offset >= end) continue;
    if (have.offset > at) take_until(have.offset);
    const size_t to = std::min(end, have.end());
    contradicts = contradicts || !equal(fragment.subspan(at - begin, to - at),
                                        ByteView(open.raw).subspan(kHandshakeHeaderLen + at, to - at));
    at = to;
  }
  take_until(end);
  const bool first_of_empty = open.length == 0 && open.have.empty();
  if (num_new == 0 && !first_of_empty) {
    open.retransmitted = true;
    return contradicts ? Push::contradicted : Push::repeated;
  }
  open.retransmitted = open.retransmitted || num_new < fragment.size();
  const size_t stream_end = std::max(open.stream.end(), stream.end());
  open.stream.offset = std::min(open.stream.offset, stream.offset);
  open.stream.len = stream_end - open.stream.offset;
  open.have.push_back({begin, end - begin});
  std::ranges::sort(open.have, {}, &ByteRange::offset);
  std::vector<ByteRange> joined;
  for (const ByteRange& have : open.have) {
    if (!joined.empty() && have.offset <= joined.back().end())
      joined.back().len = std::max(joined.back().end(), have.end()) - joined.back().offset;
    else
      joined.push_back(have);
  }
  open.have = std::move(joined);
  return contradicts ? Push::contradicted : Push::taken;
}

// RFC 6347 §4.2.2: the first message of each handshake has message_seq 0. Another one than the one before begins a new
// handshake between the same addresses.
DtlsAssembler::Push DtlsAssembler::push_again(const DtlsFragmentHeader& header, ByteView fragment, ByteRange stream) {
  if (header.message_seq != 0) return Push::repeated;
  if (again_.type != header.type || again_.length != header.length) again_ = {};
  const Push pushed = fill(again_, header, fragment, stream);
  if (!again_.whole()) return pushed == Push::contradicted ? pushed : Push::repeated;
  if (equal(again_.raw, first_)) {
    again_ = {};
    return Push::repeated;
  }
  Open first = std::move(again_);
  reset();
  open_.emplace(uint16_t{0}, std::move(first));
  return Push::restarted;
}

bool DtlsAssembler::next(Message& out) {
  const auto found = next_seq_ > 0xffff ? open_.end() : open_.find(static_cast<uint16_t>(next_seq_));
  if (found == open_.end() || !found->second.whole()) return false;
  give(found, out);
  return true;
}

bool DtlsAssembler::next_anyway(Message& out) {
  const auto found = std::ranges::find_if(open_, [](const auto& one) { return one.second.whole(); });
  if (found == open_.end()) return false;
  open_.erase(open_.begin(), found);
  give(found, out);
  return true;
}

void DtlsAssembler::give(std::map<uint16_t, Open>::iterator which, Message& out) {
  const uint16_t seq = which->first;
  given_ = std::move(which->second);
  open_.erase(which);
  next_seq_ = uint32_t{seq} + 1;
  if (seq == 0) first_ = given_.raw;
  out = {given_.type, seq, given_.raw, given_.stream, given_.retransmitted};
}

size_t DtlsAssembler::num_incomplete() const {
  return static_cast<size_t>(std::ranges::count_if(open_, [](const auto& one) { return !one.second.whole(); }));
}

void DtlsAssembler::reset() {
  next_seq_ = 0;
  open_.clear();
  first_.clear();
  again_ = {};
  given_ = {};
}

}  // namespace tlsproof::wire
