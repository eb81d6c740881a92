// needs: rules
// Any Trace can be judged. Input: a byte of transport and coverage, then steps: what, direction and level, length,
// bytes.
#include "tlsproof/rules/rules.h"
#include <algorithm>

#include "tlsproof/base/clock.h"

using namespace tlsproof;
using namespace tlsproof::trace;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  ManualClock clock;
  Trace trace(clock, {.max_stream_len = 1 << 20, .max_events = 4096});
  trace.begin("client", "server");
  trace.set_transport(static_cast<Transport>(data[0] % 4));
  trace.set_coverage({.from_start = (data[0] & 4) == 0, .complete_streams = (data[0] & 8) == 0});
  std::array<size_t, 2> offsets{};
  for (size_t at = 1; at + 4 <= size;) {
    const auto direction = static_cast<Direction>(data[at + 1] & 1);
    const auto level = static_cast<Level>(data[at + 1] >> 1 & 3);
    const ByteView body(data + at + 4, std::min(size_t{data[at + 2]} << 8 | data[at + 3], size - at - 4));
    const ByteRange stream{offsets[direction == Direction::server_to_client], body.size() + wire::kRecordHeaderLen};
    offsets[direction == Direction::server_to_client] += stream.len;
    const uint8_t what = data[at];
    if (what < 32) {
      trace.on_record({direction, level, what, 0x0303, (data[at + 1] & 8) == 0, stream, body});
      if (what == 20) trace.on_change_cipher_spec(direction, stream);
      if (what == 21 && body.size() >= 2) trace.on_alert(direction, level, body[0], body[1], stream);
      if (what == 22 && !body.empty()) trace.on_message({direction, level, body[0], body, stream});
    } else {
      trace.on_event(what < 64 ? EventKind::gap : EventKind::note, direction);
    }
    at += 4 + body.size();
  }
  Reading reading(trace);
  std::vector<rules::Violation> found;
  rules::judge({&reading, {}, {}}, found);
  TLSPROOF_CHECK(found.size() <= rules::all_rules().size() * rules::Breaches::kMaxPerRule);
  for (const rules::Violation& one : found)
    for (const size_t event : one.breach.events) TLSPROOF_CHECK(event < trace.events().size());
  return 0;
}
