// The messages without a body: HelloRequest, ServerHelloDone, EndOfEarlyData.
#pragma once

#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire {

// RFC 5246 §7.4.1.1.
struct HelloRequest {
  static constexpr uint8_t kType = registry::handshake_type::hello_request;
  static constexpr std::string_view kName = "HelloRequest";
  bool operator==(const HelloRequest&) const = default;
};
// RFC 5246 §7.4.5.
struct ServerHelloDone {
  static constexpr uint8_t kType = registry::handshake_type::server_hello_done;
  static constexpr std::string_view kName = "ServerHelloDone";
  bool operator==(const ServerHelloDone&) const = default;
};
// RFC 8446 §4.5.
struct EndOfEarlyData {
  static constexpr uint8_t kType = registry::handshake_type::end_of_early_data;
  static constexpr std::string_view kName = "EndOfEarlyData";
  bool operator==(const EndOfEarlyData&) const = default;
};

[[nodiscard]] inline bool decode(Reader&, HelloRequest&) {
  return true;
}
[[nodiscard]] inline bool decode(Reader&, ServerHelloDone&) {
  return true;
}
[[nodiscard]] inline bool decode(Reader&, EndOfEarlyData&) {
  return true;
}
inline void encode(const HelloRequest&, Writer&) {}
inline void encode(const ServerHelloDone&, Writer&) {}
inline void encode(const EndOfEarlyData&, Writer&) {}

}  // namespace tlsproof::wire
