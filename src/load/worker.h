// One thread of a load: one poller, its connections, and when they begin. Nothing is shared with the other threads but
// what Course holds.
#pragma once

#include <atomic>
#include <latch>
#include <memory>
#include <optional>
#include <vector>

#include "schedule.h"
#include "tally.h"
#include "thread_state.h"

namespace tlsproof::load {

// What the workers of a run have in common.
struct Course {
  explicit Course(unsigned num_threads) : ready(num_threads) {}
  std::latch ready;                          // counted down by each worker once it could begin
  std::atomic<int64_t> start_ns{0};          // of the warm-up, monotonic; 0: not yet, -1: it does not take place
  std::atomic<uint64_t> num_counted{0};      // connections begun in the measurement, where Plan::count bounds them
  std::atomic<int64_t> count_reached_ns{0};  // when it was; 0: not yet
  const std::atomic<bool>* stop = nullptr;   // null: nobody stops it
  [[nodiscard]] bool stopped() const { return stop != nullptr && stop->load(std::memory_order_relaxed); }
};

class Worker {
 public:
  // Borrows all. `index` counts from 0.
  Worker(const Plan& plan, const Clock& clock, Course& course, unsigned index);
  ~Worker();
  // The thread's body. Returns when all its connections are done.
  void run();

  // ---- after run() ----
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }
  [[nodiscard]] Tally& tally() { return tally_; }
  [[nodiscard]] bool interrupted() const { return interrupted_; }
  // ---- meanwhile, from another thread ----
  [[nodiscard]] Recent& recent() { return recent_; }

 private:
  // Connections by what they wait for. All in a list have the same time to wait, so each is in the order of deadlines.
  struct Waiting {
    uint32_t first = kNobody, last = kNobody;
    int64_t timeout_ns = 0;
  };
  struct Slot {
    std::unique_ptr<Connection> connection;
    uint32_t generation = 0;  // an event of the one before is stale
    bool active = false;      // its connection is not settled
    Wait list = Wait::none;
    uint32_t previous = kNobody, next = kNobody;
    int64_t since_ns = 0;
    unsigned failures = 0;  // closed loop: to connect, in a row
  };
  struct Pause {
    int64_t until_ns = 0;
    uint32_t slot = 0;
  };
  static constexpr uint32_t kNobody = UINT32_MAX;

  Status play();
  void prime();
  [[nodiscard]] bool wait_for_start();
  Status round(int64_t latest_ns);
  void expire(int64_t now_ns);
  void begin_due(int64_t now_ns);
  void begin_closed(int64_t now_ns);
  void begin_open(int64_t now_ns);
  [[nodiscard]] bool may_count(int64_t now_ns);
  void begin(uint32_t slot, Task task, int64_t now_ns);
  void resume_paused(int64_t now_ns);
  uint32_t free_slot();
  void look_at(uint32_t slot);
  void relist(uint32_t slot);
  void unlist(uint32_t slot);
  void settle(uint32_t slot);
  void note_time(int64_t now_ns);
  void sample_cpu(bool first);
  [[nodiscard]] bool beginning(int64_t now_ns) const;
  [[nodiscard]] int64_t next_deadline_ns(int64_t now_ns) const;
  [[nodiscard]] uint64_t num_queued() const { return num_due_ - num_begun_; }
  void abandon_all();

  const Plan* plan_;
  const Clock* clock_;
  Course* course_;
  unsigned index_;
  bool open_loop_;
  std::unique_ptr<ThreadState> state_;
  Tally tally_;
  Recent recent_;
  std::optional<Error> error_;
  bool interrupted_ = false;

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;  // slots with nothing to do; the last used is the next used: its memory is warm
  std::vector<Pause> pauses_;   // closed loop: slots that wait after a failure to connect; a heap, the earliest first
  std::array<Waiting, 4> waiting_{};  // by Wait
  size_t num_open_ = 0;
  bool priming_ = false;

  int64_t warm_ns_ = 0, from_ns_ = 0, to_ns_ = 0;  // begin of the warm-up, begin and end of the measurement
  bool measuring_ = false, window_over_ = false, count_reached_ = false;
  int64_t published_ns_ = 0;
  ThreadUse cpu_at_start_;

  std::unique_ptr<KindPicker> kinds_;
  uint64_t next_address_ = 0, next_source_ = 0, next_name_ = 0;
  // Open loop: the same arrivals twice, once to count those that are due, once to begin them: a queue without a queue.
  std::optional<Schedule> due_, to_begin_;
  int64_t next_due_ns_ = 0, next_begin_ns_ = 0;  // monotonic
  uint64_t num_due_ = 0, num_begun_ = 0;
  size_t max_open_ = 0;  // of this thread
};

}  // namespace tlsproof::load
