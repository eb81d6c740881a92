// The whole walk, on one or more threads: packets in, one text a flow out, in the same order whatever the number of
// threads.
//
// The calling thread reads, dissects and puts flows in order; finished flows go to `jobs` workers (with one job: to the
// calling thread itself), which follow, judge and render them; what they return is emitted in the order of Flow::id,
// one call at a time.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "tlsproof/capture/flow_table.h"
#include "tlsproof/capture/source.h"
#include "tlsproof/trace/keylog.h"

namespace tlsproof::capture {

// What a worker made of a flow. A type of the caller's: whatever the emitter needs.
class Product {
 public:
  Product() = default;
  virtual ~Product() = default;
  Product(const Product&) = delete;
  Product& operator=(const Product&) = delete;
};

// One a thread.
class Worker {
 public:
  virtual ~Worker() = default;
  // Null: nothing to emit. Products are handed back (recycled) after they were emitted: see `recycle`.
  [[nodiscard]] virtual std::unique_ptr<Product> take(const Flow& flow) = 0;
  // A product that was emitted; keep it and fill it again, or let it go. Called on the worker's own thread.
  virtual void recycle(std::unique_ptr<Product> product) { product.reset(); }
};

struct PipelineOptions {
  FlowLimits limits;
  size_t jobs = 1;                          // workers
  trace::KeyLogIndex* keys = nullptr;       // borrowed: takes the secrets blocks that the source meets; null: dropped
  Writer* writer = nullptr;                 // borrowed: takes every packet
  const std::atomic<bool>* stop = nullptr;  // borrowed: true ends the capture as if it were over
  std::function<std::unique_ptr<Worker>()> make_worker;
  // How a thread is made, for tests; std::system_error: there are no more.
  std::function<std::thread(std::function<void()>)> make_thread = [](std::function<void()> run) {
    return std::thread(std::move(run));
  };
  // False: stop (the output is closed, enough was seen).
  std::function<bool(Product& product)> emit;
  // Live: called when nothing came for a while, and between packets now and then, after emit.
  std::function<void()> idle;
};

struct PipelineCounts {
  uint64_t packets = 0;
  uint64_t bytes = 0;  // captured
  DissectCounts dissect;
  FlowCounts flows;
  int64_t first_time_ns = 0, last_time_ns = 0;
};

// Until the source ends, `stop`, or emit says so. When the source fails, what came before it is emitted first.
struct PipelineResult {
  PipelineCounts counts;
  Status status;
  size_t jobs = 1;  // that worked: fewer than were asked for where the system made no more threads
};
[[nodiscard]] PipelineResult run_pipeline(Source& source, const PipelineOptions& options);

}  // namespace tlsproof::capture
