#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>

#include "bench_figures.h"
#include "safe.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/text.h"
#include "tlsproof/report/bench.h"

namespace tlsproof::report {
namespace {

constexpr size_t kMaxName = 300;
constexpr size_t kMaxMessage = 1000;

std::string one_line(std::string_view text, size_t max_len = kMaxMessage) {
  return xml_text(make_safe(text, max_len));
}

std::string seconds(int64_t ns) {
  return fmt::format("{:.6f}", static_cast<double>(std::max<int64_t>(ns, 0)) / 1e9);
}

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(value.c_str());
}

struct Tally {
  size_t tests = 0, failures = 0, errors = 0;
  int64_t time_ns = 0;
};

class Suite {
 public:
  Suite(pugi::xml_node root, std::string name) : node_(root.append_child("testsuite")), name_(std::move(name)) {}

  void passed(const std::string& name, int64_t time_ns) { test_case(name, time_ns); }
  void failed(const std::string& name, const std::string& why) { mark(name, "failure", "fail", why, tally_.failures); }
  void error(const std::string& name, const char* type, const std::string& why) {
    mark(name, "error", type, why, tally_.errors);
  }
  Tally finish(const std::string& start, const std::string& remarks) {
    if (!remarks.empty()) node_.append_child("system-out").text().set(xml_text(remarks).c_str());
    set(node_, "name", name_);
    set(node_, "tests", std::to_string(tally_.tests));
    set(node_, "failures", std::to_string(tally_.failures));
    set(node_, "errors", std::to_string(tally_.errors));
    set(node_, "skipped", "0");
    set(node_, "time", seconds(tally_.time_ns));
    set(node_, "timestamp", start);
    return tally_;
  }

 private:
  pugi::xml_node test_case(const std::string& name, int64_t time_ns) {
    pugi::xml_node node = node_.append_child("testcase");
    std::string unique = one_line(name, kMaxName);  // GitLab drops all but the first of a name
    const auto taken = std::ranges::count(names_, unique);
    names_.push_back(unique);
    if (taken > 0) unique += fmt::format(" #{}", taken + 1);
    set(node, "name", unique);
    set(node, "classname", name_ + ".bench");
    set(node, "time", seconds(time_ns));
    ++tally_.tests;
    tally_.time_ns += std::max<int64_t>(time_ns, 0);
    return node;
  }
  void mark(const std::string& name, const char* element, const char* type, const std::string& why, size_t& counter) {
    pugi::xml_node node = test_case(name, 0).append_child(element);
    ++counter;
    set(node, "type", type);
    set(node, "message", one_line(why));
    node.text().set(one_line(why).c_str());
  }

  pugi::xml_node node_;
  std::string name_;
  std::vector<std::string> names_;
  Tally tally_;
};

std::string suite_name(const BenchReport& report, size_t index) {
  std::string name = one_line(side_name(report.sides[index].run.plan), kMaxName);
  if (name.empty()) name = "tlsproof";
  return report.sides.size() < 2 ? name : fmt::format("{} {}", index == 0 ? "A" : "B", name);
}

void add_measured(Suite& suite, const BenchReport& report, const BenchSide& side) {
  uint64_t completed = 0;
  int64_t duration_ns = 0;
  for (const load::Measurement& one : side.run.repeats) {
    completed += one.completed;
    duration_ns += one.duration_ns;
  }
  if (report.interrupted)
    suite.error("measured", "interrupted", "interrupted before all was measured");
  else if (completed == 0 && !(report.find_max && any_completed(*report.find_max)))
    suite.error("measured", "not_tested", "no handshake completed: nothing was measured");
  else
    suite.passed("measured", duration_ns);
}

void add_gates(Suite& suite, const BenchSide& side) {
  for (const load::GateResult& gate : side.gates) {
    switch (gate.holds) {
      case load::GateResult::Holds::yes:
        suite.failed(gate.condition.text, gate.text);
        break;
      case load::GateResult::Holds::no:
        suite.passed(gate.condition.text, 0);
        break;
      case load::GateResult::Holds::unknown:
        suite.error(gate.condition.text, "not_tested", gate.text);
        break;
    }
  }
}

void add_find_max(Suite& suite, const BenchReport& report) {
  std::string objectives;
  for (const load::Condition& one : report.objectives) objectives += " " + one.text;
  const std::string name = "the highest rate that holds" + objectives;
  const load::FindMax& found = *report.find_max;
  if (found.rate > 0)
    suite.passed(name, 0);
  else if (found.interrupted)
    suite.error(name, "interrupted", "interrupted before a rate held");
  else if (found.generator_limited)
    suite.error(name, "not_tested", "the generator was the limit: nothing is known of the server");
  else if (!any_completed(found))
    suite.error(name, "not_tested", "no handshake completed at any rate");
  else
    suite.failed(name, "no rate held");
}

std::string remarks(const BenchReport& report, const BenchSide& side) {
  std::string out;
  if (!side.run.repeats.empty()) {
    const load::Measurement total = merged(side.run);
    for (const std::string& warning : warnings(side.run.plan, total))
      out += "\nwarning: " + make_safe(warning, kMaxMessage);
    for (const std::string& note : notes(side.run.plan, total)) out += "\nnote: " + make_safe(note, kMaxMessage);
    for (const auto& [error, count] : total.errors)
      out += fmt::format("\n{} errors: {}", count.count, make_safe(error_text(error), kMaxMessage));
    out += fmt::format("\n{} handshakes/s, verification {}", significant(total.rate()),
                       to_text(side.run.plan.verification));
  }
  if (report.find_max)
    out += fmt::format("\nthe highest rate that held: {} connections/s", significant(report.find_max->rate));
  return out.empty() ? out : out + "\n";
}

}  // namespace

std::string write_bench_junit(const BenchReport& report, const Style&) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("testsuites");
  const std::string start = format_utc(report.start_wall_ns / 1'000'000'000);
  Tally total;
  const auto add = [&](const Tally& one) {
    total.tests += one.tests;
    total.failures += one.failures;
    total.errors += one.errors;
    total.time_ns += one.time_ns;
  };
  for (size_t i = 0; i < report.sides.size(); ++i) {
    Suite suite(root, suite_name(report, i));
    add_measured(suite, report, report.sides[i]);
    add_gates(suite, report.sides[i]);
    if (report.find_max) add_find_max(suite, report);
    if (i == 1 && !report.incomparable.empty()) suite.error("compared", "not_tested", report.incomparable);
    add(suite.finish(start, remarks(report, report.sides[i])));
  }
  if (report.sides.empty()) {
    Suite suite(root, "tlsproof");
    suite.error("measured", report.interrupted ? "interrupted" : "not_tested", "nothing was measured");
    add(suite.finish(start, ""));
  }
  set(root, "name", "tlsproof");
  set(root, "tests", std::to_string(total.tests));
  set(root, "failures", std::to_string(total.failures));
  set(root, "errors", std::to_string(total.errors));
  set(root, "time", seconds(total.time_ns));
  struct Sink : pugi::xml_writer {
    std::string out;
    void write(const void* data, size_t size) override { out.append(static_cast<const char*>(data), size); }
  } sink;
  document.save(sink, "  ", pugi::format_default, pugi::encoding_utf8);
  return std::move(sink.out);
}

}  // namespace tlsproof::report
