// The table of an endpoint: what was checked, folder by folder, at a glance however long the suites are.
#pragma once

#include "canvas.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

// A line with the counts for each folder of scenarios, under it a row for each scenario and verdict that is worth one,
// the worst first, and the names of those that passed or were only seen in a few lines. With style.verbose each has its
// row. Skips have a part of their own, where the reason stands once, and are here with style.verbose only.
void write_table(Canvas& canvas, const verdict::EndpointRun& run);

}  // namespace tlsproof::report
