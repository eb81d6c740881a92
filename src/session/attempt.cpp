#include "tlsproof/session/attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <system_error>

#include "tlsproof/net/connector.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/session/conversation.h"

namespace tlsproof::session {

namespace {

class Runner;

// A conversation ends long before; what it has received by then is kept for as long as the run's report.
constexpr trace::TraceLimits kTraceLimits{.max_stream_len = size_t{4} << 20, .max_events = 50'000};

// One attempt in flight: the glue between a socket and a Conversation.
class Active final : private net::ConnectHandler, private net::IoHandler, private net::TimerHandler {
 public:
  Active(Runner& runner, size_t index, Job& job);
  ~Active();
  Active(const Active&) = delete;
  Active& operator=(const Active&) = delete;
  void start();
  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] size_t index() const { return index_; }
  [[nodiscard]] AttemptResult take_result();

 private:
  void on_connect(net::ConnectResult result) override;
  void on_ready(net::Readiness ready) override;
  void on_timer(net::TimerId id) override;
  void read_some();
  void write_some();
  // Does what the conversation asks for, and waits for what is next.
  void settle();
  void finish();

  Runner* runner_;
  size_t index_;
  Job* job_;
  std::shared_ptr<trace::Trace> trace_;
  Conversation conversation_;
  net::Connector connector_;
  net::Socket socket_;
  bool reset_seen_ = false;  // by writing
  net::TimerId timer_ = 0;
  int64_t timer_deadline_ = 0;
  net::Readiness interest_ = 0;
  bool half_closed_ = false;
  bool done_ = false;
};

class Runner {
 public:
  Runner(std::vector<Job> jobs, const RunOptions& options, net::Loop& loop)
      : jobs_(std::move(jobs)), options_(&options), loop_(&loop), results_(jobs_.size()) {}

  [[nodiscard]] net::Loop& loop() { return *loop_; }
  [[nodiscard]] const Clock& clock() const { return *options_->clock; }
  [[nodiscard]] trace::SecretUse secret_use() const { return options_->secrets; }
  Result<std::vector<std::optional<AttemptResult>>> run();

 private:
  [[nodiscard]] bool may_start() const;
  void collect();

  std::vector<Job> jobs_;
  const RunOptions* options_;
  net::Loop* loop_;
  std::vector<std::optional<AttemptResult>> results_;
  std::vector<std::unique_ptr<Active>> active_;
  bool exclusive_in_flight_ = false;
  size_t next_ = 0;
};

Active::Active(Runner& runner, size_t index, Job& job)
    : runner_(&runner),
      index_(index),
      job_(&job),
      trace_([&] {
        auto trace = std::make_shared<trace::Trace>(runner.clock(), kTraceLimits, runner.secret_use());
        trace->begin({}, job.addresses.empty() ? std::string() : job.addresses.front().text());
        return trace;
      }()),
      conversation_(job.plan, *trace_, runner.clock()),
      connector_(runner.loop(), *this) {}

Active::~Active() {
  runner_->loop().cancel_timer(timer_);
  if (socket_.is_open()) runner_->loop().unwatch(socket_);
}

void Active::start() {
  conversation_.connecting(job_->addresses.front().text());
  connector_.start(job_->endpoint, job_->addresses, conversation_.deadline_ns());
}

void Active::on_connect(net::ConnectResult result) {
  if (!result) {
    conversation_.connect_failed(result.error().error.message());
    return finish();
  }
  socket_ = std::move(*result);
  trace_->set_addresses(socket_.local_address().text(), socket_.peer_address().text());
  conversation_.connected();
  write_some();
  settle();
}

void Active::on_ready(net::Readiness ready) {
  if ((ready & net::kReadable) != 0) read_some();
  if (!conversation_.done()) write_some();
  settle();
}

void Active::on_timer(net::TimerId id) {
  if (id == timer_) timer_ = 0;
  conversation_.tick();
  if (!conversation_.done()) write_some();
  settle();
}

void Active::read_some() {
  // A few reads a turn, so that a peer that floods does not keep the others waiting.
  std::array<uint8_t, 16384> buffer;
  for (int i = 0; i < 4 && !conversation_.done(); ++i) {
    const net::IoResult got = socket_.read(buffer);
    switch (got.status) {
      case net::IoStatus::ok:
        conversation_.received(ByteView(buffer).first(got.len));
        break;
      case net::IoStatus::would_block:
        return;
      case net::IoStatus::eof:
        // The kernel tells of a reset once: who learnt it by writing reads an end that is none.
        if (reset_seen_) return conversation_.peer_reset();
        conversation_.peer_ended();
        return;
      case net::IoStatus::reset:
      case net::IoStatus::closed:
      case net::IoStatus::error:
        conversation_.peer_reset();
        return;
    }
  }
}

void Active::write_some() {
  while (!conversation_.done() && !conversation_.output().empty()) {
    const ByteView bytes = conversation_.output().first(conversation_.next_segment_len());
    const net::IoResult put = socket_.write(bytes);
    if (put.status == net::IoStatus::would_block) return;
    if (put.status != net::IoStatus::ok) {
      reset_seen_ = put.status == net::IoStatus::reset;
      conversation_.write_failed(std::generic_category().message(put.error_number));
      return;
    }
    conversation_.sent(put.len);
  }
}

void Active::settle() {
  if (done_) return;
  if (conversation_.done()) return finish();
  if (conversation_.wants_half_close() && !half_closed_) {
    half_closed_ = true;
    socket_.shutdown_write();
    conversation_.half_closed();
  }
  const net::Readiness wanted = net::kReadable | (conversation_.output().empty() ? 0U : net::kWritable);
  if (wanted != interest_) {
    interest_ = wanted;
    if (auto watched = runner_->loop().watch(socket_, wanted, *this); !watched) {
      conversation_.connect_failed(watched.error().message());
      return finish();
    }
  }
  if (timer_ == 0 || timer_deadline_ != conversation_.deadline_ns()) {
    runner_->loop().cancel_timer(timer_);
    timer_deadline_ = conversation_.deadline_ns();
    timer_ = runner_->loop().add_timer(timer_deadline_, *this);
  }
}

void Active::finish() {
  done_ = true;
  runner_->loop().cancel_timer(timer_);
  timer_ = 0;
  if (socket_.is_open()) {
    runner_->loop().unwatch(socket_);
    socket_.close();
    trace_->on_event(trace::EventKind::closed, wire::Direction::client_to_server);
  }
}

AttemptResult Active::take_result() {
  AttemptResult result;
  result.outcome = conversation_.outcome();
  const tls::Client& client = conversation_.client();
  const ByteList& chain = client.peer_certificates();
  for (size_t i = 0; i < chain.size(); ++i) result.peer_chain.push_back(to_bytes(chain[i]));
  result.certificate_request = client.certificate_request();
  result.client_certificate = client.client_certificate();
  namespace type = registry::handshake_type;
  result.server_flight_complete =
      client.num_received(result.outcome.version >= 0x0304 ? type::finished : type::server_hello_done) > 0;
  result.response_body = to_bytes(conversation_.response_body());
  if (job_->plan.keep_session && !client.sessions().empty())
    result.session = std::make_shared<const tls::Session>(client.sessions().back());
  result.trace = trace_;
  return result;
}

bool Runner::may_start() const {
  if (next_ >= jobs_.size() || exclusive_in_flight_ || active_.size() >= options_->max_in_flight) return false;
  return !jobs_[next_].exclusive || active_.empty();
}

void Runner::collect() {
  std::erase_if(active_, [&](const std::unique_ptr<Active>& one) {
    if (!one->done()) return false;
    results_[one->index()] = one->take_result();
    if (options_->on_done) options_->on_done(one->index());
    exclusive_in_flight_ = false;
    return true;
  });
}

Result<std::vector<std::optional<AttemptResult>>> Runner::run() {
  while (next_ < jobs_.size() || !active_.empty()) {
    if (options_->stop != nullptr && options_->stop->load()) break;
    while (may_start()) {
      Job& job = jobs_[next_];
      active_.push_back(std::make_unique<Active>(*this, next_, job));
      exclusive_in_flight_ = job.exclusive;
      ++next_;
      active_.back()->start();
    }
    // Signals end the wait; a second is for the case that one came just before it.
    if (auto round = loop_->run_once(1'000'000'000); !round) return std::unexpected(round.error());
    collect();
  }
  return std::move(results_);
}

}  // namespace

Result<std::vector<std::optional<AttemptResult>>> run_jobs(std::vector<Job> jobs, const RunOptions& options) {
  TLSPROOF_TRY(auto loop, net::Loop::make(*options.clock));
  Runner runner(std::move(jobs), options, *loop);
  return runner.run();
}

}  // namespace tlsproof::session
