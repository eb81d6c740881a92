#include "tlsproof/capture/flow.h"

namespace tlsproof::capture {

std::string_view to_text(FlowEnd end) {
  switch (end) {
    case FlowEnd::closed:
      return "closed";
    case FlowEnd::reset:
      return "reset";
    case FlowEnd::replaced:
      return "replaced";
    case FlowEnd::idle:
      return "idle";
    case FlowEnd::evicted:
      return "evicted";
    case FlowEnd::end_of_capture:
      return "end of capture";
  }
  return "";
}

void Flow::clear() {
  std::array<Bytes, 2> kept_bytes = std::move(bytes);
  std::vector<FlowEvent> kept_events = std::move(events);
  *this = Flow{};
  bytes = std::move(kept_bytes);
  events = std::move(kept_events);
  for (Bytes& side : bytes) side.clear();
  events.clear();
}

}  // namespace tlsproof::capture
