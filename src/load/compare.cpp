#include "tlsproof/load/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "student.h"

namespace tlsproof::load {
namespace {

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

// Of logarithms.
struct Moments {
  double mean = 0;
  double error2 = 0;  // the variance of the mean
  double degrees = 0;
};

Moments moments(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  Moments found{.mean = 0, .error2 = 0, .degrees = count - 1};
  for (const double value : values) found.mean += value / count;
  for (const double value : values) found.error2 += (value - found.mean) * (value - found.mean) / (count - 1) / count;
  return found;
}

// The difference of two means; Welch's degrees of freedom (B. L. Welch, Biometrika 34, 1947).
Moments difference(const Moments& a, const Moments& b) {
  Moments found{.mean = b.mean - a.mean, .error2 = a.error2 + b.error2, .degrees = a.degrees + b.degrees};
  const double weighed = a.error2 * a.error2 / a.degrees + b.error2 * b.error2 / b.degrees;
  if (weighed > 0) found.degrees = found.error2 * found.error2 / weighed;
  return found;
}

std::vector<double> logarithms(const std::vector<double>& values) {
  std::vector<double> logs;
  for (const double value : values) logs.push_back(std::log(value));
  return logs;
}

bool usable(const std::vector<double>& values) {
  return values.size() >= 3 &&
         std::ranges::all_of(values, [](double value) { return value > 0 && std::isfinite(value); });
}

Moments log_ratio(const std::vector<double>& a, const std::vector<double>& b, bool paired) {
  if (!paired) return difference(moments(logarithms(a)), moments(logarithms(b)));
  std::vector<double> ratios;
  for (size_t i = 0; i < a.size(); ++i) ratios.push_back(std::log(b[i] / a[i]));
  return moments(ratios);
}

Comparison compare_one(const Series& a, const Series& b, bool paired) {
  Comparison result;
  result.name = a.name;
  result.unit = a.unit;
  result.higher_is_better = a.higher_is_better;
  result.a = median(a.values);
  result.b = median(b.values);
  if (result.a > 0) result.ratio = result.b / result.a;
  std::vector<double> of_a = a.values, of_b = b.values;
  if (paired) {  // an interrupted run has a turn less on one side
    const size_t turns = std::min(of_a.size(), of_b.size());
    of_a.resize(turns);
    of_b.resize(turns);
  }
  if (!usable(of_a) || !usable(of_b)) return result;
  const Moments log = log_ratio(of_a, of_b, paired);
  const double margin = student_quantile_95(log.degrees) * std::sqrt(log.error2);
  result.ratio = std::exp(log.mean);
  result.low = std::exp(log.mean - margin);
  result.high = std::exp(log.mean + margin);
  if (result.low <= 1 && result.high >= 1)
    result.verdict = Comparison::Verdict::noise;
  else
    result.verdict = (result.low > 1) == a.higher_is_better ? Comparison::Verdict::better : Comparison::Verdict::worse;
  return result;
}

using Value = std::function<double(const Measurement&)>;

void add(std::vector<Series>& all, const BenchRun& run, std::string name, std::string unit, bool higher_is_better,
         const Value& value) {
  Series series{std::move(name), std::move(unit), higher_is_better, {}};
  for (const Measurement& one : run.repeats) series.values.push_back(value(one));
  if (std::ranges::any_of(series.values, [](double one) { return one > 0; })) all.push_back(std::move(series));
}

Value percentile(Phase phase, double percent) {
  return [=](const Measurement& one) {
    return static_cast<double>(one.phases.at(static_cast<size_t>(phase)).percentile(percent)) / 1e6;
  };
}

std::string_view chain_looked_at(const Plan& plan) {
  return plan.anchors ? "the chain was validated" : "there were no trust anchors";
}

}  // namespace

std::vector<Series> series_of(const BenchRun& run) {
  std::vector<Series> all;
  add(all, run, "rate", "handshakes/s", true, [](const Measurement& one) { return one.rate(); });
  add(all, run, "client_us", "µs", false, [](const Measurement& one) { return one.client_us_per_handshake(); });
  add(all, run, "server_us", "µs", false, [](const Measurement& one) { return one.server_us_per_handshake(); });
  for (const double percent : {50.0, 90.0, 99.0, 99.9}) {
    // The tail of few samples is one of them.
    const bool few = std::ranges::any_of(run.repeats, [&](const Measurement& one) {
      return percent > 99 && rests_on_few(one.phases.at(static_cast<size_t>(Phase::finished)), percent);
    });
    if (!few) add(all, run, fmt::format("p{:g}_ms", percent), "ms", false, percentile(Phase::finished, percent));
  }
  for (const Phase phase : {Phase::connect, Phase::first_byte, Phase::confirmed})
    add(all, run, fmt::format("{}_p50_ms", to_text(phase)), "ms", false, percentile(phase, 50));
  return all;
}

std::vector<Comparison> compare(std::span<const Series> a, std::span<const Series> b, bool paired) {
  std::vector<Comparison> results;
  for (const Series& one : a) {
    const auto other = std::ranges::find(b, one.name, &Series::name);
    if (other != b.end()) results.push_back(compare_one(one, *other, paired));
  }
  return results;
}

std::string incomparable(const Plan& a, const Plan& b) {
  if (a.verification != b.verification)
    return fmt::format("verification differs: {} and {}", to_text(a.verification), to_text(b.verification));
  const bool checks_chain = a.verification == Verification::full || a.verification == Verification::cached;
  if (checks_chain && (a.anchors == nullptr) != (b.anchors == nullptr))
    return fmt::format("verification differs: {} for the one, {} for the other", chain_looked_at(a),
                       chain_looked_at(b));
  if (a.reuse_key_share != b.reuse_key_share)
    return fmt::format("key shares differ: {} and {}", a.reuse_key_share ? "reused" : "fresh",
                       b.reuse_key_share ? "reused" : "fresh");
  const bool a_closed = a.arrivals.loop == Arrivals::Loop::closed, b_closed = b.arrivals.loop == Arrivals::Loop::closed;
  if (a_closed != b_closed)
    return fmt::format("latencies are not of the same kind: {} loop and {} loop", a_closed ? "closed" : "open",
                       b_closed ? "closed" : "open");
  return {};
}

}  // namespace tlsproof::load
