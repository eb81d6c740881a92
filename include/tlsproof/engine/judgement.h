// What a judge says of one case.
#pragma once

#include <string>
#include <vector>

#include "tlsproof/scenario/scenario.h"
#include "tlsproof/session/attempt.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::engine {

struct Judgement {
  verdict::Verdict verdict = verdict::Verdict::error;
  std::string wanted;  // one line each, escaped
  std::string seen;
  std::string reason;   // skip, inconclusive, error: why
  bool applies = true;  // skip: see Finding::applies
  std::vector<std::string> notes;
  std::vector<size_t> events;  // of the attempt's trace: the ones that decide
};

// The verdict of a broken requirement: MUST and robustness fail, SHOULD warns, MAY and info inform.
[[nodiscard]] verdict::Verdict broken(verdict::Requirement requirement);

// It says that something was judged; of two repetitions only such verdicts can disagree.
[[nodiscard]] bool decides(verdict::Verdict verdict);

[[nodiscard]] Judgement judged(verdict::Verdict verdict, std::string wanted, std::string seen);
[[nodiscard]] Judgement undecided(std::string wanted, std::string seen, std::string reason);

// How the attempt ended: the events that prove it (an alert, an end of stream, an HTTP response, a time-out).
[[nodiscard]] std::vector<size_t> ending_events(const session::AttemptResult& result);
// The peer's first message of this type, as a list of at most one.
[[nodiscard]] std::vector<size_t> message_event(const session::AttemptResult& result, wire::Direction direction,
                                                uint8_t type);

}  // namespace tlsproof::engine
