#include "quic_packet.h"

#include <fmt/format.h>

namespace tlsproof::capture {
namespace {

constexpr uint8_t kLongHeader = 0x80;
constexpr uint32_t kVersion2 = 0x6b3343cf;
constexpr size_t kMaxConnectionId = 20;  // RFC 9000 §17.2, of the versions that we know
constexpr size_t kNumberRoom = 4;        // RFC 9001 §5.4.2: the sample begins where the longest packet number would end

uint32_t version_of(ByteView datagram) {
  return uint32_t{datagram[1]} << 24 | uint32_t{datagram[2]} << 16 | uint32_t{datagram[3]} << 8 | datagram[4];
}

// RFC 9000 §17.2: Initial, 0-RTT, Handshake, Retry. RFC 9369 §3.2: one further each.
QuicPacketType type_of(uint8_t first, uint32_t version) {
  const unsigned bits = first >> 4 & 3U;
  return static_cast<QuicPacketType>(version == kVersion2 ? (bits + 3) & 3U : bits);
}

bool read_after_ids(Reader& r, QuicLongHeader& out) {
  if (out.type == QuicPacketType::version_negotiation || out.type == QuicPacketType::retry) {
    out.rest = r.rest();  // neither says how long it is: RFC 9000 §17.2.1, §17.2.5
    out.len = r.offset();
    return true;
  }
  uint64_t token_len = 0, len = 0;
  if (out.type == QuicPacketType::initial) {
    if (!read_quic_varint(r, token_len, "QUIC.token_length")) return false;
    if (token_len > r.remaining())
      return r.bad_length(r.offset(), "QUIC.token", r.remaining(), static_cast<size_t>(token_len));
    if (!r.bytes(out.rest, static_cast<size_t>(token_len), "QUIC.token")) return false;
  }
  if (!read_quic_varint(r, len, "QUIC.length")) return false;
  out.number_offset = r.offset();
  if (len > r.remaining()) return r.bad_length(r.offset(), "QUIC.length", r.remaining(), static_cast<size_t>(len));
  out.len = out.number_offset + static_cast<size_t>(len);
  return true;
}

bool read_ack(Reader& r, bool with_ecn) {
  uint64_t value = 0, num_ranges = 0;
  if (!read_quic_varint(r, value, "ACK.largest") || !read_quic_varint(r, value, "ACK.delay") ||
      !read_quic_varint(r, num_ranges, "ACK.range_count") || !read_quic_varint(r, value, "ACK.first_range")) {
    return false;
  }
  for (uint64_t i = 0; i < num_ranges; ++i) {
    if (!read_quic_varint(r, value, "ACK.gap") || !read_quic_varint(r, value, "ACK.range")) return false;
  }
  for (int i = 0; with_ecn && i < 3; ++i) {
    if (!read_quic_varint(r, value, "ACK.ecn_count")) return false;
  }
  return true;
}

bool read_data(Reader& r, ByteView& out, std::string_view field) {
  uint64_t len = 0;
  if (!read_quic_varint(r, len, field)) return false;
  if (len > r.remaining()) return r.bad_length(r.offset(), field, r.remaining(), static_cast<size_t>(len));
  return r.bytes(out, static_cast<size_t>(len), field);
}

}  // namespace

bool read_quic_varint(Reader& r, uint64_t& out, std::string_view field) {
  const ByteView ahead = r.peek();
  const size_t len = ahead.empty() ? 1 : size_t{1} << (ahead[0] >> 6);
  ByteView bytes;
  if (!r.bytes(bytes, len, field)) return false;
  out = bytes[0] & 0x3fU;
  for (const uint8_t byte : bytes.subspan(1)) out = out << 8 | byte;
  return true;
}

bool is_quic_long_header(ByteView datagram) {
  if (datagram.size() < 7 || (datagram[0] & kLongHeader) == 0) return false;
  const uint32_t version = version_of(datagram);
  return version == 0 || crypto::find_quic_version(version);
}

Parsed<QuicLongHeader> parse_quic_long_header(ByteView datagram) {
  ParseError error;
  Reader r(datagram, error);
  QuicLongHeader out;
  uint8_t first = 0;
  if (!r.u8(first, "QUIC.first") || !r.u32(out.version, "QUIC.version")) return std::unexpected(error);
  out.type = out.version == 0 ? QuicPacketType::version_negotiation : type_of(first, out.version);
  const size_t max_id = out.version == 0 ? 255 : kMaxConnectionId;
  if (!r.opaque8(out.destination_id, "QUIC.destination_connection_id", 0, max_id) ||
      !r.opaque8(out.source_id, "QUIC.source_connection_id", 0, max_id) || !read_after_ids(r, out)) {
    return std::unexpected(error);
  }
  return out;
}

uint64_t decode_quic_packet_number(std::optional<uint64_t> largest, uint64_t truncated, size_t len) {
  const uint64_t expected = largest ? *largest + 1 : 0;
  const uint64_t window = uint64_t{1} << (8 * len), half = window / 2;
  const uint64_t candidate = (expected & ~(window - 1)) | truncated;
  if (candidate + half <= expected && candidate + window < uint64_t{1} << 62) return candidate + window;
  if (candidate > expected + half && candidate >= window) return candidate - window;
  return candidate;
}

std::optional<QuicOpened> open_quic_packet(crypto::QuicProtection& keys, ByteView packet, const QuicLongHeader& header,
                                           std::optional<uint64_t> largest, Bytes& buffer) {
  const size_t sample_begin = header.number_offset + kNumberRoom;
  if (header.len < sample_begin + crypto::QuicProtection::kSampleLen || packet.size() < header.len) return std::nullopt;
  buffer.assign(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(header.len));
  const auto mask = keys.header_mask(packet.subspan(sample_begin).first<crypto::QuicProtection::kSampleLen>());
  buffer[0] = static_cast<uint8_t>(buffer[0] ^ (mask[0] & 0x0fU));  // RFC 9001 §5.4.1
  const size_t number_len = (buffer[0] & 3U) + 1;
  uint64_t truncated = 0;
  for (size_t i = 0; i < number_len; ++i) {
    uint8_t& byte = buffer[header.number_offset + i];
    byte ^= mask[1 + i];
    truncated = truncated << 8 | byte;
  }
  const uint64_t number = decode_quic_packet_number(largest, truncated, number_len);
  const size_t header_len = header.number_offset + number_len;
  const std::span<uint8_t> sealed = std::span(buffer).subspan(header_len);
  const auto len = keys.open(number, ByteView(buffer).first(header_len), sealed, sealed);
  if (!len) return std::nullopt;
  return QuicOpened{number, ByteView(sealed).first(*len)};
}

bool read_quic_frame(Reader& r, QuicFrame& out) {
  out = {};
  const size_t begin = r.offset();
  uint64_t type = 0;
  if (!read_quic_varint(r, type, "QUIC.frame_type")) return false;
  switch (type) {
    case 0x00: {
      const ByteView ahead = r.peek();
      size_t len = 0;
      while (len < ahead.size() && ahead[len] == 0) ++len;
      ByteView zeros;
      return r.bytes(zeros, len, "PADDING");
    }
    case 0x01:
      out.kind = QuicFrame::Kind::ping;
      return true;
    case 0x02:
    case 0x03:
      out.kind = QuicFrame::Kind::ack;
      return read_ack(r, type == 0x03);
    case 0x06:
      out.kind = QuicFrame::Kind::crypto;
      return read_quic_varint(r, out.offset, "CRYPTO.offset") && read_data(r, out.data, "CRYPTO.data");
    case 0x1c: {
      uint64_t frame_type = 0;
      out.kind = QuicFrame::Kind::connection_close;
      return read_quic_varint(r, out.error, "CONNECTION_CLOSE.error_code") &&
             read_quic_varint(r, frame_type, "CONNECTION_CLOSE.frame_type") &&
             read_data(r, out.data, "CONNECTION_CLOSE.reason");
    }
    default:
      return r.bad_value(begin, "QUIC.frame_type");
  }
}

std::string quic_error_name(uint64_t error) {
  constexpr std::string_view kNames[] = {"NO_ERROR",
                                         "INTERNAL_ERROR",
                                         "CONNECTION_REFUSED",
                                         "FLOW_CONTROL_ERROR",
                                         "STREAM_LIMIT_ERROR",
                                         "STREAM_STATE_ERROR",
                                         "FINAL_SIZE_ERROR",
                                         "FRAME_ENCODING_ERROR",
                                         "TRANSPORT_PARAMETER_ERROR",
                                         "CONNECTION_ID_LIMIT_ERROR",
                                         "PROTOCOL_VIOLATION",
                                         "INVALID_TOKEN",
                                         "APPLICATION_ERROR",
                                         "CRYPTO_BUFFER_EXCEEDED",
                                         "KEY_UPDATE_ERROR",
                                         "AEAD_LIMIT_REACHED",
                                         "NO_VIABLE_PATH",
                                         "VERSION_NEGOTIATION_ERROR"};
  return error < std::size(kNames) ? std::string(kNames[error]) : fmt::format("0x{:x}", error);
}

std::string quic_version_name(uint32_t version) {
  if (version == 1) return "version 1";
  if (version == kVersion2) return "version 2";
  if (version >> 8 == 0xff0000) return fmt::format("draft {}", version & 0xff);
  return fmt::format("0x{:08x}", version);
}

}  // namespace tlsproof::capture
