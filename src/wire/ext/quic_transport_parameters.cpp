#include "tlsproof/wire/ext/quic_transport_parameters.h"

#include <algorithm>

namespace tlsproof::wire::ext {
namespace {

using enum QuicParameterForm;

// IANA "QUIC Transport Parameters", ascending.
constexpr QuicParameter kParameters[] = {
    {0x00, "original_destination_connection_id", opaque},
    {0x01, "max_idle_timeout", integer},
    {0x02, "stateless_reset_token", opaque},
    {0x03, "max_udp_payload_size", integer},
    {0x04, "initial_max_data", integer},
    {0x05, "initial_max_stream_data_bidi_local", integer},
    {0x06, "initial_max_stream_data_bidi_remote", integer},
    {0x07, "initial_max_stream_data_uni", integer},
    {0x08, "initial_max_streams_bidi", integer},
    {0x09, "initial_max_streams_uni", integer},
    {0x0a, "ack_delay_exponent", integer},
    {0x0b, "max_ack_delay", integer},
    {0x0c, "disable_active_migration", flag},
    {0x0d, "preferred_address", preferred_address},
    {0x0e, "active_connection_id_limit", integer},
    {0x0f, "initial_source_connection_id", opaque},
    {0x10, "retry_source_connection_id", opaque},
    {0x11, "version_information", version_information},
    {0x20, "max_datagram_frame_size", integer},
    {0x173e, "discard", opaque},
    {0x2ab2, "grease_quic_bit", flag},
    {0x3127, "initial_rtt", integer},               // Google
    {0x3128, "google_connection_options", opaque},  // Google
    {0x4752, "google_version", opaque},             // Google
    {0x7158, "timestamp_support", integer},         // draft-huitema-quic-ts
    {0xff73db, "version_information (draft)", version_information},
    {0xff04de1b, "min_ack_delay", integer},  // draft-ietf-quic-ack-frequency
};

}  // namespace

bool decode_varint(Reader& r, uint64_t& out, uint8_t& width, std::string_view field) {
  const ByteView rest = r.peek();
  width = rest.empty() ? uint8_t{1} : static_cast<uint8_t>(1U << (rest[0] >> 6));
  ByteView bytes;
  if (!r.bytes(bytes, width, field)) return false;
  out = bytes[0] & 0x3fU;
  for (uint8_t octet : bytes.subspan(1)) out = out << 8 | octet;
  return true;
}

void encode_varint(uint64_t value, uint8_t width, Writer& w) {
  unsigned log = width >= 8 ? 3 : width >= 4 ? 2 : width >= 2 ? 1 : 0;
  while (log < 3 && value >> ((8U << log) - 2) != 0) ++log;
  const unsigned bytes = 1U << log;
  value = (value & 0x3fffffffffffffff) | uint64_t{log} << (8 * bytes - 2);
  for (unsigned i = bytes; i-- > 0;) w.u8(static_cast<uint8_t>(value >> (8 * i)));
}

// Transport Parameter { ID (i), Length (i), Value (..) } …   (RFC 9000 §18)
bool decode(Reader& r, QuicTransportParameters& out) {
  out.parameters.clear();
  out.values.clear();
  while (!r.empty()) {
    QuicTransportParameters::Parameter parameter;
    uint64_t len = 0;
    ByteView value;
    if (!decode_varint(r, parameter.id, parameter.id_width, "quic_transport_parameters.id")) return false;
    if (!decode_varint(r, len, parameter.length_width, "quic_transport_parameters.length")) return false;
    if (!r.bytes(value, static_cast<size_t>(len), "quic_transport_parameters.value")) return false;
    out.parameters.push_back(parameter);
    out.values.push_back(value);
  }
  return true;
}

void encode(const QuicTransportParameters& in, Writer& w) {
  for (size_t i = 0; i < in.parameters.size() && i < in.values.size(); ++i) {
    encode_varint(in.parameters[i].id, in.parameters[i].id_width, w);
    encode_varint(in.values[i].size(), in.parameters[i].length_width, w);
    w.bytes(in.values[i]);
  }
}

std::optional<ByteView> QuicTransportParameters::find(uint64_t id) const {
  for (size_t i = 0; i < parameters.size(); ++i)
    if (parameters[i].id == id) return values[i];
  return std::nullopt;
}

const QuicParameter* find_quic_parameter(uint64_t id) {
  static_assert(std::ranges::is_sorted(kParameters, {}, &QuicParameter::id));
  const auto* found = std::ranges::lower_bound(kParameters, id, {}, &QuicParameter::id);
  return found != std::end(kParameters) && found->id == id ? found : nullptr;
}

// Version Information { Chosen Version (32), Available Versions (32) ... }   (RFC 9368 §3)
bool decode(Reader& r, QuicVersionInformation& out) {
  out.available_versions.clear();
  if (!r.u32(out.chosen_version, "version_information.chosen_version")) return false;
  while (!r.empty()) {
    uint32_t version = 0;
    if (!r.u32(version, "version_information.available_versions")) return false;
    out.available_versions.push_back(version);
  }
  return true;
}

void encode(const QuicVersionInformation& in, Writer& w) {
  w.u32(in.chosen_version);
  for (uint32_t version : in.available_versions) w.u32(version);
}

}  // namespace tlsproof::wire::ext
