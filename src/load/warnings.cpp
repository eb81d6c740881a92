// What a reader must know before believing the numbers: each in one sentence.
#include <fmt/format.h>

#include <algorithm>

#include "limits.h"
#include "text.h"
#include "tlsproof/load/bench_run.h"

namespace tlsproof::load {
namespace {

constexpr double kServerIdle = 0.9;      // cores: a single worker that is not busy either
constexpr int64_t kStall = 100'000'000;  // ns

const Histogram& phase(const Measurement& measurement, Phase which) {
  return measurement.phases.at(static_cast<size_t>(which));
}

double seconds(int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

std::string of(uint64_t part, uint64_t whole) {
  return fmt::format("{} of {}", count_text(part), count_text(whole));
}

struct Writer {
  const Plan& plan;
  const Measurement& measurement;
  std::vector<std::string> all;

  [[nodiscard]] bool closed() const { return plan.arrivals.loop == Arrivals::Loop::closed; }
  template <class... T>
  void say(fmt::format_string<T...> text, T&&... values) {
    all.push_back(fmt::format(text, std::forward<T>(values)...));
  }

  void interrupted() {
    if (measurement.interrupted) say("interrupted: this is what was measured until then");
    if (measurement.server_gone) say("the server process ended meanwhile: its CPU is not known");
  }

  void verification() {
    const bool checks_chain = plan.verification == Verification::full || plan.verification == Verification::cached;
    if (plan.verification == Verification::minimal)
      say("verification minimal: no signature is checked and the key share is known to everybody, so the client's CPU "
          "is that of no real client");
    else if (checks_chain && !plan.anchors)
      say("no trust anchors: signatures were checked, but the certificate chain was looked at by nobody");
  }

  void errors() {
    const uint64_t failed = measurement.num_failed();
    if (failed == 0) return;
    const auto worst =
        std::ranges::max_element(measurement.errors, {}, [](const auto& entry) { return entry.second.count; });
    say("{} connections failed, {} of them because {}", of(failed, failed + measurement.completed),
        worst->second.count == failed ? "all" : count_text(worst->second.count), error_text(worst->first));
    uint64_t ours = 0;
    for (const ErrorKind kind :
         {ErrorKind::no_ports, ErrorKind::no_descriptors, ErrorKind::no_memory, ErrorKind::local})
      if (const auto found = measurement.errors.find({kind, 0}); found != measurement.errors.end())
        ours += found->second.count;
    if (ours != 0)
      say("the generator was the limit: {} connections failed for want of ports, descriptors or memory here, which "
          "says nothing about the server",
          count_text(ours));
    if (const auto found = measurement.errors.find({ErrorKind::not_begun, 0}); found != measurement.errors.end())
      say("{} connections failed here before they began, for the server was never asked: the generator was too late, "
          "or as many connections were open as may be",
          count_text(found->second.count));
  }

  // The generator was late or had no time left, rather than the server.
  void generator() {
    const double busiest = measurement.busiest_thread();
    const std::string server = measurement.server_cores_busy ? fmt::format("; the server kept {} cores busy",
                                                                           number_text(*measurement.server_cores_busy))
                                                             : "";
    if (no_time_left(measurement))
      say("the generator was the limit: its busiest thread had {} of its core, so the server may do more "
          "(--threads){}",
          share_text(busiest), server);
    if (machine_crowded(measurement))
      say("the machine was busy: the generator waited for a core for {} of the time in which it wanted one, which "
          "latencies include",
          share_text(measurement.crowded()));
    if (arrivals_queued(plan, measurement))
      say("arrivals queued: {} connections were open, as many as may be; latencies count from when each should have "
          "begun",
          count_text(measurement.max_open));
    else if (began_late(plan, measurement))
      say("the generator was late: one in a hundred connections began {} or more after it should have, which its "
          "latency includes",
          time_text(seconds(phase(measurement, Phase::lag).percentile(99))));
  }

  // Of a closed loop: neither side had much to do.
  void idle() {
    if (!closed() || measurement.completed == 0 || measurement.threads.empty() || !measurement.server_cores_busy)
      return;
    if (no_time_left(measurement) || machine_crowded(measurement) || *measurement.server_cores_busy >= kServerIdle)
      return;
    say("neither side was the limit: the generator's busiest thread had {} of its core and the server {} cores, so "
        "more than {} connections at a time may give more (--concurrency), unless both share a core",
        share_text(measurement.busiest_thread()), number_text(*measurement.server_cores_busy),
        count_text(plan.arrivals.concurrency));
  }

  // A gap that neither the rate nor the latency explains.
  [[nodiscard]] bool stalled() const {
    if (measurement.completed == 0) return false;
    const int64_t spacing = measurement.duration_ns / static_cast<int64_t>(measurement.completed);
    const int64_t usual = phase(measurement, Phase::finished).percentile(50);
    return measurement.longest_gap_ns >= std::max({kStall, 20 * spacing, 2 * usual});
  }

  [[nodiscard]] std::string blind() const {
    return fmt::format(
        "a closed loop cannot see a stall: at most {} connections wait at a time, however many would have come (--rate "
        "for an open loop)",
        count_text(plan.arrivals.concurrency));
  }

  void stalls() {
    const std::string gap = time_text(seconds(measurement.longest_gap_ns));
    if (closed() && stalled())
      say("a closed loop cannot see a stall, and there was one: for at least {} no handshake completed, which counts "
          "as {} slow ones at most (--rate shows what arrivals would have met)",
          gap, count_text(plan.arrivals.concurrency));
    else if (closed() && measurement.longest_gap_ns >= kStall)
      all.push_back(blind());
    else if (stalled())
      say("for at least {} no handshake completed", gap);
  }

  void resumption() {
    for (size_t kind = 1; kind < kNumKinds; ++kind) {
      const auto& got = measurement.kinds.at(kind);
      uint64_t asked = 0;
      for (const uint64_t count : got) asked += count;
      if (got.at(kind) == asked) continue;
      std::string instead;
      for (size_t other = 0; other < kNumKinds; ++other)
        if (other != kind && got.at(other) != 0)
          instead += fmt::format("{}{} became {}", instead.empty() ? "" : ", ", count_text(got.at(other)),
                                 to_text(static_cast<Kind>(other)));
      const std::string_view name = to_text(static_cast<Kind>(kind));
      if (got.at(kind) == 0)
        say("resumption did not happen: none of {} handshakes asked to be {} was ({})", count_text(asked), name,
            instead);
      else
        say("resumption did not always happen: {} handshakes asked to be {} were ({})", of(got.at(kind), asked), name,
            instead);
    }
  }

  void handshakes() {
    if (measurement.hello_retry_requests != 0)
      say("{} handshakes took another round trip for a HelloRetryRequest: the server wants another group than the "
          "first offered",
          count_text(measurement.hello_retry_requests));
    if (measurement.client_certificates_sent < measurement.client_certificates_asked)
      say("a client certificate was asked for in {} handshakes and sent in {}",
          count_text(measurement.client_certificates_asked), count_text(measurement.client_certificates_sent));
    // RFC 8446 §4.4.2.4: who refuses the certificate says so after our Finished, when the client is done already.
    const bool tls13 =
        std::ranges::any_of(measurement.negotiated, [](const auto& row) { return row.first.version == 0x0304; });
    if (measurement.client_certificates_asked != 0 && tls13 && !plan.confirm && plan.http_request.empty())
      say("the server's verdict on the client's certificate was not waited for (--confirm)");
  }

  void samples() {
    const Histogram& latencies = phase(measurement, Phase::finished);
    if (measurement.completed == 0) {
      say("no handshake completed: there are no latencies");
    } else if (latencies.count() < 1000) {
      std::string percentiles = "p99.9";
      for (const double percent : {99.0, 90.0})
        if (rests_on_few(latencies, percent)) percentiles = fmt::format("p{:g}, {}", percent, percentiles);
      say("only {} handshakes: fewer than ten are beyond {}", count_text(latencies.count()), percentiles);
    }
  }
};

}  // namespace

std::vector<std::string> warnings(const Plan& plan, const Measurement& measurement) {
  Writer writer{plan, measurement, {}};
  writer.interrupted();
  writer.verification();
  writer.errors();
  writer.generator();
  writer.idle();
  writer.resumption();
  writer.handshakes();
  writer.samples();
  writer.stalls();
  return std::move(writer.all);
}

std::vector<std::string> notes(const Plan& plan, const Measurement& measurement) {
  const Writer writer{plan, measurement, {}};
  if (!writer.closed() || measurement.longest_gap_ns >= kStall) return {};
  return {writer.blind()};
}

}  // namespace tlsproof::load
