#include <fmt/format.h>

#include <utility>

#include "tlsproof/inspect/inspect.h"

namespace tlsproof::inspect {

Report::Report(const Options& options, Write write) : options_(options), write_(std::move(write)) {}

bool Report::emit(capture::Product& base) {
  auto& product = static_cast<Product&>(base);
  ++num_found_;
  if (!product.matches || !product.wanted) return true;
  must_broken_ = must_broken_ || product.breaks_must;
  should_broken_ = should_broken_ || product.breaks_should;
  summary_.add(product.row);
  out_.clear();
  switch (options_.format) {
    case Format::none:
      return true;
    case Format::block:
    case Format::tree:
      fmt::format_to(std::back_inserter(out_), "{}#{}  {}", num_shown() > 1 ? "\n" : "", num_shown(), product.text);
      break;
    case Format::json:
      view::append_json_line_begin(num_shown(), source_, out_);
      out_ += product.text;
      break;
  }
  return write_(out_);
}

std::vector<std::string> not_looked_at(const capture::PipelineCounts& counts) {
  std::vector<std::string> lines;
  const auto add = [&](uint64_t count, std::string_view what) {
    if (count > 0) lines.push_back(fmt::format("{} {}", count, what));
  };
  add(counts.dissect.other_link, "packets of link types that cannot be taken apart");
  add(counts.dissect.malformed, "malformed packets");
  add(counts.dissect.fragments_lost, "IP datagrams of which fragments never came");
  add(counts.flows.evicted, "connections were let go early: more were open than the limits allow");
  add(counts.flows.packets_after_end, "packets of connections that had been shown already");
  return lines;
}

}  // namespace tlsproof::inspect
