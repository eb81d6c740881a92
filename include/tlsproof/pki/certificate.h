// A certificate as one wants it, however odd, and the bytes that say so.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/error.h"
#include "tlsproof/base/random.h"
#include "tlsproof/crypto/keys.h"

namespace tlsproof::pki {

// One attribute of a distinguished name. `type` is a short name ("CN", "O", "emailAddress") or a dotted OID.
struct NameAttribute {
  std::string type;
  std::string value;  // UTF-8
  bool verbatim =
      false;  // written as a UTF8String of these very bytes, unchecked: for names that are hostile on purpose
  bool operator==(const NameAttribute&) const = default;
};
using Subject = std::vector<NameAttribute>;

// "C=CN,O=example,CN=Root CA" or "/C=CN/O=example/CN=Root CA", in the order written; a backslash takes the next
// character literally. A usage error names the attribute that is unknown, empty or of a length that X.520 does not
// allow.
[[nodiscard]] Result<Subject> parse_subject(std::string_view text);

// One name of a subjectAltName extension (RFC 5280 §4.2.1.6).
struct AlternativeName {
  enum class Kind : uint8_t { dns, ip, email, uri };
  Kind kind = Kind::dns;
  std::string value;  // dns and email: ASCII; ip: text form ("192.0.2.1", "2001:db8::1")
  bool operator==(const AlternativeName&) const = default;
};
// Recognises an IPv4 or IPv6 address (in brackets too), "scheme://…" as a URI, "a@b" as an e-mail address, and
// otherwise demands a DNS name, whose leftmost label may be "*". A prefix "dns:", "ip:", "email:" or "uri:" says which.
// Usage error otherwise.
[[nodiscard]] Result<AlternativeName> parse_alternative_name(std::string_view text);

// Bits of a keyUsage extension as RFC 5280 §4.2.1.3 numbers them: bit n is 1 << n.
inline constexpr uint16_t kDigitalSignature = 1U << 0;
inline constexpr uint16_t kNonRepudiation = 1U << 1;
inline constexpr uint16_t kKeyEncipherment = 1U << 2;
inline constexpr uint16_t kDataEncipherment = 1U << 3;
inline constexpr uint16_t kKeyAgreement = 1U << 4;
inline constexpr uint16_t kKeyCertSign = 1U << 5;
inline constexpr uint16_t kCrlSign = 1U << 6;

// Seconds since 1970-01-01 UTC, both included.
struct Validity {
  int64_t not_before = 0;
  int64_t not_after = 0;
  bool operator==(const Validity&) const = default;
};

struct BasicConstraints {
  bool ca = false;
  std::optional<int> path_len;
};

struct RawExtension {
  std::string oid;  // dotted
  bool critical = false;
  Bytes value;  // the DER inside extnValue
};

// The hash of the issuer's signature. `automatic`: SHA-256 for RSA and P-256, SHA-384 and SHA-512 for the larger
// curves; EdDSA has its own and takes nothing else.
enum class SignatureHash : uint8_t { automatic, sha256, sha384, sha512, sha224, sha1, md5 };

// What a certificate will say. Nothing is checked against anything: making bad certificates is a purpose. The factories
// below fill in what a good one needs.
struct CertificateSpec {
  int version = 3;  // 1 and 2 carry the extensions that are asked for all the same
  Bytes serial;     // big-endian magnitude; empty: 128 random bits, positive, not zero (RFC 5280 §4.1.2.2)
  Subject subject;
  Bytes subject_der;  // an encoded Name to be used instead of `subject`, byte by byte
  Validity validity;
  std::vector<AlternativeName> names;                 // none: no extension; critical when the subject is empty
  std::optional<BasicConstraints> basic_constraints;  // critical
  uint16_t key_usage = 0;                             // 0: no extension; critical
  std::vector<std::string> extended_key_usage;        // dotted OIDs; none: no extension
  bool subject_key_id = true;                         // SHA-1 of the key (RFC 5280 §4.2.1.2, method 1)
  enum class AuthorityKeyId : uint8_t { none, key_id, key_id_and_serial };
  AuthorityKeyId authority_key_id = AuthorityKeyId::key_id;
  std::vector<std::string> ca_issuers_urls;
  std::vector<std::string> ocsp_urls;
  std::vector<std::string> crl_urls;
  std::vector<RawExtension> extra_extensions;  // in this order, after the others
  SignatureHash hash = SignatureHash::automatic;
};

// A root or an intermediate: basicConstraints CA, keyCertSign and cRLSign (without which strict verifiers refuse it).
[[nodiscard]] CertificateSpec authority_spec(Subject subject, Validity validity, std::optional<int> path_len = {});

enum class Role : uint8_t { server, client };
[[nodiscard]] std::string_view role_name(Role role);  // "server", "client"
// A leaf for that role alone: digitalSignature, one extendedKeyUsage. An empty subject becomes CN=<first name> when
// that fits.
[[nodiscard]] CertificateSpec leaf_spec(Role role, Subject subject, std::vector<AlternativeName> names,
                                        Validity validity);

// Who signs. An empty certificate: self-signed, issuer and subject are equal and `key` must be the subject's own.
struct Issuer {
  ByteView certificate;  // DER, borrowed
  const crypto::PrivateKey* key =
      nullptr;  // borrowed; never null; need not belong to the certificate: forgery is a purpose
};

// The DER of the certificate for the public key. `random` gives the serial only. Fails with a
// usage error when a value cannot be encoded (an unknown attribute type, a date beyond the year 9999, bytes that are no
// Name).
[[nodiscard]] Result<Bytes> forge_certificate(const CertificateSpec& spec, const crypto::PublicKey& key,
                                              const Issuer& issuer, RandomSource& random);

}  // namespace tlsproof::pki
