// A Source of scripted segments, as frames of raw IP, for tests of the pipeline.
#pragma once

#include "tlsproof/capture/source.h"
#include "unit/capture/flow_script.h"

namespace tlsproof::capture::testing {

// An IPv4 packet (checksums left out: nobody checks them, captures of offloading hosts have none).
inline Bytes frame_of(const Segment& segment) {
  const bool is_tcp = segment.protocol == Protocol::tcp;
  Bytes frame(is_tcp ? 40 : 28);
  const auto put16 = [&](size_t at, size_t value) {
    frame[at] = static_cast<uint8_t>(value >> 8);
    frame[at + 1] = static_cast<uint8_t>(value);
  };
  const auto put32 = [&](size_t at, uint32_t value) {
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
  };
  frame[0] = 0x45;
  put16(2, frame.size() + segment.payload_len);
  frame[8] = 64;
  frame[9] = is_tcp ? 6 : 17;
  std::copy_n(segment.from.ip.bytes.begin(), 4, frame.begin() + 12);
  std::copy_n(segment.to.ip.bytes.begin(), 4, frame.begin() + 16);
  put16(20, segment.from.port);
  put16(22, segment.to.port);
  if (is_tcp) {
    put32(24, segment.sequence);
    put32(28, segment.acknowledgment);
    frame[32] = 0x50;
    frame[33] = segment.flags;
    put16(34, 0xffff);
  } else {
    put16(24, 8 + segment.payload_len);
  }
  append(frame, segment.payload);
  return frame;
}

// Gives the frames of the segments one after the other; then `at_end`.
class ScriptedSource : public Source {
 public:
  // Numbers the packets anew, in this order.
  void push(std::span<const Segment> segments) {
    for (const Segment& segment : segments) frames_.push_back({frame_of(segment), segment.time_ns});
  }
  // At this place of the sequence.
  void push_secrets(std::string text) { secrets_.emplace_back(frames_.size(), std::move(text)); }
  void fail_at_end(std::string what) { failure_ = std::move(what); }

  [[nodiscard]] Result<Next> next(Packet& out) override {
    if (next_secrets_ < secrets_.size() && secrets_[next_secrets_].first == at_) {
      ++next_secrets_;
      return Next::secrets;
    }
    if (at_ == frames_.size()) {
      if (!failure_.empty()) return fail(failure_);
      return Next::end;
    }
    const auto& [bytes, time_ns] = frames_[at_++];
    out = {.number = at_,
           .time_ns = time_ns,
           .link_type = link_type::kRaw,
           .original_len = static_cast<uint32_t>(bytes.size()),
           .bytes = bytes};
    return Next::packet;
  }
  [[nodiscard]] ByteView secrets() const override { return as_bytes(secrets_[next_secrets_ - 1].second); }
  // How many packets were asked for.
  [[nodiscard]] size_t at() const { return at_; }

 private:
  std::vector<std::pair<Bytes, int64_t>> frames_;
  std::vector<std::pair<size_t, std::string>> secrets_;
  std::string failure_;
  size_t at_ = 0;
  size_t next_secrets_ = 0;
};

}  // namespace tlsproof::capture::testing
