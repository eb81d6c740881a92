// The bytes of a capture: of a file, of a pipe, and what gzip packed of either, through one buffer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/base/gunzip.h"

namespace tlsproof::capture {

class Input {
 public:
  enum class Fill : uint8_t {
    ready,
    idle,  // a pipe: nothing came for a while, or a signal did
    end,   // fewer are left
  };
  // "-" is standard input. Fails (usage) naming the file.
  [[nodiscard]] static Result<std::unique_ptr<Input>> open(const std::string& path);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  [[nodiscard]] bool has(size_t len) const { return end_ - begin_ >= len; }
  // Reads until `len` bytes are there; what data() gave before is no longer valid. Callers bound `len`.
  [[nodiscard]] Result<Fill> fill(size_t len);
  [[nodiscard]] const uint8_t* data() const { return buffer_.get() + begin_; }
  [[nodiscard]] ByteView available() const { return {data(), end_ - begin_}; }
  void consume(size_t len) { begin_ += len; }
  // Of data(), in the file; in what was unpacked where it is gzip.
  [[nodiscard]] uint64_t offset() const { return base_ + begin_; }

  // What was read so far was packed: unpacks it and all that follows.
  void unpack();
  [[nodiscard]] bool packed() const { return gunzip_ != nullptr; }
  // "'name'" or "standard input", escaped.
  [[nodiscard]] const std::string& name() const { return name_; }
  // "byte 123", and for gzip "byte 123 of what is packed in it".
  [[nodiscard]] std::string where(uint64_t offset) const;
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  Input() = default;
  void make_room(size_t len);
  [[nodiscard]] Result<Fill> read_some(uint8_t* to, size_t room, size_t& got);
  [[nodiscard]] Result<Fill> unpack_some(uint8_t* to, size_t room, size_t& got);

  int fd_ = -1;
  bool waits_ = false;  // a pipe, a terminal, a socket
  std::string name_;
  std::unique_ptr<uint8_t[]> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0, end_ = 0;
  uint64_t base_ = 0;  // offset of buffer_[0]
  bool at_end_ = false;
  std::unique_ptr<Gunzip> gunzip_;
  Bytes packed_;  // read, not yet unpacked: [packed_begin_, packed_end_)
  size_t packed_begin_ = 0, packed_end_ = 0;
  uint64_t packed_offset_ = 0;  // consumed of the file
  std::vector<std::string> notes_;
};

}  // namespace tlsproof::capture
