#include "record_reader.h"

#include <utility>

#include "tlsproof/registry/constants.h"

namespace tlsproof::tls {

namespace content_type = registry::content_type;

void RecordReader::reset(wire::Role peer, trace::Sink* sink, size_t stream_offset) {
  sink_ = sink;
  direction_ = wire::direction_of(peer);
  stream_offset_ = stream_offset;
  deframer_.reset();
  keys_.stop();
  any_record_ = false;
  set_level(wire::Level::initial);
}

void RecordReader::set_level(wire::Level level) {
  level_ = level;
  const bool tls13 = keys_.active() && keys_.is_tls13();
  deframer_.set_max_fragment(tls13 ? wire::kMaxCiphertext13 : wire::kMaxCiphertext12);
}

void RecordReader::give_memory(std::vector<wire::RecordDeframer>& store) {
  if (deframer_.pending_len() != 0) return;
  stream_offset_ += deframer_.offset();
  deframer_.reset();
  store.push_back(std::exchange(deframer_, wire::RecordDeframer()));
  set_level(level_);  // the limit
}

void RecordReader::take_memory(std::vector<wire::RecordDeframer>& store) {
  if (store.empty() || deframer_.pending_len() != 0) return;
  stream_offset_ += deframer_.offset();
  deframer_ = std::move(store.back());
  store.pop_back();
  set_level(level_);
}

void RecordReader::tell(const RecordIn& in, uint16_t version, bool opened) {
  if (sink_ == nullptr) return;
  sink_->on_record({.direction = direction_,
                    .level = in.was_protected ? level_ : wire::Level::initial,
                    .content_type = in.content_type,
                    .version = version,
                    .opened = opened,
                    .stream = in.stream,
                    .content = in.content});
}

RecordReader::Next RecordReader::next(RecordIn& out, Bytes& plain) {
  wire::RecordView record;
  const ByteView head = deframer_.pending();
  // Any other version than 3.x is not TLS; what a plain-text server answers shows it in its first bytes.
  if (!head.empty() && !any_record_ && (head[0] < 20 || head[0] > 24)) return Next::not_tls;
  if (head.size() > 1 && head[1] != 3) return any_record_ ? Next::bad_header : Next::not_tls;
  switch (deframer_.next(record)) {
    case wire::RecordDeframer::Next::need_more:
      return Next::need_more;
    case wire::RecordDeframer::Next::too_long:
      return Next::too_long;
    case wire::RecordDeframer::Next::record:
      break;
  }
  any_record_ = true;
  out = {.content_type = record.type,
         .was_protected = false,
         .content = record.fragment,
         .stream = {stream_offset_ + record.offset_in_stream, record.raw.size()}};
  const bool tls13 = keys_.active() && keys_.is_tls13();
  const bool sealed = keys_.active() && !(tls13 && record.type != content_type::application_data);
  if (!sealed) {
    tell(out, record.version, true);
    // RFC 8446 §5.1: a TLSPlaintext.length over 2^14 is a record_overflow.
    if (out.content.size() > wire::kMaxPlaintext) return Next::content_too_long;
    // RFC 8446 §5: under protection only ChangeCipherSpec may come as a plain record.
    return tls13 && record.type != content_type::change_cipher_spec ? Next::unprotected : Next::record;
  }
  if (plain.size() < record.fragment.size()) plain.resize(wire::kMaxCiphertext12);
  crypto::Opened opened;
  out.was_protected = true;
  out.content = {};
  if (!keys_.open(record.raw, plain, opened)) {
    tell(out, record.version, false);
    return Next::cannot_open;
  }
  out.content_type = opened.type;
  out.content = opened.content;
  tell(out, record.version, true);
  // RFC 8446 §5.4: a TLSInnerPlaintext is at most 2^14 + 1 bytes; RFC 5246 §6.2.1 for TLS 1.2.
  if (tls13 ? opened.inner_len() > wire::kMaxPlaintext + 1 : opened.content.size() > wire::kMaxPlaintext)
    return Next::content_too_long;
  return tls13 && opened.type == 0 ? Next::no_content_type : Next::record;
}

}  // namespace tlsproof::tls
