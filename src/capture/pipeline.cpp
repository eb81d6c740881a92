#include "tlsproof/capture/pipeline.h"

#include <algorithm>

#include "pipeline_workers.h"
#include "tlsproof/base/clock.h"

namespace tlsproof::capture {
namespace {

// So often flows that wait for company are sent on, and `idle` is called.
constexpr uint64_t kPacketsBetween = 1024;

class Pipeline {
 public:
  Pipeline(Source& source, const PipelineOptions& options)
      : source_(source),
        options_(options),
        workers_(make_workers(options)),
        table_(options.limits, [this](Flow& flow) { workers_->take(flow); }) {}

  PipelineResult run() {
    PipelineResult result;
    while (!workers_->is_over() && !is_stopped()) {
      Result<Source::Next> next = source_.next(packet_);
      if (!next) {
        result.status = std::unexpected(std::move(next).error());
        break;
      }
      if (*next == Source::Next::end) break;
      step(*next);
    }
    if (!workers_->is_over()) table_.finish();
    workers_->drain();
    counts_.dissect = dissector_.counts();
    counts_.flows = table_.counts();
    result.counts = counts_;
    result.jobs = workers_->num_jobs();
    return result;
  }

 private:
  [[nodiscard]] bool is_stopped() const {
    return options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed);
  }
  void step(Source::Next what) {
    switch (what) {
      case Source::Next::packet:
        take_packet();
        return;
      case Source::Next::secrets:
        take_secrets();
        return;
      case Source::Next::idle:
        table_.advance(system_clock().wall_ns());
        pause();
        return;
      case Source::Next::end:
        return;
    }
  }
  void take_packet() {
    if (options_.writer != nullptr) options_.writer->packet(packet_);
    if (counts_.packets++ == 0) counts_.first_time_ns = packet_.time_ns;
    counts_.last_time_ns = packet_.time_ns;
    counts_.bytes += packet_.bytes.size();
    if (dissector_.dissect(packet_, segment_)) table_.add(segment_);
    if (counts_.packets % kPacketsBetween == 0) pause();
  }
  // A worker may be behind: the flows that ended before the block are looked at without it, however many workers there
  // are.
  void take_secrets() {
    const ByteView secrets = source_.secrets();
    if (options_.writer != nullptr) options_.writer->secrets(secrets);
    if (options_.keys == nullptr) return;
    workers_->drain();
    options_.keys->add(secrets);
  }
  void pause() {
    workers_->push_on();
    if (options_.idle) options_.idle();
  }

  Source& source_;
  const PipelineOptions& options_;
  std::unique_ptr<PipelineWorkers> workers_;
  FlowTable table_;
  Dissector dissector_;
  Packet packet_;
  Segment segment_;
  PipelineCounts counts_;
};

}  // namespace

PipelineResult run_pipeline(Source& source, const PipelineOptions& options) {
  return Pipeline(source, options).run();
}

}  // namespace tlsproof::capture
