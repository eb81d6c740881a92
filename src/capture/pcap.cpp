// pcap files: draft-ietf-opsawg-pcap.
#include <fmt/format.h>

#include "file_format.h"

namespace tlsproof::capture {
namespace {

constexpr size_t kFileHeaderLen = 24, kPacketHeaderLen = 16;
constexpr uint32_t kMagicMicro = 0xa1b2c3d4, kMagicNano = 0xa1b23c4d;

struct Magic {
  bool known = false;
  ByteOrder order;
  bool nano = false;
};

Magic read_magic(ByteView head) {
  Magic magic;
  if (head.size() < 4) return magic;
  for (const bool swapped : {false, true}) {
    const ByteOrder order{swapped};
    const uint32_t value = order.u32(head.data());
    if (value == kMagicMicro || value == kMagicNano) return {true, order, value == kMagicNano};
  }
  return magic;
}

class PcapReader final : public FileSource {
 public:
  PcapReader(std::unique_ptr<Input> input, const Magic& magic, uint16_t link_type)
      : FileSource(std::move(input)), order_(magic.order), unit_ns_(magic.nano ? 1 : 1000) {
    input_->consume(kFileHeaderLen);
    interfaces_.push_back({.link_type = link_type, .dissectable = can_dissect(link_type)});
  }

  [[nodiscard]] uint16_t first_link_type() const override { return interfaces_[0].link_type; }

  [[nodiscard]] Result<Next> next(Packet& out) override {
    input_->consume(given_);
    given_ = 0;
    if (!input_->has(kPacketHeaderLen)) {
      TLSPROOF_TRY(const Input::Fill fill, input_->fill(kPacketHeaderLen));
      if (fill != Input::Fill::ready) return not_ready(fill);
    }
    const uint32_t len = order_.u32(input_->data() + 8);
    if (len > kMaxPacketLen) [[unlikely]]
      return broken(input_->offset(), fmt::format("packet {} would have {} bytes", number_ + 1, len));
    if (!input_->has(kPacketHeaderLen + len)) {
      TLSPROOF_TRY(const Input::Fill fill, input_->fill(kPacketHeaderLen + len));
      if (fill != Input::Fill::ready) return not_ready(fill);
    }
    const uint8_t* header = input_->data();
    given_ = kPacketHeaderLen + len;
    Interface& interface = interfaces_[0];
    if (!interface.dissectable) [[unlikely]]
      ++interface.packets;
    out.number = ++number_;
    out.time_ns = int64_t{order_.u32(header)} * 1'000'000'000 + int64_t{order_.u32(header + 4)} * unit_ns_;
    out.interface = 0;
    out.link_type = interface.link_type;
    out.original_len = std::max(order_.u32(header + 12), len);
    out.bytes = {header + kPacketHeaderLen, len};
    return Next::packet;
  }

 private:
  Next not_ready(Input::Fill fill) {
    if (fill == Input::Fill::idle) return Next::idle;
    if (!input_->available().empty() && !ended_) note_cut_off(number_ + 1, input_->offset());
    ended_ = true;
    return Next::end;
  }

  ByteOrder order_;
  int64_t unit_ns_;
  size_t given_ = 0;  // length of the packet that `out` borrows
  uint64_t number_ = 0;
  bool ended_ = false;
};

}  // namespace

bool is_pcap(ByteView head) {
  return read_magic(head).known;
}

Result<std::unique_ptr<FileSource>> open_pcap(std::unique_ptr<Input> input) {
  const Magic magic = read_magic(input->available());
  if (input->available().size() < kFileHeaderLen)
    return fail_usage(fmt::format("{} is cut off within the header of a pcap capture", input->name()));
  const uint8_t* header = input->data();
  const uint16_t major = magic.order.u16(header + 4), minor = magic.order.u16(header + 6);
  // 2.3 and earlier have the two lengths of a packet the other way round in some writers.
  if (major != 2 || minor < 4)
    return fail_usage(
        fmt::format("{} is a pcap capture of version {}.{}: only 2.4 can be read (tcpdump -r and -w make one of it)",
                    input->name(), major, minor));
  // The upper 16 bits say whether frames end in a check sequence, which IP lengths leave out anyway.
  const auto link_type = static_cast<uint16_t>(magic.order.u32(header + 20));
  return std::make_unique<PcapReader>(std::move(input), magic, link_type);
}

}  // namespace tlsproof::capture
