#include "bench_figures.h"

#include <fmt/format.h>

#include <cmath>

namespace tlsproof::report {

std::string significant(double value) {
  if (!std::isfinite(value)) return "-";
  if (value == 0) return "0";
  const double size = std::abs(value);
  // What rounds up to the next power of ten has one digit less behind the point.
  const int digits = size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : size >= 0.09995 ? 3 : 4;
  return fmt::format("{:.{}f}", value, digits);
}

std::string milliseconds(int64_t ns) {
  return significant(static_cast<double>(ns) / 1e6);
}

std::string duration_text(int64_t ns) {
  struct Unit {
    int64_t ns;
    std::string_view name;
  };
  constexpr Unit kUnits[] = {
      {86'400'000'000'000, "d"}, {3'600'000'000'000, "h"}, {60'000'000'000, "min"},
      {1'000'000'000, "s"},      {1'000'000, "ms"},        {1'000, "µs"},
  };
  // The largest unit of which it is a whole number, unless that makes it long.
  for (const Unit& unit : kUnits)
    if (ns >= unit.ns && ns % unit.ns == 0 && ns / unit.ns < 1000) return fmt::format("{} {}", ns / unit.ns, unit.name);
  for (const Unit& unit : kUnits)
    if (ns >= unit.ns)
      return fmt::format("{} {}", significant(static_cast<double>(ns) / static_cast<double>(unit.ns)), unit.name);
  return fmt::format("{} ns", ns);
}

std::string bytes_text(double bytes) {
  if (bytes < 1000) return fmt::format("{:.0f} B", bytes);
  if (bytes < 1e6) return fmt::format("{} kB", significant(bytes / 1e3));
  if (bytes < 1e9) return fmt::format("{} MB", significant(bytes / 1e6));
  return fmt::format("{} GB", significant(bytes / 1e9));
}

std::string percent_text(uint64_t part, uint64_t whole) {
  if (whole == 0 || part == 0) return "0 %";
  if (part == whole) return "100 %";
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (percent < 0.01) return "below 0.01 %";
  if (percent > 99.99) return "over 99.99 %";
  // Neither rounds to what it is not: all or nothing.
  return percent < 1 || percent > 99 ? fmt::format("{:.2f} %", percent) : fmt::format("{:.1f} %", percent);
}

std::string plural(uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string arrivals_text(const load::Plan& plan) {
  const load::Arrivals& arrivals = plan.arrivals;
  switch (arrivals.loop) {
    case load::Arrivals::Loop::closed:
      return fmt::format("closed loop, {} at a time", plural(arrivals.concurrency, "connection"));
    case load::Arrivals::Loop::constant:
      return fmt::format("open loop, {} connections/s at even intervals", significant(arrivals.rate));
    case load::Arrivals::Loop::poisson:
      return fmt::format("open loop, {} connections/s as a Poisson process", significant(arrivals.rate));
  }
  return {};
}

std::string side_name(const load::Plan& plan) {
  return plan.label.empty() ? plan.target : plan.label;
}

std::string versions_text(const load::Plan& plan) {
  std::string out;
  for (const uint16_t version : plan.client.versions)
    out += (out.empty() ? "TLS " : " or ") + std::string(version == 0x0304 ? "1.3" : version == 0x0303 ? "1.2" : "?");
  return out;
}

bool any_completed(const load::FindMax& found) {
  return std::ranges::any_of(found.tried, [](const load::RateTried& tried) { return tried.measurement.completed > 0; });
}

}  // namespace tlsproof::report
