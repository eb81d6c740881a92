// The rules of each file, in the order of reports. A new file has its line here and in kTables (rules.cpp).
#pragma once

#include "tlsproof/rules/rules.h"

namespace tlsproof::rules {

[[nodiscard]] std::span<const Rule> negotiation_rules();
[[nodiscard]] std::span<const Rule> quic_rules();
[[nodiscard]] std::span<const Rule> alert_rules();
[[nodiscard]] std::span<const Rule> record_rules();
[[nodiscard]] std::span<const Rule> resumption_rules();
[[nodiscard]] std::span<const Rule> order_presence_rules();
[[nodiscard]] std::span<const Rule> order_rules();
[[nodiscard]] std::span<const Rule> retry_rules();
[[nodiscard]] std::span<const Rule> extension_rules();
[[nodiscard]] std::span<const Rule> hello_rules();
[[nodiscard]] std::span<const Rule> key_exchange_rules();
[[nodiscard]] std::span<const Rule> certificate_rules();
[[nodiscard]] std::span<const Rule> value_rules();
[[nodiscard]] std::span<const Rule> deprecated_rules();
[[nodiscard]] std::span<const Rule> repeated_rules();

// The values of a connection that must be fresh (repeats.h), appended.
void collect_fresh(const Seen& seen, std::vector<FreshValue>& out);

}  // namespace tlsproof::rules
