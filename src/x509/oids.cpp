// The object identifiers that certificates use, with the names people know them by.
#include "oids.h"

#include <array>

#include "tlsproof/x509/certificate.h"
#include "tlsproof/x509/der.h"

namespace tlsproof::x509 {
namespace {

using enum OidKind;

constexpr OidInfo kOids[] = {
    // Attribute types of names (X.520, RFC 4519, RFC 2985).
    {"2.5.4.3", "CN", attribute},
    {"2.5.4.4", "SN", attribute},
    {"2.5.4.5", "serialNumber", attribute},
    {"2.5.4.6", "C", attribute},
    {"2.5.4.7", "L", attribute},
    {"2.5.4.8", "ST", attribute},
    {"2.5.4.9", "street", attribute},
    {"2.5.4.10", "O", attribute},
    {"2.5.4.11", "OU", attribute},
    {"2.5.4.12", "title", attribute},
    {"2.5.4.13", "description", attribute},
    {"2.5.4.15", "businessCategory", attribute},
    {"2.5.4.17", "postalCode", attribute},
    {"2.5.4.41", "name", attribute},
    {"2.5.4.42", "GN", attribute},
    {"2.5.4.43", "initials", attribute},
    {"2.5.4.44", "generationQualifier", attribute},
    {"2.5.4.46", "dnQualifier", attribute},
    {"2.5.4.65", "pseudonym", attribute},
    {"2.5.4.97", "organizationIdentifier", attribute},
    {"0.9.2342.19200300.100.1.1", "UID", attribute},
    {"0.9.2342.19200300.100.1.25", "DC", attribute},
    {"1.2.840.113549.1.9.1", "emailAddress", attribute},
    {"1.2.840.113549.1.9.2", "unstructuredName", attribute},
    {"1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL", attribute},
    {"1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST", attribute},
    {"1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC", attribute},
    // Extensions. `extension_understood`: a verifier that knows what to do with it when it is critical (as libcrypto's
    // list).
    {"2.5.29.9", "subjectDirectoryAttributes", extension},
    {"2.5.29.14", "subjectKeyIdentifier", extension},
    {"2.5.29.15", "keyUsage", extension_understood},
    {"2.5.29.16", "privateKeyUsagePeriod", extension},
    {"2.5.29.17", "subjectAltName", extension_understood},
    {"2.5.29.18", "issuerAltName", extension},
    {"2.5.29.19", "basicConstraints", extension_understood},
    {"2.5.29.20", "cRLNumber", extension},
    {"2.5.29.21", "reasonCode", extension},
    {"2.5.29.24", "invalidityDate", extension},
    {"2.5.29.27", "deltaCRLIndicator", extension},
    {"2.5.29.28", "issuingDistributionPoint", extension},
    {"2.5.29.29", "certificateIssuer", extension},
    {"2.5.29.30", "nameConstraints", extension_understood},
    {"2.5.29.31", "cRLDistributionPoints", extension_understood},
    {"2.5.29.32", "certificatePolicies", extension_understood},
    {"2.5.29.33", "policyMappings", extension_understood},
    {"2.5.29.35", "authorityKeyIdentifier", extension},
    {"2.5.29.36", "policyConstraints", extension_understood},
    {"2.5.29.37", "extendedKeyUsage", extension_understood},
    {"2.5.29.46", "freshestCRL", extension},
    {"2.5.29.54", "inhibitAnyPolicy", extension_understood},
    {"1.3.6.1.5.5.7.1.1", "authorityInfoAccess", extension},
    {"1.3.6.1.5.5.7.1.3", "qcStatements", extension},
    {"1.3.6.1.5.5.7.1.7", "ipAddrBlocks", extension_understood},
    {"1.3.6.1.5.5.7.1.8", "autonomousSysIds", extension_understood},
    {"1.3.6.1.5.5.7.1.11", "subjectInfoAccess", extension},
    {"1.3.6.1.5.5.7.1.14", "proxyCertInfo", extension_understood},
    {"1.3.6.1.5.5.7.1.24", "tlsFeature", extension},
    {"1.3.6.1.5.5.7.1.31", "acmeIdentifier", extension},
    {"1.3.6.1.5.5.7.48.1.5", "ocspNoCheck", extension},
    {"1.3.6.1.4.1.11129.2.4.2", "signedCertificateTimestampList", extension},
    {"1.3.6.1.4.1.11129.2.4.3", "ctPoison", extension},
    {"1.3.6.1.4.1.44363.44", "delegationUsage", extension},
    {"1.3.6.1.4.1.311.20.2", "msCertificateTemplateName", extension},
    {"1.3.6.1.4.1.311.21.7", "msCertificateTemplate", extension},
    {"2.16.840.1.113730.1.1", "netscapeCertType", extension_understood},
    {"2.16.840.1.113730.1.13", "netscapeComment", extension},
    // Extended key usages.
    {"2.5.29.37.0", "anyExtendedKeyUsage", key_usage},
    {"1.3.6.1.5.5.7.3.1", "serverAuth", key_usage},
    {"1.3.6.1.5.5.7.3.2", "clientAuth", key_usage},
    {"1.3.6.1.5.5.7.3.3", "codeSigning", key_usage},
    {"1.3.6.1.5.5.7.3.4", "emailProtection", key_usage},
    {"1.3.6.1.5.5.7.3.5", "ipsecEndSystem", key_usage},
    {"1.3.6.1.5.5.7.3.6", "ipsecTunnel", key_usage},
    {"1.3.6.1.5.5.7.3.7", "ipsecUser", key_usage},
    {"1.3.6.1.5.5.7.3.8", "timeStamping", key_usage},
    {"1.3.6.1.5.5.7.3.9", "OCSPSigning", key_usage},
    {"1.3.6.1.4.1.311.10.3.3", "msServerGatedCrypto", key_usage},
    {"1.3.6.1.4.1.311.20.2.2", "msSmartcardLogon", key_usage},
    {"2.16.840.1.113730.4.1", "netscapeServerGatedCrypto", key_usage},
    // Access methods.
    {"1.3.6.1.5.5.7.48.1", "ocsp", other},
    {"1.3.6.1.5.5.7.48.2", "caIssuers", other},
    {"2.5.29.32.0", "anyPolicy", other},
    {"2.23.140.1.2.1", "domain-validated", other},
    {"2.23.140.1.2.2", "organization-validated", other},
    {"2.23.140.1.1", "extended-validation", other},
    // Signature algorithms (RFC 3279, 4055, 5758, 8410, 8692), with the hash they sign.
    {"1.2.840.113549.1.1.2", "md2WithRSAEncryption", signature, "MD2"},
    {"1.2.840.113549.1.1.3", "md4WithRSAEncryption", signature, "MD4"},
    {"1.2.840.113549.1.1.4", "md5WithRSAEncryption", signature, "MD5"},
    {"1.2.840.113549.1.1.5", "sha1WithRSAEncryption", signature, "SHA1"},
    {"1.3.14.3.2.29", "sha1WithRSA", signature, "SHA1"},
    {"1.2.840.113549.1.1.10", "RSASSA-PSS", signature},
    {"1.2.840.113549.1.1.11", "sha256WithRSAEncryption", signature, "SHA256"},
    {"1.2.840.113549.1.1.12", "sha384WithRSAEncryption", signature, "SHA384"},
    {"1.2.840.113549.1.1.13", "sha512WithRSAEncryption", signature, "SHA512"},
    {"1.2.840.113549.1.1.14", "sha224WithRSAEncryption", signature, "SHA224"},
    {"1.2.840.113549.1.1.15", "sha512-224WithRSAEncryption", signature, "SHA512-224"},
    {"1.2.840.113549.1.1.16", "sha512-256WithRSAEncryption", signature, "SHA512-256"},
    {"2.16.840.1.101.3.4.3.13", "RSA-SHA3-224", signature, "SHA3-224"},
    {"2.16.840.1.101.3.4.3.14", "RSA-SHA3-256", signature, "SHA3-256"},
    {"2.16.840.1.101.3.4.3.15", "RSA-SHA3-384", signature, "SHA3-384"},
    {"2.16.840.1.101.3.4.3.16", "RSA-SHA3-512", signature, "SHA3-512"},
    {"1.2.840.10045.4.1", "ecdsa-with-SHA1", signature, "SHA1"},
    {"1.2.840.10045.4.3.1", "ecdsa-with-SHA224", signature, "SHA224"},
    {"1.2.840.10045.4.3.2", "ecdsa-with-SHA256", signature, "SHA256"},
    {"1.2.840.10045.4.3.3", "ecdsa-with-SHA384", signature, "SHA384"},
    {"1.2.840.10045.4.3.4", "ecdsa-with-SHA512", signature, "SHA512"},
    {"2.16.840.1.101.3.4.3.9", "ecdsa-with-SHA3-224", signature, "SHA3-224"},
    {"2.16.840.1.101.3.4.3.10", "ecdsa-with-SHA3-256", signature, "SHA3-256"},
    {"2.16.840.1.101.3.4.3.11", "ecdsa-with-SHA3-384", signature, "SHA3-384"},
    {"2.16.840.1.101.3.4.3.12", "ecdsa-with-SHA3-512", signature, "SHA3-512"},
    {"1.2.840.10040.4.3", "dsa-with-SHA1", signature, "SHA1"},
    {"2.16.840.1.101.3.4.3.1", "dsa-with-SHA224", signature, "SHA224"},
    {"2.16.840.1.101.3.4.3.2", "dsa-with-SHA256", signature, "SHA256"},
    {"1.3.101.112", "Ed25519", signature},
    {"1.3.101.113", "Ed448", signature},
    {"1.2.156.10197.1.501", "SM2-with-SM3", signature, "SM3"},
    // ML-DSA (FIPS 204).
    {"2.16.840.1.101.3.4.3.17", "ML-DSA-44", signature},
    {"2.16.840.1.101.3.4.3.18", "ML-DSA-65", signature},
    {"2.16.840.1.101.3.4.3.19", "ML-DSA-87", signature},
    // Hashes, as RSASSA-PSS names them.
    {"1.2.840.113549.2.5", "MD5", hash},
    {"1.3.14.3.2.26", "SHA1", hash},
    {"2.16.840.1.101.3.4.2.1", "SHA256", hash},
    {"2.16.840.1.101.3.4.2.2", "SHA384", hash},
    {"2.16.840.1.101.3.4.2.3", "SHA512", hash},
    {"2.16.840.1.101.3.4.2.4", "SHA224", hash},
    {"2.16.840.1.101.3.4.2.8", "SHA3-256", hash},
    {"2.16.840.1.101.3.4.2.9", "SHA3-384", hash},
    {"2.16.840.1.101.3.4.2.10", "SHA3-512", hash},
    // Public keys.
    {"1.2.840.113549.1.1.1", "rsaEncryption", key},
    {"1.2.840.10045.2.1", "id-ecPublicKey", key},
    {"1.2.840.10040.4.1", "dsaEncryption", key},
    {"1.2.840.10046.2.1", "dhpublicnumber", key},
    {"1.3.101.110", "X25519", key},
    {"1.3.101.111", "X448", key},
    // Curves, with the bits of their field.
    {"1.2.840.10045.3.1.1", "P-192", curve, "", 192},
    {"1.3.132.0.33", "P-224", curve, "", 224},
    {"1.2.840.10045.3.1.7", "P-256", curve, "", 256},
    {"1.3.132.0.34", "P-384", curve, "", 384},
    {"1.3.132.0.35", "P-521", curve, "", 521},
    {"1.3.132.0.8", "secp160r1", curve, "", 160},
    {"1.3.132.0.9", "secp160k1", curve, "", 160},
    {"1.3.132.0.30", "secp160r2", curve, "", 160},
    {"1.3.132.0.31", "secp192k1", curve, "", 192},
    {"1.3.132.0.32", "secp224k1", curve, "", 224},
    {"1.3.132.0.10", "secp256k1", curve, "", 256},
    {"1.3.36.3.3.2.8.1.1.1", "brainpoolP160r1", curve, "", 160},
    {"1.3.36.3.3.2.8.1.1.3", "brainpoolP192r1", curve, "", 192},
    {"1.3.36.3.3.2.8.1.1.5", "brainpoolP224r1", curve, "", 224},
    {"1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1", curve, "", 256},
    {"1.3.36.3.3.2.8.1.1.9", "brainpoolP320r1", curve, "", 320},
    {"1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1", curve, "", 384},
    {"1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1", curve, "", 512},
    {"1.2.156.10197.1.301", "SM2", curve, "", 256},
};

static_assert(std::size(kOids) < kMaxOids);

// The content octets of each row.
struct Encoded {
  std::array<uint8_t, 15> octets{};
  uint8_t len = 0;
};

consteval Encoded encode(std::string_view dotted) {
  Encoded out;
  uint64_t first = 0;
  for (size_t at = 0, number = 0; at <= dotted.size(); ++number) {
    uint64_t arc = 0;
    for (; at < dotted.size() && dotted[at] != '.'; ++at) arc = arc * 10 + static_cast<uint64_t>(dotted[at] - '0');
    ++at;
    if (number == 0) {
      first = arc;
      continue;
    }
    if (number == 1) arc += 40 * first;  // X.690 §8.19.4
    int shift = 63;
    while (shift > 0 && arc >> shift == 0) shift -= 7;
    for (; shift >= 0; shift -= 7)
      out.octets[out.len++] = static_cast<uint8_t>((arc >> shift & 0x7f) | (shift > 0 ? 0x80 : 0));
  }
  return out;
}

consteval auto encode_all() {
  std::array<Encoded, std::size(kOids)> out;
  for (size_t i = 0; i < out.size(); ++i) out[i] = encode(kOids[i].oid);
  return out;
}
constexpr auto kEncoded = encode_all();

// Most OIDs differ in their last octets.
constexpr size_t kNumBuckets = 1024;
constexpr size_t bucket_of(const uint8_t* octets, size_t len) {
  size_t hash = len * 131 + octets[0];
  for (size_t i = len > 3 ? len - 3 : 0; i < len; ++i) hash = hash * 37 + octets[i];
  return hash % kNumBuckets;
}

// Row + 1 of each bucket, 0: free; the next bucket when it is taken.
consteval auto make_buckets() {
  std::array<uint8_t, kNumBuckets> out{};
  for (size_t i = 0; i < kEncoded.size(); ++i) {
    size_t bucket = bucket_of(kEncoded[i].octets.data(), kEncoded[i].len);
    while (out[bucket] != 0) bucket = (bucket + 1) % kNumBuckets;
    out[bucket] = static_cast<uint8_t>(i + 1);
  }
  return out;
}
constexpr auto kBuckets = make_buckets();

// As oid_text() judges them.
bool is_oid(ByteView content) {
  uint64_t arc = 0;
  bool inside = false;
  for (uint8_t octet : content) {
    if ((!inside && octet == 0x80) || arc >> 57 != 0) return false;
    arc = arc << 7 | (octet & 0x7fU);
    inside = (octet & 0x80) != 0;
    if (!inside) arc = 0;
  }
  return !content.empty() && !inside;
}

}  // namespace

const OidInfo* find_oid(std::string_view oid) {
  for (const OidInfo& info : kOids)
    if (info.oid == oid) return &info;
  return nullptr;
}

const OidInfo* find_oid(ByteView content) {
  if (content.empty() || content.size() > std::tuple_size_v<decltype(Encoded::octets)>) return nullptr;
  for (size_t bucket = bucket_of(content.data(), content.size()); kBuckets[bucket] != 0;
       bucket = (bucket + 1) % kNumBuckets) {
    const size_t row = kBuckets[bucket] - size_t{1};
    if (equal(content, ByteView(kEncoded[row].octets).first(kEncoded[row].len))) return &kOids[row];
  }
  return nullptr;
}

size_t oid_index(const OidInfo& info) {
  return static_cast<size_t>(&info - kOids);
}

Oid::Oid(ByteView content) : info_(find_oid(content)) {
  if (info_ != nullptr || is_oid(content)) content_ = content;
}

std::string_view Oid::name() const {
  return info_ == nullptr ? std::string_view() : info_->name;
}

std::string Oid::text() const {
  return info_ == nullptr ? oid_text(content_) : std::string(info_->oid);
}

std::string Oid::name_or_text() const {
  return info_ == nullptr ? oid_text(content_) : std::string(info_->name);
}

bool Oid::operator==(std::string_view dotted) const {
  return info_ == nullptr ? oid_text(content_) == dotted : info_->oid == dotted;
}

std::string_view oid_name(std::string_view oid) {
  const OidInfo* info = find_oid(oid);
  return info == nullptr ? std::string_view() : info->name;
}

}  // namespace tlsproof::x509
