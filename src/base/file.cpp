#include "tlsproof/base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "tlsproof/base/random.h"
#include "tlsproof/base/text.h"

namespace tlsproof {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int close() {
    int fd = fd_;
    fd_ = -1;
    return ::close(fd);
  }

 private:
  int fd_;
};

std::string describe(std::string_view purpose, const std::string& path) {
  return fmt::format("{} '{}'", purpose, escape_terminal(path));
}

// Reads into a buffer that is wiped as it grows; the caller decides what becomes of the result.
Result<SecretBytes> read_all(const std::string& path, std::string_view purpose, size_t limit) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (fd.get() < 0) {
    auto error = fail_errno(fmt::format("cannot read the {}", describe(purpose, path)));
    error.error().kind = Error::Kind::usage;
    return error;
  }
  struct stat info{};
  size_t guess = ::fstat(fd.get(), &info) == 0 && info.st_size > 0 ? static_cast<size_t>(info.st_size) : size_t{4096};
  SecretBytes buffer(std::min(guess, limit) + 1);
  size_t len = 0;
  for (;;) {
    if (len == buffer.size()) {
      if (len > limit) return fail_usage(fmt::format("the {} is longer than {} bytes", describe(purpose, path), limit));
      SecretBytes larger(std::min(buffer.size() * 2, limit + 1));
      std::ranges::copy(buffer.view().first(len), larger.span().begin());
      buffer = std::move(larger);
    }
    ssize_t got = ::read(fd.get(), buffer.span().data() + len, buffer.size() - len);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      auto error = fail_errno(fmt::format("cannot read the {}", describe(purpose, path)));
      error.error().kind = Error::Kind::usage;
      return error;
    }
    if (got == 0) break;
    len += static_cast<size_t>(got);
  }
  if (len > limit) return fail_usage(fmt::format("the {} is longer than {} bytes", describe(purpose, path), limit));
  return SecretBytes(buffer.view().first(len));
}

Status write_all(int fd, ByteView content, const std::string& path) {
  while (!content.empty()) {
    ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return fail_errno(fmt::format("cannot write '{}'", escape_terminal(path)));
    content = content.subspan(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace

Result<Bytes> load_file(const std::string& path, std::string_view purpose, size_t limit) {
  TLSPROOF_TRY(SecretBytes content, read_all(path, purpose, limit));
  return to_bytes(content.view());
}

Result<SecretBytes> load_secret_file(const std::string& path, std::string_view purpose, size_t limit) {
  return read_all(path, purpose, limit);
}

Status save_file(const std::string& path, ByteView content, SaveOptions options) {
  if (options.make_folders) {
    std::error_code error;
    auto folder = std::filesystem::path(path).parent_path();
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error) return fail_errno(fmt::format("cannot make the folder of '{}'", escape_terminal(path)), error.value());
  }
  if (!options.overwrite && ::access(path.c_str(), F_OK) == 0)
    return fail_errno(fmt::format("'{}' is there already", escape_terminal(path)), EEXIST);
  struct stat info{};
  // /dev/stdout, a pipe: nothing to rename over
  if (!options.regular_only && ::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {
    Descriptor fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (fd.get() < 0) return fail_errno(fmt::format("cannot write '{}'", escape_terminal(path)));
    return write_all(fd.get(), content, path);
  }
  uint8_t salt[6];
  system_random().fill(salt);
  const std::string part = fmt::format("{}.{}.part", path, to_hex(salt));
  Descriptor fd(::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (fd.get() < 0) return fail_errno(fmt::format("cannot write '{}'", escape_terminal(path)));
  auto give_up = [&](std::unexpected<Error> error) -> Status {
    ::unlink(part.c_str());
    return error;
  };
  if (auto written = write_all(fd.get(), content, path); !written) return give_up(std::unexpected(written.error()));
  const std::string message = fmt::format("cannot write '{}'", escape_terminal(path));
  if (::fchmod(fd.get(), options.mode) != 0 || ::fsync(fd.get()) != 0 || fd.close() != 0)
    return give_up(fail_errno(message));
  if (options.overwrite) {
    if (::rename(part.c_str(), path.c_str()) != 0) return give_up(fail_errno(message));
    return {};
  }
  if (::link(part.c_str(), path.c_str()) != 0) return give_up(fail_errno(message));  // unlike rename, never overwrites
  ::unlink(part.c_str());
  return {};
}

}  // namespace tlsproof
