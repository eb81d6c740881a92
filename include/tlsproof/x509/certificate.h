// What stands in an X.509 certificate (RFC 5280 §4), read by our own DER reader and with the place of everything, so
// that a broken certificate still shows whatever can be read of it. Judges nothing: see validate.h, name_check.h,
// weaknesses.h.
//
// Every text and byte value here is as the peer sent it: escape it (base/text.h) before it reaches a person, or use the
// functions named escaped_… .
#pragma once

#include <array>
#include <memory>

#include "tlsproof/base/bytes.h"
#include "tlsproof/x509/oid.h"

namespace tlsproof::x509 {

// Something that could not be read or is not as DER or RFC 5280 §4 have it.
struct FieldProblem {
  std::string_view
      field;  // a literal: "Certificate.tbsCertificate.validity.notAfter", "Certificate.extensions.subjectAltName"
  size_t offset = 0;      // into the certificate's DER
  std::string_view what;  // a literal: "truncated", "not minimal DER", "twice"
  // "Certificate.validity.notAfter at offset 131: not a time". Safe to show.
  [[nodiscard]] std::string message() const;
};

// AlgorithmIdentifier.
struct AlgorithmView {
  Oid oid;  // empty when unreadable
  std::string_view
      hash;  // signature algorithms: "MD5", "SHA1", "SHA256" …; empty when there is none (Ed25519) or it is unknown
  ByteView parameters;  // the whole element; empty when absent
  ByteView der;         // the whole AlgorithmIdentifier
  ByteRange range;
  // "ecdsa-with-SHA256", "sha256WithRSAEncryption", "RSASSA-PSS"; the dotted OID when unknown
  [[nodiscard]] std::string name() const { return oid.name_or_text(); }
};

struct NameAttribute {
  Oid oid;
  std::string_view short_name;  // "CN", "O", "emailAddress"; empty when unknown
  uint8_t tag = 0;              // of the value: der_tag::kUtf8String …
  ByteView value;               // content octets, as sent
  ByteRange range;              // of the AttributeTypeAndValue
  size_t rdn = 0;               // attributes with the same number stand in one RelativeDistinguishedName
};

struct NameView {
  ByteView der;  // the whole Name, as compared and hashed; empty when absent or unreadable
  ByteRange range;
  std::vector<NameAttribute> attributes;  // in the order of the DER
  [[nodiscard]] bool empty() const { return attributes.empty(); }
  // "CN=server.test,O=Example,C=CN": RFC 4514's order and separators, values raw (UTF-16 and UTF-32 become UTF-8). Not
  // safe to show.
  [[nodiscard]] std::string text() const;
  // The same with `,+"<>;=\` escaped as RFC 4514 §2.4 has it and safe on a terminal, cut after about `max_len` bytes.
  [[nodiscard]] std::string escaped_text(size_t max_len = 256) const;
  // The values of one attribute type ("CN"), raw, in order.
  [[nodiscard]] std::vector<ByteView> values(std::string_view short_name) const;
};

enum class KeyKind : uint8_t { unknown, rsa, rsa_pss, ec, ed25519, ed448, x25519, x448, dsa, dh };

struct PublicKeyView {
  ByteView der;  // the whole SubjectPublicKeyInfo; empty when unreadable
  ByteRange range;
  AlgorithmView algorithm;
  KeyKind kind = KeyKind::unknown;
  size_t bits = 0;             // of the modulus, the curve's field, or the key; 0 when unknown
  std::string curve;           // EC: "P-256", "secp256k1", "explicit", or the dotted OID of an unknown one
  ByteView key;                // the BIT STRING's bytes: EC point, Ed25519 key, or the DER of an RSAPublicKey
  ByteView modulus, exponent;  // RSA: big-endian without leading zeros
  // "RSA 2048", "EC P-256", "Ed25519"; safe to show.
  [[nodiscard]] std::string describe() const;
};

struct ExtensionView {
  Oid oid;
  std::string_view name;  // "subjectAltName"; empty when unknown
  bool critical = false;
  ByteView value;   // content of the OCTET STRING
  ByteRange range;  // of the whole Extension
  ByteRange value_range;
};

struct GeneralName {
  enum class Kind : uint8_t { other, email, dns, x400, directory, edi_party, uri, ip, registered_id, unknown };
  Kind kind = Kind::unknown;
  ByteView value;  // content octets; directory: the whole Name. ip: 4 or 16 bytes, twice that in name constraints
  ByteRange range;
  // "DNS:server.test", "IP:127.0.0.1", "URI:…", "other name (1.3.6.1…)"; safe to show.
  [[nodiscard]] std::string escaped_text(size_t max_len = 256) const;
};

// RFC 5280 §4.2.1.3: bit n of the RFC is 1 << n here.
struct KeyUsage {
  enum Bit : uint16_t {
    digital_signature = 1 << 0,
    content_commitment = 1 << 1,
    key_encipherment = 1 << 2,
    data_encipherment = 1 << 3,
    key_agreement = 1 << 4,
    key_cert_sign = 1 << 5,
    crl_sign = 1 << 6,
    encipher_only = 1 << 7,
    decipher_only = 1 << 8,
  };
  uint16_t bits = 0;
  [[nodiscard]] bool has(Bit bit) const { return (bits & bit) != 0; }
  [[nodiscard]] std::vector<std::string> names() const;  // "digitalSignature", …
};

struct BasicConstraints {
  bool ca = false;
  std::optional<int64_t> path_len;
};

struct NameConstraints {
  std::vector<GeneralName> permitted, excluded;
};

struct AuthorityKeyId {
  ByteView key_id;  // empty when absent
  std::vector<GeneralName> issuer;
  ByteView serial;
};

// Lists of one certificate (URLs, extensions; names to 65,536) are read to this many entries; more is a FieldProblem.
inline constexpr size_t kMaxListEntries = 4096;
inline constexpr size_t kMaxFieldProblems = 64;

// Borrows the DER given to parse(), which must outlive it. All ByteRanges are into that DER; a range of length 0 means
// absent.
struct CertificateView {
  // Never fails: what can be read is read, what cannot is listed in `problems`. Bounded in memory and time by the
  // input's length.
  [[nodiscard]] static CertificateView parse(ByteView der);

  ByteView der;
  std::vector<FieldProblem> problems;
  // The frame down to the public key could be read (problems may still exist).
  bool readable = false;

  int64_t version = 1;                    // as people count: 1, 2, 3; other numbers as written + 1
  ByteView serial;                        // content octets of the INTEGER
  AlgorithmView signature_algorithm;      // outside, with the signature
  AlgorithmView tbs_signature_algorithm;  // inside, signed; RFC 5280 §4.1.1.2: both must be the same
  ByteView tbs;                           // the whole tbsCertificate: what is signed
  ByteView signature;                     // the BIT STRING's bytes
  NameView issuer, subject;
  std::optional<int64_t> not_before, not_after;  // seconds since 1970; nullopt when unreadable
  PublicKeyView public_key;
  std::vector<ExtensionView> extensions;  // in order, duplicates and unknown ones kept

  // Decoded from the first extension of each kind; nullopt when there is none or it cannot be read at all.
  std::optional<std::vector<GeneralName>> subject_alt_names;
  std::optional<KeyUsage> key_usage;
  std::optional<std::vector<Oid>> extended_key_usage;  // see kServerAuth …
  std::optional<BasicConstraints> basic_constraints;
  std::optional<NameConstraints> name_constraints;
  std::optional<ByteView> subject_key_id;
  std::optional<AuthorityKeyId> authority_key_id;
  std::optional<size_t> sct_count;                            // signed certificate timestamps embedded (RFC 6962 §3.3)
  std::vector<ByteView> crl_urls, ocsp_urls, ca_issuer_urls;  // URIs, raw
  std::vector<Oid> policies;
  bool must_staple = false;              // RFC 7633: TLS feature status_request
  std::vector<size_t> unknown_critical;  // indexes into `extensions`

  struct Ranges {
    ByteRange tbs, version, serial, tbs_signature_algorithm, issuer, validity, not_before, not_after, subject,
        public_key, extensions, signature_algorithm, signature;
  } ranges;

  // The SubjectPublicKeyInfo's DER; empty when unreadable.
  [[nodiscard]] ByteView spki() const { return public_key.der; }
  // The first extension with this dotted OID, or nullptr.
  [[nodiscard]] const ExtensionView* find_extension(std::string_view oid) const;
  // Issuer and subject are the same bytes. Says nothing about who signed it.
  [[nodiscard]] bool self_issued() const { return !subject.der.empty() && equal(subject.der, issuer.der); }
  // basicConstraints says CA.
  [[nodiscard]] bool is_ca() const { return basic_constraints && basic_constraints->ca; }
  // subjectAltName has a dNSName; only then nobody looks at the common name any more.
  [[nodiscard]] bool has_dns_names() const;

  [[nodiscard]] std::array<uint8_t, 32> sha256() const;  // fingerprints: over the whole DER
  [[nodiscard]] std::array<uint8_t, 20> sha1() const;
  [[nodiscard]] std::array<uint8_t, 32> spki_sha256() const;
  // "0a1b2c…": the serial number as people write it; a negative one with "-".
  [[nodiscard]] std::string serial_hex() const;
  // One line for messages: "CN=server.test (issued by CN=Root CA)"; safe to show.
  [[nodiscard]] std::string escaped_title() const;
};

// A certificate that owns its DER. Copies share it; immutable and so safe to use from several threads.
class Certificate {
 public:
  Certificate();  // no bytes: nothing readable
  [[nodiscard]] static Certificate parse(ByteView der) { return Certificate(to_bytes(der)); }
  [[nodiscard]] static Certificate parse(Bytes der) { return Certificate(std::move(der)); }

  [[nodiscard]] const CertificateView& view() const { return data_->view; }
  [[nodiscard]] const CertificateView* operator->() const { return &data_->view; }
  [[nodiscard]] const CertificateView& operator*() const { return data_->view; }
  [[nodiscard]] ByteView der() const { return data_->der; }
  [[nodiscard]] bool operator==(const Certificate& other) const { return equal(der(), other.der()); }

 private:
  explicit Certificate(Bytes der);
  struct Data {
    Bytes der;
    CertificateView view;
  };
  std::shared_ptr<const Data> data_;
};

// The SubjectPublicKeyInfo alone, without reading the rest or allocating (for hot paths); empty when it cannot be
// reached.
[[nodiscard]] ByteView find_spki(ByteView certificate_der);
// A SubjectPublicKeyInfo by itself; what cannot be read stays empty.
[[nodiscard]] PublicKeyView decode_public_key(ByteView spki_der);
// A Name by itself, as a CertificateRequest's certificate_authorities carries it; nullopt when it is none.
[[nodiscard]] std::optional<NameView> decode_name(ByteView name_der);

// A name in the form in which names are compared (RFC 5280 §7.1): string types, case of ASCII letters and runs of
// blanks do not count. Not safe to show.
[[nodiscard]] std::string canonical_name(const NameView& name);

// Extended key usages (RFC 5280 §4.2.1.12).
inline constexpr std::string_view kAnyExtendedKeyUsage = "2.5.29.37.0";
inline constexpr std::string_view kServerAuth = "1.3.6.1.5.5.7.3.1";
inline constexpr std::string_view kClientAuth = "1.3.6.1.5.5.7.3.2";

// "serverAuth", "subjectAltName", "sha256WithRSAEncryption", "CN", "P-256" for a dotted OID; empty when unknown.
[[nodiscard]] std::string_view oid_name(std::string_view oid);
// "UTF8String", "PrintableString"; "tag 0x85" for others.
[[nodiscard]] std::string string_type_name(uint8_t tag);
[[nodiscard]] std::string_view key_kind_name(KeyKind kind);  // "RSA", "EC", "Ed25519"

}  // namespace tlsproof::x509
