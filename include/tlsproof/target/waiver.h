// Findings that are known and accepted, for a reason and until a day.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tlsproof::target {

struct Waiver {
  std::string check;     // a scenario id, with or without its case ("mtls/expired[tls=1.2]"), or a pattern with * and ?
  std::string endpoint;  // a label or pattern; empty: every endpoint
  std::string reason;
  int64_t until = 0;       // seconds since 1970: the first moment at which it no longer holds; 0: no end
  std::string until_text;  // as the file says it: the last day on which it holds
  std::string where;       // "file:line:column", escaped
};

// Applies waivers and remembers which were of use. Borrows the list.
class WaiverBook {
 public:
  explicit WaiverBook(std::span<const Waiver> waivers) : waivers_(waivers), used_(waivers.size(), false) {}

  // The first waiver in force at `now` (seconds since 1970) for this finding, or nullptr; marks it as used. `id` is the
  // scenario's id followed by its case suffix ("mtls/expired[tls=1.2]"); a `check` without brackets covers all its
  // cases.
  const Waiver* match(std::string_view id, std::string_view endpoint, int64_t now);
  // Those that match() never returned, expired ones among them. Waivers of what was not played are the caller's to
  // leave out: see `covers`.
  [[nodiscard]] std::vector<const Waiver*> unused() const;

 private:
  std::span<const Waiver> waivers_;
  std::vector<bool> used_;
};

// Whether a waiver speaks of this finding, whatever its date.
[[nodiscard]] bool covers(const Waiver& waiver, std::string_view id, std::string_view endpoint);

}  // namespace tlsproof::target
