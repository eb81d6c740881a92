#include "tlsproof/load/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <system_error>
#include <thread>

#include "again.h"
#include "replay.h"
#include "server_cpu.h"
#include "worker.h"

namespace tlsproof::load {
namespace {

constexpr int64_t kNsPerSecond = 1'000'000'000;
constexpr auto kLookEvery = std::chrono::milliseconds(20);

// What no run could make sense of. Usage errors.
Status check(const Plan& plan) {
  if (plan.addresses.empty()) return fail_usage("there is no address to connect to");
  if (plan.threads == 0) return fail_usage("a load needs a thread");
  if (plan.duration_ns <= 0) return fail_usage("the duration must be positive");
  if (plan.warm_up_ns < 0) return fail_usage("the warm-up cannot be negative");
  if (plan.timeouts.connect <= 0 || plan.timeouts.handshake <= 0 || plan.timeouts.confirm <= 0)
    return fail_usage("timeouts must be positive");
  if (std::ranges::none_of(plan.mix, [](const MixPart& part) { return part.weight > 0; }))
    return fail_usage("the mix names no kind");
  if (plan.shard == 0 || plan.shard > plan.num_shards)
    return fail_usage(fmt::format("there is no shard {} of {}", plan.shard, plan.num_shards));
  const bool closed = plan.arrivals.loop == Arrivals::Loop::closed;
  if (closed && plan.arrivals.concurrency == 0) return fail_usage("a closed loop needs a concurrency");
  if (!closed && !(plan.arrivals.rate > 0 && std::isfinite(plan.arrivals.rate)))
    return fail_usage("an open loop needs a rate");
  if (!closed && plan.arrivals.max_open == 0) return fail_usage("an open loop needs room for a connection");
  for (const net::Address& source : plan.sources) {
    const net::Address& address = plan.addresses.front();
    if (source.family() != address.family())
      return fail_usage(fmt::format("the source {} is not of the family of {}", source.ip(), address.ip()));
    if (auto listener = net::Listener::bind(*net::Address::from_ip(source.ip(), 0)); !listener)
      return fail_usage(fmt::format("the source {} is no address of this machine", source.ip()));
  }
  return {};
}

class Run {
 public:
  Run(const Plan& plan, const RunOptions& options) : plan_(plan), options_(&options), course_(num_threads(plan)) {
    plan_.threads = num_threads(plan);
    course_.stop = options.stop;
  }
  Result<Measurement> play(ServerStart server_start);

 private:
  // A thread without a connection has nothing to do.
  static unsigned num_threads(const Plan& plan) {
    const size_t most =
        plan.arrivals.loop == Arrivals::Loop::closed ? plan.arrivals.concurrency : plan.arrivals.max_open;
    return static_cast<unsigned>(std::min<size_t>(plan.threads, most));
  }
  void watch(int64_t start_ns);
  void look_at_server(int64_t now_ns, bool last);
  void tell_progress(int64_t now_ns);
  Measurement sum_up(int64_t start_wall_ns);

  Plan plan_;
  const RunOptions* options_;
  Course course_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<unsigned> num_done_{0};
  int64_t from_ns_ = 0;
  // The server's CPU at the begin of the measurement, at the end of its window, and at the end of its last connection.
  std::optional<ServerCpu> server_;
  struct Reading {
    int64_t at_ns = 0;
    std::optional<int64_t> cpu_ns;
  };
  std::optional<Reading> server_first_, server_window_, server_last_;
};

Result<Measurement> Run::play(ServerStart server_start) {
  if (plan_.server_pid && server_start) {
    server_.emplace(*plan_.server_pid, *server_start);
    (void)server_->read();  // or the children that end from now on were never seen
  }
  for (unsigned i = 0; i < plan_.threads; ++i)
    workers_.push_back(std::make_unique<Worker>(plan_, *options_->clock, course_, i));
  std::vector<std::jthread> threads;
  std::optional<Error> no_thread;
  for (const auto& worker : workers_) {
    try {
      threads.emplace_back([this, one = worker.get()] {
        one->run();
        ++num_done_;
      });
    } catch (const std::system_error& error) {
      no_thread = Error{.what = "cannot make a thread", .error_number = error.code().value()};
      break;
    }
  }
  for (size_t i = threads.size(); i < workers_.size(); ++i) course_.ready.count_down();
  course_.ready.wait();
  const Clock& clock = *options_->clock;
  const bool begins =
      !no_thread && std::ranges::none_of(workers_, [](const auto& one) { return one->error().has_value(); });
  const int64_t start_ns = begins ? clock.monotonic_ns() : -1;
  const int64_t start_wall_ns = clock.wall_ns() + plan_.warm_up_ns;
  from_ns_ = start_ns + plan_.warm_up_ns;
  course_.start_ns.store(start_ns);
  course_.start_ns.notify_all();
  if (begins) watch(start_ns);
  threads.clear();  // joins
  if (no_thread) return std::unexpected(*no_thread);
  for (const auto& worker : workers_)
    if (worker->error()) return std::unexpected(*worker->error());
  return sum_up(start_wall_ns);
}

// Until all workers are done: the line of progress, the server's CPU.
void Run::watch(int64_t start_ns) {
  int64_t next_line_ns = start_ns + kNsPerSecond;
  while (num_done_.load() < workers_.size()) {
    int64_t now = options_->clock->monotonic_ns();
    const auto to_begin = std::chrono::nanoseconds(std::max<int64_t>(0, from_ns_ - now));
    std::this_thread::sleep_for(server_first_ ? kLookEvery : std::min<std::chrono::nanoseconds>(kLookEvery, to_begin));
    now = options_->clock->monotonic_ns();
    look_at_server(now, false);
    if (now < next_line_ns) continue;
    next_line_ns += kNsPerSecond;
    tell_progress(now);
  }
  look_at_server(options_->clock->monotonic_ns(), true);
}

void Run::look_at_server(int64_t now_ns, bool last) {
  if (now_ns < from_ns_) return;
  const auto read = [&](std::optional<Reading>& into) {
    if (!into) into = Reading{now_ns, server_ ? server_->read() : std::nullopt};
  };
  read(server_first_);
  if (last || now_ns >= from_ns_ + plan_.duration_ns || course_.count_reached_ns.load() != 0) read(server_window_);
  if (last) read(server_last_);
}

void Run::tell_progress(int64_t now_ns) {
  if (!options_->on_progress) return;
  Recent::Counts counts;
  for (const auto& worker : workers_) worker->recent().take(counts);
  options_->on_progress({.elapsed_s = static_cast<double>(now_ns - from_ns_) / 1e9,
                         .completed = counts.completed,
                         .failed = counts.failed,
                         .open = counts.open,
                         .queued = counts.queued,
                         .p50_ns = counts.finished.percentile(50),
                         .p99_ns = counts.finished.percentile(99)});
}

Measurement Run::sum_up(int64_t start_wall_ns) {
  Measurement total;
  std::map<ErrorClass, FirstFailure> first;
  QuietTimes completions;
  int64_t last_end = from_ns_, last_completion = from_ns_;
  for (const auto& worker : workers_) {
    Tally& tally = worker->tally();
    add_thread(total, tally.measurement());
    first.insert(tally.first_failures().begin(), tally.first_failures().end());
    completions.merge(tally.completions());
    last_end = std::max(last_end, tally.last_end_ns());
    last_completion = std::max(last_completion, tally.last_completion_ns());
    total.interrupted = total.interrupted || worker->interrupted();
  }
  total.start_wall_ns = start_wall_ns;
  // The window, and what of it was still to be completed: who counts those must count their time.
  int64_t end = from_ns_ + plan_.duration_ns;
  if (total.interrupted)
    end = std::min(end, options_->clock->monotonic_ns());
  else if (course_.count_reached_ns.load() != 0)
    end = std::min(end, last_end);
  total.duration_ns = std::max<int64_t>(0, std::max(end, last_completion) - from_ns_);
  for (const ThreadUse& thread : total.threads) total.window_ns = std::max(total.window_ns, thread.wall_ns);
  total.longest_gap_ns = completions.longest_ns(end - from_ns_);
  if (server_ && server_first_) {
    // By count the window reaches to the last end.
    const Reading& end_of_window = course_.count_reached_ns.load() != 0 ? *server_last_ : *server_window_;
    total.server_gone = !server_first_->cpu_ns || !end_of_window.cpu_ns;
    if (!total.server_gone) {
      total.server_cpu_ns = *end_of_window.cpu_ns - *server_first_->cpu_ns;
      const int64_t wall_ns = end_of_window.at_ns - server_first_->at_ns;
      if (wall_ns > 0)
        total.server_cores_busy = static_cast<double>(*total.server_cpu_ns) / static_cast<double>(wall_ns);
    }
  }
  if (options_->replay_failures && !total.interrupted) replay_failures(plan_, *options_, first, total.errors);
  return total;
}

}  // namespace

Result<Measurement> run_once(const Plan& plan, const RunOptions& options) {
  TLSPROOF_TRY(const ServerStart server_start, server_start_of(plan));
  return run_again(plan, options, server_start);
}

Result<ServerStart> server_start_of(const Plan& plan) {
  if (!plan.server_pid) return ServerStart();
  const ServerStart start = ServerCpu::start_of(*plan.server_pid);
  if (!start) return fail_usage(fmt::format("there is no process {}", *plan.server_pid));
  return start;
}

Result<Measurement> run_again(const Plan& plan, const RunOptions& options, ServerStart server_start) {
  TLSPROOF_TRY_VOID(check(plan));
  Run run(plan, options);
  return run.play(server_start);
}

Result<std::vector<BenchRun>> run_interleaved(std::span<const Plan> plans, unsigned repeats,
                                              const RunOptions& options) {
  std::vector<BenchRun> runs;
  std::vector<ServerStart> server_starts;
  for (const Plan& plan : plans) {
    runs.push_back({.plan = plan, .repeats = {}});
    TLSPROOF_TRY(server_starts.emplace_back(), server_start_of(plan));
  }
  const auto stopped = [&] { return options.stop != nullptr && options.stop->load(); };
  for (unsigned turn = 0; turn < repeats; ++turn) {
    for (size_t i = 0; i < runs.size() && !stopped(); ++i) {
      BenchRun& run = runs[i];
      TLSPROOF_TRY(auto measurement, run_again(run.plan, options, server_starts[i]));
      run.interrupted = run.interrupted || measurement.interrupted;
      run.repeats.push_back(std::move(measurement));
    }
  }
  // In the last replays too: what they would have told is missing.
  if (stopped())
    for (BenchRun& run : runs) run.interrupted = true;
  return runs;
}

}  // namespace tlsproof::load
