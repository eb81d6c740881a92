// Student's t.
#pragma once

namespace tlsproof::load {

// The bound that |t| exceeds in 5 % of the cases with so many degrees of freedom, which need not be whole (Welch); at
// least 1. Good to four digits. (G. W. Hill, Algorithm 396, Communications of the ACM 13, 1970.)
[[nodiscard]] double student_quantile_95(double degrees);

}  // namespace tlsproof::load
