// Whether a certificate is for a name (RFC 9525, and RFC 6125 where clients still follow it).
#pragma once

#include "tlsproof/x509/certificate.h"

namespace tlsproof::x509 {

enum class NameMatch : uint8_t {
  matches_san,               // a dNSName or iPAddress of subjectAltName
  matches_common_name_only,  // no dNSName at all, and the subject's common name fits: RFC 9525 §2 forbids relying on
                             // it. OpenSSL, curl, GnuTLS and Node accept it; browsers, Go and rustls refuse
  mismatch,
  no_name,        // the certificate names no host at all
  bad_reference,  // what was asked for is neither a DNS name nor an IP address
};
[[nodiscard]] std::string_view name_match_name(NameMatch match);

struct NameCheck {
  NameMatch match = NameMatch::mismatch;
  bool is_ip = false;  // the reference is an IP address
  bool by_wildcard = false;
  std::string matched;  // the certificate's name that fits; safe to show, as all texts here
  std::vector<std::string>
      names;  // those the certificate has, for the message: "*.example.com", "127.0.0.1", "CN=old"; at most 20
  size_t num_names = 0;  // how many there are in all
  // Why not, where there is more to say: "the IP address stands in a dNSName, where no client looks for it".
  std::string hint;
  ByteRange where;  // of the matching name in the certificate
  [[nodiscard]] bool matches() const { return match == NameMatch::matches_san; }
  // One sentence: "the certificate is for a.test, b.test, not for server.test".
  [[nodiscard]] std::string message(std::string_view reference) const;
};

// `reference`: what the client wanted to reach, "server.test" or "127.0.0.1", "::1", "[::1]"; a trailing dot is
// ignored. Internationalised names are compared in their A-label form ("xn--…").
[[nodiscard]] NameCheck check_name(const CertificateView& certificate, std::string_view reference);

// RFC 9525 §6.3: letters compare without case; "*" only as the whole left-most label, for exactly one label.
[[nodiscard]] bool dns_name_matches(std::string_view pattern, std::string_view host);

// 4 or 16 bytes for an IP literal, brackets allowed; nullopt otherwise.
[[nodiscard]] std::optional<Bytes> parse_ip(std::string_view text);
// "127.0.0.1", "::1"; with 8 or 32 bytes "10.0.0.0/255.0.0.0" (name constraints); hex for other lengths.
[[nodiscard]] std::string ip_text(ByteView address);

}  // namespace tlsproof::x509
