// Frames and capture files made byte by byte, for tests.
#pragma once

#include <unistd.h>

#include <bit>
#include <cstring>
#include <fstream>
#include <string>

#include "tlsproof/base/writer.h"
#include "tlsproof/capture/packet.h"

namespace tlsproof::capture::frames {

inline Bytes operator+(Bytes a, ByteView b) {
  append(a, b);
  return a;
}
inline Bytes big16(uint16_t value) {
  return {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
}
inline Bytes big32(uint32_t value) {
  return big16(static_cast<uint16_t>(value >> 16)) + big16(static_cast<uint16_t>(value));
}

inline const Bytes kHello = to_bytes("hello");

// 10.0.0.1:40000 -> 10.0.0.2:443, sequence 0x01020304, acknowledgment 0x05060708, PSH and ACK.
inline Bytes tcp(ByteView payload = kHello, size_t num_option_words = 0, uint16_t from = 40000, uint16_t to = 443) {
  Bytes out = big16(from) + big16(to) + big32(0x01020304) + big32(0x05060708);
  out = out + Bytes{static_cast<uint8_t>((5 + num_option_words) << 4), 0x18} + big16(1024) + big32(0);
  return out + Bytes(num_option_words * 4, 1) + payload;
}
inline Bytes udp(ByteView payload = kHello, uint16_t to = 443, uint16_t from = 40000) {
  return big16(from) + big16(to) + big16(static_cast<uint16_t>(8 + payload.size())) + big16(0) + payload;
}
struct Ipv4 {
  uint8_t protocol = 6;
  uint16_t id = 1;
  uint16_t fragment = 0;  // flags and offset as they stand there
  int len = -1;           // -1: what is right
  size_t num_option_words = 0;
  uint8_t host = 1;  // of the sender, 10.0.0.host; the receiver is 10.0.0.2
};
inline Bytes ipv4(ByteView payload, Ipv4 f = {}) {
  const size_t header_len = 20 + f.num_option_words * 4;
  const auto len = static_cast<uint16_t>(f.len >= 0 ? static_cast<size_t>(f.len) : header_len + payload.size());
  Bytes out =
      Bytes{static_cast<uint8_t>(0x40 | (5 + f.num_option_words)), 0} + big16(len) + big16(f.id) + big16(f.fragment);
  out = out + Bytes{64, f.protocol, 0, 0, 10, 0, 0, f.host, 10, 0, 0, 2};
  return out + Bytes(f.num_option_words * 4, 1) + payload;
}
// 2001:db8::1 -> 2001:db8::2
inline Bytes ipv6(ByteView payload, uint8_t next = 6, int len = -1) {
  const auto payload_len = static_cast<uint16_t>(len >= 0 ? static_cast<size_t>(len) : payload.size());
  Bytes out = Bytes{0x60, 0, 0, 0} + big16(payload_len) + Bytes{next, 64};
  for (const uint8_t host : {uint8_t{1}, uint8_t{2}}) out = out + Bytes{0x20, 1, 0x0d, 0xb8} + Bytes(11) + Bytes{host};
  return out + payload;
}
inline Bytes ethernet(uint16_t type, ByteView payload) {
  return Bytes{2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1} + big16(type) + payload;
}
// What stands between the addresses and the type.
inline Bytes vlan(uint16_t id, uint16_t type, ByteView payload) {
  return big16(id) + big16(type) + payload;
}
inline Bytes plain_frame(ByteView payload = kHello) {
  return ethernet(0x0800, ipv4(tcp(payload)));
}

// Integers of a capture file in either byte order.
struct FileBytes {
  std::endian order = std::endian::little;
  Bytes bytes{};

  FileBytes& integer(uint64_t value, size_t len) {
    for (size_t i = 0; i < len; ++i) {
      const size_t shift = order == std::endian::little ? i : len - 1 - i;
      bytes.push_back(static_cast<uint8_t>(value >> (8 * shift)));
    }
    return *this;
  }
  FileBytes& u16(uint16_t value) { return integer(value, 2); }
  FileBytes& u32(uint32_t value) { return integer(value, 4); }
  FileBytes& u64(uint64_t value) { return integer(value, 8); }
  FileBytes& raw(ByteView value) {
    append(bytes, value);
    return *this;
  }
  FileBytes& pad() {
    bytes.resize((bytes.size() + 3) / 4 * 4);
    return *this;
  }

  // pcap
  FileBytes& pcap_header(uint32_t link_type = 1, bool nano = false, uint32_t snap_len = 262'144) {
    return u32(nano ? 0xa1b23c4d : 0xa1b2c3d4).u16(2).u16(4).u32(0).u32(0).u32(snap_len).u32(link_type);
  }
  FileBytes& pcap_packet(ByteView frame, uint32_t seconds = 1'700'000'000, uint32_t fraction = 123'456,
                         int64_t original_len = -1) {
    const auto len = static_cast<uint32_t>(frame.size());
    u32(seconds).u32(fraction).u32(len).u32(original_len < 0 ? len : static_cast<uint32_t>(original_len));
    return raw(frame);
  }

  // pcapng
  FileBytes& block(uint32_t type, const FileBytes& body) {
    const auto len = static_cast<uint32_t>((body.bytes.size() + 3) / 4 * 4 + 12);
    return u32(type).u32(len).raw(body.bytes).pad().u32(len);
  }
  [[nodiscard]] FileBytes body() const { return {order}; }
  FileBytes& section() { return block(0x0a0d0d0a, body().u32(0x1a2b3c4d).u16(1).u16(0).u64(~uint64_t{0})); }
  // `options`: encoded, with their end.
  FileBytes& interface(uint16_t link_type = 1, ByteView options = {}, uint32_t snap_len = 0) {
    return block(1, body().u16(link_type).u16(0).u32(snap_len).raw(options));
  }
  [[nodiscard]] Bytes option(uint16_t code, ByteView value) const {
    return body().u16(code).u16(static_cast<uint16_t>(value.size())).raw(value).pad().bytes;
  }
  FileBytes& enhanced(ByteView frame, uint64_t time = 0, uint32_t interface = 0, int64_t original_len = -1) {
    const auto len = static_cast<uint32_t>(frame.size());
    return block(6, body()
                        .u32(interface)
                        .u32(static_cast<uint32_t>(time >> 32))
                        .u32(static_cast<uint32_t>(time))
                        .u32(len)
                        .u32(original_len < 0 ? len : static_cast<uint32_t>(original_len))
                        .raw(frame)
                        .pad());
  }
  FileBytes& secrets(std::string_view lines, uint32_t type = 0x544c534b) {
    return block(10, body().u32(type).u32(static_cast<uint32_t>(lines.size())).raw(as_bytes(lines)));
  }
};

// RFC 1952 with stored blocks (RFC 1951 §3.2.4): what any gzip reader takes.
inline Bytes gzip(ByteView content) {
  uint32_t crc = 0xffffffff;
  for (const uint8_t byte : content) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
  }
  FileBytes out;
  out.raw(Bytes{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255});
  for (ByteView rest = content;;) {
    const ByteView part = rest.first(std::min(rest.size(), size_t{0xffff}));
    rest = rest.subspan(part.size());
    out.integer(rest.empty() ? 1 : 0, 1);
    out.u16(static_cast<uint16_t>(part.size())).u16(static_cast<uint16_t>(~part.size())).raw(part);
    if (rest.empty()) break;
  }
  return out.u32(~crc).u32(static_cast<uint32_t>(content.size())).bytes;
}

// A file that is removed at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(ByteView content = {}) {
    const int fd = ::mkstemp(path_.data());
    if (fd >= 0) ::close(fd);
    write(content);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  void write(ByteView content) const {
    std::ofstream out(path_, std::ios::binary | std::ios::trunc);
    out.write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  static std::string folder() {
    const char* set = std::getenv("TMPDIR");
    return set != nullptr ? set : "/tmp";
  }
  std::string path_ = folder() + "/tlsproof-capture-XXXXXX";
};

}  // namespace tlsproof::capture::frames
