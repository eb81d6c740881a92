// A handshake as one block for a person: who, what was offered and chosen, which certificates, how it went, and what
// broke a rule.
#pragma once

#include <string>

#include "tlsproof/view/handshake.h"

namespace tlsproof::view {

struct BlockOptions {
  size_t width = 80;    // columns; nothing is wider. From 60 up
  bool unicode = true;  // false: nothing of ours but ASCII
  bool colour = false;  // ANSI colours
  bool ladder = true;   // what went when
  size_t max_rows = 40;
};

// Appends lines, each with its line break. The first one is to follow "#17  ", which whoever counts the handshakes
// writes before it; it leaves ten columns for that. Everything a peer controls is escaped.
ViolationsPlace append_block(const Handshake& handshake, const BlockOptions& options, std::string& out);

// One violation in the same form, for those that are found later over a whole capture.
void append_violation_block(const rules::Violation& violation, const BlockOptions& options, std::string& out);

}  // namespace tlsproof::view
