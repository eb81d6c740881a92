// Whether it was the generator that set the limit.
#pragma once

#include "tlsproof/load/bench_run.h"

namespace tlsproof::load {

// A thread of the generator was busy for 95 % of the time or more: none is left to be on time.
[[nodiscard]] bool no_time_left(const Measurement& measurement);
// Others had the core for a good part of the time in which the generator wanted one, so that latencies tell of them.
[[nodiscard]] bool machine_crowded(const Measurement& measurement);
// Open loop: as many connections were open as may be, so that arrivals had to wait. That is the server's slowness or
// the plan's bound, not the generator's.
[[nodiscard]] bool arrivals_queued(const Plan& plan, const Measurement& measurement);
// Open loop, and not for that reason: one in a hundred began so late that its latency tells of the generator.
[[nodiscard]] bool began_late(const Plan& plan, const Measurement& measurement);

}  // namespace tlsproof::load
