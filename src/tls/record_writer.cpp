#include "record_writer.h"

#include <algorithm>

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/record.h"

namespace tlsproof::tls {

using wire::Level;

void RecordWriter::reset(wire::Role role, trace::Sink* sink, Editor* editor, size_t stream_offset) {
  sink_ = sink;
  editor_ = editor;
  direction_ = wire::direction_of(role);
  stop_all();
  out_.clear();
  begin_ = 0;
  stream_begin_ = stream_offset;
  num_records_ = 0;
  segments_.clear();
}

void RecordWriter::stop_all() {
  for (auto& keys : keys_) keys.stop();
}

Level RecordWriter::usable(Level wanted) const {
  if (wanted == Level::initial || keys_[index(wanted)].active()) return wanted;
  for (Level level : {Level::application, Level::handshake, Level::early})
    if (keys_[index(level)].active()) return level;
  return Level::initial;
}

ByteRange RecordWriter::put(uint8_t content_type, Level level, ByteView content, const FlightItem& how, About about,
                            uint16_t version) {
  const Level used = usable(level);
  const size_t begin = stream_end();
  pieces_.clear();
  if (used != level && sink_ != nullptr)
    sink_->on_problem(direction_, level, "sent under other keys: those of this level do not exist yet", {begin, 0});
  RecordContext context{.level = used,
                        .content_type = content_type,
                        .handshake_type = about.handshake_type,
                        .occurrence = about.occurrence};
  for (size_t i = 0; i < how.empty_records; ++i) {
    const FlightItem plain;
    put_one(content_type, used, {}, plain, context, how.record_version.value_or(version));
  }
  size_t done = 0;
  const size_t limit = how.fragment == 0 ? wire::kMaxPlaintext : how.fragment;
  do {
    const size_t len = std::min(limit, content.size());
    const size_t record_begin = stream_end();
    put_one(content_type, used, content.first(len), how, context, version);
    pieces_.push_back({done + len, {record_begin, stream_end() - record_begin}});
    done += len;
    content = content.subspan(len);
    ++context.fragment_index;
  } while (!content.empty());
  const ByteRange stream{begin, stream_end() - begin};
  if (how.segment != 0) segments_.push_back({stream, how.segment});
  return stream;
}

ByteRange RecordWriter::put_raw(ByteView bytes, size_t segment) {
  const ByteRange stream{stream_end(), bytes.size()};
  append(out_, bytes);
  if (segment != 0) segments_.push_back({stream, segment});
  return stream;
}

ByteRange RecordWriter::place_of(ByteRange content) const {
  std::optional<size_t> begin;
  size_t end = 0;
  for (const auto& piece : pieces_) {
    if (piece.content_end <= content.offset && content.offset != 0) continue;
    if (!begin) begin = piece.stream.offset;
    end = piece.stream.end();
    if (piece.content_end >= content.end()) break;
  }
  return begin ? ByteRange{*begin, end - *begin} : ByteRange{stream_end(), 0};
}

void RecordWriter::put_one(uint8_t content_type, Level level, ByteView fragment, const FlightItem& how,
                           RecordContext& context, uint16_t version) {
  const bool first = context.fragment_index == 0;
  version = how.record_version.value_or(version);
  const size_t begin = stream_end();
  if (editor_ == nullptr) {
    seal(content_type, level, fragment, how, first, version, out_);
  } else {
    record_.clear();
    seal(content_type, level, fragment, how, first, version, record_);
    context.protected_len = level == Level::initial ? 0 : record_.size() - wire::kRecordHeaderLen - fragment.size();
    context.index = num_records_;
    editor_->on_record(context, record_);
    append(out_, record_);
  }
  ++num_records_;
  if (sink_ != nullptr && stream_end() != begin)
    tell(content_type, level, fragment, how, first, version, {begin, stream_end() - begin});
}

void RecordWriter::seal(uint8_t content_type, Level level, ByteView fragment, const FlightItem& how, bool first,
                        uint16_t version, Bytes& out) {
  const bool replaced = first && how.plaintext.has_value();
  if (level == Level::initial) {
    if (replaced) fragment = *how.plaintext;
    // A length beyond 2^16 (bending) is written modulo, as everywhere.
    Writer w(out);
    w.u8(how.record_type.value_or(content_type));
    w.u16(version);
    w.u16(static_cast<uint16_t>(fragment.size()));
    w.bytes(fragment);
    return;
  }
  auto& keys = keys_[index(level)];
  crypto::SealOptions options;
  options.padding = how.padding;
  options.outer_type = how.record_type;
  if (how.record_version) options.version = version;
  if (replaced) {
    if (keys.is_tls13())
      options.inner = ByteView(*how.plaintext);
    else
      fragment = *how.plaintext;
  }
  const uint64_t honest = keys.sequence();
  const bool other_sequence = first && how.sequence.has_value();
  if (other_sequence) keys.set_sequence(*how.sequence);
  keys.seal(content_type, fragment, out, options);
  if (other_sequence) keys.set_sequence(honest + 1);
}

void RecordWriter::tell(uint8_t content_type, Level level, ByteView fragment, const FlightItem& how, bool first,
                        uint16_t version, ByteRange stream) {
  trace::RecordSeen seen{.direction = direction_,
                         .level = level,
                         .content_type = content_type,
                         .version = version,
                         .opened = true,
                         .stream = stream,
                         .content = fragment};
  if (first && how.plaintext) {
    ByteView plain = *how.plaintext;
    if (level != Level::initial && keys_[index(level)].is_tls13()) {
      // RFC 8446 §5.4: what the peer makes of a TLSInnerPlaintext.
      while (!plain.empty() && plain.back() == 0) plain = plain.first(plain.size() - 1);
      seen.content_type = plain.empty() ? 0 : plain.back();
      if (!plain.empty()) plain = plain.first(plain.size() - 1);
    }
    seen.content = plain;
  }
  sink_->on_record(seen);
}

void RecordWriter::consume(size_t len) {
  begin_ = std::min(begin_ + len, out_.size());
  const size_t position = stream_begin_ + begin_;
  std::erase_if(segments_, [&](const Segments& s) { return s.stream.end() <= position; });
  if (begin_ < out_.size()) return;
  stream_begin_ += out_.size();
  out_.clear();
  begin_ = 0;
}

size_t RecordWriter::next_segment_len() const {
  const size_t position = stream_begin_ + begin_;
  size_t len = out_.size() - begin_;
  for (const auto& s : segments_) {
    if (position >= s.stream.offset && position < s.stream.end())
      return std::min({len, s.len, s.stream.end() - position});
    if (s.stream.offset > position) len = std::min(len, s.stream.offset - position);
  }
  return len;
}

}  // namespace tlsproof::tls
