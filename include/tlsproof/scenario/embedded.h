// The files under scenarios/ as the build put them into the program (src/scenario/embed.cmake).
#pragma once

#include <span>
#include <string_view>

namespace tlsproof::scenario {

struct EmbeddedFile {
  std::string_view path;                    // "mtls/expired.yaml"
  std::span<const std::string_view> parts;  // the content, cut at line ends because compilers limit a literal
};

// By path. Never destroyed.
[[nodiscard]] std::span<const EmbeddedFile> embedded_files();

}  // namespace tlsproof::scenario
