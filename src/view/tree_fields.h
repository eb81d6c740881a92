// How the tree is written: lines, and a cursor that cannot pass a byte without telling it. This module's own.
#pragma once

#include <optional>

#include "tlsproof/base/reader.h"
#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/view/tree.h"
#include "tlsproof/wire/ext/index.h"

namespace tlsproof::view::tree {

// Where the bytes of a message stood: from `at` on in the message, from `offset` on in what the offsets count in.
struct Segment {
  size_t at = 0;
  size_t offset = 0;
};

class Lines {
 public:
  Lines(const TreeOptions& options, std::string& out) : options_(options), out_(out) {}

  [[nodiscard]] const TreeOptions& options() const { return options_; }
  [[nodiscard]] std::string& out() { return out_; }
  // What the offsets of the following leaves are; one segment at 0 at least.
  void set_segments(std::span<const Segment> segments) { segments_ = segments; }

  // A field: `at` counts in the message. `value` follows the bytes where it is not empty.
  void leaf(size_t at, int depth, std::string_view name, ByteView bytes, std::string_view value = {});
  // The beginning of the same line, for who appends the value himself and then ends it.
  void begin_leaf(size_t at, int depth, std::string_view name, ByteView bytes);
  void end_line() { out_ += '\n'; }
  // A line that explains the field above. `text` is safe to show.
  void info(int depth, std::string_view name, std::string_view text);
  // Safe to show, cut to what the options allow.
  [[nodiscard]] std::string escaped(ByteView text) const;

 private:
  void number(size_t value, size_t width);
  void hex(ByteView bytes);

  const TreeOptions& options_;
  std::string& out_;
  std::span<const Segment> segments_;
};

// Over the bytes of one frame. What does not fit becomes a leaf that says so, and the frame is then at its end.
class Cursor {
 public:
  Cursor(Lines& lines, ByteView bytes, size_t at, int depth) : lines_(&lines), rest_(bytes), at_(at), depth_(depth) {}

  [[nodiscard]] bool more() const { return !rest_.empty(); }
  [[nodiscard]] ByteView rest() const { return rest_; }
  [[nodiscard]] size_t at() const { return at_; }
  [[nodiscard]] int depth() const { return depth_; }
  [[nodiscard]] Lines& lines() { return *lines_; }

  // A big-endian number of 1 to 8 bytes; nullopt when it is not there. With `kind` its name is shown, else the number.
  std::optional<uint64_t> number(size_t width, std::string_view name,
                                 std::optional<registry::Kind> kind = std::nullopt);
  // The same with a text of ours behind it: `describe(value)`.
  template <class Describe>
  std::optional<uint64_t> number_as(size_t width, std::string_view name, Describe describe) {
    const auto bytes = take(width, name);
    if (!bytes) return std::nullopt;
    const uint64_t value = value_of(*bytes);
    lines_->leaf(at_ - width, depth_, name, *bytes, describe(value));
    return value;
  }
  // Exactly so many bytes; empty when they are not there.
  ByteView bytes(size_t len, std::string_view name, std::string_view value = {});
  ByteView text(size_t len, std::string_view name);
  // All that is left, one leaf; none when nothing is.
  void remaining(std::string_view name, std::string_view value = {});
  // A length of `width` bytes and so many bytes, which `inside(Cursor&)` reads; what it leaves becomes a leaf.
  template <class Inside>
  void frame(size_t width, std::string_view name, Inside inside) {
    const auto len = length(width, name);
    if (!len) return;
    Cursor child(*lines_, rest_.first(*len), at_, depth_ + 1);
    rest_ = rest_.subspan(*len);
    at_ += *len;
    inside(child);
    child.finish();
  }
  // A length and bytes or a text, which are told as one field.
  ByteView opaque(size_t width, std::string_view name);
  void text_vector(size_t width, std::string_view name);
  // A length and numbers of a registry.
  void numbers(size_t width, size_t item_width, std::string_view name, std::string_view item,
               std::optional<registry::Kind> kind);
  // Passes what another cursor told.
  void skip(size_t len) {
    rest_ = rest_.subspan(len);
    at_ += len;
  }
  // What is left is too much.
  void finish() { remaining("(left over)"); }
  // What is left cannot be read.
  void fail(std::string_view name);
  static uint64_t value_of(ByteView bytes);

 private:
  std::optional<ByteView> take(size_t len, std::string_view name);
  std::optional<size_t> length(size_t width, std::string_view name);

  Lines* lines_;
  ByteView rest_;
  size_t at_;
  int depth_;
};

// The parts of the tree, one a file.
struct MessageContext {
  uint8_t type = 0;
  uint16_t version = 0;  // of TLS; 0: unknown
  registry::KeyExchange key_exchange = registry::KeyExchange::any;
  bool dtls = false;
  const trace::MessageRead* read = nullptr;
};
// A whole message, from its header on.
void append_message(Lines& lines, ByteView message, const MessageContext& context, int depth);
// The body of an extension of this type where it stands; `cursor` covers exactly the body.
void append_extension(Cursor& cursor, uint16_t type, std::optional<wire::ExtensionPlace> place, bool draft);
// What was read of DER, as lines of explanation.
void explain_certificate(Lines& lines, ByteView der, int depth);
void explain_name(Lines& lines, ByteView der, int depth);
void explain_ocsp(Lines& lines, ByteView der, int depth);
void explain_public_key(Lines& lines, ByteView spki, int depth);

}  // namespace tlsproof::view::tree
