#include "tlsproof/trace/pcapng.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <optional>

#include "keylog_lines.h"
#include "tlsproof/base/host_port.h"

namespace tlsproof::trace {
namespace {

using namespace pcapng;

constexpr uint16_t kLinkTypeRaw = 101;  // the packet begins with its IPv4 or IPv6 header

constexpr size_t kTcpHeaderLen = 20;
// One read or write is one segment, as large as an IPv4 packet can be.
constexpr size_t kMaxSegmentLen = 65535 - 20 - kTcpHeaderLen;
constexpr uint16_t kWindow = 65535;
enum TcpFlag : uint8_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16 };

struct Address {
  std::array<uint8_t, 16> ip{};  // an IPv4 address stands in the first four
  bool is_v6 = false;
  uint16_t port = 0;
};

std::optional<Address> parse_address(const std::string& text) {
  const auto host_port = parse_host_port(text);
  if (!host_port) return std::nullopt;
  const std::string host = host_port->host.substr(0, host_port->host.find('%'));
  Address address;
  address.port = host_port->port;
  if (inet_pton(AF_INET, host.c_str(), address.ip.data()) == 1) return address;
  address.is_v6 = true;
  if (inet_pton(AF_INET6, host.c_str(), address.ip.data()) == 1) return address;
  return std::nullopt;
}

// RFC 4291 §2.5.5.2: ::ffff:a.b.c.d, for a pair of which only the other is IPv6.
Address as_v6(const Address& address) {
  if (address.is_v6) return address;
  Address out;
  out.is_v6 = true;
  out.port = address.port;
  out.ip[10] = out.ip[11] = 0xff;
  std::copy_n(address.ip.begin(), 4, out.ip.begin() + 12);
  return out;
}

// An address for a side that has none (a trace of something that never connected): RFC 5737's, of which no host has
// one.
Address documentation_address(size_t side) {
  const uint16_t port = side == 0 ? 49152 : 443;
  return {{192, 0, 2, static_cast<uint8_t>(side + 1)}, false, port};
}

size_t index(Direction direction) {
  return direction == Direction::client_to_server ? 0 : 1;
}

// RFC 1071: sums big-endian 16-bit words; an odd byte at the end counts as the high one.
class Checksum {
 public:
  void add(ByteView bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) sum_ += i % 2 == 0 ? uint64_t{bytes[i]} << 8 : uint64_t{bytes[i]};
  }
  void add16(uint64_t value) { sum_ += value; }
  [[nodiscard]] uint16_t value() const {
    uint64_t sum = sum_;
    while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<uint16_t>(~sum & 0xffff);
  }

 private:
  uint64_t sum_ = 0;
};

void store16(std::span<uint8_t> to, size_t at, uint16_t value) {
  to[at] = static_cast<uint8_t>(value >> 8);
  to[at + 1] = static_cast<uint8_t>(value & 0xff);
}

class PcapngWriter {
 public:
  PcapngWriter(const Trace& trace, SecretOut& out) : trace_(trace), out_(out) {}

  void write() {
    find_ends();
    section_header();
    interface_description();
    if (!trace_.secrets().empty()) decryption_secrets();
    for (const Event& event : trace_.events()) packets_of(event);
  }

 private:
  template <class Body>
  void block(uint32_t type, size_t body_len, Body&& body) {
    const auto total = static_cast<uint32_t>(12 + body_len);
    out_.little(type, 4);
    out_.little(total, 4);
    body();
    out_.little(total, 4);
  }
  void pad_to_4(size_t len) {
    while (len++ % 4 != 0) out_.u8(0);
  }
  static size_t padded(size_t len) { return (len + 3) / 4 * 4; }
  void option(uint16_t code, ByteView value) {
    out_.little(code, 2);
    out_.little(value.size(), 2);
    out_.bytes(value);
    pad_to_4(value.size());
  }

  void section_header() {
    const std::string_view application = "tlsproof";
    block(kSectionHeader, 16 + 4 + padded(application.size()) + 4, [&] {
      out_.little(kByteOrderMagic, 4);
      out_.little(1, 2);  // version 1.0
      out_.little(0, 2);
      out_.little(~uint64_t{0}, 8);  // the section's length: not told
      option(kShbUserApplication, as_bytes(application));
      option(kEndOfOptions, {});
    });
  }
  void interface_description() {
    const uint8_t nanoseconds[] = {9};  // 10^-9 s
    block(kInterfaceDescription, 8 + 8 + 4, [&] {
      out_.little(kLinkTypeRaw, 2);
      out_.little(0, 2);
      out_.little(0, 4);  // no snap length
      option(kIfTsresol, nanoseconds);
      option(kEndOfOptions, {});
    });
  }
  void decryption_secrets() {
    SecretBytes lines = encode_key_log(trace_);
    block(kDecryptionSecrets, 8 + padded(lines.size()), [&] {
      out_.little(kTlsKeyLog, 4);
      out_.little(lines.size(), 4);
      out_.bytes(lines.view());
      pad_to_4(lines.size());
    });
  }

  // Who is who. The first event of the transport goes in the direction in which we send; and without one we are the
  // client.
  void find_ends() {
    Direction ours = Direction::client_to_server;
    for (const Event& event : trace_.events()) {
      if (event.kind == EventKind::connected) has_connected_ = true;
      if (event.kind == EventKind::connecting || event.kind == EventKind::connected) ours = event.direction;
    }
    const auto local = parse_address(trace_.local_address());
    const auto peer = parse_address(trace_.peer_address());
    ends_[index(ours)] = local ? *local : documentation_address(index(ours));
    ends_[1 - index(ours)] = peer ? *peer : documentation_address(1 - index(ours));
    if (ends_[0].is_v6 != ends_[1].is_v6) ends_ = {as_v6(ends_[0]), as_v6(ends_[1])};
  }

  void packets_of(const Event& event) {
    switch (event.kind) {
      case EventKind::connecting:
        connecting_ns_ = event.time_ns;
        if (!has_connected_) syn(event.time_ns);
        break;
      case EventKind::connected:
        set_up(connecting_ns_.value_or(event.time_ns), event.time_ns);
        break;
      case EventKind::bytes:
        segments(event);
        break;
      case EventKind::half_closed:
      case EventKind::end_of_stream:
      case EventKind::closed:
        fin(event);
        break;
      case EventKind::reset:
        segment(event.direction, kRst | kAck, event.time_ns, {}, 0);
        break;
      default:
        break;  // no packet of its own
    }
  }
  void syn(int64_t time_ns) {
    if (syn_sent_) return;
    syn_sent_ = true;
    segment(Direction::client_to_server, kSyn, time_ns, {}, 0);
    ++sequence_[0];
  }
  void set_up(int64_t syn_ns, int64_t time_ns) {
    if (set_up_) return;
    set_up_ = true;
    syn(syn_ns);
    segment(Direction::server_to_client, kSyn | kAck, time_ns, {}, 0);
    ++sequence_[1];
    segment(Direction::client_to_server, kAck, time_ns, {}, 0);
  }
  void segments(const Event& event) {
    set_up(event.time_ns, event.time_ns);  // a trace may begin with bytes
    ByteView kept = trace_.bytes_of(event);
    for (size_t at = 0; at < event.stream.len;) {
      const size_t len = std::min(kMaxSegmentLen, event.stream.len - at);
      const ByteView payload = kept.subspan(std::min(at, kept.size()));
      segment(event.direction, kPsh | kAck, event.time_ns, payload.first(std::min(len, payload.size())), len);
      sequence_[index(event.direction)] += static_cast<uint32_t>(len);
      at += len;
    }
  }
  void fin(const Event& event) {
    bool& sent = fin_sent_[index(event.direction)];
    if (sent || !set_up_) return;
    sent = true;
    segment(event.direction, kFin | kAck, event.time_ns, {}, 0);
    ++sequence_[index(event.direction)];
  }

  // One packet. `len` is what passed; of it `payload` was kept, so that the packet may be shorter than it was.
  void segment(Direction direction, int flags, int64_t time_ns, ByteView payload, size_t len) {
    const size_t ip_len = ends_[0].is_v6 ? 40 : 20;
    const size_t captured = ip_len + kTcpHeaderLen + payload.size();
    const auto time = static_cast<uint64_t>(trace_.start_wall_ns() + time_ns);
    block(kEnhancedPacket, 20 + padded(captured), [&] {
      out_.little(0, 4);  // interface
      out_.little(time >> 32, 4);
      out_.little(time & 0xffffffff, 4);
      out_.little(captured, 4);
      out_.little(ip_len + kTcpHeaderLen + len, 4);
      ip_header(direction, kTcpHeaderLen + len);
      tcp(direction, static_cast<uint8_t>(flags), payload, len);
      pad_to_4(captured);
    });
  }
  void ip_header(Direction direction, size_t payload_len) {
    const Address& from = ends_[index(direction)];
    const Address& to = ends_[1 - index(direction)];
    const size_t begin = out_.len();
    if (from.is_v6) {  // RFC 8200 §3
      out_.big(0x60000000, 4);
      out_.big(payload_len, 2);
      out_.u8(IPPROTO_TCP);
      out_.u8(64);
      out_.bytes(from.ip);
      out_.bytes(to.ip);
      return;
    }
    out_.big(0x4500, 2);  // RFC 791 §3.1
    out_.big(20 + payload_len, 2);
    out_.big(0, 2);
    out_.big(0x4000, 2);  // do not fragment
    out_.u8(64);
    out_.u8(IPPROTO_TCP);
    out_.big(0, 2);
    out_.bytes(ByteView(from.ip).first(4));
    out_.bytes(ByteView(to.ip).first(4));
    if (std::span<uint8_t> header = out_.written_from(begin); !header.empty()) {
      Checksum sum;
      sum.add(header);
      store16(header, 10, sum.value());
    }
  }
  void tcp(Direction direction, uint8_t flags, ByteView payload, size_t len) {  // RFC 9293 §3.1
    const Address& from = ends_[index(direction)];
    const Address& to = ends_[1 - index(direction)];
    const size_t begin = out_.len();
    out_.big(from.port, 2);
    out_.big(to.port, 2);
    out_.big(sequence_[index(direction)], 4);
    out_.big((flags & kAck) != 0 ? sequence_[1 - index(direction)] : 0, 4);
    out_.u8(kTcpHeaderLen / 4 << 4);
    out_.u8(flags);
    out_.big(kWindow, 2);
    out_.big(0, 4);  // checksum, urgent pointer
    out_.bytes(payload);
    std::span<uint8_t> written = out_.written_from(begin);
    if (written.empty() || payload.size() != len) return;  // the checksum of what was not kept is not known
    Checksum sum;
    const size_t ip_len = from.is_v6 ? 16 : 4;
    sum.add(ByteView(from.ip).first(ip_len));
    sum.add(ByteView(to.ip).first(ip_len));
    sum.add16(IPPROTO_TCP);
    sum.add16(written.size());
    sum.add(written);
    store16(written, 16, sum.value());
  }

  const Trace& trace_;
  SecretOut& out_;
  std::array<Address, 2> ends_{};  // client, server
  std::array<uint32_t, 2> sequence_{};
  std::array<bool, 2> fin_sent_{};
  std::optional<int64_t> connecting_ns_;
  bool has_connected_ = false;
  bool syn_sent_ = false;
  bool set_up_ = false;
};

}  // namespace

SecretBytes encode_pcapng(const Trace& trace) {
  return SecretOut::build([&](SecretOut& out) { PcapngWriter(trace, out).write(); });
}

}  // namespace tlsproof::trace
