// What a server and everything it started have spent of the CPU.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>

namespace tlsproof::load {

// The CPU (user and system) of a process, its threads and all its descendants, ended ones included: nginx's master and
// its workers, a server that forks for each connection.
//
// Each live process by its own clock (clock_getcpuclockid(3): nanoseconds, ended threads included; where the kernel
// refuses, /proc/PID/stat in clock ticks, mostly 10 ms). Ended children by what their parent waited for (cutime and
// cstime of /proc/PID/stat, in clock ticks). A process that was seen once is followed even when its parent ends and it
// becomes another's child. Lost: children that came and went between two readings and for whom nobody waited.
class ServerCpu {
 public:
  explicit ServerCpu(pid_t pid) : pid_(pid) {}
  // The process that had the pid when start_of() was asked, and no other that has it since.
  ServerCpu(pid_t pid, uint64_t start) : pid_(pid), start_(start) {}
  // When the process began, in clock ticks since the machine did. nullopt: there is none that lives.
  [[nodiscard]] static std::optional<uint64_t> start_of(pid_t pid);

  // Nanoseconds, of which differences between two readings mean something; never less than the reading before. nullopt
  // once the process has ended (a zombie has), and when it cannot be seen. Takes about 20 µs for each process of the
  // machine.
  [[nodiscard]] std::optional<int64_t> read();
  // The coarsest step among those of the last reading: 1 ns, or a clock tick where a child has ended or the clocks
  // cannot be read.
  [[nodiscard]] int64_t resolution_ns() const { return resolution_ns_; }

 private:
  struct Process {
    pid_t parent = 0;
    uint64_t start = 0;  // with the pid, this names a process: pids are used again
    bool ended = false;
    int64_t own_ns = 0;
    int64_t waited_ns = 0;  // of its ended children, theirs included
    bool by_clock = false;
  };
  using Processes = std::map<pid_t, Process>;

  [[nodiscard]] static std::optional<Process> process(pid_t pid);
  [[nodiscard]] static Processes all_processes();
  [[nodiscard]] std::optional<Processes> family() const;
  [[nodiscard]] std::optional<Processes> stable_family() const;
  void credit_unwaited(const Processes& now);

  pid_t pid_;
  std::optional<uint64_t> start_;
  Processes known_;        // of the last reading
  int64_t credit_ns_ = 0;  // of children for whom nobody waited, as last seen
  int64_t last_ns_ = 0;
  int64_t resolution_ns_ = 1;
};

}  // namespace tlsproof::load
