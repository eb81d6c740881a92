// pcapng, as draft-ietf-opsawg-pcapng has it: one section, interfaces as they are met, nanoseconds.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "tlsproof/base/random.h"
#include "tlsproof/base/text.h"
#include "tlsproof/base/version.h"
#include "tlsproof/capture/source.h"
#include "tlsproof/trace/pcapng.h"

namespace tlsproof::capture {
namespace {

using namespace trace::pcapng;

constexpr size_t kFlushLen = size_t{64} << 10;
constexpr int64_t kFlushNs = 1'000'000'000;  // so that others can follow a file that grows

// Where the bytes go. A file is made anew beside, and takes its name with the first packet: so its mode is right from
// the first byte, no link leads elsewhere, whoever reads the old one keeps it, and what was there is not lost to a
// capture that never came. A pipe or a device is what was meant.
struct Target {
  int fd = -1;
  std::string path;
  std::string part;  // empty: it has its name
};

class PcapngWriter final : public Writer {
 public:
  explicit PcapngWriter(Target target) : target_(std::move(target)), name_(escape_terminal(target_.path)) { section(); }
  ~PcapngWriter() override {
    // Without a packet there is an empty capture, but not in place of another file.
    any_ = any_ || ::access(target_.path.c_str(), F_OK) != 0;
    (void)flush();
    if (!target_.part.empty()) ::unlink(target_.part.c_str());
    ::close(target_.fd);
  }

  void packet(const Packet& packet) override {
    any_ = true;
    const uint32_t interface = interface_of(packet);
    const auto time = static_cast<uint64_t>(std::max<int64_t>(packet.time_ns, 0));
    const auto len = static_cast<uint32_t>(packet.bytes.size());
    begin(kEnhancedPacket, 20 + len);
    u32(interface);
    u32(static_cast<uint32_t>(time >> 32));
    u32(static_cast<uint32_t>(time));
    u32(len);
    u32(packet.original_len);
    padded(packet.bytes);
    end();
    if (packet.time_ns - flushed_ns_ > kFlushNs) {
      flushed_ns_ = packet.time_ns;
      (void)flush();
    }
  }

  void secrets(ByteView key_log) override {
    any_ = true;
    begin(kDecryptionSecrets, 8 + key_log.size());
    u32(kTlsKeyLog);
    u32(static_cast<uint32_t>(key_log.size()));
    padded(key_log);
    end();
  }

  [[nodiscard]] Status flush() override {
    if (!target_.part.empty()) {
      if (!any_) return status_;
      take_name();
    }
    ByteView rest = buffer_;
    while (!rest.empty() && status_) {
      const ssize_t written = ::write(target_.fd, rest.data(), rest.size());
      if (written >= 0)
        rest = rest.subspan(static_cast<size_t>(written));
      else if (errno != EINTR)
        status_ = fail_errno(fmt::format("cannot write '{}'", name_));
    }
    buffer_.clear();
    return status_;
  }

 private:
  void take_name() {
    if (::rename(target_.part.c_str(), target_.path.c_str()) == 0)
      target_.part.clear();
    else if (status_)
      status_ = fail_errno(fmt::format("cannot write '{}'", name_));
  }
  // In this machine's byte order: the section header says which that is.
  void u16(uint16_t value) { raw(&value, sizeof(value)); }
  void u32(uint32_t value) { raw(&value, sizeof(value)); }
  void raw(const void* from, size_t len) {
    const auto* bytes = static_cast<const uint8_t*>(from);
    buffer_.insert(buffer_.end(), bytes, bytes + len);
  }
  void padded(ByteView bytes) {
    append(buffer_, bytes);
    buffer_.resize(buffer_.size() + (-bytes.size() & 3));
  }
  void begin(uint32_t type, size_t body_len) {
    block_len_ = static_cast<uint32_t>(12 + body_len + (-body_len & 3));
    u32(type);
    u32(block_len_);
  }
  void end() {
    u32(block_len_);
    if (buffer_.size() >= kFlushLen) (void)flush();
  }

  // §4.1
  void section() {
    const std::string program = fmt::format("tlsproof {}", kVersion);
    begin(kSectionHeader, 16 + 4 + program.size() + (-program.size() & 3) + 4);
    u32(kByteOrderMagic);
    u16(1);
    u16(0);
    u32(0xffffffff);  // a length that is not known
    u32(0xffffffff);
    u16(kShbUserApplication);
    u16(static_cast<uint16_t>(program.size()));
    padded(as_bytes(program));
    u32(0);
    end();
  }

  // §4.2
  uint32_t interface_of(const Packet& packet) {
    // Sources that follow one another number their interfaces from 0 each: what counts is that the link type fits.
    const auto key = std::pair(packet.interface, packet.link_type);
    const auto [place, is_new] = interfaces_.try_emplace(key, static_cast<uint32_t>(interfaces_.size()));
    if (!is_new) return place->second;
    const uint32_t id = place->second;
    constexpr uint8_t kNano[] = {9};
    const bool raw_ip = packet.link_type == link_type::kRawBsd || packet.link_type == link_type::kRawOpenBsd;
    begin(kInterfaceDescription, 20);
    u16(raw_ip ? link_type::kRaw : packet.link_type);
    u16(0);
    u32(0);  // no limit on the length of packets
    u16(kIfTsresol);
    u16(1);
    padded(kNano);
    u32(0);
    end();
    return id;
  }

  Target target_;
  std::string name_;  // escaped
  bool any_ = false;  // packets or secrets
  int64_t flushed_ns_ = 0;
  Bytes buffer_;
  uint32_t block_len_ = 0;
  std::map<std::pair<uint32_t, uint16_t>, uint32_t> interfaces_;  // Packet::interface and link type -> here
  Status status_;
};

Result<Target> open_target(const std::string& path) {
  struct stat info{};
  // /dev/stdout is what it leads to, even where that is a file.
  const bool leads_on = (path.starts_with("/dev/") || path.starts_with("/proc/")) &&
                        ::lstat(path.c_str(), &info) == 0 && S_ISLNK(info.st_mode);
  if (leads_on || (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))) {
    const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return fail_errno("");
    return Target{fd, path, ""};
  }
  uint8_t salt[6];
  system_random().fill(salt);
  std::string part = fmt::format("{}.{}.part", path, to_hex(salt));
  const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return fail_errno("");
  if (::fchmod(fd, 0600) == 0) return Target{fd, path, std::move(part)};
  auto error = fail_errno("");
  ::unlink(part.c_str());
  ::close(fd);
  return error;
}

}  // namespace

Result<std::unique_ptr<Writer>> Writer::open(const std::string& path) {
  Result<Target> target = open_target(path);
  if (!target) {
    auto error = fail_errno(fmt::format("cannot write '{}'", escape_terminal(path)), target.error().error_number);
    error.error().kind = Error::Kind::usage;
    return error;
  }
  return std::make_unique<PcapngWriter>(std::move(*target));
}

}  // namespace tlsproof::capture
