// RFC 9525 (and RFC 6125, where clients still follow it): is the certificate for this name?
#include "tlsproof/x509/name_check.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "parse.h"
#include "tlsproof/base/text.h"

namespace tlsproof::x509 {
namespace {

constexpr size_t kMaxNamesShown = 20;
constexpr size_t kMaxNameShown = 128;

std::string_view without_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

std::string shown(std::string_view name) {
  return escape_terminal_limited(name, kMaxNameShown);
}

// Letters, digits, '-', '_' and dots between labels that are neither empty nor over-long (RFC 1035 §2.3.4).
bool is_dns_name(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  for (const std::string& label : split(name, '.')) {
    if (label.empty() || label.size() > 63) return false;
    for (char c : label)
      if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
        return false;
  }
  return true;
}

void add_name(NameCheck& out, std::string text) {
  if (out.num_names++ < kMaxNamesShown) out.names.push_back(std::move(text));
}

void match(NameCheck& out, NameMatch how, std::string_view name, ByteRange where) {
  if (out.match != NameMatch::mismatch) return;
  out.match = how;
  out.matched = shown(name);
  out.where = where;
  out.by_wildcard = name.starts_with("*.");
}

// Why a dNSName that looks as if it should do does not.
std::string_view near_miss(std::string_view pattern, std::string_view host) {
  if (pattern.find('*') == std::string_view::npos) return {};
  const std::string lower = to_lower(without_dot(pattern));
  const std::string wanted = to_lower(host);
  if (!lower.starts_with("*.") || lower.find('*', 1) != std::string::npos) {
    return "a '*' counts only as the whole left-most label (RFC 9525 §6.3)";
  }
  const std::string_view tail = std::string_view(lower).substr(1);
  if (wanted == tail.substr(1)) return "a wildcard is not for the bare domain (RFC 9525 §6.3)";
  if (!wanted.ends_with(tail)) return {};
  if (tail.find('.', 1) == std::string_view::npos)
    return "no client accepts a wildcard directly under a top-level domain";
  return "a wildcard stands for exactly one label (RFC 9525 §6.3)";
}

void look_at_alt_names(const CertificateView& certificate, std::string_view host, const std::optional<Bytes>& ip,
                       NameCheck& out) {
  for (const GeneralName& name : *certificate.subject_alt_names) {
    const std::string_view text = as_text(name.value);
    if (name.kind == GeneralName::Kind::dns) {
      add_name(out, shown(text));
      if (!ip && dns_name_matches(text, host))
        match(out, NameMatch::matches_san, text, name.range);
      else if (!ip && out.hint.empty())
        out.hint = near_miss(text, host);
      if (ip && out.hint.empty() && parse_ip(text) == ip)
        out.hint = "the address stands in a dNSName, where no client looks for it";
    } else if (name.kind == GeneralName::Kind::ip) {
      const std::string address = name.value.size() <= 32 ? ip_text(name.value) : std::string("(over-long address)");
      add_name(out, address);
      // RFC 9525 §6.4: the octets must be the same; no text, no wildcard, no other family.
      if (ip && equal(name.value, *ip)) match(out, NameMatch::matches_san, address, name.range);
    }
  }
}

void look_at_common_names(const CertificateView& certificate, std::string_view host, const std::optional<Bytes>& ip,
                          NameCheck& out) {
  const bool counts = !certificate.has_dns_names();  // RFC 6125 §6.4.4: only when there is no dNSName
  for (const NameAttribute& attribute : certificate.subject.attributes) {
    if (attribute.short_name != "CN") continue;
    const std::string text = string_value(attribute.tag, attribute.value);
    const bool fits = ip ? parse_ip(text) == ip : dns_name_matches(text, host);
    if (counts) add_name(out, "CN=" + shown(text));
    if (counts && fits && !ip) match(out, NameMatch::matches_common_name_only, text, attribute.range);
    if (fits && out.match == NameMatch::mismatch && out.hint.empty()) {
      out.hint = ip ? "the address stands in the common name, where no client looks for it"
                    : "the common name fits, but does not count beside dNSNames (RFC 6125 §6.4.4)";
    }
  }
}

}  // namespace

std::string_view name_match_name(NameMatch match) {
  switch (match) {
    case NameMatch::matches_san:
      return "matches_san";
    case NameMatch::matches_common_name_only:
      return "matches_common_name_only";
    case NameMatch::mismatch:
      return "mismatch";
    case NameMatch::no_name:
      return "no_name";
    case NameMatch::bad_reference:
      return "bad_reference";
  }
  return "mismatch";
}

bool dns_name_matches(std::string_view pattern, std::string_view host) {
  const std::string name = to_lower(without_dot(pattern));
  const std::string wanted = to_lower(without_dot(host));
  if (!is_dns_name(wanted) || parse_ip(wanted)) return false;
  if (!name.starts_with("*.")) return is_dns_name(name) && name == wanted;
  const std::string_view tail = std::string_view(name).substr(2);
  // Every client refuses "*.com"; RFC 9525 §7.1 leaves the rule to them.
  if (!is_dns_name(tail) || tail.find('.') == std::string_view::npos) return false;
  const size_t dot = wanted.find('.');
  return dot != std::string::npos && std::string_view(wanted).substr(dot + 1) == tail;
}

std::optional<Bytes> parse_ip(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']') && text.size() > 2) text = text.substr(1, text.size() - 2);
  if (text.empty() || text.size() > 64 || text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string address(text.substr(0, text.find('%')));  // a zone is the host's own affair
  in_addr v4{};
  in6_addr v6{};
  if (address.size() == text.size() && inet_pton(AF_INET, address.c_str(), &v4) == 1) {
    const auto* octets = reinterpret_cast<const uint8_t*>(&v4);
    return Bytes(octets, octets + sizeof v4);
  }
  if (inet_pton(AF_INET6, address.c_str(), &v6) == 1) return Bytes(std::begin(v6.s6_addr), std::end(v6.s6_addr));
  return std::nullopt;
}

std::string ip_text(ByteView address) {
  char text[INET6_ADDRSTRLEN] = {};
  switch (address.size()) {
    case 4:
      return inet_ntop(AF_INET, address.data(), text, sizeof text);
    case 16:
      return inet_ntop(AF_INET6, address.data(), text, sizeof text);
    case 8:
    case 32:
      return ip_text(address.first(address.size() / 2)) + "/" + ip_text(address.last(address.size() / 2));
    default:
      return to_hex(address);
  }
}

std::string NameCheck::message(std::string_view reference) const {
  const std::string wanted = shown(reference);
  switch (match) {
    case NameMatch::matches_san:
      return fmt::format("the certificate is for {} ({})", wanted, matched);
    case NameMatch::matches_common_name_only:
      return fmt::format("the certificate names {} only in its common name; browsers, Go and rustls refuse that",
                         wanted);
    case NameMatch::no_name:
      return fmt::format("the certificate names no host, so it is not for {}", wanted);
    case NameMatch::bad_reference:
      return fmt::format("'{}' is neither a DNS name nor an IP address", wanted);
    case NameMatch::mismatch:
      break;
  }
  std::string list = join(names, ", ");
  if (num_names > names.size()) list += fmt::format(" and {} more", num_names - names.size());
  return fmt::format("the certificate is for {}, not for {}{}{}", list, wanted, hint.empty() ? "" : ": ", hint);
}

NameCheck check_name(const CertificateView& certificate, std::string_view reference) {
  NameCheck out;
  const std::string_view host = without_dot(reference);
  const std::optional<Bytes> ip = parse_ip(reference);
  out.is_ip = ip.has_value();
  const bool good_reference = ip || is_dns_name(host);
  if (certificate.subject_alt_names) look_at_alt_names(certificate, host, ip, out);
  look_at_common_names(certificate, host, ip, out);
  if (!good_reference) {
    out.match = NameMatch::bad_reference;
    out.hint = "write internationalised names in their xn-- form";
  } else if (out.num_names == 0) {
    out.match = NameMatch::no_name;
  }
  if (out.match == NameMatch::matches_san || out.match == NameMatch::matches_common_name_only) out.hint.clear();
  return out;
}

}  // namespace tlsproof::x509
