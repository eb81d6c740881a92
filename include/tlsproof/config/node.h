// A YAML document as a small tree of our own, with the place of every key and value, read under limits.
//
// Every failure is Error::Kind::usage and one line "file:line:column: message", already escaped; line and column (in
// bytes) count from 1. Source: YAML 1.2 core schema, of which only plain data is taken: no tags, one document, no
// duplicate keys.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/error.h"

namespace tlsproof::config {

// What a file may cost. Aliases count with everything that they stand for, so that they cannot multiply.
inline constexpr size_t kMaxFileLen = size_t{1} << 20;
inline constexpr size_t kMaxDepth = 64;
inline constexpr size_t kMaxNodes = 100'000;

// A place in a source. Cheap to copy; the name is shared.
struct Where {
  std::shared_ptr<const std::string> file;
  uint32_t line = 0;  // 0: the source as a whole
  uint32_t column = 0;
  // "file:3:5", escaped; "file" alone without a line.
  [[nodiscard]] std::string text() const;
  // "file:3:5: message". The message must be escaped already.
  [[nodiscard]] std::unexpected<Error> error(std::string_view message) const;
};

struct Entry;

// Owns its subtree. A copy is deep.
class Node {
 public:
  enum class Kind : uint8_t { null, scalar, list, map };

  Node() = default;
  [[nodiscard]] static Node make_scalar(std::string text, bool quoted, Where where);

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is_scalar() const { return kind_ == Kind::scalar; }
  [[nodiscard]] bool is_list() const { return kind_ == Kind::list; }
  [[nodiscard]] bool is_map() const { return kind_ == Kind::map; }
  // `key:` with nothing after it, `~` or `null`.
  [[nodiscard]] bool is_null() const { return kind_ == Kind::null; }

  // Of a scalar, else empty: its text after YAML's own unescaping, any valid UTF-8, NOT escaped for output.
  [[nodiscard]] const std::string& scalar() const { return text_; }
  // Quoted or a block scalar: certainly meant as text, so never read as a number or a boolean.
  [[nodiscard]] bool quoted() const { return quoted_; }
  [[nodiscard]] const Where& where() const { return where_; }
  // Of a list or a map, else empty; in the order of the source.
  [[nodiscard]] std::span<const Node> items() const { return items_; }
  [[nodiscard]] std::span<const Entry> entries() const;
  // The value of a map's key, or nullptr.
  [[nodiscard]] const Node* find(std::string_view key) const;

  // Typed readings of this node. Each fails at this node's place, saying what was expected and what is there.
  [[nodiscard]] Result<std::string> text() const;  // any scalar
  [[nodiscard]] Result<std::string> word() const;  // a scalar that is not empty and has no control characters
  [[nodiscard]] Result<long long> integer(long long min, long long max) const;  // 12 or 0x1f, unquoted
  [[nodiscard]] Result<bool> boolean() const;                                   // true or false, unquoted
  [[nodiscard]] Result<Bytes> bytes() const;          // hex digits, blanks between bytes allowed
  [[nodiscard]] Result<int64_t> duration_ns() const;  // "250ms", "5s", "2m"; whole numbers, at most 24 hours
  [[nodiscard]] Result<int64_t> date() const;         // "2026-12-31": seconds since 1970 of its first moment, UTC
  [[nodiscard]] Result<std::span<const Node>> list() const;
  [[nodiscard]] Result<std::span<const Entry>> map() const;
  // The scalar must be one of `words`; its index. "unknown WHAT 'x', did you mean 'y'?" or the list of them when it is
  // short.
  [[nodiscard]] Result<size_t> one_of(std::span<const std::string_view> words, std::string_view what) const;

  // A deep copy in which what `replace(scalar)` gives (const Node& -> Result<Node>) stands for each scalar; keys stay.
  template <class Replace>
  [[nodiscard]] Result<Node> replace_scalars(Replace&& replace) const;

  // "file:line:column: message" at this node. The message must be escaped already.
  [[nodiscard]] std::unexpected<Error> error(std::string_view message) const { return where_.error(message); }
  // What is there, for messages: "a list", "nothing", "'text'" (escaped, cut).
  [[nodiscard]] std::string describe() const;

 private:
  friend class TreeBuilder;
  Kind kind_ = Kind::null;
  bool quoted_ = false;
  Where where_;
  std::string text_;
  std::vector<Node> items_;
  std::vector<Entry> entries_;
};

struct Entry {
  std::string key;  // not escaped
  Where where;      // of the key
  Node value;
};

inline std::span<const Entry> Node::entries() const {
  return entries_;
}

template <class Replace>
Result<Node> Node::replace_scalars(Replace&& replace) const {
  if (is_scalar()) return replace(*this);
  Node copy;
  copy.kind_ = kind_;
  copy.where_ = where_;
  copy.items_.reserve(items_.size());
  for (const Node& item : items_) {
    auto replaced = item.replace_scalars(replace);
    if (!replaced) return replaced;
    copy.items_.push_back(std::move(*replaced));
  }
  copy.entries_.reserve(entries_.size());
  for (const Entry& entry : entries_) {
    auto replaced = entry.value.replace_scalars(replace);
    if (!replaced) return replaced;
    copy.entries_.push_back({entry.key, entry.where, std::move(*replaced)});
  }
  return copy;
}

// `name` is what messages call the source. Input that is larger than kMaxFileLen, not UTF-8, or has NUL fails before it
// is scanned. Bounded in time, memory and stack for any bytes.
[[nodiscard]] Result<Node> parse_yaml(std::string_view text, const std::string& name);
// The same for a file; messages begin with `path` as given.
[[nodiscard]] Result<Node> load_yaml(const std::string& path);

// "'x', did you mean 'y'?" or, when nothing is near and they are few, "'x' (one of a, b, c)", else "'x'". Escapes
// `word`.
[[nodiscard]] std::string suggest(std::string_view word, std::span<const std::string_view> candidates);

// A map whose keys are known. Borrows the node, which must outlive it.
//
//   TLSPROOF_TRY(Fields f, Fields::open(node, "a suite", {"title", "include"}));
//   TLSPROOF_TRY(const Node* title, f.require("title"));
//   TLSPROOF_TRY(suite.title, title->text());
class Fields {
 public:
  // Fails when the node is not a map, or at the first key that is not among `known`, with "did you mean". `what` begins
  // with its article: "a suite".
  [[nodiscard]] static Result<Fields> open(const Node& node, std::string_view what,
                                           std::initializer_list<std::string_view> known);
  [[nodiscard]] static Result<Fields> open(const Node& node, std::string_view what,
                                           std::span<const std::string_view> known);

  // The value of a known key (asking for another one is a bug of ours), or nullptr when the key is absent or its value
  // is empty.
  [[nodiscard]] const Node* find(std::string_view key) const;
  // The same; "WHAT needs 'KEY'" at the map's place when it is absent.
  [[nodiscard]] Result<const Node*> require(std::string_view key) const;
  // Fails when none, or more than one, of the keys is there. Returns the one that is.
  [[nodiscard]] Result<const Entry*> exactly_one(std::span<const std::string_view> keys) const;
  [[nodiscard]] const Node& node() const { return *node_; }

 private:
  Fields(const Node& node, std::string_view what, std::span<const std::string_view> known)
      : node_(&node), what_(what), known_(known.begin(), known.end()) {}
  const Node* node_;
  std::string what_;
  std::vector<std::string_view> known_;
};

}  // namespace tlsproof::config
