// What one thread counts.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "connection.h"
#include "quiet.h"
#include "tlsproof/load/bench_run.h"

namespace tlsproof::load {

// The first failure of a class: what is needed to play it once more.
struct FirstFailure {
  Kind asked = Kind::full;
  size_t address = 0, name = 0;
  std::shared_ptr<const tls::Session> session;
};

// What has happened since it was last taken; the one thing that a worker shares with the thread that prints progress.
class Recent {
 public:
  struct Counts {
    uint64_t completed = 0, failed = 0, open = 0, queued = 0;
    Histogram finished;
  };
  void add(Counts& counts);  // clears what was added
  // Adds to `total`, and forgets.
  void take(Counts& total);

 private:
  std::mutex mutex_;
  Counts counts_;
};

class Tally {
 public:
  void begin(int64_t start_ns, int64_t duration_ns);  // of the measurement: monotonic; its window
  void started(int64_t now_ns);
  void ended(const Connection& connection);
  // An arrival that could not even begin in the time of a connect.
  void never_began(int64_t now_ns, Kind asked);
  void abandoned(uint64_t num) { measurement_.abandoned += num; }
  // The window is over: what completes from now on is late.
  void end_window() { in_window_ = false; }
  // Seconds that are over get their number of open connections and queued arrivals.
  void tick(int64_t now_ns, uint64_t open, uint64_t queued);
  // Gives what is new to the progress line.
  void publish(Recent& recent, uint64_t open, uint64_t queued);

  [[nodiscard]] Measurement& measurement() { return measurement_; }
  [[nodiscard]] const std::map<ErrorClass, FirstFailure>& first_failures() const { return first_failures_; }
  [[nodiscard]] int64_t last_end_ns() const { return last_end_ns_; }  // of any counted connection
  [[nodiscard]] int64_t last_completion_ns() const { return last_completion_ns_; }
  [[nodiscard]] const QuietTimes& completions() const { return completions_; }  // since the measurement began

 private:
  Second& second_at(int64_t now_ns);
  void completed(const Connection& connection);
  void failed(const ErrorClass& error, const std::string& text, FirstFailure first);

  Measurement measurement_;
  QuietTimes completions_;
  std::map<ErrorClass, FirstFailure> first_failures_;
  Recent::Counts recent_;
  int64_t start_ns_ = 0, last_end_ns_ = 0, last_completion_ns_ = 0;
  bool in_window_ = false;
  size_t num_ticked_ = 0;  // seconds whose end is noted
};

// Adds what another thread measured at the same time.
void add_thread(Measurement& total, const Measurement& of_thread);

}  // namespace tlsproof::load
