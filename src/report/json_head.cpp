#include "json_head.h"

#include "safe.h"
#include "tlsproof/base/clock.h"

namespace tlsproof::report {

void begin_document(JsonWriter& json, std::string_view schema, const verdict::CheckRun& run) {
  json.begin_object();
  json.field("schema", schema);
  json.key("tool");
  json.begin_object();
  json.field("name", "tlsproof");
  json.field("version", make_safe(run.tool_version, kMaxJsonText));
  json.end_object();
  json.field("start", format_utc(run.start_wall_ns / 1'000'000'000));
}

}  // namespace tlsproof::report
