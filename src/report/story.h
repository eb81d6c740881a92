// One finding told: what was wanted and seen, by which rule, the events that prove it, why it matters and what to do.
#pragma once

#include "canvas.h"
#include "group.h"

namespace tlsproof::report {

// "FAIL", "INCONCLUSIVE", and its colour.
[[nodiscard]] std::string verdict_label(const verdict::Finding& finding);
[[nodiscard]] Paint verdict_paint(const verdict::Finding& finding);

void write_story(Canvas& canvas, const verdict::EndpointRun& run, const Group& group);
// The same; of a folded one the reason, which cases it is, and the proof of the first that has one.
void write_story(Canvas& canvas, const verdict::EndpointRun& run, const Story& story);

}  // namespace tlsproof::report
