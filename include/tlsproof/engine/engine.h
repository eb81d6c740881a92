// From a target and a selection of scenarios to a CheckRun: plans the attempts, plays them, judges each, concludes.
#pragma once

#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/base/clock.h"
#include "tlsproof/base/random.h"
#include "tlsproof/scenario/library.h"
#include "tlsproof/target/target.h"
#include "tlsproof/trace/trace.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::engine {

// Sleeps so long.
void system_pause(int64_t ns);

struct CheckOptions {
  // Words that select scenarios, for endpoints that name none themselves; empty: oneway, and mtls where it is declared
  // or requested.
  std::vector<std::string> words;
  std::vector<uint16_t> versions;  // only these; empty: all
  size_t jobs = 8;                 // connections in flight
  unsigned repeat = 1;             // how often each attempt is played
  const Clock* clock = &system_clock();
  std::function<void(int64_t ns)> pause = system_pause;  // before it is tried whether an endpoint is back
  RandomSource* random = &system_random();
  trace::SecretUse secrets{.keep = false};  // what becomes of the keys of the connections
  const std::atomic<bool>* stop = nullptr;  // once true: what was judged is returned, marked as interrupted
  // The command that plays a finding again, without the id and with the endpoint: "tlsproof check web:443 --trust
  // ca.pem".
  std::function<std::string(const target::Endpoint& endpoint)> replay;
  // "web:443: 12 of 40 connections": for a person, at each step.
  std::function<void(std::string_view step)> progress;
};

// Usage errors (a file that cannot be used, a word that names nothing) come before anything is played; what goes wrong
// later is in the run. The library is borrowed during the call.
[[nodiscard]] Result<verdict::CheckRun> run_check(const target::Target& target, const scenario::Library& library,
                                                  const CheckOptions& options);

// What each endpoint can do, from the few connections of a probe; the findings are empty.
[[nodiscard]] Result<verdict::CheckRun> run_probe(const target::Target& target, const CheckOptions& options);

}  // namespace tlsproof::engine
