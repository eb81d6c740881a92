#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "bench_figures.h"
#include "safe.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/text.h"
#include "tlsproof/report/bench.h"
#include "tlsproof/view/glyphs.h"

namespace tlsproof::report {
namespace {

using load::Histogram;
using load::Measurement;
using load::Phase;

constexpr double kWidth = 960, kHeight = 820;
constexpr double kLeft = 76, kRight = 936;  // of both charts
constexpr std::string_view kInk = "#222222", kFaint = "#666666", kGrid = "#dddddd";
constexpr std::string_view kColours[] = {"#1f5fa8", "#d1600b", "#1b8a5a", "#7b4ea3", "#5b5b5b"};
constexpr std::string_view kErrorColours[] = {"#c62828", "#ad1457"};

std::string escaped(std::string_view text, size_t max_len) {
  std::string out;
  for (const char c : xml_text(make_safe(text, max_len))) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

// A chart's frame on the picture, and where a value stands in it.
struct Frame {
  double top = 0, bottom = 0;
  double x_max = 1;             // the left edge is 0
  double y_min = 0, y_max = 1;  // of the logarithm where `log_y`
  [[nodiscard]] double x(double value) const { return kLeft + (kRight - kLeft) * std::clamp(value / x_max, 0.0, 1.0); }
  [[nodiscard]] double y(double value) const {
    return bottom - (bottom - top) * std::clamp((value - y_min) / (y_max - y_min), 0.0, 1.0);
  }
};

class Picture {
 public:
  Picture() {
    out_ = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
        "font-family=\"system-ui, 'DejaVu Sans', Arial, sans-serif\" font-size=\"13\" fill=\"{2}\">\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
        kWidth, kHeight, kInk);
  }
  void title(std::string_view text) { out_ += fmt::format("<title>{}</title>\n", escaped(text, 300)); }
  void text(double x, double y, std::string_view what, std::string_view more = "") {
    out_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\"{}{}>{}</text>\n", x, y, more.empty() ? "" : " ", more,
                        escaped(what, 400));
  }
  void line(double x1, double y1, double x2, double y2, std::string_view colour, double width = 1,
            std::string_view more = "") {
    out_ += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" stroke-width=\"{}\"{}{}/>\n", x1,
        y1, x2, y2, colour, width, more.empty() ? "" : " ", more);
  }
  void bar(double x1, double x2, double top, double bottom, std::string_view colour) {
    out_ += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\" fill-opacity=\"0.85\"/>\n", x1,
        top, std::max(x2 - x1, 1.0), std::max(bottom - top, 1.0), colour);
  }
  void dot(double x, double y, std::string_view colour) {
    out_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"/>\n", x, y, colour);
  }
  void path(const std::vector<std::pair<double, double>>& points, std::string_view colour) {
    if (points.empty()) return;
    std::string d;
    for (const auto& [x, y] : points) d += fmt::format("{}{:.1f} {:.1f}", d.empty() ? "M" : " L", x, y);
    out_ += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\"/>\n",
                        d, colour);
  }
  void frame(const Frame& frame, std::string_view what) {
    text(kLeft, frame.top - 12, what, "font-weight=\"bold\"");
    line(kLeft, frame.bottom, kRight, frame.bottom, kFaint);
    line(kLeft, frame.top, kLeft, frame.bottom, kFaint);
  }
  void x_tick(const Frame& frame, double value, std::string_view label) {
    const double x = frame.x(value);
    line(x, frame.top, x, frame.bottom, kGrid);
    text(x, frame.bottom + 18, label, "text-anchor=\"middle\" fill=\"#666666\"");
  }
  void y_tick(const Frame& frame, double value, std::string_view label) {
    const double y = frame.y(value);
    line(kLeft, y, kRight, y, kGrid);
    text(kLeft - 8, y + 4.5, label, "text-anchor=\"end\" fill=\"#666666\"");
  }
  void legend(double x, double y, std::string_view colour, std::string_view what) {
    line(x, y - 4.5, x + 22, y - 4.5, colour, 3);
    text(x + 30, y, what);
  }
  [[nodiscard]] std::string take() { return std::move(out_) + "</svg>\n"; }

 private:
  std::string out_;
};

// ---- latency -------------------------------------------------------------------------------------------------------

struct Curve {
  std::string name;
  std::string_view colour;
  Histogram histogram;
};

// 0 at the 0th percentile, 1 at the 90th, 2 at the 99th: what lies beyond is shown as wide as what came before.
double nines(double part_beyond) {
  return -std::log10(part_beyond);
}

std::vector<Curve> curves_of(const std::vector<Measurement>& totals) {
  struct Row {
    Phase phase;
    std::string_view name;
  };
  constexpr Row kRows[] = {{Phase::finished, "to Finished checked"},
                           {Phase::connect, "TCP connect"},
                           {Phase::first_byte, "ClientHello to first byte"},
                           {Phase::confirmed, "to confirmed"},
                           {Phase::lag, "started late"}};
  std::vector<Curve> out;
  for (size_t i = 0; i < totals.size(); ++i) {
    if (totals.size() == 1) {
      for (size_t row = 0; row < std::size(kRows); ++row)
        out.push_back(
            {std::string(kRows[row].name), kColours[row], totals[i].phases[static_cast<size_t>(kRows[row].phase)]});
    } else {
      out.push_back({i == 0 ? "A to Finished checked" : "B to Finished checked", kColours[i],
                     totals[i].phases[static_cast<size_t>(Phase::finished)]});
    }
  }
  std::erase_if(out, [](const Curve& curve) { return curve.histogram.empty(); });
  return out;
}

void draw_curve(Picture& picture, const Frame& frame, const Curve& curve) {
  const auto total = static_cast<double>(curve.histogram.count());
  const auto height = [&](int64_t ns) { return frame.y(std::log10(std::max(static_cast<double>(ns), 1.0) / 1e6)); };
  std::vector<std::pair<double, double>> points;
  uint64_t below = 0;
  for (const Histogram::Bucket& bucket : curve.histogram.buckets()) {
    // Those of this bucket reach from here …
    const double y = height(std::min(bucket.high, curve.histogram.max()));
    const double from = frame.x(nines(1 - static_cast<double>(below) / total));
    below += bucket.count;
    // … to here; the slowest of all stands where one sample in `total` lies beyond.
    const double beyond = std::max(1 - static_cast<double>(below) / total, 1 / total);
    const double to = frame.x(nines(beyond));
    if (!points.empty() && to - points.back().first < 0.4 && std::abs(y - points.back().second) < 0.4) continue;
    points.emplace_back(std::min(from, to), y);
    points.emplace_back(to, y);
  }
  points.emplace_back(frame.x(nines(1 / total)), height(curve.histogram.max()));
  picture.path(points, curve.colour);
  picture.dot(points.back().first, points.back().second, curve.colour);
}

void draw_latency(Picture& picture, const std::vector<Measurement>& totals) {
  const std::vector<Curve> curves = curves_of(totals);
  Frame frame{.top = 130, .bottom = 380};
  double low = 1e12, high = 0, most = 1;
  for (const Curve& curve : curves) {
    low = std::min(low, std::max(static_cast<double>(curve.histogram.min()), 1e3) / 1e6);
    high = std::max(high, std::max(static_cast<double>(curve.histogram.max()), 1e3) / 1e6);
    most = std::max(most, static_cast<double>(curve.histogram.count()));
  }
  if (curves.empty()) {
    picture.frame(frame, "Latency by percentile, ms");
    picture.text((kLeft + kRight) / 2, 255, "no handshake completed", "text-anchor=\"middle\" font-size=\"16\"");
    return;
  }
  frame.x_max = std::max(1.0, nines(1 / most));
  frame.y_min = std::log10(low) - 0.05;
  frame.y_max = std::max(std::log10(high) + 0.05, frame.y_min + 0.5);
  picture.frame(frame, "Latency by percentile, ms");
  constexpr std::pair<double, std::string_view> kTicks[] = {{1, "0 %"},         {0.5, "50 %"},      {0.1, "90 %"},
                                                            {0.01, "99 %"},     {1e-3, "99.9 %"},   {1e-4, "99.99 %"},
                                                            {1e-5, "99.999 %"}, {1e-6, "99.9999 %"}};
  for (const auto& [beyond, label] : kTicks)
    if (nines(beyond) <= frame.x_max + 1e-9) picture.x_tick(frame, nines(beyond), label);
  // 1, 2, 5, 10 … as many as there is room for.
  const bool fine = frame.y_max - frame.y_min < 2.5;
  for (int decade = -3; decade <= 6; ++decade)
    for (const double step : {1.0, 2.0, 5.0}) {
      if (step != 1.0 && !fine) continue;
      const double value = step * std::pow(10, decade);
      const double at = std::log10(value);
      if (at >= frame.y_min && at <= frame.y_max) picture.y_tick(frame, at, fmt::format("{:.10g}", value));
    }
  // The first is what matters most: it is drawn over the others.
  for (size_t i = curves.size(); i-- > 0;) draw_curve(picture, frame, curves[i]);
  for (size_t i = 0; i < curves.size(); ++i) {
    const Histogram& histogram = curves[i].histogram;
    picture.legend(kLeft + static_cast<double>(i % 2) * 440, 424 + static_cast<double>(i / 2) * 20, curves[i].colour,
                   fmt::format("{}: p50 {}, p99 {}, max {} ms", curves[i].name, milliseconds(histogram.percentile(50)),
                               milliseconds(histogram.percentile(99)), milliseconds(histogram.max())));
  }
}

// ---- throughput ----------------------------------------------------------------------------------------------------

struct Point {
  double from = 0, to = 0;  // seconds, the repeats one after another
  double rate = 0, errors = 0;
};

// What happened after the measurement's end (the last connections that were still open) counts in the figures; here it
// would look like a fall in throughput, so only its errors are drawn.
std::vector<Point> points_of(const load::BenchRun& run, std::vector<double>& borders) {
  std::vector<Point> out;
  double begin = 0;
  for (const Measurement& repeat : run.repeats) {
    const double length = static_cast<double>(repeat.duration_ns) / 1e9;
    for (size_t i = 0; i < repeat.seconds.size(); ++i) {
      const load::Second& second = repeat.seconds[i];
      const double from = static_cast<double>(i);
      const double width = std::min(1.0, length - from);
      if (width < 0.1) {
        if (!out.empty()) out.back().errors += static_cast<double>(second.failed);
        continue;
      }
      out.push_back({begin + from, begin + from + width, static_cast<double>(second.completed) / width,
                     static_cast<double>(second.failed) / width});
    }
    begin += length;
    borders.push_back(begin);
  }
  return out;
}

double round_step(double span) {
  const double raw = span / 5;
  const double decade = std::pow(10, std::floor(std::log10(std::max(raw, 1e-9))));
  for (const double step : {1.0, 2.0, 5.0})
    if (raw <= step * decade) return step * decade;
  return 10 * decade;
}

void draw_throughput(Picture& picture, const BenchReport& report) {
  Frame frame{.top = 530, .bottom = 740};
  std::vector<std::vector<Point>> lines;
  std::vector<double> borders;
  double longest = 1, most = 1;
  bool any_errors = false;
  for (const BenchSide& side : report.sides) {
    std::vector<double> own;
    lines.push_back(points_of(side.run, own));
    for (const Point& point : lines.back()) {
      longest = std::max(longest, point.to);
      most = std::max({most, point.rate, point.errors});
      any_errors |= point.errors > 0;
    }
    if (own.size() > borders.size()) borders = std::move(own);
  }
  frame.x_max = longest;
  frame.y_max = most * 1.08;
  picture.frame(frame, "Handshakes a second over time, s");
  const double x_step = std::max(1.0, round_step(longest * 0.6));
  for (double at = 0; at <= longest + 1e-9; at += x_step) picture.x_tick(frame, at, fmt::format("{:.10g}", at));
  const double y_step = round_step(frame.y_max);
  for (double at = 0; at <= frame.y_max; at += y_step) picture.y_tick(frame, at, fmt::format("{:.10g}", at));
  for (size_t i = 0; i + 1 < borders.size(); ++i)
    picture.line(frame.x(borders[i]), frame.top, frame.x(borders[i]), frame.bottom, kFaint, 1,
                 "stroke-dasharray=\"4 3\"");
  for (size_t i = 0; i < lines.size(); ++i) {
    std::vector<std::pair<double, double>> points;
    for (const Point& point : lines[i]) {
      points.emplace_back(frame.x(point.from), frame.y(point.rate));
      points.emplace_back(frame.x(point.to), frame.y(point.rate));
      if (point.errors > 0) {
        const double half = (point.to - point.from) / static_cast<double>(lines.size());
        const double from = point.from + half * static_cast<double>(i);
        picture.bar(frame.x(from) + 1, frame.x(from + half) - 1, frame.y(point.errors), frame.bottom,
                    kErrorColours[i % 2]);
      }
    }
    picture.path(points, kColours[i % 2]);
  }
  double x = kLeft;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string of = lines.size() == 1 ? "" : i == 0 ? "A " : "B ";
    picture.legend(x, 784, kColours[i % 2], of + "completed");
    x += 150;
    if (any_errors) {
      picture.legend(x, 784, kErrorColours[i % 2], of + "failed");
      x += 130;
    }
  }
  if (borders.size() > 1) picture.text(x, 784, "dashed: where the next repeat begins", "fill=\"#666666\"");
}

std::string about(const BenchSide& side, const Measurement& total) {
  const load::Plan& plan = side.run.plan;
  return fmt::format("{} handshakes/s; {}; {}; {}; verification {}", significant(total.rate()),
                     load::mix_text(plan.mix), versions_text(plan), arrivals_text(plan), to_text(plan.verification));
}

}  // namespace

std::string write_bench_svg(const BenchReport& report, const Style&) {
  Picture picture;
  std::vector<Measurement> totals;
  std::string names;
  for (const BenchSide& side : report.sides) {
    totals.push_back(merged(side.run));
    names += (names.empty() ? "" : " and ") + side_name(side.run.plan);
  }
  picture.title("tlsproof bench " + names);
  const auto fit = [](std::string_view text, size_t columns) {
    return view::cut_to_columns(make_safe(text, 1000), columns);
  };
  picture.text(kLeft, 38, fit("tlsproof bench " + names, 62), "font-size=\"19\" font-weight=\"bold\"");
  for (size_t i = 0; i < report.sides.size(); ++i) {
    const std::string letter = report.sides.size() == 1 ? "" : i == 0 ? "A  " : "B  ";
    picture.text(kLeft, 64 + 19 * static_cast<double>(i), letter + fit(about(report.sides[i], totals[i]), 125),
                 fmt::format("fill=\"{}\"", report.sides.size() == 1 ? kFaint : kColours[i % 2]));
  }
  picture.text(kRight, 38, format_utc(report.start_wall_ns / 1'000'000'000), "text-anchor=\"end\" fill=\"#666666\"");
  draw_latency(picture, totals);
  draw_throughput(picture, report);
  return picture.take();
}

}  // namespace tlsproof::report
