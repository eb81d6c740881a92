// What an endpoint can do, concluded from few honest connections.
#pragma once

#include <span>
#include <vector>

#include "tlsproof/scenario/scenario.h"
#include "tlsproof/session/attempt.h"
#include "tlsproof/target/features.h"

namespace tlsproof::probe {

// One connection that conclude() looks at.
struct Wanted {
  uint16_t version = 0;
  scenario::KeyType key_type = scenario::KeyType::any;
};
// TLS 1.3 and 1.2, each with RSA and ECDSA certificates alone; only versions of `allowed` unless it is empty.
[[nodiscard]] std::vector<Wanted> wanted_connections(std::span<const uint16_t> allowed);

struct Seen {
  Wanted wanted;
  const session::AttemptResult* result = nullptr;  // borrowed
};
// Fills version.*, key_type.*, client_auth.requested*, http and app.answers. What the connections do not show stays
// unknown, with the reason.
void conclude(std::span<const Seen> seen, target::Features& features);

// True when no connection could be made at all, or TLS was never begun on one; `why` is then what the first one said.
[[nodiscard]] bool unreachable(std::span<const Seen> seen, std::string& why);

}  // namespace tlsproof::probe
