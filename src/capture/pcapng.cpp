// pcapng files: draft-ietf-opsawg-pcapng.
#include <fmt/format.h>

#include <algorithm>

#include "file_format.h"
#include "tlsproof/trace/pcapng.h"

namespace tlsproof::capture {
namespace {

using namespace trace::pcapng;

constexpr size_t kBlockFrameLen = 12;  // type, length before and after the body
constexpr int64_t kNsPerSecond = 1'000'000'000;
// An interface block takes 20 bytes; the memory that a file of nothing else takes stays bounded.
constexpr size_t kMaxInterfaces = 65'536;

// See Packet::time_ns: the year 2116.
constexpr int64_t kMaxTimeNs = int64_t{1} << 62;

class PcapngReader final : public FileSource {
 public:
  explicit PcapngReader(std::unique_ptr<Input> input) : FileSource(std::move(input)) {}

  [[nodiscard]] uint16_t first_link_type() const override;
  [[nodiscard]] Result<Next> next(Packet& out) override;
  [[nodiscard]] ByteView secrets() const override { return secrets_; }

 private:
  struct Block {
    uint32_t type = 0;
    uint64_t offset = 0;
    const uint8_t* body = nullptr;
    uint32_t len = 0;  // of the body
  };
  // `out` is set where it is ready.
  [[nodiscard]] Result<Input::Fill> read_block(Block& out);
  [[nodiscard]] Status section_order();
  [[nodiscard]] Status section(const Block& block);
  [[nodiscard]] Status describe_interface(const Block& block);
  [[nodiscard]] Status enhanced_packet(const Block& block, Packet& out);
  [[nodiscard]] Status obsolete_packet(const Block& block, Packet& out);
  [[nodiscard]] Status simple_packet(const Block& block, Packet& out);
  [[nodiscard]] Result<bool> decryption_secrets(const Block& block);
  [[nodiscard]] Status packet(const Block& block, uint32_t interface, uint64_t time, uint32_t original_len,
                              ByteView bytes, Packet& out);
  [[nodiscard]] static int64_t to_ns(const Interface& interface, uint64_t time);

  ByteOrder order_;
  size_t given_ = 0;  // length of the block that the last answer borrows
  uint64_t number_ = 0;
  int64_t last_time_ns_ = 0;
  size_t first_interface_ = 0;  // of this section, in interfaces_
  ByteView secrets_;
  bool ended_ = false;
};

// The byte order of a section stands in its header; every other block has that of its section.
Status PcapngReader::section_order() {
  const uint32_t magic = ByteOrder{}.u32(input_->data() + 8);
  if (magic != kByteOrderMagic && magic != __builtin_bswap32(kByteOrderMagic))
    return broken(input_->offset(), "a section header without its byte-order magic");
  order_.swapped = magic != kByteOrderMagic;
  return {};
}

Result<Input::Fill> PcapngReader::read_block(Block& out) {
  if (!input_->has(kBlockFrameLen)) {
    TLSPROOF_TRY(const Input::Fill fill, input_->fill(kBlockFrameLen));
    if (fill != Input::Fill::ready) return fill;
  }
  // The type of a section header reads the same in both byte orders (§4.1).
  const uint32_t type = order_.u32(input_->data());
  if (type == kSectionHeader) [[unlikely]]
    TLSPROOF_TRY_VOID(section_order());
  const uint32_t len = order_.u32(input_->data() + 4);
  if (len < kBlockFrameLen || len % 4 != 0 || len > kMaxBlockLen) [[unlikely]]
    return broken(input_->offset(), fmt::format("a block would have {} bytes", len));
  if (!input_->has(len)) {
    TLSPROOF_TRY(const Input::Fill fill, input_->fill(len));
    if (fill != Input::Fill::ready) return fill;
  }
  const uint8_t* at = input_->data();
  if (order_.u32(at + len - 4) != len) [[unlikely]]
    return broken(input_->offset(), fmt::format("a block says {} bytes where it begins and {} where it ends", len,
                                                order_.u32(at + len - 4)));
  out = {type, input_->offset(), at + 8, len - static_cast<uint32_t>(kBlockFrameLen)};
  given_ = len;
  return Input::Fill::ready;
}

Result<Source::Next> PcapngReader::next(Packet& out) {
  for (;;) {
    input_->consume(given_);
    given_ = 0;
    Block block;
    TLSPROOF_TRY(const Input::Fill fill, read_block(block));
    if (fill == Input::Fill::idle) return Next::idle;
    if (fill == Input::Fill::end) {
      if (!input_->available().empty() && !ended_) note_cut_off(number_ + 1, input_->offset());
      ended_ = true;
      return Next::end;
    }
    switch (block.type) {
      case kEnhancedPacket:
        TLSPROOF_TRY_VOID(enhanced_packet(block, out));
        return Next::packet;
      case kSectionHeader:
        TLSPROOF_TRY_VOID(section(block));
        break;
      case kInterfaceDescription:
        TLSPROOF_TRY_VOID(describe_interface(block));
        break;
      case kSimplePacket:
        TLSPROOF_TRY_VOID(simple_packet(block, out));
        return Next::packet;
      case kObsoletePacket:
        TLSPROOF_TRY_VOID(obsolete_packet(block, out));
        return Next::packet;
      case kDecryptionSecrets: {
        TLSPROOF_TRY(const bool ours, decryption_secrets(block));
        if (ours) return Next::secrets;
        break;
      }
      default:
        break;  // §3.1: blocks that are not understood are skipped
    }
  }
}

Status PcapngReader::section(const Block& block) {
  if (block.len < 16) return broken(block.offset, "a section header that is too short");
  const uint16_t major = order_.u16(block.body + 4), minor = order_.u16(block.body + 6);
  // §4.1: 1.2 was written by some tools and reads as 1.0.
  if (major != 1 || (minor != 0 && minor != 2))
    return broken(block.offset, fmt::format("a section of version {}.{}, which is not known", major, minor));
  first_interface_ = interfaces_.size();
  return {};
}

Status PcapngReader::describe_interface(const Block& block) {
  if (block.len < 8) return broken(block.offset, "an interface block that is too short");
  if (interfaces_.size() == kMaxInterfaces) return broken(block.offset, "more interfaces than can be");
  Interface interface;
  interface.link_type = order_.u16(block.body);
  interface.snap_len = order_.u32(block.body + 4);
  interface.dissectable = can_dissect(interface.link_type);
  uint32_t at = 8;
  while (block.len - at >= 4) {
    const uint16_t code = order_.u16(block.body + at), len = order_.u16(block.body + at + 2);
    if (code == kEndOfOptions) break;
    const uint32_t padded = (uint32_t{len} + 3) & ~uint32_t{3};
    if (padded > block.len - at - 4) return broken(block.offset, "an option that is longer than its interface block");
    const uint8_t* value = block.body + at + 4;
    if (code == kIfTsresol && len == 1) {
      const unsigned exponent = *value & 0x7f;
      interface.mul = interface.div = 1;
      if ((*value & 0x80) != 0) {
        if (exponent > 63) return broken(block.offset, fmt::format("a time resolution of 2^-{} s", exponent));
        interface.shift = exponent;
        interface.mul = 0;
      } else if (exponent <= 9) {
        for (unsigned i = exponent; i < 9; ++i) interface.mul *= 10;
      } else {
        if (exponent > 19) return broken(block.offset, fmt::format("a time resolution of 10^-{} s", exponent));
        for (unsigned i = 9; i < exponent; ++i) interface.div *= 10;
      }
    } else if (code == kIfTsoffset && len == 8) {
      const auto seconds = static_cast<int64_t>(order_.u64(value));
      if (seconds < -kMaxTimeNs / kNsPerSecond || seconds > kMaxTimeNs / kNsPerSecond - 1)
        return broken(block.offset, fmt::format("a time offset of {} s", seconds));
      interface.offset_ns = seconds * kNsPerSecond;
    }
    at += 4 + padded;
  }
  interfaces_.push_back(interface);
  return {};
}

int64_t PcapngReader::to_ns(const Interface& interface, uint64_t time) {
  constexpr auto kMax = static_cast<uint64_t>(kMaxTimeNs);
  uint64_t ns = 0;
  if (interface.mul == 0) {
    // 2^-shift s: whole seconds and the rest apart, the rest with as many bits as 10^9 leaves room for.
    const unsigned shift = interface.shift;
    const uint64_t seconds = time >> shift;
    uint64_t rest = time & ((uint64_t{1} << shift) - 1);
    const unsigned kept = std::min(shift, 32U);
    rest >>= shift - kept;
    if (__builtin_mul_overflow(seconds, uint64_t{kNsPerSecond}, &ns)) ns = kMax;
    ns = std::min(ns, kMax) + ((rest * uint64_t{kNsPerSecond}) >> kept);
  } else if (__builtin_mul_overflow(time, interface.mul, &ns)) {
    ns = kMax;
  } else if (interface.div != 1) {
    ns /= interface.div;
  }
  // The offset is within the same bounds on either side of 0.
  return std::clamp(static_cast<int64_t>(std::min(ns, kMax)) + interface.offset_ns, int64_t{0}, kMaxTimeNs);
}

Status PcapngReader::packet(const Block& block, uint32_t interface, uint64_t time, uint32_t original_len,
                            ByteView bytes, Packet& out) {
  if (interface >= interfaces_.size() - first_interface_) [[unlikely]]
    return broken(block.offset, fmt::format("a packet of interface {}, which was not described", interface));
  const size_t index = first_interface_ + interface;
  Interface& from = interfaces_[index];
  if (!from.dissectable) [[unlikely]]
    ++from.packets;
  out.number = ++number_;
  out.time_ns = last_time_ns_ = to_ns(from, time);
  out.interface = static_cast<uint32_t>(index);
  out.link_type = from.link_type;
  out.original_len = std::max(original_len, static_cast<uint32_t>(bytes.size()));
  out.bytes = bytes;
  return {};
}

// §4.3
Status PcapngReader::enhanced_packet(const Block& block, Packet& out) {
  if (block.len < 20) [[unlikely]]
    return broken(block.offset, "a packet block that is too short");
  const uint8_t* body = block.body;
  const uint32_t len = order_.u32(body + 12);
  if (len > block.len - 20 || len > kMaxPacketLen) [[unlikely]]
    return broken(block.offset, fmt::format("packet {} would have {} bytes", number_ + 1, len));
  const uint64_t time = uint64_t{order_.u32(body + 4)} << 32 | order_.u32(body + 8);
  return packet(block, order_.u32(body), time, order_.u32(body + 16), {body + 20, len}, out);
}

// Appendix A: what was written before the enhanced packet block.
Status PcapngReader::obsolete_packet(const Block& block, Packet& out) {
  if (block.len < 20) return broken(block.offset, "a packet block that is too short");
  const uint8_t* body = block.body;
  const uint32_t len = order_.u32(body + 12);
  if (len > block.len - 20 || len > kMaxPacketLen)
    return broken(block.offset, fmt::format("packet {} would have {} bytes", number_ + 1, len));
  const uint64_t time = uint64_t{order_.u32(body + 4)} << 32 | order_.u32(body + 8);
  return packet(block, order_.u16(body), time, order_.u32(body + 16), {body + 20, len}, out);
}

// §4.4: of the first interface; how much was captured follows from its snapshot length. It has no time: that of the
// packet before it stands in.
Status PcapngReader::simple_packet(const Block& block, Packet& out) {
  if (block.len < 4) return broken(block.offset, "a packet block that is too short");
  const uint32_t original_len = order_.u32(block.body);
  uint32_t len = original_len;
  if (interfaces_.size() > first_interface_ && interfaces_[first_interface_].snap_len != 0)
    len = std::min(len, interfaces_[first_interface_].snap_len);
  if (len > block.len - 4 || len > kMaxPacketLen)
    return broken(block.offset, fmt::format("packet {} would have {} bytes", number_ + 1, len));
  const int64_t time_ns = last_time_ns_;
  TLSPROOF_TRY_VOID(packet(block, 0, 0, original_len, {block.body + 4, len}, out));
  out.time_ns = last_time_ns_ = time_ns;
  return {};
}

// §4.7
Result<bool> PcapngReader::decryption_secrets(const Block& block) {
  if (block.len < 8) return broken(block.offset, "a secrets block that is too short");
  const uint32_t len = order_.u32(block.body + 4);
  if (len > block.len - 8) return broken(block.offset, fmt::format("a secrets block with {} bytes of secrets", len));
  if (order_.u32(block.body) != kTlsKeyLog) return false;
  secrets_ = {block.body + 8, len};
  return true;
}

// Looked for in what was read already: it stands at the beginning in every file that a capture program writes.
uint16_t PcapngReader::first_link_type() const {
  ByteView rest = input_->available();
  ByteOrder order;
  if (rest.size() >= 12) order.swapped = order.u32(rest.data() + 8) != kByteOrderMagic;
  while (rest.size() >= kBlockFrameLen) {
    const uint32_t type = order.u32(rest.data()), len = order.u32(rest.data() + 4);
    if (type == kInterfaceDescription && rest.size() >= 10) return order.u16(rest.data() + 8);
    if (len < kBlockFrameLen || len > rest.size()) break;
    rest = rest.subspan(len);
  }
  return link_type::kEthernet;
}

}  // namespace

bool is_pcapng(ByteView head) {
  constexpr uint8_t kType[] = {0x0a, 0x0d, 0x0d, 0x0a};
  return head.size() >= 4 && std::memcmp(head.data(), kType, 4) == 0;
}

Result<std::unique_ptr<FileSource>> open_pcapng(std::unique_ptr<Input> input) {
  const ByteView head = input->available();
  if (head.size() < 12)
    return fail_usage(fmt::format("{} is cut off within the header of a pcapng capture", input->name()));
  const uint32_t magic = ByteOrder{}.u32(head.data() + 8);
  if (magic != kByteOrderMagic && magic != __builtin_bswap32(kByteOrderMagic))
    return fail_usage(
        fmt::format("{} begins like pcapng, but has no byte-order magic: it is no capture", input->name()));
  return std::make_unique<PcapngReader>(std::move(input));
}

}  // namespace tlsproof::capture
