// quic_transport_parameters (RFC 9000 §18, RFC 9001 §8.2).
#pragma once

#include <optional>

#include "tlsproof/base/byte_list.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire::ext {

// A variable-length integer (RFC 9000 §16). `width`: the bytes it took, 1, 2, 4 or 8; more than are needed are allowed.
[[nodiscard]] bool decode_varint(Reader& r, uint64_t& out, uint8_t& width, std::string_view field);
// `width` is raised to what the value needs; values above 2^62 - 1 are written modulo that.
void encode_varint(uint64_t value, uint8_t width, Writer& w);

struct QuicTransportParameters {  // ClientHello, EncryptedExtensions: to the end of the body, in order
  static constexpr uint16_t kType = registry::extension::quic_transport_parameters;
  static constexpr std::string_view kName = "quic_transport_parameters";
  struct Parameter {
    uint64_t id = 0;
    uint8_t id_width = 1, length_width = 1;  // as they came
    bool operator==(const Parameter&) const = default;
  };
  std::vector<Parameter> parameters;  // parameter i has values[i]
  ByteList values;

  // The value of the first one with this id. Borrows.
  [[nodiscard]] std::optional<ByteView> find(uint64_t id) const;
  bool operator==(const QuicTransportParameters&) const = default;
};
[[nodiscard]] bool decode(Reader& r, QuicTransportParameters& out);
void encode(const QuicTransportParameters& in, Writer& w);

// What the value of a parameter is.
enum class QuicParameterForm : uint8_t { opaque, integer, flag, preferred_address, version_information };
struct QuicParameter {
  uint64_t id = 0;
  std::string_view name;  // IANA's
  QuicParameterForm form = QuicParameterForm::opaque;
};
// The registered ones; nullptr for others.
[[nodiscard]] const QuicParameter* find_quic_parameter(uint64_t id);
// RFC 9000 §18.1: 31 * N + 27 are reserved to exercise that unknown ones are ignored.
[[nodiscard]] constexpr bool is_grease_quic_parameter(uint64_t id) {
  return id % 31 == 27;
}

struct QuicVersionInformation {  // RFC 9368 §3, the value of parameter 0x11
  static constexpr std::string_view kName = "version_information";
  uint32_t chosen_version = 0;
  std::vector<uint32_t> available_versions;
  bool operator==(const QuicVersionInformation&) const = default;
};
[[nodiscard]] bool decode(Reader& r, QuicVersionInformation& out);
void encode(const QuicVersionInformation& in, Writer& w);

}  // namespace tlsproof::wire::ext
