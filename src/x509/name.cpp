// Distinguished names: decoding, their texts, and the form in which they are compared.
#include <fmt/format.h>

#include "oids.h"
#include "parse.h"
#include "tlsproof/base/text.h"

namespace tlsproof::x509 {
namespace {

void append_utf8(std::string& out, uint32_t c) {
  auto put = [&](uint32_t octet) { out += static_cast<char>(octet); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0U | c >> 6);
    put(0x80U | (c & 0x3fU));
  } else if (c < 0x10000) {
    put(0xe0U | c >> 12);
    put(0x80U | (c >> 6 & 0x3fU));
    put(0x80U | (c & 0x3fU));
  } else {
    put(0xf0U | c >> 18);
    put(0x80U | (c >> 12 & 0x3fU));
    put(0x80U | (c >> 6 & 0x3fU));
    put(0x80U | (c & 0x3fU));
  }
}

bool is_string(uint8_t tag) {
  switch (tag) {
    case der_tag::kUtf8String:
    case der_tag::kNumericString:
    case der_tag::kPrintableString:
    case der_tag::kTeletexString:
    case der_tag::kIa5String:
    case der_tag::kVisibleString:
    case der_tag::kUniversalString:
    case der_tag::kBmpString:
      return true;
    default:
      return false;
  }
}

// RFC 4514 §2.4, after what terminals must not see has become \xHH and a backslash "\\".
std::string escape_value(std::string_view value, size_t max_len) {
  const std::string safe = escape_terminal_limited(value, max_len);
  std::string out;
  for (size_t i = 0; i < safe.size(); ++i) {
    const bool edge_blank = safe[i] == ' ' && (i == 0 || i + 1 == safe.size());
    const bool leading_hash = safe[i] == '#' && i == 0;
    if (edge_blank || leading_hash || std::string_view(",+\"<>;=").find(safe[i]) != std::string_view::npos) out += '\\';
    out += safe[i];
  }
  return out;
}

std::string attribute_value(const NameAttribute& attribute) {
  return is_string(attribute.tag) ? string_value(attribute.tag, attribute.value) : "#" + to_hex(attribute.value);
}

std::string attribute_type(const NameAttribute& attribute) {
  if (!attribute.short_name.empty()) return std::string(attribute.short_name);
  return attribute.oid.empty() ? "?" : attribute.oid.text();
}

// RFC 4514 §2.1: the last RDN comes first; §2.2: the attributes of one RDN are joined with '+'. Stops when `append`
// says so.
template <class Append>
void walk(const std::vector<NameAttribute>& attributes, Append append) {
  for (size_t end = attributes.size(); end > 0;) {
    size_t begin = end;
    while (begin > 0 && attributes[begin - 1].rdn == attributes[end - 1].rdn) --begin;
    for (size_t i = begin; i < end; ++i) {
      const char* separator = i > begin ? "+" : end < attributes.size() ? "," : "";
      if (!append(attributes[i], separator)) return;
    }
    end = begin;
  }
}

}  // namespace

std::string string_value(uint8_t tag, ByteView value) {
  const size_t unit = tag == der_tag::kBmpString ? 2 : tag == der_tag::kUniversalString ? 4 : 1;
  if (unit == 1 || value.size() % unit != 0) return std::string(as_text(value));
  std::string out;
  for (size_t i = 0; i < value.size(); i += unit) {
    uint32_t c = 0;
    for (size_t k = 0; k < unit; ++k) c = c << 8 | value[i + k];
    if (c > 0x10ffff) return std::string(as_text(value));  // nonsense: the bytes will be shown escaped
    append_utf8(out, c);  // a lone surrogate becomes invalid UTF-8, which escaping shows
  }
  return out;
}

std::string canonical_name(const NameView& name) {
  std::string out;
  for (const NameAttribute& attribute : name.attributes) {
    out += fmt::format("{} {} ", attribute.rdn, attribute.oid.text());
    if (!is_string(attribute.tag)) {
      out += fmt::format("{:02x}", attribute.tag) + to_hex(attribute.value);
    } else {
      const std::string text = to_lower(string_value(attribute.tag, attribute.value));
      bool blank = false;
      const size_t start = out.size();
      for (char c : text) {
        const bool is_blank = c == ' ' || (c >= '\t' && c <= '\r');
        if (!is_blank && blank && out.size() > start) out += ' ';
        if (!is_blank) out += c;
        blank = is_blank;
      }
    }
    out += '\0';  // names that hold a NUL could be made alike, but the signature check has the last word
  }
  return out;
}

std::string NameView::text() const {
  std::string out;
  walk(attributes, [&](const NameAttribute& attribute, const char* separator) {
    out += separator;
    out += attribute_type(attribute);
    out += '=';
    out += attribute_value(attribute);
    return true;
  });
  return out;
}

std::string NameView::escaped_text(size_t max_len) const {
  std::string out;
  walk(attributes, [&](const NameAttribute& attribute, const char* separator) {
    if (out.size() >= max_len) {
      out += "…";
      return false;
    }
    out += separator;
    out += attribute_type(attribute);
    out += '=';
    if (is_string(attribute.tag)) {
      out += escape_value(string_value(attribute.tag, attribute.value), max_len - std::min(max_len, out.size()));
    } else {
      out += escape_terminal_limited(attribute_value(attribute), max_len - std::min(max_len, out.size()));
    }
    return true;
  });
  return out.empty() ? "(empty name)" : out;
}

std::vector<ByteView> NameView::values(std::string_view short_name) const {
  std::vector<ByteView> out;
  for (const NameAttribute& attribute : attributes)
    if (attribute.short_name == short_name) out.push_back(attribute.value);
  return out;
}

// RFC 5280 §4.1.2.4: Name ::= SEQUENCE OF SET OF SEQUENCE { type OBJECT IDENTIFIER, value ANY }
void parse_name(Parser& parser, const DerValue& name, NameView& out, std::string_view field) {
  out.der = name.full;
  out.range = name.range();
  DerReader rdns = parser.inside(name);
  out.attributes.reserve(4);
  for (size_t rdn = 0; !rdns.empty(); ++rdn) {
    DerValue set;
    if (!parser.expect(rdns, der_tag::kSet, set, field)) return;
    DerReader members = parser.inside(set);
    while (!members.empty()) {
      DerValue pair;
      if (!parser.room(out.attributes.size(), members.offset(), field)) return;
      if (!parser.expect(members, der_tag::kSequence, pair, field)) break;
      DerReader parts = parser.inside(pair);
      DerValue type;
      DerValue value;
      if (!parser.expect(parts, der_tag::kOid, type, field) || !parser.any(parts, value, field)) continue;
      parser.finish(parts, field);
      NameAttribute attribute;
      attribute.oid = Oid(type.content);
      if (attribute.oid.empty()) parser.note(field, type.offset, "not an OBJECT IDENTIFIER");
      const OidInfo* info = attribute.oid.info();
      if (info != nullptr && info->kind == OidKind::attribute) attribute.short_name = info->name;
      attribute.tag = value.tag;
      attribute.value = value.content;
      attribute.range = pair.range();
      attribute.rdn = rdn;
      out.attributes.push_back(std::move(attribute));
    }
  }
}

std::optional<NameView> decode_name(ByteView name_der) {
  std::vector<FieldProblem> problems;
  Parser parser(problems);
  DerReader reader = parser.reader(name_der);
  DerValue value;
  if (!parser.expect(reader, der_tag::kSequence, value, "Name")) return std::nullopt;
  NameView out;
  parse_name(parser, value, out, "Name");
  parser.finish(reader, "Name");
  if (!problems.empty()) return std::nullopt;
  return out;
}

std::string string_type_name(uint8_t tag) {
  switch (tag) {
    case der_tag::kUtf8String:
      return "UTF8String";
    case der_tag::kNumericString:
      return "NumericString";
    case der_tag::kPrintableString:
      return "PrintableString";
    case der_tag::kTeletexString:
      return "TeletexString";
    case der_tag::kIa5String:
      return "IA5String";
    case der_tag::kVisibleString:
      return "VisibleString";
    case der_tag::kUniversalString:
      return "UniversalString";
    case der_tag::kBmpString:
      return "BMPString";
    default:
      return fmt::format("tag 0x{:02x}", tag);
  }
}

}  // namespace tlsproof::x509
