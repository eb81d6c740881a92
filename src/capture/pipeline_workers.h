// Hands finished flows to workers and their products to the emitter, in the order of the flows.
#pragma once

#include "tlsproof/capture/pipeline.h"

namespace tlsproof::capture {

class PipelineWorkers {
 public:
  PipelineWorkers() = default;
  virtual ~PipelineWorkers() = default;
  PipelineWorkers(const PipelineWorkers&) = delete;
  PipelineWorkers& operator=(const PipelineWorkers&) = delete;

  // May keep the flow and leave another, of which nothing is to be expected.
  virtual void take(Flow& flow) = 0;
  // Sends on what was taken, and emits what is ready; does not wait.
  virtual void push_on() = 0;
  // Returns when everything that was taken was emitted.
  virtual void drain() = 0;
  // The emitter wants no more: nothing is emitted from now on.
  [[nodiscard]] virtual bool is_over() const = 0;
  [[nodiscard]] virtual size_t num_jobs() const = 0;
};

// `options` is borrowed. One job works on the calling thread; several are threads, which end with the object. Where the
// system makes fewer, those that there are do the work; where it makes none, the calling thread.
[[nodiscard]] std::unique_ptr<PipelineWorkers> make_workers(const PipelineOptions& options);

}  // namespace tlsproof::capture
