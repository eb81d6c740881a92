// The highest rate that a server holds.
#pragma once

#include <functional>
#include <limits>
#include <span>
#include <vector>

#include "tlsproof/load/gate.h"
#include "tlsproof/load/run.h"

namespace tlsproof::load {

struct RateTried {
  double rate = 0;
  Measurement measurement;
  bool held = false;
  std::string why_not;             // the objective that broke, the errors, or that the rate was not kept up with
  bool generator_limited = false;  // the generator had no time left or was late: not held then says nothing about the
                                   // server
};

struct FindMax {
  double rate = 0;  // the highest that held twice; 0: none did. Where interrupted: the highest that held so far
  // The search ended because the generator could not go faster: the server may hold more.
  bool generator_limited = false;
  bool rate_capped = false;  // it ended at `max_rate`, which held
  bool interrupted = false;  // by RunOptions::stop, or an objective is about the CPU of a process that ended meanwhile
  std::vector<RateTried> tried;  // in order
};

// Open-loop trials of `plan` (whose loop must be constant or poisson; its rate is where the search begins, or 0: 100 a
// second): the rate doubles until an objective breaks, errors come (where no objective is about them) or arrivals
// cannot be kept up with, then the interval is halved until it is below 5 %. The best rate is tried a second time: it
// holds when it holds twice; else the search goes on below it. No rate above `max_rate` is tried.
//
// Objectives are what must be true ("p99<20ms"); one that the plan does not measure is a usage error.
[[nodiscard]] Result<FindMax> find_max(Plan plan, std::span<const Condition> objectives, const RunOptions& options,
                                       const std::function<void(const RateTried&)>& on_trial = {},
                                       double max_rate = std::numeric_limits<double>::infinity());

}  // namespace tlsproof::load
