#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tlsproof/base/json_text.h"
#include "tlsproof/inspect/inspect.h"

namespace tlsproof::inspect {

Report::Report(const Options& options, Write write) : options_(options), write_(std::move(write)) {}

void Report::judge_fresh(Product& product) {
  later_.clear();
  repeats_.judge(product.fresh, num_found_, later_);
  for (const rules::Violation& violation : later_) {
    product.wanted = product.wanted || options_.filter.wants(*violation.rule);
    product.breaks_must = product.breaks_must || violation.rule->requirement == verdict::Requirement::must;
    product.breaks_should = product.breaks_should || violation.rule->requirement == verdict::Requirement::should;
    if (std::ranges::find(product.row.rules, violation.rule) == product.row.rules.end())
      product.row.rules.push_back(violation.rule);
  }
}

// What the whole capture showed goes where the worker left room for it.
void Report::insert_later(Product& product) {
  if (later_.empty()) return;
  if (options_.format == Format::none) return;
  later_text_.clear();
  if (options_.format != Format::json) {
    for (const rules::Violation& violation : later_)
      view::append_violation_block(violation, options_.block, later_text_);
    product.text.insert(product.violations_place.end, later_text_);
    return;
  }
  JsonText json(later_text_);
  for (const rules::Violation& violation : later_) {
    std::string place;
    for (size_t i = 0; i < product.fresh.size() && place.empty(); ++i) {
      if (std::ranges::find(violation.breach.events, product.fresh[i].event) == violation.breach.events.end()) continue;
      JsonText event(place);
      view::append_event(product.fresh_places[i].event, product.fresh_places[i].packet, event);
    }
    view::append_violation(violation, place, json);
  }
  if (product.violations_place.has_any) later_text_.insert(0, ",");
  product.text.insert(product.violations_place.end, later_text_);
}

bool Report::emit(capture::Product& base) {
  auto& product = static_cast<Product&>(base);
  ++num_found_;
  judge_fresh(product);
  if (!product.matches || !product.wanted) return true;
  must_broken_ = must_broken_ || product.breaks_must;
  should_broken_ = should_broken_ || product.breaks_should;
  summary_.add(product.row);
  insert_later(product);
  out_.clear();
  switch (options_.format) {
    case Format::none:
      return true;
    case Format::block:
    case Format::tree:
      fmt::format_to(std::back_inserter(out_), "{}#{}  {}", num_shown() > 1 ? "\n" : "", num_found_, product.text);
      break;
    case Format::json:
      view::append_json_line_begin(num_found_, source_, out_);
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
