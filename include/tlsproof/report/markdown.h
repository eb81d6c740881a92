// A CheckRun as Markdown, for a merge request or a step summary ($GITHUB_STEP_SUMMARY).
#pragma once

#include <string>

#include "tlsproof/report/style.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

// The conclusion, a row for each endpoint, each failure in a few lines with its whole story folded away, what could not
// be tested, what is waived, known or fixed. Whatever a peer controls stands in code spans or preformatted: no markup,
// link, mention or table of it comes to life. At most about 600 KiB (GitHub takes 1 MiB a step); what is left out is
// told.
[[nodiscard]] std::string write_markdown(const verdict::CheckRun& run, const Style& style = {});

}  // namespace tlsproof::report
