// Playing a load: threads that share nothing, one epoll loop each.
#pragma once

#include <atomic>
#include <functional>

#include "tlsproof/load/bench_run.h"

namespace tlsproof::load {

// What the last second looked like, for a line of progress.
struct Progress {
  double elapsed_s = 0;                                      // since the measurement began; negative during warm-up
  uint64_t completed = 0, failed = 0, open = 0, queued = 0;  // since the line before; open and queued now
  int64_t p50_ns = 0, p99_ns = 0;                            // Phase::finished
};

struct RunOptions {
  const Clock* clock = &system_clock();
  const std::atomic<bool>* stop = nullptr;           // once true: nothing more begins, and what is measured is returned
  std::function<void(const Progress&)> on_progress;  // once a second, from the calling thread
  bool replay_failures = true;                       // the first failure of each class, with a Trace
  trace::SecretUse secrets{.keep = false};           // of the replays' traces
};

// Plays the plan once: warm-up, measurement, the end of what is open, and the replays. A server that misbehaves is
// counted, never an Error; fails when the environment does (no epoll, no thread, a plan that cannot be played: usage).
// Ends in time whatever the server does: at the latest warm-up, duration, the timeouts of an arrival that waited and of
// one connection (for kinds that resume of another one, before the warm-up), and the replays after it began.
//
// Who is counted: connections that began in the measurement (in an open loop: should have), to their end. Measurement::
// duration_ns reaches to the end of the window or to the last completion, whichever is later, so that a rate never
// counts connections without their time; with Plan::count it ends with the last connection. A thread's CPU is taken
// over the same span.
[[nodiscard]] Result<Measurement> run_once(const Plan& plan, const RunOptions& options);

// `repeats` runs of each plan, in turn (A B A B …), so that what changes on the machine changes for all. A plan's
// Plan::server_pid is looked up once, before the first (a usage error where there is no such process): once it has
// ended, repeats go on without its CPU (Measurement::server_gone). BenchRun::interrupted where `stop` came, in a replay
// too.
[[nodiscard]] Result<std::vector<BenchRun>> run_interleaved(std::span<const Plan> plans, unsigned repeats,
                                                            const RunOptions& options);

}  // namespace tlsproof::load
