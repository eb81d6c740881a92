// How each of our JSON documents about a run begins.
#pragma once

#include <string_view>

#include "tlsproof/base/json.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::report {

// Opens the document's object, which the caller ends, and writes its schema, the tool and the start of the run.
void begin_document(JsonWriter& json, std::string_view schema, const verdict::CheckRun& run);

}  // namespace tlsproof::report
