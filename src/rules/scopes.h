// Where rules apply, by the names that several files of rules use.
#pragma once

#include "tlsproof/rules/rules.h"

namespace tlsproof::rules {

inline constexpr Scope kAnything{};
inline constexpr Scope kAnyButDrafts{Scope::undecided | Scope::before_tls13 | Scope::tls13, Scope::any_carrier};
inline constexpr Scope kAnyOverRecords{Scope::any_version, Scope::tls | Scope::dtls};
inline constexpr Scope kNegotiated{Scope::before_tls13 | Scope::tls13, Scope::any_carrier};
inline constexpr Scope kTls13{Scope::tls13, Scope::any_carrier};
inline constexpr Scope kBelow13{Scope::before_tls13, Scope::any_carrier};
inline constexpr Scope kBelow13OverRecords{Scope::before_tls13, Scope::tls | Scope::dtls};
inline constexpr Scope kBelow13OverTcp{Scope::before_tls13, Scope::tls};

}  // namespace tlsproof::rules
