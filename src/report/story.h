// One finding told: what was wanted and seen, by which rule, the events that prove it, why it matters and what to do.
#pragma once

#include "canvas.h"
#include "group.h"

namespace tlsproof::report {

// "FAIL", "INCONCLUSIVE", and its colour.
[[nodiscard]] std::string verdict_label(const verdict::Finding& finding);
// The worst first: fail, error, inconclusive, warn, info, pass, skip; after them all what is waived or known.
[[nodiscard]] size_t verdict_rank(const verdict::Finding& finding);
[[nodiscard]] Paint verdict_paint(const verdict::Finding& finding);

void write_story(Canvas& canvas, const verdict::EndpointRun& run, const Group& group);

}  // namespace tlsproof::report
