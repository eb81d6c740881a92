// One finding told: what was wanted and seen, by which rule, the events that prove it, why it matters and what to do.
#pragma once

#include <span>

#include "canvas.h"
#include "group.h"

namespace tlsproof::report {

// "FAIL", "INCONCLUSIVE", and its colour.
[[nodiscard]] std::string verdict_label(const verdict::Finding& finding);
[[nodiscard]] Paint verdict_paint(const verdict::Finding& finding);

// The ladder of a connection; `marked` are indexes of its events.
void write_ladder(Canvas& canvas, const trace::Trace& trace, std::span<const size_t> marked);
// A command that can be copied: broken only between words, with a backslash; a word is never cut.
void write_command(Canvas& canvas, std::string_view label, const std::string& command);

void write_story(Canvas& canvas, const verdict::EndpointRun& run, const Group& group);
// The same; of a folded one the reason, which cases it is, and the proof of the first that has one.
void write_story(Canvas& canvas, const verdict::EndpointRun& run, const Story& story);

}  // namespace tlsproof::report
