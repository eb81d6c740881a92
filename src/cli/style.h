// How text for people is drawn: what the terminal and the environment allow, and what --color says.
#pragma once

#include "tlsproof/cli/options.h"
#include "tlsproof/report/style.h"

namespace tlsproof::cli {

// Colours from --color and NO_COLOR, Unicode from the locale, verbose from --verbose. Usage error: another --color.
[[nodiscard]] Result<report::Style> read_style(const ParsedOptions& options, bool to_terminal);

}  // namespace tlsproof::cli
