// How a report is drawn, and what it calls a failure: of JSON only the latter.
#pragma once

#include <cstddef>

#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

struct Style {
  size_t width = 80;                                // columns; from 60 up
  bool colour = false;                              // ANSI colours
  bool unicode = true;                              // false: nothing of ours but ASCII
  bool verbose = false;                             // also the story of what passed, was skipped, or was only seen
  verdict::FailOn fail_on = verdict::FailOn::fail;  // what the exit status counts: no report may say otherwise
};

}  // namespace tlsproof::report
