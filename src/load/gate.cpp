#include "tlsproof/load/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "figures.h"
#include "text.h"
#include "tlsproof/base/text.h"

namespace tlsproof::load {
namespace {

using Relation = Condition::Relation;

struct RelationName {
  std::string_view sign, words;
};
// In the order of the enum.
constexpr std::array<RelationName, 4> kRelations = {
    {{"<", "under"}, {"<=", "at most"}, {">", "over"}, {">=", "at least"}}};

struct Suffix {
  std::string_view text;
  double seconds;
};
constexpr std::array<Suffix, 5> kSuffixes = {{{"ns", 1e-9}, {"us", 1e-6}, {"µs", 1e-6}, {"ms", 1e-3}, {"s", 1}}};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::unexpected<Error> wrong(std::string_view text, const std::string& why) {
  return fail_usage(fmt::format("the condition \"{}\" {}", escape_terminal_limited(text, 80), why));
}

struct Number {
  double value = 0;
  std::string_view unit;
};
std::optional<Number> parse_number(std::string_view text) {
  Number number;
  const auto [end, problem] =
      std::from_chars(text.data(), text.data() + text.size(), number.value, std::chars_format::fixed);
  if (problem != std::errc() || !std::isfinite(number.value) || number.value < 0) return std::nullopt;
  number.unit = trimmed(text.substr(static_cast<size_t>(end - text.data())));
  return number;
}

// What the bound is in the figure's own unit; a text that says what would be right where it fits none.
std::expected<void, std::string> set_bound(Condition& condition, const Figure& figure, const Number& number) {
  condition.bound = number.value;
  condition.is_share = number.unit == "%";
  if (condition.is_share) condition.bound /= 100;
  const auto suffix = std::ranges::find_if(kSuffixes, [&](const Suffix& one) { return one.text == number.unit; });
  switch (figure.unit) {
    case FigureUnit::seconds:
      if (suffix == kSuffixes.end()) return std::unexpected(fmt::format("needs a time: {}>20ms", condition.figure));
      condition.bound *= suffix->seconds;
      return {};
    case FigureUnit::microseconds:
      if (number.unit.empty()) return {};
      if (suffix == kSuffixes.end())
        return std::unexpected(fmt::format("needs microseconds: {}>700", condition.figure));
      condition.bound *= suffix->seconds * 1e6;
      return {};
    case FigureUnit::per_second:
      if (number.unit.empty() || number.unit == "/s") return {};
      return std::unexpected(fmt::format("needs handshakes a second: {}<1000", condition.figure));
    case FigureUnit::count:
      if (number.unit.empty() || condition.is_share) return {};
      return std::unexpected(
          fmt::format("needs a number or a percentage: {}>0, {}>1%", condition.figure, condition.figure));
    case FigureUnit::share:
      if (condition.is_share) return {};
      return std::unexpected(fmt::format("needs a percentage: {}>95%", condition.figure));
  }
  return {};
}

std::string value_text(const Figure& figure, bool is_share, double value) {
  if (is_share) return share_text(value);
  switch (figure.unit) {
    case FigureUnit::seconds:
      return time_text(value);
    case FigureUnit::microseconds:
      return number_text(value) + " µs";
    case FigureUnit::per_second:
      return number_text(value) + " handshakes/s";
    default:
      return number_text(value);
  }
}

// Three digits where they tell the value from the bound, else as many as it takes: "20.004 ms, over 20 ms".
std::string measured_text(const Figure& figure, const Condition& condition, double value) {
  std::string text = value_text(figure, condition.is_share, value);
  if (value != condition.bound && text == value_text(figure, condition.is_share, condition.bound)) {
    const double percent_more = (value / condition.bound - 1) * 100;
    text += condition.bound == 0 ? fmt::format(" ({:g})", value) : fmt::format(" ({:+.2g} %)", percent_more);
  }
  return text;
}

bool holds(Relation relation, double value, double bound) {
  switch (relation) {
    case Relation::less:
      return value < bound;
    case Relation::less_or_equal:
      return value <= bound;
    case Relation::greater:
      return value > bound;
    case Relation::greater_or_equal:
      return value >= bound;
  }
  return false;
}

// Which share of the slowest a time does not look at. Of a mean the failures are as good as the tail.
double share_above(const Figure& figure) {
  switch (figure.what) {
    case Figure::What::min:
      return 1;
    case Figure::What::mean:
      return 0.01;
    case Figure::What::max:
      return 0;
    default:
      return 1 - figure.percent / 100;
  }
}

// A connection that failed has no latency. Were they the slowest of all, would the time be another, so that the
// condition is not `yes` or no any longer?
bool failures_could_turn(const Condition& condition, const Figure& figure, const Measurement& all, bool yes) {
  const auto failed = static_cast<double>(all.num_failed());
  const double share = failed / (failed + static_cast<double>(all.completed));
  constexpr double kRounding = 1e-9;
  if (failed == 0 || share <= share_above(figure) + kRounding) return false;
  const bool slow_is_yes = condition.relation == Relation::greater || condition.relation == Relation::greater_or_equal;
  return yes != slow_is_yes;
}

GateResult judge_one(const Condition& condition, const Measurement& all, bool judges_errors) {
  GateResult result;
  result.condition = condition;
  const auto figure = parse_figure(condition.figure);
  TLSPROOF_CHECK(figure.has_value());  // parse_condition made it
  const auto value = measured(*figure, condition.is_share, all);
  if (!value) {
    result.text = fmt::format("{} was not measured: {}", condition.figure, why_unmeasured(*figure, all));
    return result;
  }
  result.measured = *value;
  const bool yes = holds(condition.relation, *value, condition.bound);
  result.holds = yes ? GateResult::Holds::yes : GateResult::Holds::no;
  result.text = fmt::format("{} is {}, {}{} {}", condition.figure, measured_text(*figure, condition, *value),
                            yes ? "" : "not ", kRelations.at(static_cast<size_t>(condition.relation)).words,
                            value_text(*figure, condition.is_share, condition.bound));
  const Histogram& histogram = all.phases.at(static_cast<size_t>(figure->phase));
  if (figure->what == Figure::What::percentile && rests_on_few(histogram, figure->percent))
    result.text += fmt::format(" (of {} samples only)", count_text(histogram.count()));
  if (figure->unit != FigureUnit::seconds || all.num_failed() == 0) return result;
  const std::string failed =
      fmt::format("{} of {}", count_text(all.num_failed()), count_text(all.num_failed() + all.completed));
  if (!judges_errors && failures_could_turn(condition, *figure, all, yes)) {
    result.holds = GateResult::Holds::unknown;
    result.text += fmt::format(" of those completed alone; {} failed, too many to tell it of all (errors>0)", failed);
  } else {
    result.text += fmt::format("; {} failed", failed);
  }
  return result;
}

}  // namespace

Result<Condition> parse_condition(std::string_view text) {
  const size_t sign = text.find_first_of("<>");
  if (sign == std::string_view::npos) return wrong(text, "compares nothing: write p99>20ms or rate<1000");
  const bool or_equal = text.substr(sign + 1).starts_with('=');
  Condition condition{.text = std::string(trimmed(text)), .figure = std::string(trimmed(text.substr(0, sign)))};
  if (text[sign] == '<')
    condition.relation = or_equal ? Relation::less_or_equal : Relation::less;
  else
    condition.relation = or_equal ? Relation::greater_or_equal : Relation::greater;
  const auto figure = parse_figure(condition.figure);
  if (!figure) return wrong(text, fmt::format("names no figure; there are {}", figure_names()));
  const auto number = parse_number(trimmed(text.substr(sign + (or_equal ? 2 : 1))));
  if (!number) return wrong(text, "needs a number after the sign");
  if (const auto status = set_bound(condition, *figure, *number); !status) return wrong(text, status.error());
  return condition;
}

std::vector<GateResult> judge(std::span<const Condition> conditions, const BenchRun& run) {
  const Measurement all = merged(run);
  const bool judges_errors = std::ranges::any_of(
      conditions, [](const Condition& one) { return one.figure == "errors" || one.figure == "completed"; });
  std::vector<GateResult> results;
  for (const Condition& condition : conditions) results.push_back(judge_one(condition, all, judges_errors));
  return results;
}

}  // namespace tlsproof::load
