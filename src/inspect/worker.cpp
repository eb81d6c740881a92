#include <algorithm>

#include "tlsproof/capture/follow.h"
#include "tlsproof/inspect/inspect.h"
#include "tlsproof/view/tree.h"
#include "tlsproof/x509/cache.h"

namespace tlsproof::inspect {
namespace {

using trace::Direction;

constexpr size_t kMaxChain = 32;          // certificates of one message that are looked at
constexpr size_t kMaxSpareProducts = 64;  // kept to be filled again

class InspectWorker final : public capture::Worker {
 public:
  explicit InspectWorker(const Options& options)
      : options_(options), follower_({.keys = options.keys, .max_events = options.max_events}) {}

  std::unique_ptr<capture::Product> take(const capture::Flow& flow) override {
    const auto followed = follower_.follow(flow);
    if (!followed) return nullptr;
    reading_.read(follower_.trace());
    pass(flow, *followed);
    view::collect(reading_, passage_, handshake_);
    judge();
    fingerprinter_.compute(reading_, handshake_.fingerprints);
    auto product = spare();
    fill(flow, *product);
    return product;
  }

  void recycle(std::unique_ptr<capture::Product> product) override {
    if (spare_.size() < kMaxSpareProducts) spare_.emplace_back(static_cast<Product*>(product.release()));
  }

 private:
  std::unique_ptr<Product> spare() {
    if (spare_.empty()) return std::make_unique<Product>();
    auto product = std::move(spare_.back());
    spare_.pop_back();
    return product;
  }

  // What the flow knows beside its Trace.
  void pass(const capture::Flow& flow, const capture::Followed& followed) {
    followed_prelude_ = followed.prelude;
    passage_.layer = flow.protocol == capture::Protocol::tcp ? "TCP" : "UDP";
    passage_.network = flow.network;
    passage_.first_packet = flow.first_packet;
    passage_.last_packet = flow.last_packet;
    passage_.first_time_ns = flow.first_time_ns;
    passage_.last_time_ns = flow.last_time_ns;
    passage_.prelude = followed_prelude_;
    passage_.end = capture::to_text(flow.end);
    passage_.client_is_known = followed.client_is_known;
    passage_.had_keys = followed.had_keys;
    side(flow, followed.client, Direction::client_to_server, passage_.client, passage_.client_marks);
    side(flow, capture::other(followed.client), Direction::server_to_client, passage_.server, passage_.server_marks);
  }
  void side(const capture::Flow& flow, capture::Side side, Direction direction, view::Passage::Side& out,
            std::vector<view::Passage::Mark>& marks) {
    const auto i = static_cast<size_t>(side);
    out = {.num_packets = flow.num_packets[i],
           .num_bytes = flow.num_bytes[i],
           .num_not_kept = flow.num_not_kept[i],
           .num_retransmitted = flow.num_retransmitted[i],
           .num_out_of_order = flow.num_out_of_order[i],
           .num_missing = flow.num_missing[i]};
    marks.clear();
    // Offsets into the Trace are those of the flow where it was told all of it.
    if (follower_.trace().stream(direction).size() != flow.bytes[i].size()) return;
    for (const capture::FlowEvent& event : flow.events)
      if (event.kind == capture::FlowEvent::Kind::data && event.side == side)
        marks.push_back({event.bytes.offset, event.packet});
  }

  void judge() {
    for (const Direction direction : {Direction::client_to_server, Direction::server_to_client}) {
      std::vector<x509::Certificate>& chain = direction == Direction::client_to_server ? client_chain_ : server_chain_;
      chain.clear();
      const ByteList& certificates = reading_.certificates(direction);
      for (size_t i = 0; i < std::min(certificates.size(), kMaxChain); ++i)
        chain.push_back(cache_.get(certificates[i]));
    }
    violations_.clear();
    fresh_.clear();
    rules::judge({.reading = &reading_, .server_chain = server_chain_, .client_chain = client_chain_}, violations_,
                 &fresh_);
    handshake_.server_chain = server_chain_;
    handshake_.client_chain = client_chain_;
    handshake_.violations = violations_;
  }

  // Whether a value comes again only the whole capture tells; the place of it is told now, while the Trace is there.
  void tell_fresh(Product& product) {
    product.fresh.swap(fresh_);
    product.fresh_places.clear();
    if (options_.format != Format::json) return;
    for (const rules::FreshValue& value : product.fresh) {
      const trace::Event& event = reading_.trace().events()[value.event];
      product.fresh_places.push_back({event, view::packet_at(passage_, event.direction, event.stream.offset)});
    }
  }

  void fill(const capture::Flow& flow, Product& product) {
    product.text.clear();
    product.violations_place = {};
    product.breaks_must = product.breaks_should = false;
    product.matches = options_.filter.matches(flow, handshake_);
    product.wanted = options_.filter.findings.empty();
    for (const rules::Violation& violation : violations_) {
      if (violation.rule->requirement == verdict::Requirement::must) product.breaks_must = true;
      if (violation.rule->requirement == verdict::Requirement::should) product.breaks_should = true;
      product.wanted = product.wanted || options_.filter.wants(*violation.rule);
    }
    tell_fresh(product);
    if (!product.matches) return;
    view::summarise(handshake_, product.row);
    switch (options_.format) {
      case Format::none:
        break;
      case Format::block:
        product.violations_place = view::append_block(handshake_, options_.block, product.text);
        break;
      case Format::tree:
        product.violations_place = view::append_block(handshake_, options_.block, product.text);
        product.text += '\n';
        view::append_tree(reading_, {.ascii = !options_.block.unicode, .certificates = &cache_}, product.text);
        break;
      case Format::json:
        product.violations_place = json_.append(handshake_, product.text);
        break;
    }
  }

  const Options& options_;
  capture::Follower follower_;
  trace::Reading reading_;
  x509::CertificateCache cache_;
  std::vector<x509::Certificate> server_chain_, client_chain_;
  std::vector<rules::Violation> violations_;
  std::vector<rules::FreshValue> fresh_;
  std::string followed_prelude_;
  view::Passage passage_;
  view::Handshake handshake_;
  view::Fingerprinter fingerprinter_;
  view::JsonLines json_;
  std::vector<std::unique_ptr<Product>> spare_;
};

}  // namespace

std::unique_ptr<capture::Worker> make_worker(const Options& options) {
  return std::make_unique<InspectWorker>(options);
}

}  // namespace tlsproof::inspect
