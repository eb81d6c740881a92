#include "tlsproof/report/format.h"

#include <algorithm>

#include "tlsproof/report/github.h"
#include "tlsproof/report/json.h"
#include "tlsproof/report/junit.h"
#include "tlsproof/report/markdown.h"
#include "tlsproof/report/text.h"

namespace tlsproof::report {
namespace {

constexpr Format kFormats[] = {
    {"text", "for people, at a terminal", &write_text},
    {"json", "for programs: every finding, attempt and proof", &write_json},
    {"junit", "for the test pages of GitLab and Jenkins", &write_junit},
    {"markdown", "for a merge request or a step summary", &write_markdown},
    {"github", "workflow commands: annotations of a GitHub Actions step", &write_github},
};

}  // namespace

std::span<const Format> formats() {
  return kFormats;
}

const Format* find_format(std::string_view name) {
  const auto found = std::ranges::find(kFormats, name, &Format::name);
  return found == std::end(kFormats) ? nullptr : found;
}

}  // namespace tlsproof::report
