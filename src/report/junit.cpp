#include "tlsproof/report/junit.h"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <set>

#include "conclusion.h"
#include "safe.h"
#include "story.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/text.h"
#include "tlsproof/report/text.h"

namespace tlsproof::report {
namespace {

using verdict::EndpointRun;
using verdict::Finding;
using verdict::Verdict;

constexpr size_t kMaxName = 300;
constexpr size_t kMaxMessage = 1000;
constexpr std::string_view kProgram = "tlsproof";

std::string one_line(std::string_view text, size_t max_len) {
  return xml_text(make_safe(text, max_len));
}

std::string seconds(int64_t ns) {
  return fmt::format("{:.6f}", static_cast<double>(std::max<int64_t>(ns, 0)) / 1e9);  // fmt knows no locale here
}

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(value.c_str());
}

struct Tally {
  size_t tests = 0, failures = 0, errors = 0, skipped = 0;
  int64_t time_ns = 0;
  void add(const Tally& other) {
    tests += other.tests;
    failures += other.failures;
    errors += other.errors;
    skipped += other.skipped;
    time_ns += other.time_ns;
  }
};

class JunitWriter {
 public:
  explicit JunitWriter(const Style& style) : fail_on_(style.fail_on) {}

  std::string write(const verdict::CheckRun& run) {
    pugi::xml_node root = document_.append_child("testsuites");
    start_ = format_utc(run.start_wall_ns / 1'000'000'000);
    Tally total;
    for (const EndpointRun& endpoint : run.endpoints) total.add(suite(root, endpoint));
    if (run.interrupted || run.endpoints.empty()) total.add(broken_run(root, run));
    set(root, "name", std::string(kProgram));
    set(root, "tests", std::to_string(total.tests));
    set(root, "failures", std::to_string(total.failures));
    set(root, "errors", std::to_string(total.errors));
    set(root, "time", seconds(run.duration_ns));

    struct Sink : pugi::xml_writer {
      std::string out;
      void write(const void* data, size_t size) override { out.append(static_cast<const char*>(data), size); }
    } sink;
    document_.save(sink, "  ", pugi::format_default, pugi::encoding_utf8);
    return std::move(sink.out);
  }

 private:
  // A test case; its name is made unique, since GitLab drops all but the first of a name.
  pugi::xml_node test_case(pugi::xml_node suite, const std::string& classname, const std::string& name, int64_t time_ns,
                           Tally& tally) {
    std::string unique = name;
    for (size_t n = 2; !names_.insert(fmt::format("{}\n{}", classname, unique)).second; ++n)
      unique = fmt::format("{} #{}", name, n);
    pugi::xml_node node = suite.append_child("testcase");
    set(node, "name", unique);
    set(node, "classname", classname);
    set(node, "time", seconds(time_ns));
    ++tally.tests;
    tally.time_ns += std::max<int64_t>(time_ns, 0);
    return node;
  }

  static void mark(pugi::xml_node test_case, const char* element, std::string_view type, std::string_view message,
                   const std::string& text) {
    pugi::xml_node node = test_case.append_child(element);
    set(node, "type", std::string(type));
    set(node, "message", one_line(message, kMaxMessage));
    if (!text.empty()) node.text().set(text.c_str());
  }

  static std::string story(const EndpointRun& run, const Finding& finding) {
    Canvas canvas(Style{});
    write_story(canvas, run, Group{{&finding}});
    return "\n" + xml_text(canvas.take());
  }

  void finding(pugi::xml_node suite, const std::string& label, const EndpointRun& run, const Finding& f, Tally& tally) {
    const std::string scenario = one_line(f.scenario, kMaxName);
    const size_t slash = scenario.rfind('/');
    const std::string folder = slash == std::string::npos ? std::string(kProgram) : scenario.substr(0, slash);
    const std::string name = one_line(f.id(), 2 * kMaxName);
    pugi::xml_node node = test_case(suite, label + "." + folder, name, f.duration_ns, tally);
    const std::string_view verdict = verdict::to_text(f.verdict);
    const std::string& seen = f.seen.empty() ? (f.reason.empty() ? f.title : f.reason) : f.seen;
    if (const std::string_view excuse = excuse_of(f); !excuse.empty()) {
      ++tally.skipped;
      mark(node, "skipped", excuse,
           f.waived ? fmt::format("{}: {}", verdict, f.reason)
                    : fmt::format("{}, known from the baseline: {}", verdict, seen),
           "");
    } else if (f.verdict == Verdict::error || f.verdict == Verdict::inconclusive) {
      ++tally.errors;
      mark(node, "error", verdict, f.reason.empty() ? seen : f.reason, story(run, f));
    } else if (verdict::is_held_against(f, fail_on_)) {
      ++tally.failures;
      mark(node, "failure", verdict, f.wanted.empty() ? seen : fmt::format("{}; wanted: {}", seen, f.wanted),
           story(run, f));
    } else if (f.verdict == Verdict::skip) {
      ++tally.skipped;
      mark(node, "skipped", f.applies ? "not_tested" : "not_applicable", f.reason, "");
    } else if (f.verdict == Verdict::fail) {
      ++tally.skipped;
      mark(node, "skipped", verdict, fmt::format("fails, which --fail-on none lets pass: {}", seen), "");
    } else if (f.verdict != Verdict::pass) {
      node.append_child("system-out").text().set(story(run, f).c_str());
    }
  }

  // An endpoint that was not, or not wholly, judged: never a suite that is empty and green.
  void incomplete(pugi::xml_node suite, const std::string& label, const EndpointRun& run, Tally& tally) {
    std::string_view type;
    std::string message;
    if (run.unreachable || !run.error.empty()) {
      type = run.unreachable ? "unreachable" : "error";
      message = run.error.empty() ? "no connection could be made" : run.error;
    } else if (std::ranges::none_of(run.findings, verdict::is_judged)) {
      type = "not_tested";
      message = "nothing was judged";
    } else {
      return;
    }
    pugi::xml_node node = test_case(suite, label + "." + std::string(kProgram), "endpoint", 0, tally);
    ++tally.errors;
    mark(node, "error", type, message, one_line(message, kMaxMessage));
  }

  Tally suite(pugi::xml_node root, const EndpointRun& run) {
    const std::string label = one_line(name_of(run), kMaxName);
    pugi::xml_node node = root.append_child("testsuite");
    pugi::xml_node properties = node.append_child("properties");
    Tally tally;
    incomplete(node, label, run, tally);
    for (const Finding& f : run.findings) finding(node, label, run, f, tally);
    property(properties, "address", run.address);
    property(properties, "peer_address", run.peer_address);
    property(properties, "server_name", run.server_name);
    property(properties, "declared_client_auth", run.declared_client_auth);
    property(properties, "conclusion", conclusion_name(conclude(run, fail_on_)));
    std::string remarks;
    for (const std::string& note : run.notes) remarks += "\n" + one_line(note, kMaxMessage);
    for (const std::string& id : run.fixed) remarks += "\nfixed since the baseline: " + one_line(id, kMaxName);
    if (!remarks.empty()) node.append_child("system-out").text().set((remarks + "\n").c_str());
    finish(node, label, tally);
    return tally;
  }

  Tally broken_run(pugi::xml_node root, const verdict::CheckRun& run) {
    pugi::xml_node node = root.append_child("testsuite");
    Tally tally;
    const std::string name(kProgram);
    pugi::xml_node one = test_case(node, name + "." + name, "run", 0, tally);
    ++tally.errors;
    const std::string message = run.interrupted ? "interrupted before all was played" : "no endpoint was checked";
    mark(one, "error", run.interrupted ? "interrupted" : "not_tested", message, message + "\n" + summary_line(run));
    finish(node, name, tally);
    return tally;
  }

  static void property(pugi::xml_node properties, const char* name, std::string_view value) {
    if (value.empty()) return;
    pugi::xml_node node = properties.append_child("property");
    set(node, "name", name);
    set(node, "value", one_line(value, kMaxName));
  }

  void finish(pugi::xml_node node, const std::string& name, const Tally& tally) const {
    set(node, "name", name);
    set(node, "tests", std::to_string(tally.tests));
    set(node, "failures", std::to_string(tally.failures));
    set(node, "errors", std::to_string(tally.errors));
    set(node, "skipped", std::to_string(tally.skipped));
    set(node, "time", seconds(tally.time_ns));
    set(node, "timestamp", start_);
  }

  pugi::xml_document document_;
  verdict::FailOn fail_on_;
  std::string start_;
  std::set<std::string> names_;
};

}  // namespace

std::string write_junit(const verdict::CheckRun& run, const Style& style) {
  return JunitWriter(style).write(run);
}

}  // namespace tlsproof::report
