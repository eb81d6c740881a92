// The first failure of each class, played once more with a Trace.
#pragma once

#include <map>

#include "tally.h"
#include "tlsproof/load/run.h"

namespace tlsproof::load {

// Fills ErrorCount::replay and replay_text of `errors`. What only this machine did is not played. A replay sends no
// 0-RTT data, has a fresh key share and is bound to no source: `replay_text` says so where it matters. Fails never:
// what could not be played says so.
void replay_failures(const Plan& plan, const RunOptions& options, const std::map<ErrorClass, FirstFailure>& first,
                     std::map<ErrorClass, ErrorCount>& errors);

}  // namespace tlsproof::load
