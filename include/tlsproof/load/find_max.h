// The highest rate that a server holds.
#pragma once

#include <functional>

#include "tlsproof/load/gate.h"
#include "tlsproof/load/run.h"

namespace tlsproof::load {

struct RateTried {
  double rate = 0;
  Measurement measurement;
  bool held = false;
  std::string why_not;             // the objective that broke, or that the rate was not reached
  bool generator_limited = false;  // the generator was late: says nothing about the server
};

struct FindMax {
  double rate = 0;  // the highest that held; 0: none did
  bool generator_limited =
      false;  // the search ended because the generator could not go faster: the server may hold more
  bool interrupted = false;
  std::vector<RateTried> tried;  // in order
};

// Open-loop trials of `plan` (whose loop must be constant or poisson; plan.rate is where the search begins, or 0): the
// rate doubles until an objective breaks, errors come or arrivals cannot be kept up with, then the interval is halved
// until it is below 5 %. The best rate is tried a second time: it holds when it holds twice.
[[nodiscard]] Result<FindMax> find_max(Plan plan, std::span<const Condition> objectives, const RunOptions& options,
                                       const std::function<void(const RateTried&)>& on_trial = {});

}  // namespace tlsproof::load
