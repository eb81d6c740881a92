// The formats in which a CheckRun can be written: a table, one row each.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tlsproof/report/style.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

struct Format {
  std::string_view name;     // what --format and --report take: "text"
  std::string_view purpose;  // for --help: "for people, at a terminal"
  std::string (*write)(const verdict::CheckRun& run, const Style& style);
};

[[nodiscard]] std::span<const Format> formats();
// nullptr when there is none of this name.
[[nodiscard]] const Format* find_format(std::string_view name);

}  // namespace tlsproof::report
