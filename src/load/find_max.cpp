#include "tlsproof/load/find_max.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "again.h"
#include "limits.h"
#include "search.h"
#include "text.h"

namespace tlsproof::load {
namespace {

constexpr double kFirstRate = 100;  // where the plan names none
constexpr double kLowest = 1;       // a second; below, nothing is looked for
constexpr double kNear = 1.05;      // of the lowest that did not hold to the highest that did
constexpr size_t kMaxTrials = 60;   // doubling from 1 to a million takes 20, halving 5, each confirmation 1

// What completed after the arrivals had ended, beyond what a handshake takes: a queue that grew all the time.
bool kept_up(const Plan& plan, const Measurement& measurement) {
  if (measurement.seconds.empty() || measurement.completed == 0) return true;
  const double usual = static_cast<double>(measurement.seconds.front().finished.percentile(50));
  const double allowed = 0.05 + usual / static_cast<double>(plan.duration_ns);
  return static_cast<double>(measurement.completed_late) <= allowed * static_cast<double>(measurement.completed);
}

class Search {
 public:
  Search(const Plan& plan, std::span<const Condition> objectives, const Trial& trial,
         const std::function<void(const RateTried&)>& on_trial, double max_rate)
      : plan_(plan), objectives_(objectives), trial_(trial), on_trial_(on_trial), max_rate_(max_rate) {}
  Result<FindMax> run();

 private:
  Result<bool> holds(double rate);  // tries it; false too when interrupted
  [[nodiscard]] bool lost_server(const Measurement& measurement) const;
  Result<std::string> judge_trial(const Measurement& measurement) const;
  Status bracket(double rate);
  Status narrow();
  [[nodiscard]] bool over() const { return found_.interrupted || found_.tried.size() >= kMaxTrials; }

  Plan plan_;
  std::span<const Condition> objectives_;
  const Trial& trial_;
  const std::function<void(const RateTried&)>& on_trial_;
  double max_rate_;

  FindMax found_;
  std::set<double> held_ = {0};                             // once
  double broke_ = std::numeric_limits<double>::infinity();  // the lowest rate that did not hold
  bool broke_by_generator_ = false;
};

// "12 of 12 connections failed: the connection was refused"
std::string failures_text(const Measurement& measurement) {
  const uint64_t failed = measurement.num_failed();
  const auto worst =
      std::ranges::max_element(measurement.errors, {}, [](const auto& entry) { return entry.second.count; });
  return fmt::format("{} of {} connections failed: {}", count_text(failed), count_text(failed + measurement.completed),
                     error_text(worst->first));
}

// "" where it held.
Result<std::string> Search::judge_trial(const Measurement& measurement) const {
  // Then no objective about latencies could be judged either.
  if (measurement.completed == 0 && measurement.num_failed() != 0) return failures_text(measurement);
  const BenchRun run{.plan = plan_, .repeats = {measurement}};
  for (const GateResult& result : judge(objectives_, run)) {
    if (result.holds == GateResult::Holds::no) return result.text;
    if (result.holds == GateResult::Holds::yes) continue;
    if (measurement.completed != 0 && measurement.num_failed() == 0)
      return fail_usage(fmt::format("the objective {} cannot be judged: {}", result.condition.text, result.text));
    return result.text;
  }
  const bool judges_errors =
      std::ranges::any_of(objectives_, [](const Condition& one) { return one.figure == "errors"; });
  if (measurement.num_failed() != 0 && !judges_errors) return failures_text(measurement);
  if (measurement.completed == 0) return std::string("no handshake completed");
  if (!kept_up(plan_, measurement))
    return fmt::format("{}/s were not kept up with: handshakes were still to be completed when all had begun",
                       number_text(plan_.arrivals.rate));
  return std::string();
}

// Whether an objective cannot be judged because the server's process has ended.
bool Search::lost_server(const Measurement& measurement) const {
  if (!measurement.server_gone || measurement.completed == 0) return false;
  const BenchRun run{.plan = plan_, .repeats = {measurement}};
  return std::ranges::any_of(judge(objectives_, run),
                             [](const GateResult& one) { return one.holds == GateResult::Holds::unknown; });
}

Result<bool> Search::holds(double rate) {
  plan_.arrivals.rate = rate;
  RateTried tried;
  tried.rate = rate;
  TLSPROOF_TRY(tried.measurement, trial_(plan_));
  found_.interrupted = tried.measurement.interrupted;
  if (found_.interrupted) {
    tried.why_not = "interrupted";
  } else if (lost_server(tried.measurement)) {
    found_.interrupted = true;  // no rate could be judged any more
    tried.why_not = "the server process ended, and an objective is about its CPU";
  } else {
    TLSPROOF_TRY(tried.why_not, judge_trial(tried.measurement));
    tried.held = tried.why_not.empty();
    tried.generator_limited = no_time_left(tried.measurement) || began_late(plan_, tried.measurement);
    if (!tried.held && tried.generator_limited) {
      tried.why_not += "; the generator was the limit";
      if (machine_crowded(tried.measurement)) tried.why_not += " on a busy machine";
    }
    if (tried.held) held_.insert(rate);
    if (!tried.held && rate < broke_) {
      broke_ = rate;
      broke_by_generator_ = tried.generator_limited;
      held_.erase(held_.lower_bound(rate), held_.end());  // what held above was luck
    }
  }
  const bool held = tried.held;
  if (on_trial_) on_trial_(tried);
  found_.tried.push_back(std::move(tried));
  return held;
}

// Until one rate has held and another has not, or there is none to be found on a side.
Status Search::bracket(double rate) {
  TLSPROOF_TRY(bool held, holds(rate));
  while (held && !over() && rate < max_rate_) {
    rate = std::min(rate * 2, max_rate_);
    TLSPROOF_TRY(held, holds(rate));
  }
  while (!held && !over() && *held_.rbegin() == 0 && rate > kLowest) {
    rate = std::max(rate / 2, kLowest);
    TLSPROOF_TRY(held, holds(rate));
  }
  return {};
}

Status Search::narrow() {
  while (!over() && *held_.rbegin() > 0 && broke_ / *held_.rbegin() > kNear && std::isfinite(broke_)) {
    const double middle = (broke_ + *held_.rbegin()) / 2;
    TLSPROOF_TRY_VOID(holds(middle >= 100 ? std::round(middle) : middle));
  }
  return {};
}

Result<FindMax> Search::run() {
  const double begin = plan_.arrivals.rate > 0 ? plan_.arrivals.rate : kFirstRate;
  TLSPROOF_TRY_VOID(bracket(std::min(begin, max_rate_)));
  bool confirmed = false;
  while (!confirmed && !over()) {
    TLSPROOF_TRY_VOID(narrow());
    const double best = *held_.rbegin();
    if (over() || best == 0) break;
    TLSPROOF_TRY(confirmed, holds(best));  // where it does not, it is the new upper end, and what held below the lower
    if (!confirmed && !over() && *held_.rbegin() == 0) TLSPROOF_TRY_VOID(bracket(std::max(best / 2, kLowest)));
  }
  if (confirmed || found_.interrupted) found_.rate = *held_.rbegin();
  found_.rate_capped = confirmed && found_.rate >= max_rate_;
  found_.generator_limited = !found_.rate_capped && std::isfinite(broke_) && broke_by_generator_;
  return std::move(found_);
}

}  // namespace

Result<FindMax> search_max(const Plan& plan, std::span<const Condition> objectives, const Trial& trial,
                           const std::function<void(const RateTried&)>& on_trial, double max_rate) {
  if (plan.arrivals.loop == Arrivals::Loop::closed) return fail_usage("the highest rate is looked for in an open loop");
  if (!(max_rate > 0)) return fail_usage("the highest rate to try must be positive");
  return Search(plan, objectives, trial, on_trial, max_rate).run();
}

Result<FindMax> find_max(Plan plan, std::span<const Condition> objectives, const RunOptions& options,
                         const std::function<void(const RateTried&)>& on_trial, double max_rate) {
  TLSPROOF_TRY(const ServerStart server_start, server_start_of(plan));
  const auto trial = [&](const Plan& one) { return run_again(one, options, server_start); };
  TLSPROOF_TRY(FindMax found, search_max(plan, objectives, trial, on_trial, max_rate));
  found.interrupted = found.interrupted || (options.stop != nullptr && options.stop->load());  // in the last replays
  return found;
}

}  // namespace tlsproof::load
