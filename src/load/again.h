// Runs of one plan after another: their server's process is named once.
#pragma once

#include "tlsproof/load/run.h"

namespace tlsproof::load {

// ServerCpu::start_of() of Plan::server_pid; nullopt where the plan names none.
using ServerStart = std::optional<uint64_t>;

// Usage error: there is no such process, or it has ended.
[[nodiscard]] Result<ServerStart> server_start_of(const Plan& plan);
// run_once() of a plan of which server_start_of() was asked before. Where the process has ended since, the measurement
// says so (Measurement::server_gone), and another one that was given its pid is not measured.
[[nodiscard]] Result<Measurement> run_again(const Plan& plan, const RunOptions& options, ServerStart server_start);

}  // namespace tlsproof::load
