// A CheckRun as JSON, for programs: reports/schema/check.schema.json describes it, and is kept true by a test.
#pragma once

#include <string>
#include <string_view>

#include "tlsproof/report/style.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

inline constexpr std::string_view kCheckSchema = "tlsproof-check/1";

// One document ended by a line break. Strings are valid UTF-8 whatever the run holds and are cut to 4 KiB; the bytes
// of an event are cut to 256. Times are nanoseconds, as integers; no secret is in it.
[[nodiscard]] std::string write_json(const verdict::CheckRun& run, const Style& style = {});

}  // namespace tlsproof::report
