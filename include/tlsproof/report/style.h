// How a report for people is drawn. Formats for machines ignore it.
#pragma once

#include <cstddef>

namespace tlsproof::report {

struct Style {
  size_t width = 80;     // columns; from 60 up
  bool colour = false;   // ANSI colours
  bool unicode = true;   // false: nothing of ours but ASCII
  bool verbose = false;  // also the story of what passed, was skipped, or was only seen
};

}  // namespace tlsproof::report
