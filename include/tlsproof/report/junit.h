// A CheckRun as JUnit XML, for the test pages of GitLab and Jenkins: reports/schema/junit.xsd describes what is
// written, a part of what Jenkins' own schema (xunit plugin, junit-10.xsd) allows.
#pragma once

#include <string>

#include "tlsproof/report/style.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

// A <testsuite> for each endpoint, a <testcase> for each finding: classname is "LABEL.FOLDER" (GitLab groups by it,
// Jenkins takes what stands before its last dot for the package), name is the id. Both together are unique in the file.
//
//   held against the endpoint (style.fail_on)  <failure>, with the story as its text
//   error, inconclusive                        <error>, the same
//   skip, waived, known                        <skipped>, with the reason
//   fail with --fail-on none                   <skipped>: neither red nor green
//   warn and info below --fail-on              passed, with the story in <system-out>
//
// What makes the run incomplete (an endpoint unreachable or of which nothing was judged, an interruption) is an <error>
// test case of its own: there is a <failure> exactly when exit_status() finds 1, and an <error> exactly when it would
// find 3 or 130 without them. No character that XML 1.0 forbids, whatever the run holds. Seconds with a dot.
[[nodiscard]] std::string write_junit(const verdict::CheckRun& run, const Style& style = {});

}  // namespace tlsproof::report
