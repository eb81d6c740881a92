// The folder of --evidence: a pcapng file for each connection, its secrets inside, and an index of what proves what.
#pragma once

#include <string>
#include <string_view>

#include "tlsproof/base/error.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

inline constexpr std::string_view kEvidenceSchema = "tlsproof-evidence/1";
inline constexpr std::string_view kEvidenceIndex = "index.json";

// Before the run, so that nothing is lost after it: makes the folder with mode 0700 (its parents as usual), or sees
// that an existing one can be written to, whose mode stays, and that nobody else can: it must be ours, no link of
// another user, and closed to the group and to others for writing, sticky or not. A usage error names the folder
// otherwise, and one whose path could not stand in a report as it is (control characters, backslashes, bytes that are
// no UTF-8).
[[nodiscard]] Status make_evidence_folder(const std::string& folder);

// "web-013-client-certificate-expired-TLS-1.3.pcapng": the same for the same run, at most 200 bytes of letters, digits
// and "-._", no dot or dash first, whatever the labels hold.
[[nodiscard]] std::string evidence_file_name(std::string_view endpoint, size_t attempt, std::string_view label);

// Writes a file, mode 0600, for each attempt that made a connection, and its path to Attempt::evidence; then
// index.json. What has these names is replaced, whatever it is, and nothing else removed. The folder is looked at as
// before the run: nothing is written to one that is no longer safe. Goes on after a failure: what is missing has no
// path, and the error names the first file and says how many.
[[nodiscard]] Status write_evidence(const std::string& folder, verdict::CheckRun& run);

}  // namespace tlsproof::report
