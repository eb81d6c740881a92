// Packets of QUIC with a long header, as they stand in a datagram, and the frames inside those that carry a handshake.
// Sources: RFC 8999 (what all versions share), RFC 9000 §12, §17 and §19, RFC 9369 §3.2 (packet types of version 2).
#pragma once

#include "tlsproof/base/reader.h"
#include "tlsproof/crypto/quic_protection.h"

namespace tlsproof::capture {

enum class QuicPacketType : uint8_t { initial, zero_rtt, handshake, retry, version_negotiation };

struct QuicLongHeader {
  QuicPacketType type = QuicPacketType::initial;
  uint32_t version = 0;
  ByteView destination_id, source_id;  // these and `rest` borrow from the datagram
  ByteView rest;  // Initial: the token. Retry: token and tag. Version Negotiation: the versions, 4 bytes each
  size_t number_offset = 0;  // of the packet number; of packets that are protected
  size_t len = 0;            // of the packet; what follows it in the datagram is another one
};

// 1, 2, 4 or 8 bytes (RFC 9000 §16).
[[nodiscard]] bool read_quic_varint(Reader& r, uint64_t& out, std::string_view field);

// Whether a packet with a long header may begin here, of a version that find_quic_version knows or of a Version
// Negotiation. Cheap: looks at five bytes.
[[nodiscard]] bool is_quic_long_header(ByteView datagram);
// The packet at the beginning of `datagram`, for which is_quic_long_header() holds.
[[nodiscard]] Parsed<QuicLongHeader> parse_quic_long_header(ByteView datagram);

// RFC 9000 Appendix A.3: the packet number nearest to the one expected whose last `len` bytes are `truncated`.
// `largest` is the largest received so far; none yet: nullopt.
[[nodiscard]] uint64_t decode_quic_packet_number(std::optional<uint64_t> largest, uint64_t truncated, size_t len);

struct QuicOpened {
  uint64_t number = 0;
  ByteView payload;  // borrows from `buffer`
};
// Takes header protection off and opens the packet (its `header.len` bytes). `largest` as above. nullopt: it does not
// authenticate, or is too short to. `buffer` is used again from call to call.
[[nodiscard]] std::optional<QuicOpened> open_quic_packet(crypto::QuicProtection& keys, ByteView packet,
                                                         const QuicLongHeader& header, std::optional<uint64_t> largest,
                                                         Bytes& buffer);

// A frame of an Initial or Handshake packet (RFC 9000 §12.4: these and no others).
struct QuicFrame {
  enum class Kind : uint8_t { padding, ping, ack, crypto, connection_close };
  Kind kind = Kind::padding;
  uint64_t offset = 0;  // CRYPTO
  ByteView data;        // CRYPTO; the reason phrase of a CONNECTION_CLOSE. Borrows from the payload
  uint64_t error = 0;   // CONNECTION_CLOSE
};
// Takes the next frame; all PADDING in a row is one. False: `r`'s error says what is wrong. `r` is not empty.
[[nodiscard]] bool read_quic_frame(Reader& r, QuicFrame& out);

// "PROTOCOL_VIOLATION", "0x1234": a transport error code (RFC 9000 §20.1).
[[nodiscard]] std::string quic_error_name(uint64_t error);
// "version 1", "version 2", "draft 29", "0x1a2a3a4a".
[[nodiscard]] std::string quic_version_name(uint32_t version);

}  // namespace tlsproof::capture
