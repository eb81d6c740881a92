#include "tally.h"

#include <algorithm>

namespace tlsproof::load {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;

}  // namespace

void Recent::add(Counts& counts) {
  const std::scoped_lock lock(mutex_);
  counts_.completed += counts.completed;
  counts_.failed += counts.failed;
  counts_.open = counts.open;
  counts_.queued = counts.queued;
  counts_.finished.merge(counts.finished);
  counts.completed = counts.failed = 0;
  counts.finished.clear();
}

void Recent::take(Counts& total) {
  const std::scoped_lock lock(mutex_);
  total.completed += counts_.completed;
  total.failed += counts_.failed;
  total.open += counts_.open;
  total.queued += counts_.queued;
  total.finished.merge(counts_.finished);
  counts_.completed = counts_.failed = 0;
  counts_.finished.clear();
}

void Tally::begin(int64_t start_ns, int64_t duration_ns) {
  start_ns_ = last_end_ns_ = last_completion_ns_ = start_ns;
  completions_.reserve(duration_ns);
  in_window_ = true;
}

Second& Tally::second_at(int64_t now_ns) {
  const auto index = static_cast<size_t>(std::max<int64_t>(0, now_ns - start_ns_) / kNsPerSecond);
  if (measurement_.seconds.size() <= index) measurement_.seconds.resize(index + 1);
  return measurement_.seconds[index];
}

void Tally::started(int64_t now_ns) {
  ++measurement_.started;
  ++second_at(now_ns).started;
}

void Tally::ended(const Connection& connection) {
  if (connection.completed()) {
    ++recent_.completed;
    recent_.finished.record(connection.span_ns(Phase::finished));
  } else {
    ++recent_.failed;
  }
  if (connection.completed() && in_window_) ++measurement_.window_completed;
  const Task& task = connection.task();
  if (!task.counted) return;
  last_end_ns_ = connection.ended_ns();
  measurement_.bytes_sent += connection.num_sent();
  measurement_.bytes_received += connection.num_received();
  if (connection.completed()) return completed(connection);
  ++second_at(connection.ended_ns()).failed;
  failed(*connection.error(), connection.error_text(),
         {.asked = task.asked, .address = task.address, .name = task.name, .session = connection.session()});
}

void Tally::completed(const Connection& connection) {
  Measurement& m = measurement_;
  const tls::Client& client = connection.client();
  const tls::Negotiated& negotiated = client.negotiated();
  last_completion_ns_ = connection.ended_ns();
  completions_.completed(last_completion_ns_ - start_ns_);
  const Kind got = connection.got();
  ++m.completed;
  if (!in_window_) ++m.completed_late;
  ++m.kinds[static_cast<size_t>(connection.task().asked)][static_cast<size_t>(got)];
  if (got == Kind::early_data) ++m.early_data_accepted;
  if (negotiated.hello_retry_request) ++m.hello_retry_requests;
  if (client.client_certificate() != tls::ClientCertificate::not_requested) ++m.client_certificates_asked;
  if (client.client_certificate() == tls::ClientCertificate::sent ||
      client.client_certificate() == tls::ClientCertificate::sent_unfitting)
    ++m.client_certificates_sent;
  ++m.negotiated[{.version = negotiated.version,
                  .cipher_suite = negotiated.cipher_suite,
                  .group = negotiated.group,
                  .signature_scheme = negotiated.signature_scheme}];
  for (size_t i = 0; i < kNumPhases; ++i)
    if (const int64_t span = connection.span_ns(static_cast<Phase>(i)); span >= 0) m.phases[i].record(span);
  const int64_t finished = connection.span_ns(Phase::finished);
  m.by_kind[static_cast<size_t>(got)].record(finished);
  Second& second = second_at(connection.ended_ns());
  ++second.completed;
  second.finished.record(finished);
}

void Tally::failed(const ErrorClass& error, const std::string& text, FirstFailure first) {
  const auto [at, is_new] = measurement_.errors.try_emplace(error);
  ++at->second.count;
  if (!is_new) return;
  at->second.example = text;
  first_failures_.emplace(error, std::move(first));
}

void Tally::never_began(int64_t now_ns, Kind asked) {
  ++measurement_.started;
  last_end_ns_ = now_ns;
  Second& second = second_at(now_ns);
  ++second.started;
  ++second.failed;
  ++recent_.failed;
  failed({ErrorKind::not_begun, 0}, "it waited here for its begin until the time to connect was over",
         {.asked = asked, .session = nullptr});
}

void Tally::tick(int64_t now_ns, uint64_t open, uint64_t queued) {
  if (start_ns_ == 0 || now_ns < start_ns_) return;
  const auto num_over = static_cast<size_t>((now_ns - start_ns_) / kNsPerSecond);
  if (num_over <= num_ticked_) return;
  if (measurement_.seconds.size() < num_over) measurement_.seconds.resize(num_over);
  for (; num_ticked_ < num_over; ++num_ticked_) {
    measurement_.seconds[num_ticked_].open = open;
    measurement_.seconds[num_ticked_].queued = queued;
    measurement_.seconds[num_ticked_].finished.compact();
  }
}

void Tally::publish(Recent& recent, uint64_t open, uint64_t queued) {
  recent_.open = open;
  recent_.queued = queued;
  recent.add(recent_);
}

void add_thread(Measurement& total, const Measurement& of_thread) {
  total.started += of_thread.started;
  total.completed += of_thread.completed;
  total.completed_late += of_thread.completed_late;
  total.window_completed += of_thread.window_completed;
  total.abandoned += of_thread.abandoned;
  for (size_t i = 0; i < kNumKinds; ++i)
    for (size_t j = 0; j < kNumKinds; ++j) total.kinds[i][j] += of_thread.kinds[i][j];
  total.early_data_accepted += of_thread.early_data_accepted;
  total.hello_retry_requests += of_thread.hello_retry_requests;
  total.client_certificates_asked += of_thread.client_certificates_asked;
  total.client_certificates_sent += of_thread.client_certificates_sent;
  for (const auto& [what, count] : of_thread.negotiated) total.negotiated[what] += count;
  for (const auto& [what, errors] : of_thread.errors) {
    ErrorCount& sum = total.errors[what];
    if (sum.count == 0) sum.example = errors.example;
    sum.count += errors.count;
  }
  for (size_t i = 0; i < kNumPhases; ++i) total.phases[i].merge(of_thread.phases[i]);
  for (size_t i = 0; i < kNumKinds; ++i) total.by_kind[i].merge(of_thread.by_kind[i]);
  if (total.seconds.size() < of_thread.seconds.size()) total.seconds.resize(of_thread.seconds.size());
  for (size_t i = 0; i < of_thread.seconds.size(); ++i) {
    Second& sum = total.seconds[i];
    const Second& one = of_thread.seconds[i];
    sum.started += one.started;
    sum.completed += one.completed;
    sum.failed += one.failed;
    sum.open += one.open;
    sum.queued += one.queued;
    sum.finished.merge(one.finished);
    sum.finished.compact();  // 270 kB each otherwise, for every second of the run
  }
  total.bytes_sent += of_thread.bytes_sent;
  total.bytes_received += of_thread.bytes_received;
  total.threads.insert(total.threads.end(), of_thread.threads.begin(), of_thread.threads.end());
  total.max_open += of_thread.max_open;
}

}  // namespace tlsproof::load
