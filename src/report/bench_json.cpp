#include <fmt/format.h>

#include <algorithm>

#include "bench_figures.h"
#include "safe.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/json.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/report/bench.h"

namespace tlsproof::report {
namespace {

using load::Histogram;
using load::Kind;
using load::Measurement;
using load::Phase;
using load::Plan;

class Writer {
 public:
  std::string write(const BenchReport& report) {
    json_.begin_object();
    json_.field("schema", kBenchSchema);
    json_.key("tool");
    json_.begin_object();
    json_.field("name", "tlsproof");
    text("version", report.tool_version);
    json_.end_object();
    json_.field("start", format_utc(report.start_wall_ns / 1'000'000'000));
    text("command", report.command);
    json_.field("conclusion", to_text(conclude(report)));
    list("reasons", reasons(report), [&](const std::string& one) { json_.string(make_safe(one, kMaxJsonText)); });
    json_.field("interrupted", report.interrupted);
    list("sides", report.sides, [&](const BenchSide& one) { side(one); });
    if (report.sides.size() == 2) comparison(report);
    if (report.find_max) find_max(report);
    json_.end_object();
    return std::string(json_.text()) + "\n";
  }

 private:
  void text(std::string_view name, std::string_view value) { json_.field(name, make_safe(value, kMaxJsonText)); }

  template <class Range, class Item>
  void list(std::string_view name, const Range& range, Item item) {
    json_.key(name);
    json_.begin_array();
    for (const auto& one : range) item(one);
    json_.end_array();
  }

  void code_points(std::string_view name, registry::Kind kind, const std::vector<uint16_t>& values) {
    list(name, values, [&](uint16_t value) { json_.string(registry::name(kind, value)); });
  }

  // ---- the plan ----

  void arrivals(const load::Arrivals& arrivals) {
    constexpr std::string_view kLoops[] = {"closed", "constant", "poisson"};
    json_.key("arrivals");
    json_.begin_object();
    json_.field("loop", kLoops[static_cast<size_t>(arrivals.loop)]);
    json_.field("concurrency", static_cast<uint64_t>(arrivals.concurrency));
    json_.field("rate", arrivals.rate);
    json_.field("max_open", static_cast<uint64_t>(arrivals.max_open));
    json_.end_object();
  }

  void plan(const Plan& plan) {
    json_.key("plan");
    json_.begin_object();
    text("label", plan.label);
    text("target", plan.target);
    list("addresses", plan.addresses, [&](const net::Address& one) { json_.string(one.text()); });
    list("sources", plan.sources, [&](const net::Address& one) { json_.string(one.ip()); });
    code_points("versions", registry::Kind::version, plan.client.versions);
    code_points("cipher_suites", registry::Kind::cipher_suite, plan.client.cipher_suites);
    code_points("groups", registry::Kind::group, plan.client.groups);
    code_points("signature_schemes", registry::Kind::signature_scheme, plan.client.signature_schemes);
    list("alpn", plan.client.alpn, [&](const std::string& one) { json_.string(make_safe(one, kMaxJsonText)); });
    text("server_name", plan.client.server_name);
    list("server_names", plan.server_names,
         [&](const std::string& one) { json_.string(make_safe(one, kMaxJsonText)); });
    list("mix", plan.mix, [&](const load::MixPart& part) {
      json_.begin_object();
      json_.field("kind", to_text(part.kind));
      json_.field("weight", part.weight);
      json_.end_object();
    });
    json_.field("verification", to_text(plan.verification));
    json_.field("verification_means", explain(plan.verification));
    text("trust", plan.anchors == nullptr ? "" : plan.anchors->description());
    text("name", plan.name);
    json_.field("reuse_key_share", plan.reuse_key_share);
    json_.field("client_certificate", plan.identity != nullptr);
    json_.field("app", app::protocol_info(plan.prelude.protocol).name);
    text("http_request", as_text(plan.http_request));
    json_.field("confirm", plan.confirm);
    json_.field("close", to_text(plan.close_by));
    json_.key("timeouts_ns");
    json_.begin_object();
    json_.field("connect", plan.timeouts.connect);
    json_.field("handshake", plan.timeouts.handshake);
    json_.field("confirm", plan.timeouts.confirm);
    json_.end_object();
    arrivals(plan.arrivals);
    json_.field("duration_ns", plan.duration_ns);
    json_.field("count", plan.count);
    json_.field("warm_up_ns", plan.warm_up_ns);
    json_.field("threads", plan.threads);
    json_.field("seed", plan.seed);
    json_.field("shard", plan.shard);
    json_.field("num_shards", plan.num_shards);
    if (plan.server_pid) json_.field("server_pid", static_cast<int64_t>(*plan.server_pid));
    json_.end_object();
  }

  // ---- what was measured ----

  void histogram(std::string_view name, const Histogram& histogram) {
    json_.key(name);
    json_.begin_object();
    json_.field("count", histogram.count());
    json_.field("min_ns", histogram.min());
    json_.field("max_ns", histogram.max());
    json_.field("mean_ns", histogram.mean());
    json_.field("sum_ns", histogram.sum());
    json_.field("p50_ns", histogram.empty() ? int64_t{0} : histogram.percentile(50));
    json_.field("p90_ns", histogram.empty() ? int64_t{0} : histogram.percentile(90));
    json_.field("p99_ns", histogram.empty() ? int64_t{0} : histogram.percentile(99));
    json_.field("p99_9_ns", histogram.empty() ? int64_t{0} : histogram.percentile(99.9));
    std::string buckets = "[";
    for (const Histogram::Bucket& bucket : histogram.buckets())
      buckets += fmt::format("{}[{},{}]", buckets.size() > 1 ? "," : "", bucket.index, bucket.count);
    json_.key("buckets");
    json_.raw(buckets + "]");
    json_.end_object();
  }

  void kinds(const Measurement& measured) {
    json_.key("kinds");
    json_.begin_array();
    for (size_t asked = 0; asked < load::kNumKinds; ++asked)
      for (size_t got = 0; got < load::kNumKinds; ++got) {
        if (measured.kinds[asked][got] == 0) continue;
        json_.begin_object();
        json_.field("asked", to_text(static_cast<Kind>(asked)));
        json_.field("decided", to_text(static_cast<Kind>(got)));
        json_.field("count", measured.kinds[asked][got]);
        json_.end_object();
      }
    json_.end_array();
  }

  void negotiated(const Measurement& measured) {
    list("negotiated", measured.negotiated, [&](const auto& row) {
      const load::Negotiated& chosen = row.first;
      // A value, and its name for people; 0 and "" for none.
      const auto point = [&](std::string_view name, registry::Kind kind, uint16_t value) {
        json_.key(name);
        json_.begin_object();
        json_.field("value", static_cast<uint32_t>(value));
        json_.field("name", value == 0 ? std::string() : registry::name(kind, value));
        json_.end_object();
      };
      json_.begin_object();
      point("version", registry::Kind::version, chosen.version);
      point("cipher_suite", registry::Kind::cipher_suite, chosen.cipher_suite);
      point("group", registry::Kind::group, chosen.group);
      point("signature_scheme", registry::Kind::signature_scheme, chosen.signature_scheme);
      json_.field("count", row.second);
      json_.end_object();
    });
  }

  void errors(const Measurement& measured, const BenchSide& side) {
    list("errors", measured.errors, [&](const auto& row) {
      json_.begin_object();
      text("id", error_id(row.first));
      json_.field("kind", to_text(row.first.kind));
      json_.field("detail", static_cast<uint32_t>(row.first.detail));
      text("text", error_text(row.first));
      json_.field("count", row.second.count);
      text("example", row.second.example);
      text("replay", row.second.replay_text);
      const auto file = side.evidence.find(row.second.replay.get());
      text("evidence", file == side.evidence.end() ? "" : file->second);
      json_.end_object();
    });
  }

  void measurement(const Measurement& measured, const BenchSide& side) {
    json_.begin_object();
    json_.field("start", format_utc(measured.start_wall_ns / 1'000'000'000));
    json_.field("start_ns", measured.start_wall_ns);
    json_.field("duration_ns", measured.duration_ns);
    json_.field("window_ns", measured.window_ns);
    json_.field("window_completed", measured.window_completed);
    json_.field("completed_late", measured.completed_late);
    json_.field("rate", measured.rate());
    json_.field("started", measured.started);
    json_.field("completed", measured.completed);
    json_.field("failed", measured.num_failed());
    json_.field("abandoned", measured.abandoned);
    kinds(measured);
    json_.field("early_data_accepted", measured.early_data_accepted);
    json_.field("hello_retry_requests", measured.hello_retry_requests);
    json_.field("client_certificates_asked", measured.client_certificates_asked);
    json_.field("client_certificates_sent", measured.client_certificates_sent);
    negotiated(measured);
    errors(measured, side);
    json_.key("phases");
    json_.begin_object();
    for (size_t i = 0; i < load::kNumPhases; ++i)
      if (!measured.phases[i].empty()) histogram(to_text(static_cast<Phase>(i)), measured.phases[i]);
    json_.end_object();
    json_.key("by_kind");
    json_.begin_object();
    for (size_t i = 0; i < load::kNumKinds; ++i)
      if (!measured.by_kind[i].empty()) histogram(to_text(static_cast<Kind>(i)), measured.by_kind[i]);
    json_.end_object();
    list("seconds", measured.seconds, [&](const load::Second& second) {
      json_.begin_object();
      json_.field("started", second.started);
      json_.field("completed", second.completed);
      json_.field("failed", second.failed);
      json_.field("open", second.open);
      json_.field("queued", second.queued);
      if (!second.finished.empty()) histogram("finished", second.finished);
      json_.end_object();
    });
    json_.field("bytes_sent", measured.bytes_sent);
    json_.field("bytes_received", measured.bytes_received);
    list("threads", measured.threads, [&](const load::ThreadUse& thread) {
      json_.begin_object();
      json_.field("user_ns", thread.user_ns);
      json_.field("system_ns", thread.system_ns);
      json_.field("wall_ns", thread.wall_ns);
      json_.field("waited_ns", thread.waited_ns);
      json_.end_object();
    });
    json_.field("client_us_per_handshake", measured.client_us_per_handshake());
    json_.field("max_open", measured.max_open);
    json_.field("longest_gap_ns", measured.longest_gap_ns);
    if (measured.server_cpu_ns) {
      json_.field("server_cpu_ns", *measured.server_cpu_ns);
      json_.field("server_us_per_handshake", measured.server_us_per_handshake());
    }
    if (measured.server_cores_busy) json_.field("server_cores_busy", *measured.server_cores_busy);
    json_.field("server_gone", measured.server_gone);
    json_.field("interrupted", measured.interrupted);
    list("warnings", warnings(side.run.plan, measured),
         [&](const std::string& one) { json_.string(make_safe(one, kMaxJsonText)); });
    list("notes", notes(side.run.plan, measured),
         [&](const std::string& one) { json_.string(make_safe(one, kMaxJsonText)); });
    json_.end_object();
  }

  void gate(const load::GateResult& gate) {
    constexpr std::string_view kHolds[] = {"yes", "no", "unknown"};
    json_.begin_object();
    text("condition", gate.condition.text);
    json_.field("holds", kHolds[static_cast<size_t>(gate.holds)]);
    if (gate.holds != load::GateResult::Holds::unknown) json_.field("measured", gate.measured);
    text("text", gate.text);
    json_.end_object();
  }

  void side(const BenchSide& side) {
    json_.begin_object();
    text("command", side.command);
    plan(side.run.plan);
    json_.field("interrupted", side.run.interrupted);
    list("repeats", side.run.repeats, [&](const Measurement& one) { measurement(one, side); });
    list("series", series_of(side.run), [&](const load::Series& series) {
      json_.begin_object();
      text("name", series.name);
      text("unit", series.unit);
      json_.field("higher_is_better", series.higher_is_better);
      list("values", series.values, [&](double value) { json_.number(value); });
      json_.end_object();
    });
    list("gates", side.gates, [&](const load::GateResult& one) { gate(one); });
    json_.end_object();
  }

  void comparison(const BenchReport& report) {
    constexpr std::string_view kVerdicts[] = {"better", "worse", "noise", "unknown"};
    json_.key("comparison");
    json_.begin_object();
    json_.field("paired", report.paired);
    text("incomparable", report.incomparable);
    list("figures", report.comparison, [&](const load::Comparison& row) {
      json_.begin_object();
      text("name", row.name);
      text("unit", row.unit);
      json_.field("higher_is_better", row.higher_is_better);
      json_.field("a", row.a);
      json_.field("b", row.b);
      json_.field("ratio", row.ratio);
      json_.key("interval");
      if (row.low > 0 || row.high > 0)
        json_.raw(fmt::format("[{},{}]", row.low, row.high));
      else
        json_.null();
      json_.field("verdict", kVerdicts[static_cast<size_t>(row.verdict)]);
      json_.end_object();
    });
    json_.end_object();
  }

  void find_max(const BenchReport& report) {
    const load::FindMax& found = *report.find_max;
    json_.key("find_max");
    json_.begin_object();
    list("objectives", report.objectives, [&](const load::Condition& one) { json_.string(make_safe(one.text, 200)); });
    json_.field("rate", found.rate);
    json_.field("generator_limited", found.generator_limited);
    json_.field("rate_capped", found.rate_capped);
    list("tried", found.tried, [&](const load::RateTried& tried) {
      const Histogram& latency = tried.measurement.phases[static_cast<size_t>(Phase::finished)];
      json_.begin_object();
      json_.field("rate", tried.rate);
      json_.field("reached", tried.measurement.rate());
      json_.field("completed", tried.measurement.completed);
      json_.field("failed", tried.measurement.num_failed());
      json_.field("held", tried.held);
      json_.field("generator_limited", tried.generator_limited);
      text("why_not", tried.why_not);
      if (!latency.empty()) histogram("finished", latency);
      json_.end_object();
    });
    json_.end_object();
  }

  JsonWriter json_;
};

}  // namespace

std::string write_bench_json(const BenchReport& report, const Style&) {
  return Writer().write(report);
}

}  // namespace tlsproof::report
