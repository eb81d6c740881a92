#include "style.h"

#include <fmt/format.h>

#include <cstdlib>

#include "tlsproof/base/text.h"

namespace tlsproof::cli {

Result<report::Style> read_style(const ParsedOptions& options, bool to_terminal) {
  report::Style style;
  const std::string colour = options.get("color", "auto");
  if (colour != "auto" && colour != "always" && colour != "never")
    return fail_usage(fmt::format("--color: '{}' is not auto, always or never", escape_terminal_limited(colour, 40)));
  const char* no_colour = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool allowed =
      (no_colour == nullptr || *no_colour == '\0') && terminal != nullptr && std::string_view(terminal) != "dumb";
  style.colour = colour == "always" || (colour == "auto" && to_terminal && allowed);
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {  // the first that is set decides (POSIX)
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string locale = to_lower(value);
    style.unicode = locale.contains("utf-8") || locale.contains("utf8");
    break;
  }
  style.verbose = options.has("verbose");
  return style;
}

}  // namespace tlsproof::cli
