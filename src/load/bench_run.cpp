#include "tlsproof/load/bench_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "tlsproof/registry/code_point.h"
#include "tlsproof/x509/validate.h"

namespace tlsproof::load {
namespace {

constexpr std::array<std::string_view, kNumPhases> kPhases = {"connect", "first_byte", "finished", "confirmed", "lag"};

// What stands for itself; the others are told with their detail.
struct ErrorName {
  std::string_view id, text;
};
constexpr std::array<ErrorName, 21> kErrors = {{
    {"refused", "the connection was refused"},
    {"unreachable", "the server cannot be reached: no route to it"},
    {"no_ports", "no local port was free"},
    {"no_descriptors", "no file descriptor was free"},
    {"no_memory", "the kernel had no memory for another connection"},
    {"reset", "the server reset the connection"},
    {"closed", "the server closed the connection"},
    {"timeout", "no answer in time"},
    {"alert", "the server sent alert"},
    {"not_tls", "the answer is no TLS, or cannot be decoded"},
    {"violation", "the server broke the protocol"},
    {"bad_signature", "the server's signature over the handshake is wrong"},
    {"bad_finished", "the server's Finished is wrong"},
    {"bad_record", "a record of the server cannot be opened"},
    {"certificate", "the server's certificate does not hold"},
    {"prelude", "the service did not lead to TLS"},
    {"http_status", "the HTTP answer was"},
    {"http_broken", "the answer to the request is no HTTP"},
    {"early_data_lost", "the 0-RTT data were rejected and could not be sent again"},
    {"not_begun", "never begun: the generator was too late, or too many connections were open"},
    {"local", "the client itself failed"},
}};
constexpr std::array<std::string_view, 5> kSteps = {"connect", "prelude", "server_hello", "handshake", "confirm"};
constexpr std::array<std::string_view, 5> kStepTexts = {"while connecting", "before TLS began",
                                                        "before its first message", "within the handshake",
                                                        "after the handshake, before it was confirmed"};

std::string step_text(uint16_t detail) {
  return detail < kStepTexts.size() ? std::string(kStepTexts.at(detail)) : fmt::format("at step {}", detail);
}

const x509::ProblemInfo& problem_of(uint16_t detail) {
  return x509::problem_info(detail < x509::problem_table().size() ? static_cast<x509::ProblemCode>(detail)
                                                                  : x509::ProblemCode::other);
}

// Its title within a sentence.
std::string problem_text(uint16_t detail) {
  std::string title(problem_of(detail).title);
  if (title.starts_with("The ") || title.starts_with("A ") || title.starts_with("No ")) title[0] |= 0x20;
  return title;
}

template <class T, size_t N>
void add_each(std::array<T, N>& to, const std::array<T, N>& from) {
  for (size_t i = 0; i < N; ++i) {
    if constexpr (std::is_same_v<T, Histogram>)
      to.at(i).merge(from.at(i));
    else
      to.at(i) += from.at(i);
  }
}

void add_errors(std::map<ErrorClass, ErrorCount>& to, const std::map<ErrorClass, ErrorCount>& from) {
  for (const auto& [error, counted] : from) {
    auto& all = to[error];
    all.count += counted.count;
    if (all.example.empty()) all.example = counted.example;
    if (!all.replay && (counted.replay || all.replay_text.empty())) {
      all.replay = counted.replay;
      all.replay_text = counted.replay_text;
    }
  }
}

void add_threads(std::vector<ThreadUse>& to, const std::vector<ThreadUse>& from) {
  to.resize(std::max(to.size(), from.size()));
  for (size_t i = 0; i < from.size(); ++i) {
    to[i].user_ns += from[i].user_ns;
    to[i].system_ns += from[i].system_ns;
    to[i].wall_ns += from[i].wall_ns;
    to[i].waited_ns += from[i].waited_ns;
  }
}

void add(Measurement& to, const Measurement& from) {
  to.duration_ns += from.duration_ns;
  to.window_ns += from.window_ns;
  to.window_completed += from.window_completed;
  to.completed_late += from.completed_late;
  to.started += from.started;
  to.completed += from.completed;
  to.abandoned += from.abandoned;
  for (size_t i = 0; i < kNumKinds; ++i) add_each(to.kinds.at(i), from.kinds.at(i));
  to.early_data_accepted += from.early_data_accepted;
  to.hello_retry_requests += from.hello_retry_requests;
  to.client_certificates_asked += from.client_certificates_asked;
  to.client_certificates_sent += from.client_certificates_sent;
  for (const auto& [what, count] : from.negotiated) to.negotiated[what] += count;
  add_errors(to.errors, from.errors);
  add_each(to.phases, from.phases);
  add_each(to.by_kind, from.by_kind);
  to.seconds.insert(to.seconds.end(), from.seconds.begin(), from.seconds.end());
  to.bytes_sent += from.bytes_sent;
  to.bytes_received += from.bytes_received;
  add_threads(to.threads, from.threads);
  to.max_open = std::max(to.max_open, from.max_open);
  to.longest_gap_ns = std::max(to.longest_gap_ns, from.longest_gap_ns);
  to.server_gone |= from.server_gone;
  to.interrupted |= from.interrupted;
}

// Known only where every repeat knows it.
void add_server_cpu(Measurement& all, std::span<const Measurement> repeats) {
  int64_t cpu_ns = 0;
  double core_ns = 0;
  for (const Measurement& one : repeats) {
    if (!one.server_cpu_ns) return;
    cpu_ns += *one.server_cpu_ns;
    core_ns += one.server_cores_busy.value_or(0) * static_cast<double>(one.window_ns);
  }
  all.server_cpu_ns = cpu_ns;
  if (all.window_ns > 0 && std::ranges::all_of(repeats, [](auto& one) { return one.server_cores_busy.has_value(); }))
    all.server_cores_busy = core_ns / static_cast<double>(all.window_ns);
}

}  // namespace

std::string_view to_text(Phase phase) {
  return kPhases.at(static_cast<size_t>(phase));
}
std::string_view to_text(ErrorKind kind) {
  return kErrors.at(static_cast<size_t>(kind)).id;
}
std::string_view to_text(Step step) {
  return kSteps.at(static_cast<size_t>(step));
}

std::string error_id(const ErrorClass& error) {
  const std::string_view kind = to_text(error.kind);
  switch (error.kind) {
    case ErrorKind::reset:
    case ErrorKind::closed:
    case ErrorKind::timeout:
      return error.detail < kSteps.size() ? fmt::format("{}_{}", kind, kSteps.at(error.detail)) : std::string(kind);
    case ErrorKind::alert:
      return fmt::format("alert_{}", error.detail);
    case ErrorKind::certificate:
      return fmt::format("certificate_{}", problem_of(error.detail).name);
    case ErrorKind::http_status:
      return fmt::format("http_{}", error.detail);
    default:
      return std::string(kind);
  }
}

std::string error_text(const ErrorClass& error) {
  const std::string_view text = kErrors.at(static_cast<size_t>(error.kind)).text;
  switch (error.kind) {
    case ErrorKind::reset:
    case ErrorKind::closed:
    case ErrorKind::timeout:
      return fmt::format("{} {}", text, step_text(error.detail));
    case ErrorKind::alert:
      return fmt::format("{} {} ({})", text, registry::alert_name(static_cast<uint8_t>(error.detail)), error.detail);
    case ErrorKind::certificate:
      return fmt::format("{}: {}", text, problem_text(error.detail));
    case ErrorKind::http_status:
      return fmt::format("{} {}", text, error.detail);
    default:
      return std::string(text);
  }
}

uint64_t Measurement::num_failed() const {
  uint64_t failed = 0;
  for (const auto& [error, counted] : errors) failed += counted.count;
  return failed;
}

double Measurement::rate() const {
  // Where all completed after a short window their own time is the better guess.
  if (window_completed == 0)
    return duration_ns <= 0 ? 0 : static_cast<double>(completed) * 1e9 / static_cast<double>(duration_ns);
  return window_ns <= 0 ? 0 : static_cast<double>(window_completed) * 1e9 / static_cast<double>(window_ns);
}

int64_t Measurement::client_cpu_ns() const {
  int64_t sum = 0;
  for (const ThreadUse& thread : threads) sum += thread.user_ns + thread.system_ns;
  return sum;
}

double Measurement::client_us_per_handshake() const {
  return window_completed == 0 ? 0 : static_cast<double>(client_cpu_ns()) / 1e3 / static_cast<double>(window_completed);
}

double Measurement::server_us_per_handshake() const {
  if (window_completed == 0 || !server_cpu_ns) return 0;
  return static_cast<double>(*server_cpu_ns) / 1e3 / static_cast<double>(window_completed);
}

double Measurement::busiest_thread() const {
  double busiest = 0;
  for (const ThreadUse& thread : threads)
    if (thread.wall_ns > 0)
      busiest = std::max(busiest,
                         static_cast<double>(thread.user_ns + thread.system_ns) / static_cast<double>(thread.wall_ns));
  return busiest;
}

double Measurement::crowded() const {
  int64_t waited = 0;
  for (const ThreadUse& thread : threads) waited += thread.waited_ns;
  return waited <= 0 ? 0 : static_cast<double>(waited) / static_cast<double>(waited + client_cpu_ns());
}

bool rests_on_few(const Histogram& histogram, double percent) {
  // 99.9 % of 10,000 leaves ten, whatever the last bit of the product says.
  return !histogram.empty() && static_cast<double>(histogram.count()) * (1 - percent / 100) < 10 * (1 - 1e-9);
}

Measurement merged(const BenchRun& run) {
  Measurement all;
  if (!run.repeats.empty()) all.start_wall_ns = run.repeats.front().start_wall_ns;
  for (const Measurement& one : run.repeats) add(all, one);
  if (!run.repeats.empty()) add_server_cpu(all, run.repeats);
  all.interrupted |= run.interrupted;
  return all;
}

}  // namespace tlsproof::load
