// Applies a scenario's edits through the hooks of the TLS client.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/scenario/edit.h"
#include "tlsproof/tls/editor.h"

namespace tlsproof::engine {

// What became of the edits: a run in which one did not take effect has not tested what its scenario says.
struct EditLog {
  std::vector<std::string> failures;  // "file:line:column: why", escaped
  std::vector<bool> applied;          // by edit
};

// For one connection. Borrows the edits; `log` is reset and filled while the connection runs. Fails (usage), naming
// file, line and verb, for an operation that this version cannot play: lie, wait, half_close, reset, and corruption of
// a MAC or of padding, which the suites that we speak do not have.
[[nodiscard]] Result<std::shared_ptr<tls::Editor>> make_editor(std::span<const scenario::Edit> edits,
                                                               const std::shared_ptr<EditLog>& log);

}  // namespace tlsproof::engine
