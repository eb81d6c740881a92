// The extensions of a message: ordered and lossless. Duplicates, unknown and undecodable ones are kept as they came.
#pragma once

#include <limits>
#include <optional>

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/reader.h"
#include "tlsproof/base/writer.h"
#include "tlsproof/wire/codec.h"

namespace tlsproof::wire {

// Owns all bodies in one pool: clear() and filling again allocates nothing once the pool has grown.
class ExtensionList {
 public:
  static constexpr size_t kNoOffset = std::numeric_limits<size_t>::max();

  [[nodiscard]] size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] uint16_t type(size_t i) const { return entries_[i].type; }
  // The body (extension_data without its length). Borrows until the next change of the list.
  [[nodiscard]] ByteView data(size_t i) const { return ByteView(pool_).subspan(entries_[i].start, entries_[i].len); }
  // Where the extension began (its type field; the body stands 4 bytes on) as the decoding Reader counted, hence within
  // the message body when `base` was 0. kNoOffset for those added since.
  [[nodiscard]] size_t offset_of(size_t i) const { return entries_[i].offset; }

  // The first one of the type.
  [[nodiscard]] std::optional<size_t> index_of(uint16_t type) const;
  [[nodiscard]] std::optional<ByteView> find(uint16_t type) const;
  [[nodiscard]] bool has(uint16_t type) const { return index_of(type).has_value(); }
  [[nodiscard]] size_t count(uint16_t type) const;

  // Bodies may be longer than 65535 bytes (encode() then writes the length modulo 2^16) and may borrow from this very
  // list.
  void add(uint16_t type, ByteView body) { insert(size(), type, body); }
  void insert(size_t at, uint16_t type, ByteView body);
  void set(size_t i, ByteView body);
  void set_type(size_t i, uint16_t type) { entries_[i].type = type; }
  void erase(size_t i) { entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i)); }
  // Removes every one of the type; how many there were.
  size_t erase_type(uint16_t type);
  // Takes `from` out and puts it so that it stands at index `to`.
  void move(size_t from, size_t to);
  void clear() {  // keeps the memory
    pool_.clear();
    entries_.clear();
  }

  // Appends an extension whose body `write(Writer&)` writes straight into the pool; false when a vector in it was
  // longer than its length field can say. `write` must not touch this list.
  template <class Write>
  bool add_with(uint16_t type, Write&& write) {
    const size_t start = pool_.size();
    Writer w(pool_);
    write(w);
    entries_.push_back({type, start, pool_.size() - start, kNoOffset});
    return w.ok();
  }
  // The same in place of the body of extension `i`.
  template <class Write>
  bool set_with(size_t i, Write&& write) {
    const size_t start = pool_.size();
    Writer w(pool_);
    write(w);
    entries_[i].start = start;
    entries_[i].len = pool_.size() - start;
    return w.ok();
  }
  // Typed extensions (wire/ext/): T has kType, encode() and decode().
  template <class T>
  void add_typed(const T& value) {
    add_with(T::kType, [&](Writer& w) { encode(value, w); });
  }
  // Replaces the body of the first one of T's type, or appends.
  template <class T>
  void put_typed(const T& value) {
    if (auto i = index_of(T::kType))
      set_with(*i, [&](Writer& w) { encode(value, w); });
    else
      add_typed(value);
  }
  // Decodes the first one of T's type, whole. nullopt: there is none. Offsets of errors count from the start of the
  // message body when the list was decoded from one, else from the start of the extension's body.
  template <class T>
  [[nodiscard]] std::optional<Parsed<void>> read_typed(T& out) const {
    const auto i = index_of(T::kType);
    if (!i) return std::nullopt;
    return decode_all_into(data(*i), out, body_base(*i));
  }
  // The value when there is one and it decodes; nullopt otherwise.
  template <class T>
  [[nodiscard]] std::optional<T> get() const {
    T out;
    const auto status = read_typed(out);
    if (!status || !*status) return std::nullopt;
    return out;
  }
  // The `base` for decoding the body of `i`: offset_of + 4, or 0 when it has no offset.
  [[nodiscard]] size_t body_base(size_t i) const { return offset_of(i) == kNoOffset ? 0 : offset_of(i) + 4; }

  // Types and bodies in order; offsets do not count.
  bool operator==(const ExtensionList& other) const;

 private:
  friend bool decode_extension_entries(Reader& r, ExtensionList& out);
  struct Entry {
    uint16_t type;
    size_t start;  // in pool_
    size_t len;
    size_t offset;
  };
  ByteRange store(ByteView body);

  Bytes pool_;
  std::vector<Entry> entries_;
};

// Extension extensions<min..max> with its 2-byte length (RFC 8446 §4.2). `out` is refilled. `field` names the vector.
[[nodiscard]] bool decode_extensions(Reader& r, ExtensionList& out, std::string_view field, size_t min = 0,
                                     size_t max = 0xffff);
void encode_extensions(const ExtensionList& in, Writer& w);
// The same where the whole block may be absent (hellos before TLS 1.3): it is there when any byte follows.
[[nodiscard]] bool decode_optional_extensions(Reader& r, bool& present, ExtensionList& out, std::string_view field);
// Only the entries, to the end of `r`: the block without its length.
[[nodiscard]] bool decode_extension_entries(Reader& r, ExtensionList& out);
void encode_extension_entries(const ExtensionList& in, Writer& w);
// Walks the entries of a block without keeping them.
[[nodiscard]] bool check_extension_entries(Reader& r);

}  // namespace tlsproof::wire
