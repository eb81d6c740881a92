#include "tlsproof/engine/engine.h"

#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "endpoint_check.h"
#include "tlsproof/base/text.h"
#include "tlsproof/base/version.h"

namespace tlsproof::engine {
namespace {

using Checks = std::vector<std::unique_ptr<EndpointCheck>>;

Result<Checks> make_checks(const target::Target& target, const CheckOptions& options) {
  Checks checks;
  for (const target::Endpoint& endpoint : target.endpoints) {
    TLSPROOF_TRY(auto check, EndpointCheck::make(endpoint, options));
    checks.push_back(std::move(check));
  }
  return checks;
}

// Words that name nothing are told before the first connection.
Status check_words(const target::Target& target, const scenario::Library& library, const CheckOptions& options) {
  for (const target::Endpoint& endpoint : target.endpoints) {
    const auto& words = endpoint.suites.empty() ? options.words : endpoint.suites;
    if (words.empty()) continue;
    if (auto selected = library.select(words); !selected) {
      const bool from_file = !endpoint.suites.empty() && !endpoint.suites_where.empty();
      if (from_file) return fail_usage(fmt::format("{}: {}", endpoint.suites_where, selected.error().message()));
      return std::unexpected(selected.error());
    }
  }
  return {};
}

verdict::CheckRun begin_run(const CheckOptions& options) {
  verdict::CheckRun run;
  run.tool_version = std::string(kVersion);
  run.start_wall_ns = options.clock->wall_ns();
  return run;
}

void end_run(verdict::CheckRun& run, Checks& checks, const CheckOptions& options, int64_t start_ns) {
  for (auto& check : checks) run.endpoints.push_back(check->take_run());
  run.duration_ns = options.clock->monotonic_ns() - start_ns;
  run.interrupted = options.stop != nullptr && options.stop->load();
}

// Whether the waiver speaks of any case of the library at any endpoint of the target.
bool names_anything(const target::Waiver& waiver, const scenario::Library& library, const target::Target& target) {
  for (const scenario::Scenario& one : library.scenarios())
    for (const scenario::Play& play : one.plays)
      for (const target::Endpoint& endpoint : target.endpoints)
        if (target::covers(waiver, one.id + play.suffix, endpoint.label)) return true;
  return false;
}

// A waiver that no finding needed any more hides the next fault of its name.
void note_unused_waivers(const target::WaiverBook& book, const scenario::Library& library, const target::Target& target,
                         verdict::CheckRun& run) {
  for (const target::Waiver* waiver : book.unused()) {
    if (!names_anything(*waiver, library, target) && !run.endpoints.empty())
      run.endpoints.front().notes.push_back(fmt::format("the waiver at {} ('{}') names no scenario at any endpoint",
                                                        waiver->where, escape_terminal(waiver->check)));
    for (verdict::EndpointRun& endpoint : run.endpoints) {
      bool played = false;
      for (const verdict::Finding& finding : endpoint.findings)
        played |= finding.verdict != verdict::Verdict::skip && target::covers(*waiver, finding.id(), endpoint.label);
      if (played)
        endpoint.notes.push_back(
            fmt::format("the waiver at {} ('{}') was of no use: nothing is waived by it, or its day is over",
                        waiver->where, escape_terminal(waiver->check)));
    }
  }
}

}  // namespace

void system_pause(int64_t ns) {
  std::this_thread::sleep_for(std::chrono::nanoseconds(ns));
}

Result<verdict::CheckRun> run_check(const target::Target& target, const scenario::Library& library,
                                    const CheckOptions& options) {
  const int64_t start_ns = options.clock->monotonic_ns();
  verdict::CheckRun run = begin_run(options);
  TLSPROOF_TRY_VOID(check_words(target, library, options));
  TLSPROOF_TRY(Checks checks, make_checks(target, options));
  std::vector<x509::Certificate> known;
  for (auto& check : checks) {
    check->keep_error(check->probe());
    const auto issuers = check->issuers_seen();
    known.insert(known.end(), issuers.begin(), issuers.end());
  }
  target::WaiverBook waivers(target.waivers);
  for (auto& check : checks) check->keep_error(check->check(library, known, waivers));
  end_run(run, checks, options, start_ns);
  note_unused_waivers(waivers, library, target, run);
  return run;
}

Result<verdict::CheckRun> run_probe(const target::Target& target, const CheckOptions& options) {
  const int64_t start_ns = options.clock->monotonic_ns();
  verdict::CheckRun run = begin_run(options);
  TLSPROOF_TRY(Checks checks, make_checks(target, options));
  for (auto& check : checks) check->keep_error(check->probe());
  end_run(run, checks, options, start_ns);
  return run;
}

}  // namespace tlsproof::engine
