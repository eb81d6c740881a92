// What a run or an endpoint comes to, in a word and in numbers, the same in every format.
#pragma once

#include <string>
#include <string_view>

#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

enum class Conclusion {
  passed,         // all was judged, and nothing was found but what is waived or known and would not fail anyway
  warned,         // the same, and warnings below --fail-on
  failed,         // something is held against it: exit status 1
  partly_tested,  // nothing failed, but not all could be tested
  incomplete,     // unreachable, an error, or repeats or controls that disagree
  not_tested,     // nothing was judged at all
  interrupted,
  excused,  // something failed, but is waived or known, or --fail-on none lets it pass
};
// "passed", "partly_tested": for programs.
[[nodiscard]] std::string_view conclusion_name(Conclusion conclusion);
// "PASSED", "PARTLY TESTED": for people.
[[nodiscard]] std::string_view conclusion_word(Conclusion conclusion);

// Never at odds with exit_status(): 1 is failed; 3 incomplete or not_tested; 130 interrupted; 0 any other.
[[nodiscard]] Conclusion conclude(const verdict::EndpointRun& run, verdict::FailOn fail_on);
[[nodiscard]] Conclusion conclude(const verdict::CheckRun& run, verdict::FailOn fail_on);

// What an endpoint is called: its label, else its address; not escaped.
[[nodiscard]] const std::string& name_of(const verdict::EndpointRun& run);

// "3 passed, 1 failed, 2 could not be tested"; "nothing" when all are zero.
[[nodiscard]] std::string counts_text(const verdict::Counts& counts);

}  // namespace tlsproof::report
