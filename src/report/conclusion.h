// What a run or an endpoint comes to, in a word and in numbers, the same in every format.
#pragma once

#include <string>
#include <string_view>

#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

enum class Conclusion {
  passed,  // all was judged, nothing was found
  warned,  // all was judged, nothing worse than a warning was found
  failed,
  partly_tested,  // nothing failed, but not all could be tested
  incomplete,     // unreachable, an error, or repeats or controls that disagree
  not_tested,     // nothing was judged at all
  interrupted,
};
// "passed", "partly_tested": for programs.
[[nodiscard]] std::string_view conclusion_name(Conclusion conclusion);
// "PASSED", "PARTLY TESTED": for people.
[[nodiscard]] std::string_view conclusion_word(Conclusion conclusion);

[[nodiscard]] Conclusion conclude(const verdict::EndpointRun& run);
[[nodiscard]] Conclusion conclude(const verdict::CheckRun& run);

// "3 passed, 1 failed, 2 could not be tested"; "nothing" when all are zero.
[[nodiscard]] std::string counts_text(const verdict::Counts& counts);

}  // namespace tlsproof::report
