// A CheckRun as workflow commands of GitHub Actions: printed by a step, they become annotations.
#pragma once

#include <string>

#include "tlsproof/report/style.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

// ::error for what makes the exit status 1 or 3, ::warning for other fail and warn, ::notice for what could not be
// tested, is waived or known; with the target file and the endpoint's line in it where there is one. GitHub shows 10
// annotations of a kind a step: of more the tenth says how many are left out, and the summary lists them all. No line
// but these begins with a text of the run.
[[nodiscard]] std::string write_github(const verdict::CheckRun& run, const Style& style = {});

}  // namespace tlsproof::report
