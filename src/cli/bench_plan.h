// From the words of a command line to a load.
#pragma once

#include "tlsproof/cli/options.h"
#include "tlsproof/load/plan.h"

namespace tlsproof::cli {

// What each connection does, where it goes, and when. The words have been held against each other (bench_options.cpp);
// each value is looked at here.
[[nodiscard]] Result<load::Plan> read_plan(const ParsedOptions& options);

// Of several addresses the first that takes a connection, as any client has it: a name often has one where nobody
// listens
// ("localhost" is ::1 too). All are kept where none does: then they are the failures that are reported.
void choose_address(load::Plan& plan);

// A load of an address that is neither loopback nor private needs to be allowed, and stays under a rate.
inline constexpr double kPublicRate = 200;  // connections a second, of all shards together
// Loopback, RFC 1918, RFC 4193, link-local, 100.64.0.0/10 (RFC 6598), and such addresses within IPv6 (RFC 4291 §2.5.5).
[[nodiscard]] bool is_private(const net::Address& address);
// The highest rate that --max-rate, or a public address without it, leaves to this shard; infinity where there is none.
[[nodiscard]] Result<double> highest_rate(const ParsedOptions& options, const load::Plan& plan);
[[nodiscard]] Status check_safety(const ParsedOptions& options, const load::Plan& plan, double whole_rate);

}  // namespace tlsproof::cli
