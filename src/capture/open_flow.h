// A flow that is open, as the FlowTable holds it, and the lists that say which is next to go.
#pragma once

#include "flow_index.h"
#include "tcp_reassembly.h"

namespace tlsproof::capture {

struct OpenFlow {
  enum class State : uint8_t {
    open,
    closing,  // it has ended; lingers
  };
  enum class Content : uint8_t {
    undecided,
    wanted,
    nothing,  // no TLS: only counted from now on
    given,    // given out while open: likewise
  };
  struct Links {
    OpenFlow* before = nullptr;
    OpenFlow* after = nullptr;
  };

  FlowKey key;
  uint64_t hash = 0;
  Links by_silence, by_age;  // the first: either of open flows or of those that linger
  int64_t first_ns = 0;      // these three by the table's clock
  int64_t last_ns = 0;
  int64_t ended_ns = 0;
  size_t next_sniff = 1;  // with so many bytes it is looked at
  State state = State::open;
  Content content = Content::undecided;
  FlowEnd end = FlowEnd::end_of_capture;  // closing: how it ended
  bool a_is_first = false;                // a is the first endpoint of the key
  std::array<bool, 2> fin{};              // of one that is only counted
  Flow flow;
  TcpState tcp;

  [[nodiscard]] bool is_only_counted() const { return content == Content::nothing || content == Content::given; }
};

// First in, first out, with removal from anywhere.
template <OpenFlow::Links OpenFlow::* links>
class FlowList {
 public:
  [[nodiscard]] OpenFlow* front() const { return front_; }
  void push_back(OpenFlow* flow) {
    (flow->*links) = {back_, nullptr};
    (back_ != nullptr ? (back_->*links).after : front_) = flow;
    back_ = flow;
  }
  void erase(OpenFlow* flow) {
    const auto [before, after] = flow->*links;
    (before != nullptr ? (before->*links).after : front_) = after;
    (after != nullptr ? (after->*links).before : back_) = before;
  }
  void move_to_back(OpenFlow* flow) {
    if (flow == back_) return;
    erase(flow);
    push_back(flow);
  }

 private:
  OpenFlow* front_ = nullptr;
  OpenFlow* back_ = nullptr;
};

}  // namespace tlsproof::capture
