#include "pipeline_workers.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

namespace tlsproof::capture {
namespace {

class InlineWorker final : public PipelineWorkers {
 public:
  explicit InlineWorker(const PipelineOptions& options) : options_(options), worker_(options.make_worker()) {}

  void take(Flow& flow) override {
    if (is_over_) return;
    std::unique_ptr<Product> product = worker_->take(flow);
    if (product == nullptr) return;
    is_over_ = !options_.emit(*product);
    worker_->recycle(std::move(product));
  }
  void push_on() override {}
  void drain() override {}
  [[nodiscard]] bool is_over() const override { return is_over_; }
  [[nodiscard]] size_t num_jobs() const override { return 1; }

 private:
  const PipelineOptions& options_;
  std::unique_ptr<Worker> worker_;
  bool is_over_ = false;
};

// Flows go in batches, so that a lock is taken once for many. The calling thread fills one, queues it, and emits those
// that are done from the front of all that are under way; batches and the flows in them are used again.
class ThreadedWorkers final : public PipelineWorkers {
 public:
  explicit ThreadedWorkers(const PipelineOptions& options) : options_(options), returned_(options.jobs) {
    for (size_t i = 0; i < options.jobs * kBatchesPerJob; ++i) free_.push_back(std::make_unique<Batch>());
    for (size_t i = 0; i < options.jobs; ++i) workers_.push_back(options.make_worker());
    start_threads();
  }
  ~ThreadedWorkers() override {
    {
      const std::lock_guard lock(mutex_);
      is_ending_ = true;
      queue_.clear();
    }
    has_work_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  void take(Flow& flow) override {
    if (is_over_) return;
    if (filling_ == nullptr) {
      while (free_.empty()) emit_front();
      filling_ = std::move(free_.back());
      free_.pop_back();
    }
    Batch& batch = *filling_;
    if (batch.num == batch.flows.size()) batch.flows.emplace_back();
    batch.len += flow.bytes[0].size() + flow.bytes[1].size() + flow.events.size() * sizeof(FlowEvent);
    std::swap(batch.flows[batch.num++], flow);
    if (batch.num >= kBatchFlows || batch.len >= kBatchBytes) push_on();
  }
  void push_on() override {
    if (filling_ != nullptr) {
      {
        const std::lock_guard lock(mutex_);
        queue_.push_back(filling_.get());
      }
      has_work_.notify_one();
      under_way_.push_back(std::move(filling_));
    }
    while (!under_way_.empty() && under_way_.front()->is_done.load(std::memory_order_acquire)) emit_front();
  }
  void drain() override {
    push_on();
    while (!under_way_.empty()) emit_front();
  }
  [[nodiscard]] bool is_over() const override { return is_over_; }
  [[nodiscard]] size_t num_jobs() const override { return threads_.size(); }

 private:
  void start_threads() {
    threads_.reserve(options_.jobs);
    try {
      for (size_t i = 0; i < options_.jobs; ++i)
        threads_.push_back(options_.make_thread([this, i] { work(*workers_[i], i); }));
    } catch (const std::system_error&) {
      // The limit of a user or of the machine.
    }
  }

  static constexpr size_t kBatchesPerJob = 4;
  static constexpr size_t kBatchFlows = 32;
  static constexpr size_t kBatchBytes = size_t{256} << 10;
  static constexpr size_t kLargeBuffer = size_t{32} << 10;

  struct Batch {
    std::vector<Flow> flows;
    size_t num = 0;  // flows in use
    size_t len = 0;  // bytes in them
    std::vector<std::unique_ptr<Product>> products;
    size_t worker = 0;  // who made them
    std::atomic<bool> is_done = false;
  };

  // Waits until the oldest batch is done, and emits it.
  void emit_front() {
    std::unique_ptr<Batch> batch = std::move(under_way_.front());
    under_way_.pop_front();
    if (!batch->is_done.load(std::memory_order_acquire)) {
      std::unique_lock lock(mutex_);
      has_done_.wait(lock, [&] { return batch->is_done.load(std::memory_order_acquire); });
    }
    for (std::unique_ptr<Product>& product : batch->products)
      if (!is_over_) is_over_ = !options_.emit(*product);
    if (!batch->products.empty()) {
      const std::lock_guard lock(mutex_);
      auto& returned = returned_[batch->worker];
      std::move(batch->products.begin(), batch->products.end(), std::back_inserter(returned));
    }
    batch->products.clear();
    for (Flow& flow : batch->flows) forget(flow);
    batch->num = batch->len = 0;
    batch->is_done.store(false, std::memory_order_relaxed);
    free_.push_back(std::move(batch));
  }
  // Emptied, but for small buffers: they go back to the table with the next flow.
  static void forget(Flow& flow) {
    flow.clear();
    for (Bytes& bytes : flow.bytes)
      if (bytes.capacity() > kLargeBuffer) bytes = {};
    if (flow.events.capacity() * sizeof(FlowEvent) > kLargeBuffer) flow.events = {};
  }

  void work(Worker& worker, size_t number) {
    std::vector<std::unique_ptr<Product>> returned;
    for (;;) {
      Batch* batch = nullptr;
      {
        std::unique_lock lock(mutex_);
        has_work_.wait(lock, [this] { return is_ending_ || !queue_.empty(); });
        if (is_ending_) return;
        batch = queue_.front();
        queue_.pop_front();
        returned.swap(returned_[number]);
      }
      for (std::unique_ptr<Product>& product : returned) worker.recycle(std::move(product));
      returned.clear();
      batch->worker = number;
      for (size_t i = 0; i < batch->num; ++i)
        if (std::unique_ptr<Product> product = worker.take(batch->flows[i]))
          batch->products.push_back(std::move(product));
      {
        const std::lock_guard lock(mutex_);
        batch->is_done.store(true, std::memory_order_release);
      }
      has_done_.notify_one();
    }
  }

  const PipelineOptions& options_;
  // The calling thread's alone.
  std::unique_ptr<Batch> filling_;
  std::deque<std::unique_ptr<Batch>> under_way_;  // in the order in which they were queued
  std::vector<std::unique_ptr<Batch>> free_;
  std::vector<std::unique_ptr<Worker>> workers_;  // each used by its thread alone
  bool is_over_ = false;
  // Guarded by the mutex.
  std::mutex mutex_;
  std::condition_variable has_work_, has_done_;
  std::deque<Batch*> queue_;
  std::vector<std::vector<std::unique_ptr<Product>>> returned_;  // emitted products, to whom they belong
  bool is_ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<PipelineWorkers> make_workers(const PipelineOptions& options) {
  if (options.jobs > 1)
    if (auto threaded = std::make_unique<ThreadedWorkers>(options); threaded->num_jobs() > 0) return threaded;
  return std::make_unique<InlineWorker>(options);
}

}  // namespace tlsproof::capture
