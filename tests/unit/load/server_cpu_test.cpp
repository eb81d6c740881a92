#include "src/load/server_cpu.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <thread>

namespace tlsproof::load {
namespace {

constexpr int64_t kMs = 1'000'000;

int64_t cpu_ns(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Of the calling process's CPU, however long that takes.
void burn(int64_t ns) {
  for (const int64_t end = cpu_ns(CLOCK_PROCESS_CPUTIME_ID) + ns; cpu_ns(CLOCK_PROCESS_CPUTIME_ID) < end;) {
  }
}

// A process that does one thing a byte: 'b' burns 100 ms; 't' does so in a thread that then ends; 'f' has a child that
// does so and waits for it; 'k' has one that does so and stays, one for each; 'e' ends them and waits for them; 'i'
// ignores SIGCHLD from then on; 'z' leaves a zombie that burned; 'o' has a grandchild that does so and stays when 'e'
// ends its parent. It answers each with a byte.
class Server {
 public:
  Server() {
    if (pipe(to_.data()) != 0 || pipe(from_.data()) != 0) ADD_FAILURE();
    pid_ = fork();
    if (pid_ == 0) {
      close(to_[1]);
      close(from_[0]);
      serve();
    }
    close(to_[0]);
    close(from_[1]);
  }
  ~Server() {
    close(to_[1]);
    close(from_[0]);
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  void order(char what) const {
    char done = 0;
    ASSERT_EQ(write(to_[1], &what, 1), 1);
    ASSERT_EQ(::read(from_[0], &done, 1), 1);
  }
  void kill_and_leave_zombie() const {
    kill(pid_, SIGKILL);
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }
  void reap() {
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  // Burns, says so, and stays until the server is gone or kills it.
  [[noreturn]] void child() const {
    close(to_[1]);
    burn(100 * kMs);
    answer();
    while (!orphaned()) usleep(2000);
    _exit(0);
  }
  [[nodiscard]] bool orphaned() const { return kill(root_, 0) != 0; }
  void answer() const {
    const char done = '.';
    if (write(from_[1], &done, 1) != 1) _exit(1);
  }
  [[noreturn]] void serve() {
    root_ = getpid();
    std::array<pid_t, 16> children{};
    size_t num_children = 0;
    char what = 0;
    while (::read(to_[0], &what, 1) == 1) {
      switch (what) {
        case 'b':
          burn(100 * kMs);
          break;
        case 't':
          std::thread([] { burn(100 * kMs); }).join();
          break;
        case 'f':
          if (const pid_t pid = fork(); pid == 0) {
            burn(100 * kMs);
            _exit(0);
          } else {
            waitpid(pid, nullptr, 0);
          }
          break;
        case 'z':
          if (const pid_t pid = fork(); pid == 0) {
            burn(100 * kMs);
            _exit(0);
          } else {
            siginfo_t info;
            waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
            children.at(num_children++) = pid;
          }
          break;
        case 'k':
          if (const pid_t pid = fork(); pid == 0)
            child();
          else
            children.at(num_children++) = pid;
          continue;  // the child answers
        case 'o':
          if (const pid_t pid = fork(); pid == 0) {
            if (fork() == 0) child();
            while (true) pause();
          } else {
            children.at(num_children++) = pid;
          }
          continue;
        case 'e':
          for (size_t i = 0; i < num_children; ++i) {
            kill(children.at(i), SIGKILL);
            waitpid(children.at(i), nullptr, 0);
          }
          num_children = 0;
          break;
        case 'i':
          signal(SIGCHLD, SIG_IGN);
          break;
        default:
          break;
      }
      answer();
    }
    for (size_t i = 0; i < num_children; ++i) kill(children.at(i), SIGKILL);
    _exit(0);
  }

  std::array<int, 2> to_{}, from_{};
  pid_t pid_ = 0, root_ = 0;
};

// Each order burns 100 ms; what else it does takes little of it, and clock ticks cut off some.
void expect_about_100_ms(int64_t ns, char order) {
  EXPECT_GE(ns, 75 * kMs) << order;
  EXPECT_LE(ns, 195 * kMs) << order;  // twice would be 200
}

TEST(ServerCpu, counts_the_process_its_threads_and_its_children_once) {
  for (const std::string_view orders : {"btf", "kbke", "zbe", "kfeb", "oeb"}) {
    SCOPED_TRACE(orders);
    const Server server;
    ServerCpu cpu(server.pid());
    auto last = cpu.read();
    ASSERT_TRUE(last.has_value());
    for (const char order : orders) {
      server.order(order);
      const auto now = cpu.read();
      ASSERT_TRUE(now.has_value());
      if (order == 'e') {
        EXPECT_LE(*now - *last, 90 * kMs);  // what the children spent is counted already
      } else {
        expect_about_100_ms(*now - *last, order);
      }
      last = now;
    }
  }
}

// What this process has waited for: the kernel's own account of the server, once it has ended.
int64_t waited_ns() {
  rusage usage;
  getrusage(RUSAGE_CHILDREN, &usage);
  return (int64_t{usage.ru_utime.tv_sec} + usage.ru_stime.tv_sec) * 1'000'000'000 +
         (int64_t{usage.ru_utime.tv_usec} + usage.ru_stime.tv_usec) * 1000;
}

TEST(ServerCpu, one_reading_before_and_one_after_see_it_all) {
  const int64_t waited_before = waited_ns();
  int64_t spent = 0;
  {
    const Server server;
    ServerCpu cpu(server.pid());
    const auto before = cpu.read();
    for (const char order : std::string_view("kbftkef")) server.order(order);  // six times 100 ms
    const auto after = cpu.read();
    ASSERT_TRUE(before && after);
    spent = *after;
    EXPECT_GE(*after - *before, 540 * kMs);
    EXPECT_EQ(cpu.resolution_ns(), 1'000'000'000 / sysconf(_SC_CLK_TCK));  // children have ended
  }
  EXPECT_LE(spent, waited_ns() - waited_before + 40 * kMs);  // one counted twice would be 100
}

TEST(ServerCpu, is_exact_where_no_child_ends) {
  const Server server;
  ServerCpu cpu(server.pid());
  ASSERT_TRUE(cpu.read().has_value());
  server.order('b');
  ASSERT_TRUE(cpu.read().has_value());
  EXPECT_EQ(cpu.resolution_ns(), 1);
}

TEST(ServerCpu, children_for_whom_nobody_waits_are_kept_as_last_seen) {
  const Server server;
  ServerCpu cpu(server.pid());
  server.order('i');
  const auto before = cpu.read();
  server.order('k');
  server.order('k');
  const auto with = cpu.read();
  server.order('e');  // gone, and in nobody's account
  const auto without = cpu.read();
  server.order('b');
  const auto after = cpu.read();
  ASSERT_TRUE(before && with && without && after);
  EXPECT_GE(*with - *before, 190 * kMs);
  EXPECT_LE(*without - *with, 90 * kMs);
  expect_about_100_ms(*after - *without, 'b');
}

TEST(ServerCpu, an_ended_process_is_gone_even_as_a_zombie) {
  Server server;
  ServerCpu cpu(server.pid());
  ASSERT_TRUE(cpu.read().has_value());
  server.kill_and_leave_zombie();
  EXPECT_FALSE(cpu.read().has_value());
  server.reap();
  EXPECT_FALSE(cpu.read().has_value());
  EXPECT_FALSE(ServerCpu(0x3fffffff).read().has_value());
}

TEST(ServerCpu, another_process_with_the_pid_is_not_measured) {
  Server server;
  const auto start = ServerCpu::start_of(server.pid());
  ASSERT_TRUE(start.has_value());
  EXPECT_TRUE(ServerCpu(server.pid(), *start).read().has_value());
  EXPECT_FALSE(ServerCpu(server.pid(), *start + 1).read().has_value());
  server.kill_and_leave_zombie();
  EXPECT_FALSE(ServerCpu::start_of(server.pid()).has_value());
}

}  // namespace
}  // namespace tlsproof::load
