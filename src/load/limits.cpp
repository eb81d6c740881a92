#include "limits.h"

#include <algorithm>

namespace tlsproof::load {
namespace {

constexpr double kBusy = 0.95;
constexpr double kCrowded = 0.2;
constexpr int64_t kLateNs = 1'000'000;  // who is on time is late by some ten µs

int64_t p99(const Measurement& measurement, Phase phase) {
  return measurement.phases.at(static_cast<size_t>(phase)).percentile(99);
}

}  // namespace

bool no_time_left(const Measurement& measurement) {
  return measurement.busiest_thread() >= kBusy;
}

bool machine_crowded(const Measurement& measurement) {
  return measurement.crowded() >= kCrowded;
}

bool arrivals_queued(const Plan& plan, const Measurement& measurement) {
  return plan.arrivals.loop != Arrivals::Loop::closed && measurement.max_open >= plan.arrivals.max_open &&
         std::ranges::any_of(measurement.seconds, [](const Second& one) { return one.queued != 0; });
}

bool began_late(const Plan& plan, const Measurement& measurement) {
  return plan.arrivals.loop != Arrivals::Loop::closed && !arrivals_queued(plan, measurement) &&
         p99(measurement, Phase::lag) > std::max(kLateNs, p99(measurement, Phase::finished) / 20);
}

}  // namespace tlsproof::load
