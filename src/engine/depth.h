// How many intermediates a server accepts in a client's chain; this module's own.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tlsproof/engine/client_auth.h"

namespace tlsproof::engine {

// The verdict on a valid chain of this many intermediates. Undeclared, it only informs.
[[nodiscard]] Ruling rule_depth(const target::Endpoint& endpoint, size_t num_intermediates, bool accepted);

struct DepthSeen {
  uint16_t version = 0;
  size_t num_intermediates = 0;
  bool accepted = false;
};
// "accepts client certificates with up to 1 intermediate (TLS 1.2, TLS 1.3)": one sentence for each answer.
[[nodiscard]] std::vector<std::string> conclude_depth(std::span<const DepthSeen> seen);

}  // namespace tlsproof::engine
