#include "worker.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace tlsproof::load {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kMaxWait = 50 * kNsPerMs;        // so that a stop is seen
constexpr int64_t kPublishEvery = 200 * kNsPerMs;  // what the line of progress shows
constexpr int64_t kMaxPause = 100 * kNsPerMs;
constexpr int kMaxBegun = 16;        // in a row, before the open ones are looked at again
constexpr size_t kMaxPrimed = 1000;  // sessions got in advance; the others come as they are asked for
constexpr size_t kPrimedAtOnce = 16;

int64_t ns_of(const timeval& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + int64_t{time.tv_usec} * 1000;
}

// How long this thread was ready to run while others had the core: the second number of schedstat (Linux,
// Documentation/scheduler/sched-stats). 0 where there is none.
int64_t waited_ns() {
  const int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  std::array<char, 64> text;
  const ssize_t len = read(fd, text.data(), text.size());
  close(fd);
  const std::string_view all(text.data(), len > 0 ? static_cast<size_t>(len) : 0);
  const size_t blank = all.find(' ');
  int64_t ns = 0;
  if (blank != std::string_view::npos) std::from_chars(all.data() + blank + 1, all.data() + all.size(), ns);
  return ns;
}

ThreadUse thread_use(const Clock& clock) {
  rusage usage{};
  (void)getrusage(RUSAGE_THREAD, &usage);
  return {.user_ns = ns_of(usage.ru_utime), .system_ns = ns_of(usage.ru_stime), .wall_ns = clock.monotonic_ns()};
}

size_t share_of(size_t total, unsigned index, unsigned num) {
  return total / num + (index < total % num ? 1 : 0);
}

}  // namespace

Worker::Worker(const Plan& plan, const Clock& clock, Course& course, unsigned index)
    : plan_(&plan),
      clock_(&clock),
      course_(&course),
      index_(index),
      open_loop_(plan.arrivals.loop != Arrivals::Loop::closed),
      next_address_(index),
      next_source_(index),
      next_name_(index) {
  waiting_[static_cast<size_t>(Wait::connect)].timeout_ns = plan.timeouts.connect;
  waiting_[static_cast<size_t>(Wait::handshake)].timeout_ns = plan.timeouts.handshake;
  waiting_[static_cast<size_t>(Wait::confirm)].timeout_ns = plan.timeouts.confirm;
  max_open_ = std::max<size_t>(
      1, share_of(open_loop_ ? plan.arrivals.max_open : plan.arrivals.concurrency, index, plan.threads));
}

Worker::~Worker() = default;

void Worker::run() {
  // Waits end when they are due, not up to 50 µs later.
  (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  auto state = ThreadState::make(*plan_, *clock_);
  if (state) {
    state_ = std::move(*state);
    kinds_ = std::make_unique<KindPicker>(plan_->mix, plan_->seed, index_);
    prime();
  } else {
    error_ = std::move(state).error();
  }
  course_->ready.count_down();
  if (!wait_for_start() || error_) return;
  if (auto status = play(); !status) error_ = std::move(status).error();
  abandon_all();
}

bool Worker::wait_for_start() {
  course_->start_ns.wait(0);
  const int64_t start = course_->start_ns.load();
  if (start < 0) return false;
  warm_ns_ = start;
  from_ns_ = start + plan_->warm_up_ns;
  to_ns_ = from_ns_ + plan_->duration_ns;
  if (!open_loop_) {
    if (share_of(plan_->arrivals.concurrency, index_, plan_->threads) == 0) return false;  // more threads than that
    free_.clear();
    while (slots_.size() < max_open_) slots_.emplace_back();
    for (auto slot = static_cast<uint32_t>(max_open_); slot > 0; --slot) free_.push_back(slot - 1);
    return true;
  }
  due_.emplace(plan_->arrivals, plan_->seed, plan_->shard, plan_->num_shards, index_, plan_->threads);
  to_begin_ = due_;
  next_due_ns_ = warm_ns_ + due_->next_ns();
  next_begin_ns_ = warm_ns_ + to_begin_->next_ns();
  return true;
}

// Sessions for the kinds that need them, before anything is counted: a server that gives none is asked no second time.
void Worker::prime() {
  std::vector<Task> tasks;
  std::array<bool, 4> served{};  // by family
  for (const MixPart& part : plan_->mix) {
    const SessionFamily family = family_of(part.kind);
    if (part.weight == 0 || family == SessionFamily::none || served[static_cast<size_t>(family)]) continue;
    served[static_cast<size_t>(family)] = true;
    for (size_t address = 0; address < plan_->addresses.size(); ++address)
      for (size_t name = 0; name < state_->num_names() && tasks.size() < kMaxPrimed; ++name)
        tasks.push_back({.asked = part.kind, .address = address, .name = name, .priming = true});
  }
  priming_ = true;
  const int64_t latest =
      clock_->monotonic_ns() + plan_->timeouts.connect + plan_->timeouts.handshake + plan_->timeouts.confirm;
  size_t next = 0;
  while ((next < tasks.size() || num_open_ > 0) && !course_->stopped()) {
    const int64_t now = clock_->monotonic_ns();
    if (now >= latest) break;
    for (; next < tasks.size() && num_open_ < kPrimedAtOnce; ++next) {
      tasks[next].intended_ns = now;
      begin(free_slot(), tasks[next], now);
    }
    if (num_open_ == 0) continue;
    if (auto status = round(now + kMaxWait); !status) {
      error_ = std::move(status).error();
      break;
    }
  }
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].active) continue;
    slots_[i].connection->abandon();
    look_at(i);
  }
  priming_ = false;
}

Status Worker::play() {
  while (true) {
    if (course_->stopped()) {
      interrupted_ = true;
      return {};
    }
    const int64_t now = clock_->monotonic_ns();
    note_time(now);
    begin_due(now);
    if (num_open_ == 0 && num_queued() == 0 && !beginning(now)) return {};
    TLSPROOF_TRY_VOID(round(next_deadline_ns(now)));
  }
}

// What the poller has, and whose time is over.
Status Worker::round(int64_t latest_ns) {
  const int64_t wait = latest_ns - clock_->monotonic_ns();
  TLSPROOF_TRY(auto events, state_->poller.wait(wait));
  for (const net::Poller::Event& event : events) {
    const auto slot = static_cast<uint32_t>(event.token);
    if (slots_[slot].generation != static_cast<uint32_t>(event.token >> 32)) continue;
    slots_[slot].connection->on_event(event);
    look_at(slot);
    // The next one takes its place at once, while the others of this batch wait their turn.
    if (!open_loop_ && !priming_ && !free_.empty()) begin_closed(clock_->monotonic_ns());
  }
  expire(clock_->monotonic_ns());
  return {};
}

void Worker::expire(int64_t now_ns) {
  for (const Waiting& waiting : waiting_) {
    while (waiting.first != kNobody && slots_[waiting.first].since_ns + waiting.timeout_ns <= now_ns) {
      const uint32_t slot = waiting.first;
      slots_[slot].connection->on_timeout();
      look_at(slot);
    }
  }
}

// ---- beginning
// -------------------------------------------------------------------------------------------------------

bool Worker::beginning(int64_t now_ns) const {
  if (count_reached_) return false;
  return now_ns < to_ns_;
}

void Worker::begin_due(int64_t now_ns) {
  if (open_loop_) return begin_open(now_ns);
  resume_paused(now_ns);
  begin_closed(now_ns);
}

void Worker::begin_closed(int64_t now_ns) {
  for (int i = 0; i < kMaxBegun && !free_.empty() && beginning(now_ns); ++i) {
    const bool counted = now_ns >= from_ns_;
    if (counted && !may_count(now_ns)) return;
    const uint32_t slot = free_.back();
    free_.pop_back();
    begin(slot, {.asked = kinds_->next(), .intended_ns = 0, .counted = counted}, now_ns);
    now_ns = clock_->monotonic_ns();
  }
}

// Takes one of Plan::count. Of all threads exactly so many are begun.
bool Worker::may_count(int64_t now_ns) {
  if (plan_->count == 0) return true;
  const uint64_t before = course_->num_counted.fetch_add(1, std::memory_order_relaxed);
  if (before + 1 == plan_->count) course_->count_reached_ns.store(now_ns);
  count_reached_ = before + 1 >= plan_->count;
  return before < plan_->count;
}

void Worker::begin_open(int64_t now_ns) {
  while (next_due_ns_ <= now_ns && next_due_ns_ < to_ns_) {
    ++num_due_;
    next_due_ns_ = warm_ns_ + due_->next_ns();
  }
  for (int i = 0; num_begun_ < num_due_; ++i) {
    if (count_reached_) {
      num_begun_ = num_due_;
      return;
    }
    const bool counted = next_begin_ns_ >= from_ns_;
    // Who has waited as long as it may take to connect has not been served.
    const bool too_late = next_begin_ns_ + plan_->timeouts.connect <= now_ns;
    if (!too_late && (num_open_ >= max_open_ || i >= kMaxBegun)) return;
    if (counted && !may_count(now_ns)) continue;
    const int64_t intended = next_begin_ns_;
    next_begin_ns_ = warm_ns_ + to_begin_->next_ns();
    ++num_begun_;
    const Kind kind = kinds_->next();
    if (!too_late)
      begin(free_slot(), {.asked = kind, .intended_ns = intended, .counted = counted}, now_ns);
    else if (counted)
      tally_.never_began(now_ns, kind);
  }
}

uint32_t Worker::free_slot() {
  if (free_.empty()) {
    slots_.emplace_back();
    return static_cast<uint32_t>(slots_.size() - 1);
  }
  const uint32_t slot = free_.back();
  free_.pop_back();
  return slot;
}

void Worker::begin(uint32_t at, Task task, int64_t now_ns) {
  if (task.counted && !measuring_) note_time(now_ns);
  Slot& slot = slots_[at];
  if (!slot.connection) slot.connection = std::make_unique<Connection>(*state_);
  ++slot.generation;
  if (!task.priming) {
    task.address = next_address_++ % plan_->addresses.size();
    task.name = next_name_++ % state_->num_names();
  }
  if (!plan_->sources.empty()) task.source = next_source_++ % plan_->sources.size();
  if (task.counted) tally_.started(now_ns);
  slot.active = true;
  ++num_open_;
  if (task.counted) tally_.measurement().max_open = std::max<uint64_t>(tally_.measurement().max_open, num_open_);
  slot.connection->begin(task, uint64_t{slot.generation} << 32 | at);
  look_at(at);
}

void Worker::resume_paused(int64_t now_ns) {
  const auto later = [](const Pause& a, const Pause& b) { return a.until_ns > b.until_ns; };
  while (!pauses_.empty() && pauses_.front().until_ns <= now_ns) {
    std::ranges::pop_heap(pauses_, later);
    free_.push_back(pauses_.back().slot);
    pauses_.pop_back();
  }
}

// ---- following
// -------------------------------------------------------------------------------------------------------

// After anything happened to a connection.
void Worker::look_at(uint32_t at) {
  Slot& slot = slots_[at];
  if (!slot.active) return;
  if (slot.list != slot.connection->wait() || slot.since_ns != slot.connection->wait_since_ns()) relist(at);
  if (slot.connection->ended()) settle(at);
}

void Worker::unlist(uint32_t at) {
  Slot& slot = slots_[at];
  if (slot.list == Wait::none) return;
  Waiting& waiting = waiting_[static_cast<size_t>(slot.list)];
  (slot.previous == kNobody ? waiting.first : slots_[slot.previous].next) = slot.next;
  (slot.next == kNobody ? waiting.last : slots_[slot.next].previous) = slot.previous;
  slot.previous = slot.next = kNobody;
  slot.list = Wait::none;
}

void Worker::relist(uint32_t at) {
  unlist(at);
  Slot& slot = slots_[at];
  slot.since_ns = slot.connection->wait_since_ns();
  slot.list = slot.connection->wait();
  if (slot.list == Wait::none) return;
  Waiting& waiting = waiting_[static_cast<size_t>(slot.list)];
  slot.previous = waiting.last;
  (waiting.last == kNobody ? waiting.first : slots_[waiting.last].next) = at;
  waiting.last = at;
}

// The connection has ended: counted, and its place is free.
void Worker::settle(uint32_t at) {
  Slot& slot = slots_[at];
  slot.active = false;
  --num_open_;
  const Connection& connection = *slot.connection;
  if (connection.task().priming) {
    free_.push_back(at);
    return;
  }
  tally_.ended(connection);
  if (window_over_ && count_reached_ && connection.completed()) sample_cpu(false);
  // So many fit, and no more: arrivals queue from now on.
  if (open_loop_ && connection.error() && connection.error()->kind == ErrorKind::no_descriptors)
    max_open_ = std::max<size_t>(1, num_open_);
  if (open_loop_ || !connection.failed_at_once()) {
    slot.failures = 0;
    free_.push_back(at);
    return;
  }
  // A closed loop would ask a dead server hundreds of thousands of times a second: 1, 2, 4 … 100 ms a place.
  const int64_t pause = std::min(kMaxPause, kNsPerMs << std::min(slot.failures, 7U));
  ++slot.failures;
  pauses_.push_back({connection.ended_ns() + pause, at});
  std::ranges::push_heap(pauses_, [](const Pause& a, const Pause& b) { return a.until_ns > b.until_ns; });
}

// ---- time
// ------------------------------------------------------------------------------------------------------------

void Worker::note_time(int64_t now_ns) {
  if (!measuring_ && now_ns >= from_ns_) {
    measuring_ = true;
    tally_.begin(from_ns_, plan_->duration_ns);
    sample_cpu(true);
  }
  if (!window_over_ && measuring_ && !beginning(now_ns)) {
    window_over_ = true;
    sample_cpu(false);
    if (!count_reached_) tally_.end_window();  // by count it reaches to the last end
  }
  if (measuring_) tally_.tick(now_ns, num_open_, num_queued());
  if (now_ns - published_ns_ >= kPublishEvery) {
    published_ns_ = now_ns;
    tally_.publish(recent_, num_open_, num_queued());
  }
}

void Worker::sample_cpu(bool first) {
  const ThreadUse now = thread_use(*clock_);
  auto& threads = tally_.measurement().threads;
  if (first) {
    cpu_at_start_ = now;
    cpu_at_start_.waited_ns = waited_ns();
    return;
  }
  // Once: after the window this is asked at each completion, and a file costs more than the rest.
  const int64_t waited = threads.empty() ? waited_ns() - cpu_at_start_.waited_ns : threads[0].waited_ns;
  threads.resize(1);
  threads[0] = {.user_ns = now.user_ns - cpu_at_start_.user_ns,
                .system_ns = now.system_ns - cpu_at_start_.system_ns,
                .wall_ns = now.wall_ns - cpu_at_start_.wall_ns,
                .waited_ns = waited};
}

int64_t Worker::next_deadline_ns(int64_t now_ns) const {
  int64_t next = now_ns + kMaxWait;
  for (const Waiting& waiting : waiting_)
    if (waiting.first != kNobody) next = std::min(next, slots_[waiting.first].since_ns + waiting.timeout_ns);
  if (!pauses_.empty()) next = std::min(next, pauses_.front().until_ns);
  if (!measuring_) next = std::min(next, from_ns_);
  if (num_queued() > 0) {
    next = std::min(next, next_begin_ns_ + plan_->timeouts.connect);
    if (num_open_ < max_open_) return now_ns;
  }
  if (!beginning(now_ns)) return next;
  next = std::min(next, to_ns_);
  if (open_loop_) return std::min(next, next_due_ns_);
  return free_.empty() ? next : now_ns;
}

// The run was interrupted, or has failed.
void Worker::abandon_all() {
  uint64_t num_counted = 0;
  for (Slot& slot : slots_) {
    if (!slot.connection || slot.connection->ended()) continue;
    if (slot.connection->task().counted) ++num_counted;
    slot.connection->abandon();
  }
  tally_.abandoned(num_counted);
  if (measuring_ && !window_over_) sample_cpu(false);
  tally_.tick(clock_->monotonic_ns(), num_open_, num_queued());
  num_open_ = 0;
}

}  // namespace tlsproof::load
