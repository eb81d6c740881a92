#include "tlsproof/capture/pipeline.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "unit/capture/pipeline_support.h"

namespace tlsproof::capture {
namespace {

using testing::make_endpoint;
using testing::ScriptedSource;
using testing::SegmentScript;

struct TextProduct final : Product {
  std::string text;
  size_t maker = 0;
};

// Tells what it was given; takes longer for some flows, so that workers overtake one another.
class TellingWorker final : public Worker {
 public:
  TellingWorker(size_t number, std::atomic<int>& recycled, const std::atomic<int>* known)
      : number_(number), recycled_(recycled), known_(known) {}
  std::unique_ptr<Product> take(const Flow& flow) override {
    if (flow.id % 7 == 3) return nullptr;
    if (flow.id % 5 == 0) std::this_thread::yield();
    std::unique_ptr<TextProduct> product = std::make_unique<TextProduct>();
    product->maker = number_;
    product->text = fmt::format("{} {}>{} {} {} {}", flow.id, flow.a.port, flow.b.port, as_text(flow.bytes[0]),
                                as_text(flow.bytes[1]), known_ == nullptr ? 0 : known_->load());
    return product;
  }
  void recycle(std::unique_ptr<Product> product) override {
    EXPECT_EQ(dynamic_cast<TextProduct&>(*product).maker, number_);
    ++recycled_;
  }

 private:
  size_t number_;
  std::atomic<int>& recycled_;
  const std::atomic<int>* known_;
};

const std::string kRecord("\x16\x03\x01\x0f\x00\x01\x00\x0e\xfc\x03\x03", 11);  // enough to pass for TLS

// Many short connections, some at the same time.
void push_connections(ScriptedSource& source, size_t num, uint16_t first_port = 1000) {
  for (size_t i = 0; i < num; ++i) {
    SegmentScript one(static_cast<uint32_t>(i), 77, make_endpoint(1, static_cast<uint16_t>(first_port + 2 * i)));
    SegmentScript two(static_cast<uint32_t>(i), 78, make_endpoint(1, static_cast<uint16_t>(first_port + 2 * i + 1)));
    one.wait_ns(static_cast<int64_t>(i) * 1'000'000'000).handshake().a(kRecord + fmt::format("{}", i)).b("yes");
    two.wait_ns(static_cast<int64_t>(i) * 1'000'000'000).handshake().a(kRecord + std::string(i % 3000, 'x')).b("no");
    one.fin(Side::a).fin(Side::b);
    if (i % 2 == 0) two.rst(Side::b);
    for (size_t k = 0; k < std::max(one.segments().size(), two.segments().size()); ++k)
      for (const SegmentScript* script : {&one, &two})
        if (k < script->segments().size()) source.push(std::span(script->segments()).subspan(k, 1));
  }
}

struct Outcome {
  std::string text;
  PipelineResult result;
  int recycled = 0;
};
Outcome run(ScriptedSource& source, size_t jobs, PipelineOptions options = {}, size_t emit_at_most = ~size_t{0}) {
  Outcome outcome;
  std::atomic<int> recycled = 0;
  size_t number = 0, emitted = 0;
  options.jobs = jobs;
  if (!options.make_worker)
    options.make_worker = [&] { return std::make_unique<TellingWorker>(number++, recycled, nullptr); };
  options.emit = [&](Product& product) {
    outcome.text += dynamic_cast<TextProduct&>(product).text + "\n";
    return ++emitted < emit_at_most;
  };
  outcome.result = run_pipeline(source, options);
  outcome.recycled = recycled;
  return outcome;
}

TEST(Pipeline, GivesTheSameForAnyNumberOfJobs) {
  ScriptedSource source;
  push_connections(source, 200);
  const Outcome one = run(source, 1);
  ASSERT_TRUE(one.result.status);
  EXPECT_GT(one.recycled, 300);
  EXPECT_EQ(one.result.counts.flows.flows, 400u);
  EXPECT_EQ(one.result.counts.packets, source.at());
  for (const size_t jobs : {size_t{2}, size_t{3}, size_t{8}}) {
    ScriptedSource again;
    push_connections(again, 200);
    const Outcome many = run(again, jobs);
    EXPECT_EQ(many.text, one.text) << jobs;  // how many products come back in time to be used again is the scheduler's
  }
}

// Where the system makes no more threads, those that there are go on: with none, the calling thread.
TEST(Pipeline, GoesOnWithFewerThreads) {
  ScriptedSource source;
  push_connections(source, 50);
  const Outcome one = run(source, 1);
  for (const size_t most : {size_t{0}, size_t{1}, size_t{3}}) {
    ScriptedSource again;
    push_connections(again, 50);
    PipelineOptions options;
    size_t num = 0;
    options.make_thread = [&](std::function<void()> work) {
      if (num == most) throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
      ++num;
      return std::thread(std::move(work));
    };
    const Outcome outcome = run(again, 8, options);
    EXPECT_TRUE(outcome.result.status);
    EXPECT_EQ(outcome.text, one.text) << most;
    EXPECT_EQ(outcome.result.jobs, std::max<size_t>(most, 1));
  }
}

// The secrets blocks that a flow's worker may know are those that came before the flow's end.
TEST(Pipeline, SecretsAreKnownToTheFlowsThatEndAfterThem) {
  std::array<std::string, 2> texts;
  for (const size_t jobs : {size_t{1}, size_t{4}}) {
    ScriptedSource source;
    trace::KeyLogIndex keys;
    for (uint16_t i = 0; i < 20; ++i) {
      push_connections(source, 5, static_cast<uint16_t>(1000 + 100 * i));
      source.push_secrets(fmt::format("CLIENT_RANDOM {:064x} {:096x}\n", i, 7));
    }
    struct Counting final : Worker {
      explicit Counting(const trace::KeyLogIndex& the_keys) : keys(the_keys) {}
      std::unique_ptr<Product> take(const Flow& flow) override {
        for (int i = 0; i < 3; ++i) std::this_thread::yield();
        auto product = std::make_unique<TextProduct>();
        product->text = fmt::format("{} {}", flow.id, keys.size());
        return product;
      }
      const trace::KeyLogIndex& keys;
    };
    PipelineOptions options;
    options.keys = &keys;
    options.limits.linger_ns = 0;
    options.make_worker = [&] { return std::make_unique<Counting>(keys); };
    texts[jobs == 1 ? 0 : 1] = run(source, jobs, options).text;
    EXPECT_EQ(keys.size(), 20u);
  }
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_NE(texts[0].find(" 10\n"), std::string::npos);
}

TEST(Pipeline, WhatCameBeforeAFailureIsEmitted) {
  for (const size_t jobs : {size_t{1}, size_t{3}}) {
    ScriptedSource source;
    push_connections(source, 50);
    source.fail_at_end("the disk is gone");
    const Outcome outcome = run(source, jobs);
    ASSERT_FALSE(outcome.result.status);
    EXPECT_EQ(outcome.result.status.error().what, "the disk is gone");
    EXPECT_EQ(outcome.result.counts.flows.flows, 100u);
    EXPECT_EQ(std::count(outcome.text.begin(), outcome.text.end(), '\n'), 86);  // a worker leaves one in seven out
  }
}

TEST(Pipeline, EndsWhenTheEmitterHasEnough) {
  for (const size_t jobs : {size_t{1}, size_t{3}}) {
    ScriptedSource source;
    push_connections(source, 500);
    const size_t all = 500 * 10;
    const Outcome outcome = run(source, jobs, {}, 5);
    EXPECT_TRUE(outcome.result.status);
    EXPECT_EQ(std::count(outcome.text.begin(), outcome.text.end(), '\n'), 5);
    EXPECT_LT(source.at(), all);
  }
}

TEST(Pipeline, StopEndsTheCaptureAsIfItWereOver) {
  for (const size_t jobs : {size_t{1}, size_t{3}}) {
    ScriptedSource source;
    push_connections(source, 300);
    std::atomic<bool> stop = false;
    int calls = 0;
    PipelineOptions options;
    options.stop = &stop;
    options.idle = [&] { stop = ++calls == 2; };
    const Outcome outcome = run(source, jobs, options);
    EXPECT_TRUE(outcome.result.status);
    EXPECT_EQ(outcome.result.counts.packets, 2048u);
    EXPECT_EQ(source.at(), 2048u);
    const uint64_t flows = outcome.result.counts.flows.flows;
    EXPECT_EQ(static_cast<uint64_t>(std::count(outcome.text.begin(), outcome.text.end(), '\n')),
              flows - (flows + 3) / 7);
  }
}

}  // namespace
}  // namespace tlsproof::capture
