#include "tlsproof/wire/extension_list.h"

#include <algorithm>
#include <functional>

namespace tlsproof::wire {

std::optional<size_t> ExtensionList::index_of(uint16_t type) const {
  for (size_t i = 0; i < entries_.size(); ++i)
    if (entries_[i].type == type) return i;
  return std::nullopt;
}

std::optional<ByteView> ExtensionList::find(uint16_t type) const {
  const auto i = index_of(type);
  if (!i) return std::nullopt;
  return data(*i);
}

size_t ExtensionList::count(uint16_t type) const {
  return static_cast<size_t>(std::ranges::count(entries_, type, &Entry::type));
}

// Bytes in the pool never change once written, so that a body borrowed from this list is shared instead of copied.
ByteRange ExtensionList::store(ByteView body) {
  const std::less<const uint8_t*> before;
  const uint8_t* begin = pool_.data();
  if (!body.empty() && !pool_.empty() && !before(body.data(), begin) && before(body.data(), begin + pool_.size()))
    return {static_cast<size_t>(body.data() - begin), body.size()};
  const ByteRange range{pool_.size(), body.size()};
  append(pool_, body);
  return range;
}

void ExtensionList::insert(size_t at, uint16_t type, ByteView body) {
  const ByteRange range = store(body);
  entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(at), {type, range.offset, range.len, kNoOffset});
}

void ExtensionList::set(size_t i, ByteView body) {
  const ByteRange range = store(body);
  entries_[i].start = range.offset;
  entries_[i].len = range.len;
}

size_t ExtensionList::erase_type(uint16_t type) {
  return std::erase_if(entries_, [&](const Entry& entry) { return entry.type == type; });
}

void ExtensionList::move(size_t from, size_t to) {
  const auto at = [&](size_t i) { return entries_.begin() + static_cast<std::ptrdiff_t>(i); };
  if (from < to)
    std::rotate(at(from), at(from + 1), at(to + 1));
  else
    std::rotate(at(to), at(from), at(from + 1));
}

bool ExtensionList::operator==(const ExtensionList& other) const {
  if (size() != other.size()) return false;
  for (size_t i = 0; i < size(); ++i)
    if (type(i) != other.type(i) || !equal(data(i), other.data(i))) return false;
  return true;
}

// struct { ExtensionType extension_type; opaque extension_data<0..2^16-1>; } Extension;  (RFC 8446 §4.2)
static bool decode_extension(Reader& r, uint16_t& type, ByteView& data) {
  return r.u16(type, "Extension.extension_type") && r.opaque16(data, "Extension.extension_data");
}

bool decode_extension_entries(Reader& r, ExtensionList& out) {
  out.clear();
  while (!r.empty()) {
    const size_t offset = r.offset();
    uint16_t type = 0;
    ByteView data;
    if (!decode_extension(r, type, data)) return false;
    out.add(type, data);
    out.entries_.back().offset = offset;
  }
  return true;
}

bool check_extension_entries(Reader& r) {
  while (!r.empty()) {
    uint16_t type = 0;
    ByteView data;
    if (!decode_extension(r, type, data)) return false;
  }
  return true;
}

bool decode_extensions(Reader& r, ExtensionList& out, std::string_view field, size_t min, size_t max) {
  Reader frame = r;
  return r.sub16(frame, field, min, max) && decode_extension_entries(frame, out);
}

// RFC 5246 §7.4.1.2, §7.4.1.3: whether extensions are present is told by bytes following what stands before them.
bool decode_optional_extensions(Reader& r, bool& present, ExtensionList& out, std::string_view field) {
  present = !r.empty();
  if (present) return decode_extensions(r, out, field);
  out.clear();
  return true;
}

void encode_extension_entries(const ExtensionList& in, Writer& w) {
  for (size_t i = 0; i < in.size(); ++i) {
    w.u16(in.type(i));
    w.opaque16(in.data(i));
  }
}

void encode_extensions(const ExtensionList& in, Writer& w) {
  w.prefixed16([&] { encode_extension_entries(in, w); });
}

}  // namespace tlsproof::wire
