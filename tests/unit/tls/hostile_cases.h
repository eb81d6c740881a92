// What servers may do wrong, as tables: the bending of a fake server, and what our client must make of it.
#pragma once

#include "unit/tls/fake_server.h"

namespace tlsproof::tls_test {

struct HostileCase {
  std::string_view name;
  std::function<void(FakeOptions&, tls::ClientConfig&)> arrange;
  tls::Failure::Kind kind;
  uint8_t alert;  // ours
};
const std::vector<HostileCase>& hostile_cases13();
const std::vector<HostileCase>& hostile_cases12();

// FakeOptions::before: `act` when a message of this type is due; `go_on`: it is then sent.
inline auto before(uint8_t type, std::function<void(FakeServer&)> act, bool go_on = true) {
  return [=](FakeServer& server, uint8_t next) {
    if (next != type) return true;
    act(server);
    return go_on;
  };
}

}  // namespace tlsproof::tls_test
