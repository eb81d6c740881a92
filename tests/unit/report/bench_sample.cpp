#include "unit/report/bench_sample.h"

#include "tlsproof/load/gate.h"
#include "unit/view/trace_player.h"

namespace tlsproof::report {
namespace {

using load::ErrorKind;
using load::Kind;
using load::Measurement;
using load::Phase;
using load::Plan;
using view::TracePlayer;

constexpr int64_t kStart = 1'795'435'200LL * 1'000'000'000;  // 2026-11-23T12:00:00Z
constexpr int64_t kSecond = 1'000'000'000;
constexpr uint64_t kPerSecond = 1000;

Plan make_plan(std::string label) {
  Plan plan;
  plan.label = std::move(label);
  plan.target = "server.example.com:8443";
  plan.addresses = {*net::Address::from_ip("127.0.0.1", 8443)};
  plan.client.server_name = "server.example.com";
  plan.mix = {{Kind::full, 70}, {Kind::psk, 30}};
  plan.anchors = std::make_shared<const x509::TrustAnchors>(
      x509::TrustAnchors::from_certificates({}, "1 certificate of 'ca.crt'"));
  plan.duration_ns = 3 * kSecond;
  plan.warm_up_ns = kSecond;
  plan.server_pid = 4711;
  return plan;
}

load::Histogram& of(Measurement& measured, Phase phase) {
  return measured.phases[static_cast<size_t>(phase)];
}

// A connection refused by an alert in the middle of the handshake, played once more.
std::shared_ptr<const session::AttemptResult> make_replay() {
  ManualClock clock(kStart);
  auto result = std::make_shared<session::AttemptResult>();
  result->trace = std::make_shared<trace::Trace>(clock);
  TracePlayer play(*result->trace, clock);
  play.connect("127.0.0.1:51512", "127.0.0.1:8443");
  play.wait_us(95);
  play.message(TracePlayer::kUp, trace::Level::initial, TracePlayer::client_hello("server.example.com", {0x0304}));
  play.wait_us(640);
  play.alert(TracePlayer::kDown, trace::Level::initial, 2, 40);
  play.wait_us(20);
  result->trace->on_event(trace::EventKind::end_of_stream, TracePlayer::kDown);
  result->outcome.kind = verdict::Outcome::Kind::alert;
  result->outcome.alert = 40;
  return result;
}

void add_second(Measurement& measured, uint64_t seed, double slower) {
  load::Second& second = measured.seconds.emplace_back();
  for (uint64_t i = 0; i < kPerSecond; ++i) {
    // Some spread with a tail, the same at each run.
    const uint64_t mixed = (i * 2'654'435'761U + seed * 40'503U) % 997;
    const double base = 900'000.0 + static_cast<double>(mixed) * 700.0 + (mixed > 985 ? 9'000'000.0 : 0);
    const auto finished = static_cast<int64_t>(base * slower);
    const Kind kind = i % 10 < 7 ? Kind::full : Kind::psk;
    of(measured, Phase::connect).record(45'000 + static_cast<int64_t>(mixed) * 60);
    of(measured, Phase::first_byte).record(finished * 3 / 5);
    of(measured, Phase::finished).record(finished);
    measured.by_kind[static_cast<size_t>(kind)].record(finished);
    second.finished.record(finished);
    // A ticket that the server did not take.
    const Kind got = kind == Kind::psk && i % 200 == 7 ? Kind::full : kind;
    ++measured.kinds[static_cast<size_t>(kind)][static_cast<size_t>(got)];
  }
  second.started = kPerSecond + 2;
  second.completed = kPerSecond;
  second.failed = measured.seconds.size() == 2 ? 12 : 0;
  second.open = 16;
  measured.started += second.started;
  measured.completed += second.completed;
  measured.window_completed += second.completed;
}

Measurement make_measurement(uint64_t seed, double slower) {
  Measurement measured;
  measured.start_wall_ns = kStart + static_cast<int64_t>(seed) * 5 * kSecond;
  measured.duration_ns = measured.window_ns = 3 * kSecond;
  for (int i = 0; i < 3; ++i) add_second(measured, seed + static_cast<uint64_t>(i), slower);
  measured.negotiated[{0x0304, 0x1301, 0x001d, 0x0403}] = 2115;
  measured.negotiated[{0x0304, 0x1301, 0x001d, 0}] = 885;
  measured.bytes_sent = 1'230'000;
  measured.bytes_received = 3'450'000;
  measured.threads = {{.user_ns = 510'000'000 + static_cast<int64_t>(seed) * 3'000'000,
                       .system_ns = 240'000'000,
                       .wall_ns = 3 * kSecond,
                       .waited_ns = 20'000'000}};
  measured.max_open = 16;
  measured.server_cpu_ns = static_cast<int64_t>(1'380'000'000 * slower) + static_cast<int64_t>(seed) * 2'000'000;
  measured.server_cores_busy = 0.46 * slower;
  return measured;
}

void add_error(Measurement& measured, load::ErrorClass error, uint64_t count, std::string example) {
  measured.errors[error] = {count, std::move(example), nullptr, "not played again: it was for want of time"};
}

BenchSide make_side(std::string label, double slower) {
  BenchSide side;
  side.run.plan = make_plan(std::move(label));
  for (uint64_t seed = 1; seed <= 3; ++seed) side.run.repeats.push_back(make_measurement(seed, slower));
  side.command = "tlsproof bench server.example.com:8443 --mix full=70,psk=30 --trust ca.crt";
  side.sample = side.command + " --concurrency 1 --count 20";
  return side;
}

BenchReport make_report() {
  BenchReport report;
  report.tool_version = "0.1.0";
  report.start_wall_ns = kStart;
  report.command = "tlsproof bench server.example.com:8443 --mix full=70,psk=30 --trust ca.crt --repeat 3";
  return report;
}

}  // namespace

BenchReport make_bench_report() {
  BenchReport report = make_report();
  report.sides.push_back(make_side("", 1));
  BenchSide& side = report.sides.front();
  Measurement& first = side.run.repeats.front();
  add_error(first, {ErrorKind::alert, 40}, 9, "alert fatal handshake_failure (40) after ClientHello");
  first.errors.at({ErrorKind::alert, 40}).replay = make_replay();
  first.errors.at({ErrorKind::alert, 40}).replay_text = "played again with a trace: refused by an alert";
  add_error(first, {ErrorKind::refused, 0}, 3, "127.0.0.1:8443: Connection refused");
  side.evidence[first.errors.at({ErrorKind::alert, 40}).replay.get()] =
      "evidence/server.example.com-8443-000-alert_40.pcapng";
  std::vector<load::Condition> conditions;
  for (const char* text : {"p99>20ms", "rate<2000", "lag.p99>1ms"}) conditions.push_back(*load::parse_condition(text));
  side.gates = load::judge(conditions, side.run);
  return report;
}

BenchReport make_versus_report() {
  BenchReport report = make_report();
  report.sides.push_back(make_side("server.example.com:8443", 1));
  report.sides.push_back(make_side("server.example.com:8443 with --tls 1.2", 1.25));
  report.sides[1].run.plan.client.versions = {0x0303};
  report.paired = true;
  report.comparison = load::compare(load::series_of(report.sides[0].run), load::series_of(report.sides[1].run), true);
  return report;
}

BenchReport make_find_max_report() {
  BenchReport report = make_report();
  report.sides.push_back(make_side("", 1));
  load::BenchRun& run = report.sides.front().run;
  run.plan.arrivals.loop = load::Arrivals::Loop::constant;
  run.plan.arrivals.rate = 1000;
  report.objectives = {*load::parse_condition("p99<20ms")};
  load::FindMax& found = report.find_max.emplace();
  found.rate = 1000;
  found.tried.push_back({1000, run.repeats[0], true, "", false});
  found.tried.push_back({2000, make_measurement(7, 4), false, "p99 is 43.1 ms, not below 20 ms", false});
  run.repeats.resize(1);
  return report;
}

BenchReport make_hostile_bench_report(const std::string& evil) {
  BenchReport report = make_report();
  report.tool_version = report.command = evil;
  for (int i = 0; i < 2; ++i) {
    BenchSide side = make_side(evil, 1);
    Plan& plan = side.run.plan;
    plan.target = plan.client.server_name = plan.name = evil;
    plan.server_names = plan.client.alpn = {evil, evil};
    plan.http_request = to_bytes(as_bytes(evil));
    plan.anchors = std::make_shared<const x509::TrustAnchors>(x509::TrustAnchors::from_certificates({}, evil));
    add_error(side.run.repeats[0], {ErrorKind::alert, 0xfff0}, 5, evil);
    side.run.repeats[0].errors.begin()->second.replay_text = evil;
    side.run.repeats[0].errors.begin()->second.replay = make_replay();
    side.evidence[side.run.repeats[0].errors.begin()->second.replay.get()] = evil;
    side.command = side.sample = evil;
    side.gates.push_back({.condition = {.text = evil, .figure = evil},
                          .holds = load::GateResult::Holds::yes,
                          .measured = 1,
                          .text = evil});
    report.sides.push_back(std::move(side));
  }
  report.comparison.push_back({.name = evil, .unit = evil});
  load::FindMax& found = report.find_max.emplace();
  found.tried.push_back({1000, report.sides[0].run.repeats[0], false, evil, false});
  report.objectives = {{.text = evil, .figure = evil}};
  return report;
}

}  // namespace tlsproof::report
