// The readers of the two formats over an Input, and what a file that is neither looks like.
#pragma once

#include <bit>
#include <cstring>

#include "file_input.h"
#include "tlsproof/capture/source.h"

namespace tlsproof::capture {

// No link has frames as long as this (jumbograms that a kernel puts together have at most 512 KiB).
inline constexpr uint32_t kMaxPacketLen = uint32_t{1} << 20;
// The limit that Wireshark and libpcap have for a block.
inline constexpr uint32_t kMaxBlockLen = uint32_t{16} << 20;

// Integers in the byte order of the machine that wrote the file.
struct ByteOrder {
  bool swapped = false;
  [[nodiscard]] uint16_t u16(const uint8_t* at) const {
    uint16_t value;
    std::memcpy(&value, at, sizeof(value));
    return swapped ? __builtin_bswap16(value) : value;
  }
  [[nodiscard]] uint32_t u32(const uint8_t* at) const {
    uint32_t value;
    std::memcpy(&value, at, sizeof(value));
    return swapped ? __builtin_bswap32(value) : value;
  }
  [[nodiscard]] uint64_t u64(const uint8_t* at) const {
    uint64_t value;
    std::memcpy(&value, at, sizeof(value));
    return swapped ? __builtin_bswap64(value) : value;
  }
};

class FileSource : public Source {
 public:
  [[nodiscard]] std::vector<std::string> notes() const override;
  // Of the first interface; Ethernet where none stands near the beginning.
  [[nodiscard]] virtual uint16_t first_link_type() const = 0;

 protected:
  explicit FileSource(std::unique_ptr<Input> input) : input_(std::move(input)) {}
  // The file ends within a packet or block; `offset` is where that begins.
  void note_cut_off(uint64_t packet, uint64_t offset);
  // What stands at `offset` is not what the format allows.
  [[nodiscard]] std::unexpected<Error> broken(uint64_t offset, std::string_view what) const;

  struct Interface {
    uint16_t link_type = 0;
    bool dissectable = true;
    uint64_t packets = 0;  // counted where they cannot be taken apart
    // Units of time stamps to nanoseconds: times `mul`, or by `div`, or 2^-`shift` seconds.
    uint64_t mul = 1000, div = 1;
    unsigned shift = 0;
    int64_t offset_ns = 0;
    uint32_t snap_len = 0;
  };
  std::unique_ptr<Input> input_;
  std::vector<Interface> interfaces_;

 private:
  std::vector<std::string> notes_;
};

[[nodiscard]] bool is_pcap(ByteView head);
[[nodiscard]] bool is_pcapng(ByteView head);
[[nodiscard]] Result<std::unique_ptr<FileSource>> open_pcap(std::unique_ptr<Input> input);
[[nodiscard]] Result<std::unique_ptr<FileSource>> open_pcapng(std::unique_ptr<Input> input);

// "a snoop capture (Solaris)": what begins like this and is no capture that we read; empty where nothing is known.
[[nodiscard]] std::string_view looks_like(ByteView head);

// "3 packets of link type 105 (IEEE802_11) cannot be taken apart".
[[nodiscard]] std::string note_unknown_link(uint16_t link_type, uint64_t packets);

// Whether frames of this link type can be taken apart.
[[nodiscard]] bool can_dissect(uint16_t link_type);

}  // namespace tlsproof::capture
