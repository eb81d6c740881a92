// What a run leaves behind of its connections with their keys: the folder of --evidence, the file of SSLKEYLOGFILE.
#pragma once

#include <memory>
#include <string>

#include "tlsproof/cli/command.h"
#include "tlsproof/cli/options.h"
#include "tlsproof/trace/keylog.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::cli {

inline constexpr OptionSpec kEvidenceOption{"evidence", "DIR",
                                            "write each connection there as pcapng with its keys, for Wireshark"};

class Recordings {
 public:
  // Before the first connection: a folder or a file that cannot be used is a usage error, rather than keys that are
  // lost.
  [[nodiscard]] static Result<Recordings> open(const ParsedOptions& options);
  [[nodiscard]] trace::SecretUse secret_use() const { return {.keep = !folder_.empty(), .key_log = key_log_.get()}; }
  // After the run: writes the evidence and puts the files' names into it. Complains of what could not be written, here
  // and in the key log; false then.
  bool save(verdict::CheckRun& run, CommandContext& context) const;

 private:
  std::string folder_;
  std::unique_ptr<trace::KeyLogFile> key_log_;
};

}  // namespace tlsproof::cli
