// Which handshakes of a capture are shown.
#pragma once

#include <string>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/capture/flow.h"
#include "tlsproof/view/handshake.h"

namespace tlsproof::inspect {

// An address, a network, and a port, each of which may be left open.
struct HostPattern {
  capture::IpAddress ip;
  size_t prefix_len = 0;  // bits that must be the same; 0: any address, of either family
  bool any_family = true;
  uint16_t port = 0;  // 0: any
  [[nodiscard]] bool matches(const capture::Endpoint& endpoint) const;
};
// "192.0.2.1", "192.0.2.0/24", "192.0.2.1:443", "2001:db8::/32", "[2001:db8::1]:443", ":443". A usage error names what
// is wrong.
[[nodiscard]] Result<HostPattern> parse_host_pattern(std::string_view text);

// Several values of one kind: any of them. Several kinds: all of them.
struct Filter {
  std::vector<std::string> sni;           // patterns of base/glob.h, letter case ignored
  std::vector<HostPattern> hosts;         // of either side
  std::vector<uint16_t> versions;         // chosen; offered at most, where nothing was chosen
  bool failed = false;                    // only handshakes that failed
  std::vector<std::string> fingerprints;  // JA3, JA3S or JA4, a pattern
  std::vector<std::string> findings;      // patterns of rule ids; "any": any of them

  [[nodiscard]] bool empty() const {
    return sni.empty() && hosts.empty() && versions.empty() && !failed && fingerprints.empty() && findings.empty();
  }
  // All but `findings`, which may still be found over the whole capture.
  [[nodiscard]] bool matches(const capture::Flow& flow, const view::Handshake& handshake) const;
  [[nodiscard]] bool wants(const rules::Rule& rule) const;
};

}  // namespace tlsproof::inspect
