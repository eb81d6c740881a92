// Reading of key logs. Secrets lie one behind the other in blocks that never move, a hash table of their places over
// them.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>
#include <optional>
#include <shared_mutex>

#include "keylog_parse.h"
#include "tlsproof/base/random.h"
#include "tlsproof/base/text.h"
#include "tlsproof/trace/keylog.h"

namespace tlsproof::trace {
namespace {

constexpr size_t kRandomLen = 32;
constexpr size_t kBlockLen = size_t{64} << 10;
constexpr size_t kReadLen = size_t{256} << 10;

// Where a secret lies: random, label, length, bytes.
struct Place {
  uint32_t tag = 0;  // of its hash, never 0; 0: an empty slot
  uint32_t at = 0;   // block << 16 | offset
};

class SecretTable {
 public:
  SecretTable() {
    std::array<uint8_t, 16> bytes{};
    system_random().fill(bytes);
    std::memcpy(seeds_.data(), bytes.data(), bytes.size());
  }
  ~SecretTable() {
    for (Bytes& block : blocks_) wipe(block);
  }
  SecretTable(const SecretTable&) = delete;
  SecretTable& operator=(const SecretTable&) = delete;

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] ByteView find(SecretLabel label, ByteView random) const {
    if (slots_.empty()) return {};
    const uint64_t hash = hash_of(label, random);
    for (size_t i = slot_of(hash); slots_[i].tag != 0; i = (i + 1) & (slots_.size() - 1)) {
      if (slots_[i].tag != tag_of(hash)) continue;
      const uint8_t* entry = at(slots_[i].at);
      if (entry[kRandomLen] == static_cast<uint8_t>(label) && std::memcmp(entry, random.data(), kRandomLen) == 0)
        return {entry + kRandomLen + 2, entry[kRandomLen + 1]};
    }
    return {};
  }
  void add(SecretLabel label, ByteView random, ByteView secret) {
    if (!find(label, random).empty()) return;
    uint32_t place = 0;
    if (!store(label, random, secret, place)) return;
    ++size_;
    if (size_ * 3 > slots_.size() * 2) grow();
    insert(hash_of(label, random), place);
  }
  // In place of the one that is known.
  void replace(SecretLabel label, ByteView random, ByteView secret) {
    const ByteView known = find(label, random);
    if (known.empty()) return add(label, random, secret);
    if (equal(known, secret)) return;
    const uint64_t hash = hash_of(label, random);
    uint32_t place = 0;
    if (!store(label, random, secret, place)) return;
    for (size_t i = slot_of(hash);; i = (i + 1) & (slots_.size() - 1))
      if (at(slots_[i].at) + kRandomLen + 2 == known.data()) {
        slots_[i].at = place;
        return;
      }
  }

 private:
  static uint64_t load(ByteView bytes, size_t at) {
    uint64_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  }
  // Seeded, so that no file can be made that has all its secrets in one place.
  [[nodiscard]] uint64_t hash_of(SecretLabel label, ByteView random) const {
    uint64_t hash = seeds_[1] + static_cast<uint64_t>(label);
    for (size_t i = 0; i < kRandomLen; i += 8) {
      hash = (std::rotl(hash, 29) ^ load(random, i) ^ seeds_[0]) * 0x9e3779b97f4a7c15;
      hash ^= hash >> 32;
    }
    return hash * 0xd6e8feb86659fd93;
  }
  static uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash) | 1; }
  [[nodiscard]] size_t slot_of(uint64_t hash) const { return (hash >> 32) & (slots_.size() - 1); }
  [[nodiscard]] const uint8_t* at(uint32_t place) const { return blocks_[place >> 16].data() + (place & 0xffff); }

  bool store(SecretLabel label, ByteView random, ByteView secret, uint32_t& place) {
    const size_t len = kRandomLen + 2 + secret.size();
    if (blocks_.empty() || kBlockLen - blocks_.back().size() < len) {
      if (blocks_.size() >= 0x10000) return false;  // 4 GiB
      blocks_.emplace_back().reserve(kBlockLen);
    }
    Bytes& block = blocks_.back();
    place = static_cast<uint32_t>((blocks_.size() - 1) << 16 | block.size());
    append(block, random);
    block.push_back(static_cast<uint8_t>(label));
    block.push_back(static_cast<uint8_t>(secret.size()));
    append(block, secret);
    return true;
  }
  void insert(uint64_t hash, uint32_t place) {
    size_t i = slot_of(hash);
    while (slots_[i].tag != 0) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = {tag_of(hash), place};
  }
  void grow() {
    std::vector<Place> old(std::max<size_t>(64, slots_.size() * 2));
    std::swap(old, slots_);
    for (const Place& slot : old) {
      if (slot.tag == 0) continue;
      const uint8_t* entry = at(slot.at);
      insert(hash_of(static_cast<SecretLabel>(entry[kRandomLen]), {entry, kRandomLen}), slot.at);
    }
  }

  std::array<uint64_t, 2> seeds_{};
  std::vector<Bytes> blocks_;
  std::vector<Place> slots_;  // a power of two of them, at most two thirds used
  size_t size_ = 0;
};

}  // namespace

struct KeyLogIndex::Impl {
  struct File {
    std::string path;
    int fd = -1;
    dev_t device = 0;
    ino_t inode = 0;
    off_t offset = 0;          // read so far, the unfinished line included
    size_t line = 1;           // number of the next line
    SecretBytes rest;          // the unfinished line
    bool skipping = false;     // in a line that is too long
    bool provisional = false;  // the unfinished line was taken as it stands
    uint64_t num_ours = 0, num_broken = 0;
    std::string first_broken;
  };
  mutable std::shared_mutex mutex;  // of the table
  SecretTable table;
  std::vector<File> files;
  File blocks;  // all secrets blocks are one file to a person
  SecretBytes buffer;
  KeyLogLine line;

  ~Impl() {
    for (const File& file : files) ::close(file.fd);
  }
  static Status open(File& file);
  Result<bool> read_more(File& file);
  Result<bool> follow_file(File& file);
  void take(File& file, ByteView bytes);
  void take_line(File& file, std::string_view text);
  void take_unfinished(File& file);
};

namespace {

std::unexpected<Error> cannot_read(const std::string& path, int error_number) {
  Error error =
      fail_errno(fmt::format("cannot read the key log file '{}'", escape_terminal(path)), error_number).error();
  error.kind = Error::Kind::usage;
  return std::unexpected(std::move(error));
}

}  // namespace

// Anew, from the beginning.
Status KeyLogIndex::Impl::open(File& file) {
  const int fd = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return cannot_read(file.path, errno);
  struct stat facts{};
  if (::fstat(fd, &facts) != 0 || S_ISDIR(facts.st_mode)) {
    ::close(fd);
    return cannot_read(file.path, EISDIR);
  }
  if (file.fd >= 0) ::close(file.fd);
  file.fd = fd;
  file.device = facts.st_dev;
  file.inode = facts.st_ino;
  file.offset = 0;
  file.line = 1;
  file.rest.clear();
  file.skipping = file.provisional = false;
  return {};
}

// One line without its end.
void KeyLogIndex::Impl::take_line(File& file, std::string_view text) {
  switch (parse_key_log_line(text, line)) {
    case KeyLogLine::Kind::secret: {
      ++file.num_ours;
      const ByteView secret = ByteView(line.secret).first(line.secret_len);
      if (file.provisional)
        table.replace(line.label, line.client_random, secret);
      else
        table.add(line.label, line.client_random, secret);
      break;
    }
    case KeyLogLine::Kind::unused:
      ++file.num_ours;
      break;
    case KeyLogLine::Kind::nothing:
      break;
    case KeyLogLine::Kind::broken:
      if (++file.num_broken == 1)
        file.first_broken = fmt::format("{}:{}: {}", escape_terminal(file.path), file.line, line.why);
      break;
  }
  wipe(line.secret);
  file.provisional = false;
  ++file.line;
}

void KeyLogIndex::Impl::take(File& file, ByteView bytes) {
  while (!bytes.empty()) {
    const auto* end = static_cast<const uint8_t*>(std::memchr(bytes.data(), '\n', bytes.size()));
    const ByteView piece = end == nullptr ? bytes : bytes.first(static_cast<size_t>(end - bytes.data()));
    bytes = bytes.subspan(piece.size() + (end == nullptr ? 0 : 1));
    if (end != nullptr && file.rest.empty() && !file.skipping) {
      take_line(file, as_text(piece));
      continue;
    }
    if (!file.skipping && file.rest.size() + piece.size() <= kMaxKeyLogLine) {
      SecretBytes joined(file.rest.size() + piece.size());
      std::ranges::copy(file.rest.view(), joined.span().begin());
      std::ranges::copy(piece, joined.span().begin() + static_cast<std::ptrdiff_t>(file.rest.size()));
      file.rest = std::move(joined);
    } else {
      file.skipping = true;
    }
    if (end == nullptr) continue;
    // A line that is too long is broken whatever stands in it.
    take_line(file, file.skipping ? std::string_view("?") : as_text(file.rest.view()));
    file.rest.clear();
    file.skipping = false;
  }
}

// A last line may do without its end, and may as well get more: what it says so far counts until then.
void KeyLogIndex::Impl::take_unfinished(File& file) {
  if (file.rest.empty() || parse_key_log_line(as_text(file.rest.view()), line) != KeyLogLine::Kind::secret) return;
  const std::unique_lock lock(mutex);
  table.add(line.label, line.client_random, ByteView(line.secret).first(line.secret_len));
  wipe(line.secret);
  file.provisional = true;
}

Result<bool> KeyLogIndex::Impl::read_more(File& file) {
  buffer.resize(kReadLen);
  bool any = false;
  for (;;) {
    const ssize_t got = ::read(file.fd, buffer.span().data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_read(file.path, errno);
    if (got == 0) break;
    any = true;
    file.offset += got;
    const std::unique_lock lock(mutex);
    take(file, buffer.view().first(static_cast<size_t>(got)));
  }
  buffer.clear();
  return any;
}

KeyLogIndex::KeyLogIndex() : impl_(std::make_unique<Impl>()) {
  impl_->blocks.path = "secrets in the capture";
}
KeyLogIndex::~KeyLogIndex() = default;

Status KeyLogIndex::load(const std::string& path) {
  Impl::File file;
  file.path = path;
  TLSPROOF_TRY_VOID(Impl::open(file));
  Impl::File& kept = impl_->files.emplace_back(std::move(file));  // closed with this object
  TLSPROOF_TRY([[maybe_unused]] const bool any, impl_->read_more(kept));
  impl_->take_unfinished(kept);
  const bool odd_rest = !kept.rest.empty() && !kept.provisional;
  if (kept.num_ours == 0 && !kept.provisional && (kept.num_broken > 0 || kept.skipping || odd_rest))
    return fail_usage(fmt::format("'{}' is no key log: no line of it is one{}", escape_terminal(path),
                                  kept.first_broken.empty() ? "" : fmt::format(" ({})", kept.first_broken)));
  return {};
}

Result<bool> KeyLogIndex::follow() {
  bool any = false;
  std::optional<Error> failed;  // the first; the other files are read on
  for (Impl::File& file : impl_->files) {
    const Result<bool> more = impl_->follow_file(file);
    if (more)
      any |= *more;
    else if (!failed)
      failed = more.error();
  }
  if (failed) return std::unexpected(*failed);
  return any;
}

Result<bool> KeyLogIndex::Impl::follow_file(File& file) {
  struct stat facts{};
  // Replaced, or begun again: from its beginning. Gone: what was read stays.
  const bool there = ::stat(file.path.c_str(), &facts) == 0;
  if (there && (facts.st_dev != file.device || facts.st_ino != file.inode ||
                (S_ISREG(facts.st_mode) && facts.st_size < file.offset)))
    TLSPROOF_TRY_VOID(open(file));
  return read_more(file);
}

void KeyLogIndex::add(ByteView text) {
  Impl::File& block = impl_->blocks;
  const std::unique_lock lock(impl_->mutex);
  impl_->take(block, text);
  if (!block.rest.empty() || block.skipping) impl_->take(block, as_bytes("\n"));  // each block ends its last line
}

bool KeyLogIndex::find(SecretLabel label, const std::array<uint8_t, 32>& client_random, SecretBytes& out) const {
  const std::shared_lock lock(impl_->mutex);
  const ByteView found = impl_->table.find(label, client_random);
  if (!found.empty()) out.assign(found);
  return !found.empty();
}

bool KeyLogIndex::knows(const std::array<uint8_t, 32>& client_random) const {
  const std::shared_lock lock(impl_->mutex);
  for (int label = 0; label <= static_cast<int>(SecretLabel::exporter_secret); ++label)
    if (!impl_->table.find(static_cast<SecretLabel>(label), client_random).empty()) return true;
  return false;
}

size_t KeyLogIndex::size() const {
  const std::shared_lock lock(impl_->mutex);
  return impl_->table.size();
}

std::vector<std::string> KeyLogIndex::notes() const {
  const std::shared_lock lock(impl_->mutex);
  std::vector<std::string> notes;
  const auto tell = [&](const Impl::File& file) {
    if (file.num_broken == 0) return;
    notes.push_back(file.first_broken);
    if (file.num_broken > 1)
      notes.push_back(fmt::format("{}: {} lines were not understood", escape_terminal(file.path), file.num_broken));
  };
  for (const Impl::File& file : impl_->files) tell(file);
  tell(impl_->blocks);
  return notes;
}

}  // namespace tlsproof::trace
