#include "tlsproof/engine/judgement.h"

namespace tlsproof::engine {

using trace::EventKind;
using verdict::Requirement;
using verdict::Verdict;

Verdict broken(Requirement requirement) {
  switch (requirement) {
    case Requirement::must:
    case Requirement::robustness:
      return Verdict::fail;
    case Requirement::should:
      return Verdict::warn;
    case Requirement::may:
    case Requirement::info:
      return Verdict::info;
  }
  return Verdict::fail;
}

bool decides(Verdict verdict) {
  return verdict == Verdict::pass || verdict == Verdict::fail || verdict == Verdict::warn || verdict == Verdict::info;
}

Judgement judged(Verdict verdict, std::string wanted, std::string seen) {
  Judgement out;
  out.verdict = verdict;
  out.wanted = std::move(wanted);
  out.seen = std::move(seen);
  return out;
}

Judgement undecided(std::string wanted, std::string seen, std::string reason) {
  Judgement out = judged(Verdict::inconclusive, std::move(wanted), std::move(seen));
  out.reason = std::move(reason);
  return out;
}

std::vector<size_t> ending_events(const session::AttemptResult& result) {
  std::vector<size_t> found;
  if (!result.trace) return found;
  const auto events = result.trace->events();
  // The last word of the peer, or the silence in its place; a close that only follows it proves nothing more.
  for (size_t i = events.size(); i-- > 0;) {
    switch (events[i].kind) {
      case EventKind::alert:
        // close_notify (0) is no reason; what stands before it may be one.
        if (events[i].direction == wire::Direction::server_to_client && (events[i].code & 0xff) != 0) return {i};
        break;
      case EventKind::http_response:
      case EventKind::app_response:
      case EventKind::connect_failed:
      case EventKind::problem:
        return {i};
      case EventKind::end_of_stream:
      case EventKind::reset:
      case EventKind::timed_out:
        if (found.empty()) found = {i};
        break;
      default:
        break;
    }
  }
  return found;
}

std::vector<size_t> message_event(const session::AttemptResult& result, wire::Direction direction, uint8_t type) {
  if (!result.trace) return {};
  const trace::Event* event = result.trace->find_message(direction, type);
  if (event == nullptr) return {};
  return {static_cast<size_t>(event - result.trace->events().data())};
}

}  // namespace tlsproof::engine
