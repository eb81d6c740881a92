// A CheckRun that is the same at each run and holds one of everything: what the samples in reports/samples show.
#pragma once

#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

[[nodiscard]] verdict::CheckRun make_sample_run();

// A run of which each text field and each name that a peer chooses is `evil`.
[[nodiscard]] verdict::CheckRun make_hostile_run(const std::string& evil);

}  // namespace tlsproof::report
