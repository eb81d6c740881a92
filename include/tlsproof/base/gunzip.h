// Unpacking of a gzip stream (RFC 1952) piece by piece, in bounded memory. For whole small texts there is nothing
// simpler here: feed it until it says `end`.
#pragma once

#include <memory>
#include <span>

#include "tlsproof/base/bytes.h"

namespace tlsproof {

// The two bytes with which every member begins.
[[nodiscard]] bool is_gzip(ByteView head);

class Gunzip {
 public:
  enum class State : uint8_t {
    more,     // give it more input, or more room
    end,      // every member is complete and what follows is none: see Step::consumed
    corrupt,  // no deflate data, or a check sum that does not fit; the same for ever
  };
  struct Step {
    size_t consumed = 0;  // of `in`
    size_t produced = 0;  // in `out`
    State state = State::more;
  };

  Gunzip();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // Members that follow each other are one text (RFC 1952 §2.2).
  [[nodiscard]] Step step(ByteView in, std::span<uint8_t> out);
  // No member is open: an input that ends here is complete.
  [[nodiscard]] bool between_members() const;
  // What zlib said of corrupt data: a literal, never from the input.
  [[nodiscard]] std::string_view problem() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tlsproof
