#include "tlsproof/load/find_max.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "src/load/search.h"

namespace tlsproof::load {
namespace {

constexpr int64_t kMs = 1'000'000;

// A server that answers in 2 ms up to a rate, and in 50 ms beyond; a generator that is busy beyond another.
struct World {
  double capacity = 5'230;
  double generator = 1e9;
  double broken_from = 1e9;             // refuses connections
  double queue_from = 1e9;              // answers late, and does not tell by its percentiles
  size_t stop_at = 1000;                // the trial that is interrupted
  std::map<size_t, double> moods = {};  // capacity of a trial
  std::vector<double> rates = {};

  Measurement play(const Plan& plan) {
    const double rate = plan.arrivals.rate;
    rates.push_back(rate);
    const auto mood = moods.find(rates.size());
    const double now = mood == moods.end() ? capacity : mood->second;
    Measurement seen;
    seen.duration_ns = seen.window_ns = plan.duration_ns;
    seen.completed = seen.window_completed = seen.started = static_cast<uint64_t>(rate * 10);
    const bool late = rate > generator;
    seen.phases[2].record(rate > now || late ? 50 * kMs : 2 * kMs, std::max<uint64_t>(1, seen.completed));
    seen.threads = {{.user_ns = late ? plan.duration_ns : 1, .system_ns = 0, .wall_ns = plan.duration_ns}};
    if (rate > broken_from) seen.errors[{ErrorKind::refused, 0}].count = 3;
    seen.seconds.resize(12);
    for (auto& second : seen.seconds) second.completed = seen.completed / (rate > queue_from ? 12 : 10);
    if (rate <= queue_from) seen.seconds.resize(10);
    if (rate > queue_from) seen.completed_late = seen.completed / 6;
    seen.interrupted = rates.size() == stop_at;
    return seen;
  }
};

Result<FindMax> search(World& world, double begin = 0, double max_rate = 1e12,
                       std::vector<std::string_view> objectives = {"p99<20ms"}) {
  Plan plan;
  plan.arrivals = {.loop = Arrivals::Loop::constant, .rate = begin};
  std::vector<Condition> conditions;
  for (const auto text : objectives) conditions.push_back(parse_condition(text).value());
  size_t told = 0;
  auto found = search_max(
      plan, conditions, [&](const Plan& one) -> Result<Measurement> { return world.play(one); },
      [&](const RateTried& tried) { EXPECT_EQ(tried.rate, world.rates.at(told++)); }, max_rate);
  EXPECT_TRUE(!found || found->tried.size() == told);
  return found;
}

TEST(FindMax, finds_what_the_server_holds) {
  for (const double capacity : {1.5, 7.0, 99.0, 100.0, 101.0, 5'230.0, 250'000.0})
    for (const double begin : {0.0, 3.0, 6'000.0}) {
      World world{.capacity = capacity};
      const auto found = search(world, begin).value();
      EXPECT_LE(found.rate, capacity) << capacity << " " << begin;
      EXPECT_GE(found.rate, capacity / 1.06) << capacity << " " << begin;
      EXPECT_EQ(world.rates.back(), found.rate);  // confirmed
      EXPECT_EQ(std::ranges::count(world.rates, found.rate), 2);
      EXPECT_FALSE(found.generator_limited || found.interrupted || found.rate_capped);
      EXPECT_LE(world.rates.size(), 32u);
    }
}

TEST(FindMax, doubles_then_halves) {
  World world{.capacity = 5'230};
  const auto found = search(world, 1000).value();
  EXPECT_EQ(world.rates, (std::vector<double>{1000, 2000, 4000, 8000, 6000, 5000, 5500, 5250, 5000}));
  EXPECT_EQ(found.rate, 5000);  // 5 % below what did not hold, and it held twice
  EXPECT_EQ(found.tried[3].why_not, "p99 is 50 ms, not under 20 ms");
  EXPECT_FALSE(found.tried[3].held);
  EXPECT_TRUE(found.tried[2].held);
}

TEST(FindMax, none_holds) {
  World world{.capacity = 0};
  const auto found = search(world).value();
  EXPECT_EQ(found.rate, 0);
  EXPECT_EQ(world.rates.back(), 1);
  EXPECT_FALSE(found.generator_limited);
}

TEST(FindMax, the_generator_is_the_limit) {
  World world{.capacity = 100'000, .generator = 5'000};
  const auto found = search(world, 1000).value();
  EXPECT_TRUE(found.generator_limited);
  EXPECT_LE(found.rate, 5'000);
  EXPECT_GE(found.rate, 4'700);
  EXPECT_TRUE(found.tried[3].generator_limited);
  EXPECT_EQ(found.tried[3].why_not, "p99 is 50 ms, not under 20 ms; the generator was the limit");
  World server{.capacity = 3'000, .generator = 5'000};  // met on the way up, but the server is lower
  EXPECT_FALSE(search(server, 4'000).value().generator_limited);
  World met{.capacity = 3'000, .generator = 5'000};
  EXPECT_FALSE(search(met, 10'000).value().generator_limited);
}

TEST(FindMax, stays_under_the_cap) {
  World world{.capacity = 100'000};
  const auto found = search(world, 1000, 3'000).value();
  EXPECT_EQ(found.rate, 3'000);
  EXPECT_TRUE(found.rate_capped);
  EXPECT_EQ(world.rates, (std::vector<double>{1000, 2000, 3000, 3000}));
  World low{.capacity = 100'000};
  EXPECT_EQ(search(low, 1000, 50).value().rate, 50);
  World lower{.capacity = 40};
  EXPECT_FALSE(search(lower, 1000, 50).value().rate_capped);
}

TEST(FindMax, errors_break_a_rate_unless_an_objective_is_about_them) {
  World world{.capacity = 100'000, .broken_from = 700};
  const auto found = search(world).value();
  EXPECT_LE(found.rate, 700);
  EXPECT_GE(found.rate, 660);
  EXPECT_EQ(found.tried[3].why_not, "3 of 8,003 connections failed: the connection was refused");
  World tolerant{.capacity = 5'000, .broken_from = 700};
  EXPECT_GE(search(tolerant, 0, 1e12, {"p99<20ms", "errors<1%"}).value().rate, 4'700);
}

TEST(FindMax, a_growing_queue_breaks_a_rate) {
  World world{.capacity = 100'000, .queue_from = 700};
  const auto found = search(world, 0, 1e12, {}).value();
  EXPECT_LE(found.rate, 700);
  EXPECT_GE(found.rate, 660);
  EXPECT_EQ(found.tried[3].why_not,
            "800/s were not kept up with: handshakes were still to be completed when all had begun");
}

TEST(FindMax, luck_is_not_believed) {
  // 8000 holds once, in the fourth trial; then nothing above 5230 does.
  World world{.capacity = 5'230, .moods = {{4, 9'000}}};
  const auto found = search(world, 1000).value();
  EXPECT_LE(found.rate, 5'230);
  EXPECT_GE(found.rate, 4'980);
  EXPECT_EQ(world.rates.back(), found.rate);
  // The confirmation fails: the search goes on below.
  World once{.capacity = 5'230, .moods = {{9, 4'900}}};
  const auto lower = search(once, 1000).value();
  EXPECT_EQ(once.rates.at(8), 5'000);
  EXPECT_EQ(lower.tried.at(8).held, false);
  EXPECT_LT(lower.rate, 5'000);
  EXPECT_GE(lower.rate, 4'750);
  // Everything below was luck too.
  World falling{.capacity = 300, .moods = {{1, 9'000}, {2, 9'000}}};
  EXPECT_LE(search(falling, 1000).value().rate, 300);
}

TEST(FindMax, interrupted_tells_what_held_so_far) {
  World world{.stop_at = 6};
  const auto found = search(world, 1000).value();
  EXPECT_TRUE(found.interrupted);
  EXPECT_EQ(found.rate, 4000);
  EXPECT_EQ(found.tried.size(), 6u);
  EXPECT_FALSE(found.tried.back().held);
  World at_once{.stop_at = 1};
  EXPECT_EQ(search(at_once, 1000).value().rate, 0);
}

TEST(FindMax, ends_on_a_server_that_changes_its_mind) {
  World world;
  for (size_t trial = 1; trial <= 200; ++trial)
    world.moods[trial] = static_cast<double>(trial * 2'654'435'761 % 10'007);
  const auto found = search(world, 1000);
  ASSERT_TRUE(found.has_value());
  EXPECT_LE(found->tried.size(), 60u);
}

TEST(FindMax, usage) {
  World world;
  Plan closed;
  const auto trial = [&](const Plan& one) -> Result<Measurement> { return world.play(one); };
  EXPECT_EQ(search_max(closed, {}, trial, {}, 1e9).error().kind, Error::Kind::usage);
  EXPECT_EQ(search(world, 0, 0).error().kind, Error::Kind::usage);
  const auto found = search(world, 0, 1e9, {"server_us<500"});
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().what,
            "the objective server_us<500 cannot be judged: server_us was not measured: no --server-pid was given");
  Plan open;
  open.arrivals.loop = Arrivals::Loop::poisson;
  const auto broken =
      search_max(open, {}, [](const Plan&) -> Result<Measurement> { return fail("no epoll"); }, {}, 1e9);
  EXPECT_EQ(broken.error().what, "no epoll");
}

}  // namespace
}  // namespace tlsproof::load
