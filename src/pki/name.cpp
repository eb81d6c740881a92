// The text forms of distinguished names and of subjectAltName entries.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tlsproof/base/text.h"
#include "tlsproof/pki/certificate.h"
#include "tlsproof/x509/name_check.h"

namespace tlsproof::pki {
namespace {

struct AttributeType {
  std::string_view name;
  size_t min_len, max_len;  // characters: the upper bounds of X.520 that RFC 5280 appendix A.1 repeats
};
constexpr std::array kAttributeTypes = {
    AttributeType{"C", 2, 2},
    AttributeType{"ST", 1, 128},
    AttributeType{"L", 1, 128},
    AttributeType{"O", 1, 64},
    AttributeType{"OU", 1, 64},
    AttributeType{"CN", 1, 64},
    AttributeType{"emailAddress", 1, 128},
    AttributeType{"serialNumber", 1, 64},
    AttributeType{"DC", 1, 63},
    AttributeType{"UID", 1, 256},
    AttributeType{"GN", 1, 128},
    AttributeType{"SN", 1, 128},
    AttributeType{"title", 1, 64},
    AttributeType{"street", 1, 128},
    AttributeType{"postalCode", 1, 40},
};

Result<NameAttribute> check_attribute(std::string_view type, std::string value, bool has_equals) {
  if (!has_equals)
    return fail_usage(fmt::format("the subject has '{}' where TYPE=VALUE is expected", escape_terminal(type)));
  const auto* known = std::ranges::find_if(
      kAttributeTypes, [&](const AttributeType& candidate) { return to_lower(candidate.name) == to_lower(type); });
  if (known == kAttributeTypes.end()) {
    std::array<std::string_view, kAttributeTypes.size()> names;
    std::ranges::transform(kAttributeTypes, names.begin(), &AttributeType::name);
    auto like = did_you_mean(type, std::span<const std::string_view>(names));
    return fail_usage(fmt::format("the subject has an attribute '{}' that is not known{}", escape_terminal(type),
                                  like ? fmt::format("; did you mean {}?", *like) : ""));
  }
  if (!is_valid_utf8(value)) return fail_usage(fmt::format("the subject's {} is not valid UTF-8", known->name));
  if (value.find('\0') != std::string::npos)
    return fail_usage(fmt::format("the subject's {} has a NUL inside", known->name));
  const auto num_characters = static_cast<size_t>(
      std::ranges::count_if(value, [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
  if (num_characters < known->min_len || num_characters > known->max_len)
    return fail_usage(fmt::format("the subject's {} has {} characters; {} are allowed", known->name, num_characters,
                                  known->min_len == known->max_len ? fmt::format("exactly {}", known->max_len)
                                                                   : fmt::format("1 to {}", known->max_len)));
  auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  if (known->name == "C" && !std::ranges::all_of(value, is_letter))
    return fail_usage("the subject's C is not a country code of two letters");
  return NameAttribute{std::string(known->name), std::move(value)};
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool is_label(std::string_view label) {
  // RFC 1123 §2.1, and the underscore that RFC 5280 §4.2.1.6 does not forbid and internal names are full of.
  auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !label.empty() && label.size() <= 63 && std::ranges::all_of(label, is_allowed) && label.front() != '-' &&
         label.back() != '-';
}

Result<AlternativeName> check_dns(std::string_view text) {
  auto refuse = [&](std::string_view why) {
    return fail_usage(
        fmt::format("'{}' is not a name that a certificate can be for: {}", escape_terminal_limited(text, 80), why));
  };
  if (text.empty()) return refuse("it is empty");
  if (text.size() > 253) return refuse("a DNS name has at most 253 characters");
  if (text.back() == '.') return refuse("write it without the dot at the end");
  if (std::ranges::any_of(text, [](char c) { return static_cast<uint8_t>(c) >= 0x80; }))
    return refuse("an internationalised name is written in its ASCII form, \"xn--…\"");
  const auto labels = split(text, '.');
  for (size_t i = 0; i < labels.size(); ++i) {
    if (i == 0 && labels[i] == "*" && labels.size() > 1) continue;
    if (labels[i].find('*') != std::string::npos)
      return refuse("a wildcard is the whole leftmost label, \"*.example.com\"");
    if (!is_label(labels[i]))
      return refuse(
          "a DNS name is made of letters, digits, hyphens and dots; for a client's name use a subject, \"CN=…\"");
  }
  if (std::ranges::all_of(labels.back(), [](char c) { return c >= '0' && c <= '9'; }))
    return refuse("it looks like an IP address and is none");
  return AlternativeName{AlternativeName::Kind::dns, std::string(text)};
}

// The address in its usual text form; nullopt when it is none.
std::optional<std::string> canonical_ip(std::string_view text) {
  if (auto address = x509::parse_ip(text)) return x509::ip_text(*address);
  return std::nullopt;
}

Result<AlternativeName> check_ascii(AlternativeName::Kind kind, std::string_view text, bool well_formed,
                                    std::string_view kind_name) {
  if (!well_formed || text.empty() || std::ranges::any_of(text, [](char c) { return c <= ' ' || c >= 0x7f; }))
    return fail_usage(fmt::format("'{}' is not {}", escape_terminal_limited(text, 80), kind_name));
  return AlternativeName{kind, std::string(text)};
}

Result<AlternativeName> check_ip(std::string_view text) {
  if (auto address = canonical_ip(text)) return AlternativeName{AlternativeName::Kind::ip, std::move(*address)};
  return fail_usage(fmt::format("'{}' is not an IP address", escape_terminal_limited(text, 80)));
}
Result<AlternativeName> check_email(std::string_view text) {
  const size_t at = text.find('@');
  return check_ascii(AlternativeName::Kind::email, text,
                     at != 0 && at != std::string_view::npos && at + 1 < text.size() && text.rfind('@') == at,
                     "an e-mail address");
}
Result<AlternativeName> check_uri(std::string_view text) {
  const size_t colon = text.find(':');
  return check_ascii(AlternativeName::Kind::uri, text,
                     colon != 0 && colon != std::string_view::npos && colon + 1 < text.size(), "a URI");
}

}  // namespace

Result<Subject> parse_subject(std::string_view text) {
  char separator = ',';
  if (text.starts_with('/')) {
    separator = '/';
    text.remove_prefix(1);
  }
  Subject subject;
  if (trim(text).empty()) return subject;
  std::string type, value;
  bool has_equals = false;
  size_t kept = 0;  // the value's blanks at the end are dropped up to here: not escaped ones
  for (size_t i = 0; i <= text.size(); ++i) {
    const bool at_end = i == text.size();
    if (at_end || text[i] == separator) {
      value.resize(std::max(kept, value.find_last_not_of(' ') + 1));
      TLSPROOF_TRY(NameAttribute attribute, check_attribute(trim(type), std::move(value), has_equals));
      subject.push_back(std::move(attribute));
      type.clear();
      value.clear();
      has_equals = false;
      kept = 0;
    } else if (!has_equals) {
      if (text[i] == '=')
        has_equals = true;
      else
        type += text[i];
    } else if (text[i] == '\\') {
      if (++i == text.size()) return fail_usage("the subject ends in a lone backslash");
      value += text[i];
      kept = value.size();
    } else if (text[i] == '+' && separator == ',') {
      return fail_usage("the subject has a '+', which joins attributes into one; write \\+ for the character");
    } else if (text[i] != ' ' || !value.empty()) {
      value += text[i];
    }
  }
  return subject;
}

Result<AlternativeName> parse_alternative_name(std::string_view text) {
  using Check = Result<AlternativeName> (*)(std::string_view);
  constexpr std::array<std::pair<std::string_view, Check>, 4> kPrefixes = {
      {{"dns:", check_dns}, {"ip:", check_ip}, {"email:", check_email}, {"uri:", check_uri}}};
  const std::string lower = to_lower(text.substr(0, 6));
  for (const auto& [prefix, check] : kPrefixes)
    if (lower.starts_with(prefix)) return check(text.substr(prefix.size()));
  if (canonical_ip(text)) return check_ip(text);
  if (text.find("://") != std::string_view::npos) return check_uri(text);
  if (text.find('@') != std::string_view::npos) return check_email(text);
  return check_dns(text);
}

}  // namespace tlsproof::pki
