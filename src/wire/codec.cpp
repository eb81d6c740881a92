#include "tlsproof/wire/codec.h"

#include <algorithm>

#include "tlsproof/wire/alert.h"
#include "tlsproof/wire/types.h"

namespace tlsproof::wire {
namespace {

bool fill_u16_list(Reader& frame, size_t field_offset, std::vector<uint16_t>& out, std::string_view field) {
  out.clear();
  // RFC 8446 §3.4: the length of a vector is a multiple of the length of its elements.
  if (frame.remaining() % 2 != 0)
    return frame.bad_length(field_offset, field, frame.remaining() - 1, frame.remaining());
  out.reserve(frame.remaining() / 2);
  while (!frame.empty()) {
    uint16_t item = 0;
    if (!frame.u16(item, field)) return false;
    out.push_back(item);
  }
  return true;
}

bool assign(Bytes& out, ByteView view) {
  out.assign(view.begin(), view.end());
  return true;
}

}  // namespace

bool decode_u16_list8(Reader& r, std::vector<uint16_t>& out, std::string_view field, size_t min, size_t max) {
  const size_t offset = r.offset();
  Reader frame = r;
  return r.sub8(frame, field, min, max) && fill_u16_list(frame, offset, out, field);
}

bool decode_u16_list16(Reader& r, std::vector<uint16_t>& out, std::string_view field, size_t min, size_t max) {
  const size_t offset = r.offset();
  Reader frame = r;
  return r.sub16(frame, field, min, max) && fill_u16_list(frame, offset, out, field);
}

void encode_u16_list8(const std::vector<uint16_t>& in, Writer& w) {
  w.prefixed8([&] {
    for (uint16_t item : in) w.u16(item);
  });
}

void encode_u16_list16(const std::vector<uint16_t>& in, Writer& w) {
  w.prefixed16([&] {
    for (uint16_t item : in) w.u16(item);
  });
}

bool decode_opaque8(Reader& r, Bytes& out, std::string_view field, size_t min, size_t max) {
  ByteView view;
  return r.opaque8(view, field, min, max) && assign(out, view);
}

bool decode_opaque16(Reader& r, Bytes& out, std::string_view field, size_t min, size_t max) {
  ByteView view;
  return r.opaque16(view, field, min, max) && assign(out, view);
}

bool decode_opaque24(Reader& r, Bytes& out, std::string_view field, size_t min, size_t max) {
  ByteView view;
  return r.opaque24(view, field, min, max) && assign(out, view);
}

bool decode_fixed(Reader& r, std::span<uint8_t> out, std::string_view field) {
  ByteView view;
  if (!r.bytes(view, out.size(), field)) return false;
  std::ranges::copy(view, out.begin());
  return true;
}

void decode_rest(Reader& r, Bytes& out) {
  assign(out, r.rest());
}

// struct { AlertLevel level; AlertDescription description; } Alert;  (RFC 8446 §6)
bool decode(Reader& r, Alert& out) {
  return r.u8(out.level, "Alert.level") && r.u8(out.description, "Alert.description");
}

void encode(const Alert& in, Writer& w) {
  w.u8(in.level);
  w.u8(in.description);
}

// struct { enum { change_cipher_spec(1), (255) } type; } ChangeCipherSpec;  (RFC 5246 §7.1)
bool decode(Reader& r, ChangeCipherSpec& out) {
  return r.u8(out.type, "ChangeCipherSpec.type");
}

void encode(const ChangeCipherSpec& in, Writer& w) {
  w.u8(in.type);
}

std::string_view to_string(Direction direction) {
  return direction == Direction::client_to_server ? "client->server" : "server->client";
}

std::string_view to_string(Level level) {
  switch (level) {
    case Level::initial:
      return "initial";
    case Level::early:
      return "early";
    case Level::handshake:
      return "handshake";
    case Level::application:
      return "application";
  }
  return "";
}

std::string_view to_string(Role role) {
  return role == Role::client ? "client" : "server";
}

}  // namespace tlsproof::wire
