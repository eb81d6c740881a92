#include "server_cpu.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tlsproof::load {
namespace {

int64_t tick_ns() {
  static const int64_t ns = 1'000'000'000 / std::max(1L, sysconf(_SC_CLK_TCK));
  return ns;
}

// /proc/PID/stat after the name: fields 3 (state), 4 (ppid), 14 to 17 (utime, stime, cutime, cstime), 22 (starttime);
// proc(5).
struct Stat {
  char state = 0;
  pid_t parent = 0;
  int64_t own_ticks = 0, waited_ticks = 0;
  uint64_t start = 0;
};

std::optional<Stat> read_stat(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  std::array<char, 1024> text;
  const ssize_t len = ::read(fd, text.data(), text.size());
  close(fd);
  if (len <= 0) return std::nullopt;
  const std::string_view all(text.data(), static_cast<size_t>(len));
  const size_t name_end = all.rfind(')');  // the name may hold anything, blanks and parentheses too
  if (name_end == std::string_view::npos) return std::nullopt;
  std::array<int64_t, 23> fields{};
  Stat stat;
  size_t at = name_end + 1;
  for (size_t field = 3; field < fields.size(); ++field) {
    if (at >= all.size() || all[at] != ' ') return std::nullopt;
    ++at;
    if (field == 3 && at < all.size()) stat.state = all[at];
    std::from_chars(all.data() + at, all.data() + all.size(), fields.at(field));
    at = std::min(all.find(' ', at), all.size());
  }
  stat.parent = static_cast<pid_t>(fields[4]);
  stat.own_ticks = fields[14] + fields[15];
  stat.waited_ticks = fields[16] + fields[17];
  stat.start = static_cast<uint64_t>(fields[22]);
  return stat;
}

std::optional<int64_t> clock_of(pid_t pid) {
  clockid_t clock;
  timespec time;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return std::nullopt;
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

std::optional<ServerCpu::Process> ServerCpu::process(pid_t pid) {
  const auto stat = read_stat(pid);
  if (!stat) return std::nullopt;
  Process process{.parent = stat->parent,
                  .start = stat->start,
                  .ended = stat->state == 'Z' || stat->state == 'X',
                  .own_ns = stat->own_ticks * tick_ns(),
                  .waited_ns = stat->waited_ticks * tick_ns(),
                  .by_clock = false};
  if (const auto clock = clock_of(pid)) {
    // A clock that stands still where the ticks do not is none (a zombie's, on some kernels).
    process.by_clock = *clock + 2 * tick_ns() >= process.own_ns;
    if (process.by_clock) process.own_ns = *clock;
  }
  return process;
}

ServerCpu::Processes ServerCpu::all_processes() {
  Processes all;
  std::error_code error;
  for (std::filesystem::directory_iterator entry("/proc", error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    pid_t pid = 0;
    const auto [rest, problem] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (problem != std::errc() || rest != name.data() + name.size()) continue;
    if (const auto one = read_stat(pid)) all[pid] = {.parent = one->parent, .start = one->start};
  }
  return all;
}

// The process, its descendants, and those of the last reading that still live.
std::optional<ServerCpu::Processes> ServerCpu::family() const {
  const Processes all = all_processes();
  std::multimap<pid_t, pid_t> children;
  for (const auto& [pid, one] : all) children.emplace(one.parent, pid);
  std::vector<pid_t> todo = {pid_};
  for (const auto& [pid, before] : known_)
    if (const auto still = all.find(pid); still != all.end() && still->second.start == before.start)
      todo.push_back(pid);
  Processes found;
  while (!todo.empty()) {
    const pid_t pid = todo.back();
    todo.pop_back();
    if (found.contains(pid)) continue;
    const auto one = process(pid);
    if (!one) continue;  // ended since
    found[pid] = *one;
    const auto [from, to] = children.equal_range(pid);
    for (auto child = from; child != to; ++child) todo.push_back(child->second);
  }
  if (!found.contains(pid_)) return std::nullopt;
  return found;
}

// A child that ends between the reading of its own clock and that of its parent's account of ended children would count
// twice, or not at all. So that what is returned belongs together, it is read until nobody came, went or was waited for
// meanwhile; a server that forks all the time may be off by a child.
std::optional<ServerCpu::Processes> ServerCpu::stable_family() const {
  std::optional<Processes> found;
  for (int attempt = 0; attempt < 5; ++attempt) {
    found = family();
    if (!found) return std::nullopt;
    const bool stable = std::ranges::all_of(*found, [](const auto& entry) {
      const auto now = read_stat(entry.first);
      return now && now->start == entry.second.start && now->waited_ticks * tick_ns() == entry.second.waited_ns;
    });
    if (stable) break;
  }
  return found;
}

// Children of the last reading that are gone, and that are not in what their parent waited for: the parent ignores
// SIGCHLD (POSIX: their times are then not added), so what they had spent when last seen is all there is.
void ServerCpu::credit_unwaited(const Processes& now) {
  std::map<pid_t, int64_t> gone;  // by parent: what it should have waited for
  for (const auto& [pid, before] : known_) {
    const auto still = now.find(pid);
    if (still == now.end() || still->second.start != before.start)
      gone[before.parent] += before.own_ns + before.waited_ns;
  }
  for (const auto& [parent, spent_ns] : gone) {
    const auto before = known_.find(parent);
    const auto after = now.find(parent);
    if (before == known_.end() || after == now.end()) continue;  // the parent itself is gone: its parent's account
    const int64_t missing_ns = spent_ns - (after->second.waited_ns - before->second.waited_ns);
    if (missing_ns > 4 * tick_ns()) credit_ns_ += missing_ns;  // less is what ticks cut off
  }
}

std::optional<uint64_t> ServerCpu::start_of(pid_t pid) {
  const auto one = process(pid);
  return one && !one->ended ? std::optional(one->start) : std::nullopt;
}

std::optional<int64_t> ServerCpu::read() {
  const auto now = stable_family();
  if (!now) return std::nullopt;
  const Process& self = now->at(pid_);
  if (self.ended || (start_ && *start_ != self.start)) return std::nullopt;
  start_ = self.start;
  credit_unwaited(*now);
  int64_t total = credit_ns_;
  resolution_ns_ = 1;
  for (const auto& [pid, one] : *now) {
    total += one.own_ns + one.waited_ns;
    const auto before = known_.find(pid);
    const bool waited = before != known_.end() && before->second.waited_ns != one.waited_ns;
    if (!one.by_clock || waited) resolution_ns_ = tick_ns();
  }
  known_ = *now;
  last_ns_ = std::max(last_ns_, total);
  return last_ns_;
}

}  // namespace tlsproof::load
