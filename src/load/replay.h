// The first failure of each class, played once more with a Trace.
#pragma once

#include <map>

#include "tally.h"
#include "tlsproof/load/run.h"

namespace tlsproof::load {

// Fills ErrorCount::replay and replay_text of `errors`. What only this machine did is not played. Fails never: what
// could not be played says so.
void replay_failures(const Plan& plan, const RunOptions& options, const std::map<ErrorClass, FirstFailure>& first,
                     std::map<ErrorClass, ErrorCount>& errors);

}  // namespace tlsproof::load
