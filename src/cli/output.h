// Standard output for a command that writes much and may go on for ever.
#pragma once

#include <string>

#include "tlsproof/cli/command.h"

namespace tlsproof::cli {

// Nothing else may print to `context.out` while it lives. A reader that has gone (EPIPE) is no error: whoever wrote
// `| head` has seen enough.
class Output {
 public:
  // `at_once`: every write goes out before it returns.
  Output(CommandContext& context, bool at_once);
  ~Output() { flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // False: nobody reads any more, or writing failed, which context.write_error then says.
  bool write(std::string_view text);
  bool flush();

 private:
  CommandContext& context_;
  bool at_once_;
  bool open_ = true;
  std::string buffer_;
};

}  // namespace tlsproof::cli
