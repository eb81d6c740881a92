// A CheckRun for a person at a terminal.
#pragma once

#include <string>

#include "tlsproof/report/style.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

// Each endpoint: what it is, a row for each scenario, then the story of everything that did not simply pass (wanted,
// seen, the requirement, the events that prove it, why it matters, how to fix it, how to play it again), what was
// skipped and what it would take, and the counts. Every text of the run is escaped and cut again here, whoever wrote
// it; no secret is in it.
[[nodiscard]] std::string write_text(const verdict::CheckRun& run, const Style& style = {});

// "2 could not be tested, 1 failed, 3 passed": never a word of success when nothing, or not all, was judged.
[[nodiscard]] std::string summary_line(const verdict::CheckRun& run);

}  // namespace tlsproof::report
