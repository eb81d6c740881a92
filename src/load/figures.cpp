#include "figures.h"

#include <array>
#include <charconv>

namespace tlsproof::load {
namespace {

using What = Figure::What;

struct Named {
  std::string_view name;
  Figure figure;
};
constexpr std::array<Named, 7> kFigures = {{
    {"rate", {.unit = FigureUnit::per_second, .what = What::rate}},
    {"completed", {.unit = FigureUnit::count, .what = What::completed}},
    {"errors", {.unit = FigureUnit::count, .what = What::errors}},
    {"resumed", {.unit = FigureUnit::count, .what = What::resumed}},
    {"client_us", {.unit = FigureUnit::microseconds, .what = What::client_us}},
    {"server_us", {.unit = FigureUnit::microseconds, .what = What::server_us}},
    {"client_busy", {.unit = FigureUnit::share, .what = What::busy}},
}};
constexpr std::array<std::pair<std::string_view, What>, 3> kOfTimes = {
    {{"min", What::min}, {"mean", What::mean}, {"max", What::max}}};

std::optional<double> parse_percent(std::string_view text) {
  if (!text.starts_with('p')) return std::nullopt;
  text.remove_prefix(1);
  double percent = 0;
  const auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), percent, std::chars_format::fixed);
  if (problem != std::errc() || end != text.data() + text.size() || !(percent > 0 && percent <= 100))
    return std::nullopt;
  return percent;
}

std::optional<Figure> parse_time(std::string_view text, Phase phase) {
  Figure figure{.unit = FigureUnit::seconds, .phase = phase};
  for (const auto& [name, what] : kOfTimes)
    if (text == name) {
      figure.what = what;
      return figure;
    }
  const auto percent = parse_percent(text);
  if (!percent) return std::nullopt;
  figure.percent = *percent;
  return figure;
}

std::optional<double> time_of(const Figure& figure, const Histogram& histogram) {
  if (histogram.empty()) return std::nullopt;
  switch (figure.what) {
    case What::min:
      return static_cast<double>(histogram.min()) / 1e9;
    case What::mean:
      return histogram.mean() / 1e9;
    case What::max:
      return static_cast<double>(histogram.max()) / 1e9;
    default:
      return static_cast<double>(histogram.percentile(figure.percent)) / 1e9;
  }
}

std::optional<double> ratio(uint64_t part, uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

struct Resumed {
  uint64_t asked = 0, got = 0;
};
Resumed resumed_of(const Measurement& measurement) {
  Resumed resumed;
  for (size_t asked = 1; asked < kNumKinds; ++asked)
    for (size_t got = 0; got < kNumKinds; ++got) {
      resumed.asked += measurement.kinds.at(asked).at(got);
      if (got != 0) resumed.got += measurement.kinds.at(asked).at(got);
    }
  return resumed;
}

}  // namespace

std::optional<Figure> parse_figure(std::string_view name) {
  for (const auto& [known, figure] : kFigures)
    if (known == name) return figure;
  for (size_t i = 0; i < kNumPhases; ++i) {
    const auto phase = static_cast<Phase>(i);
    if (name.starts_with(to_text(phase)) && name.substr(to_text(phase).size()).starts_with('.'))
      return parse_time(name.substr(to_text(phase).size() + 1), phase);
  }
  return parse_time(name, Phase::finished);
}

std::string_view figure_names() {
  return "p50, p99, p99.9 (any percentile), min, mean, max of the handshake, or of a phase (connect.p99, first_byte., "
         "confirmed., lag.); rate, completed, errors, resumed, client_us, server_us, client_busy";
}

std::optional<double> measured(const Figure& figure, bool as_share, const Measurement& measurement) {
  const uint64_t failed = measurement.num_failed(), ended = measurement.completed + failed;
  switch (figure.what) {
    case What::rate:
      if (measurement.duration_ns <= 0) return std::nullopt;
      return measurement.rate();
    case What::completed:
      if (as_share) return ratio(measurement.completed, ended);
      return static_cast<double>(measurement.completed);
    case What::errors:
      if (ended == 0) return std::nullopt;  // nothing was tried to its end: no error is no success
      return as_share ? ratio(failed, ended) : static_cast<double>(failed);
    case What::resumed: {
      const Resumed resumed = resumed_of(measurement);
      if (resumed.asked == 0) return std::nullopt;
      return as_share ? ratio(resumed.got, resumed.asked) : static_cast<double>(resumed.got);
    }
    case What::client_us:
      if (measurement.completed == 0 || measurement.threads.empty()) return std::nullopt;
      return measurement.client_us_per_handshake();
    case What::server_us:
      if (measurement.completed == 0 || !measurement.server_cpu_ns) return std::nullopt;
      return measurement.server_us_per_handshake();
    case What::busy:
      if (measurement.threads.empty()) return std::nullopt;
      return measurement.busiest_thread();
    default:
      return time_of(figure, measurement.phases.at(static_cast<size_t>(figure.phase)));
  }
}

std::string_view why_unmeasured(const Figure& figure, const Measurement& measurement) {
  if (figure.what == What::resumed && measurement.completed != 0) return "no resumption was asked for";
  if (figure.what == What::server_us && measurement.completed != 0)
    return measurement.server_gone ? "the server process ended" : "no --server-pid was given";
  if (figure.unit == FigureUnit::seconds && measurement.completed != 0)
    return figure.phase == Phase::lag ? "a closed loop has none" : "nothing of the kind happened";
  return "no handshake completed";
}

}  // namespace tlsproof::load
