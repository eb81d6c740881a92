// The workers of `tlsproof inspect`: each finished flow is followed, read, judged and rendered by one of them; what
// they made is put together in the order of the flows by a Report.
#pragma once

#include <functional>
#include <memory>

#include "tlsproof/capture/pipeline.h"
#include "tlsproof/inspect/filter.h"
#include "tlsproof/rules/repeats.h"
#include "tlsproof/view/block.h"
#include "tlsproof/view/json.h"
#include "tlsproof/view/summary.h"

namespace tlsproof::inspect {

enum class Format : uint8_t {
  none,   // only counted
  block,  // a block a handshake, for a person
  tree,   // the block's first lines, then every field of every message
  json,   // NDJSON
};

struct Options {
  Format format = Format::block;
  view::BlockOptions block;
  Filter filter;
  const trace::KeyLogIndex* keys = nullptr;  // borrowed; null: none
  size_t max_events = 4096;                  // of one Trace
};

// Where a fresh value stood, once its Trace has gone.
struct FreshPlace {
  trace::Event event;
  uint64_t packet = 0;  // 0: not known
};

// Everything that is kept of a handshake once its flow has gone.
class Product final : public capture::Product {
 public:
  std::string text;  // without what depends on its number: see Report
  view::ViolationsPlace violations_place;
  view::SummaryRow row;
  std::vector<rules::FreshValue> fresh;  // what must not come again in the capture
  std::vector<FreshPlace> fresh_places;  // JSON: the event of each of them
  bool matches = false;                  // the filter, findings apart
  bool wanted = false;                   // by the filter on findings, as far as this handshake alone tells
  bool breaks_must = false;              // a MUST
  bool breaks_should = false;            // a SHOULD
};

// One a thread. `options` is borrowed.
[[nodiscard]] std::unique_ptr<capture::Worker> make_worker(const Options& options);

// Puts products together, one at a time, in their order.
class Report {
 public:
  // Takes text as it is ready to be written. False: nobody wants any more.
  using Write = std::function<bool(std::string_view)>;
  // Both borrowed.
  Report(const Options& options, Write write);

  // The packets now come from here. Borrowed until the next call.
  void set_source(std::string_view name) { source_ = name; }
  [[nodiscard]] bool emit(capture::Product& product);

  [[nodiscard]] const view::Summary& summary() const { return summary_; }
  [[nodiscard]] uint64_t num_shown() const { return summary_.num_handshakes(); }
  // Handshakes that were found, whatever the filter says.
  [[nodiscard]] uint64_t num_found() const { return num_found_; }
  [[nodiscard]] bool must_broken() const { return must_broken_; }
  [[nodiscard]] bool should_broken() const { return should_broken_; }

 private:
  const Options& options_;
  Write write_;
  std::string_view source_;
  std::string out_;
  void judge_fresh(Product& product);
  void insert_later(Product& product);

  view::Summary summary_;
  rules::Repeats repeats_;
  std::vector<rules::Violation> later_;  // of the product at hand
  std::string later_text_;
  uint64_t num_found_ = 0;
  bool must_broken_ = false;
  bool should_broken_ = false;
};

// What was not looked at, one line each, escaped; empty where all was.
[[nodiscard]] std::vector<std::string> not_looked_at(const capture::PipelineCounts& counts);

}  // namespace tlsproof::inspect
