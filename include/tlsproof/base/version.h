// The version of tlsproof; the same as in CMakeLists.txt (a test compares).
#pragma once

#include <string_view>

namespace tlsproof {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace tlsproof
