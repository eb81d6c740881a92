// Packets of QUIC for tests, made the other way round than the follower reads them.
#pragma once

#include "../../../src/capture/quic_packet.h"

namespace tlsproof::capture::testing {

// RFC 9001 A.2 and A.3: the messages in the CRYPTO frames.
inline const Bytes kQuicClientHello = *from_hex(
    "010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010000e0000"
    "0b"
    "6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e000500050100000000003300260024001d00"
    "20"
    "9370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e040305030603020308040805"
    "08"
    "06002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f0"
    "3e"
    "51570806048000ffff");
inline const Bytes kQuicServerHello = *from_hex(
    "020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a1200130100002e00330024001d00209d3c940d89"
    "69"
    "0b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304");
inline const Bytes kQuicEncryptedExtensions = {8, 0, 0, 2, 0, 0};
inline const Bytes kQuicFinished = [] {
  Bytes finished = {20, 0, 0, 32};
  finished.resize(36, 0x5a);
  return finished;
}();

inline void put_varint(uint64_t value, Bytes& out, size_t len = 0) {
  if (len == 0) len = value < 1U << 6 ? 1 : value < 1U << 14 ? 2 : value < 1U << 30 ? 4 : 8;
  const uint8_t prefix = len == 1 ? 0 : len == 2 ? 0x40 : len == 4 ? 0x80 : 0xc0;
  for (size_t i = len; i-- > 0;) out.push_back(static_cast<uint8_t>(value >> (8 * i) | (i == len - 1 ? prefix : 0)));
}

inline Bytes crypto_frame(uint64_t offset, ByteView data) {
  Bytes out = {6};
  put_varint(offset, out);
  put_varint(data.size(), out);
  append(out, data);
  return out;
}
inline Bytes close_frame(uint64_t error, std::string_view reason) {
  Bytes out = {0x1c};
  put_varint(error, out);
  out.push_back(0);
  put_varint(reason.size(), out);
  append(out, as_bytes(reason));
  return out;
}
inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) append(all, part);
  return all;
}

// One direction of a connection.
struct QuicSender {
  crypto::Side side = crypto::Side::client;
  uint32_t version = 1;
  Bytes destination_id, source_id, token;
  std::array<uint64_t, 2> next_number{};  // Initial, Handshake
  size_t number_len = 2;
  crypto::QuicProtection initial_keys, handshake_keys;

  QuicSender(crypto::Side who, uint32_t of_version, const Bytes& to, const Bytes& from)
      : side(who), version(of_version), destination_id(to), source_id(from) {}
  void start_initial(ByteView origin) {
    const auto facts = *crypto::find_quic_version(version);
    initial_keys.start(crypto::Aead::aes_128_gcm, crypto::HashAlgorithm::sha256,
                       crypto::quic_initial_secret(facts.initial_salt, origin, side), facts.labels);
  }
  // TLS_AES_128_GCM_SHA256, as kQuicServerHello says.
  void start_handshake(ByteView secret) {
    handshake_keys.start(crypto::Aead::aes_128_gcm, crypto::HashAlgorithm::sha256, secret,
                         crypto::find_quic_version(version)->labels);
  }

  [[nodiscard]] Bytes long_header(QuicPacketType type) const {
    const auto bits = static_cast<unsigned>(type) + (version == 0x6b3343cf ? 1U : 0U);
    Bytes out = {static_cast<uint8_t>(0xc0U | (bits & 3U) << 4)};
    for (const unsigned shift : {24U, 16U, 8U, 0U}) out.push_back(static_cast<uint8_t>(version >> shift));
    for (const Bytes* id : {&destination_id, &source_id}) {
      out.push_back(static_cast<uint8_t>(id->size()));
      append(out, *id);
    }
    return out;
  }
  Bytes packet(QuicPacketType type, const Bytes& frames) {
    crypto::QuicProtection& keys = type == QuicPacketType::initial ? initial_keys : handshake_keys;
    uint64_t& number = next_number[type == QuicPacketType::initial ? 0 : 1];
    Bytes payload = frames;
    if (payload.size() < 4) payload.resize(4);  // RFC 9001 §5.4.2: enough for the sample
    Bytes out = long_header(type);
    out[0] = static_cast<uint8_t>(out[0] | (number_len - 1));
    if (type == QuicPacketType::initial) {
      put_varint(token.size(), out);
      append(out, token);
    }
    put_varint(number_len + payload.size() + 16, out, 2);
    const size_t number_at = out.size();
    for (size_t i = number_len; i-- > 0;) out.push_back(static_cast<uint8_t>(number >> (8 * i)));
    Bytes sealed;
    keys.seal(number++, out, payload, sealed);
    append(out, sealed);
    const auto mask = keys.header_mask(ByteView(out).subspan(number_at + 4).first<16>());
    out[0] = static_cast<uint8_t>(out[0] ^ (mask[0] & 0x0fU));
    for (size_t i = 0; i < number_len; ++i) out[number_at + i] ^= mask[1 + i];
    return out;
  }
  Bytes initial(const Bytes& frames) { return packet(QuicPacketType::initial, frames); }
  Bytes handshake(const Bytes& frames) { return packet(QuicPacketType::handshake, frames); }
};

}  // namespace tlsproof::capture::testing
