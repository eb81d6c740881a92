// Certification authorities, and what they hand out.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/error.h"
#include "tlsproof/base/random.h"
#include "tlsproof/crypto/private_key.h"
#include "tlsproof/pki/certificate.h"

namespace tlsproof::pki {

// What one side of a handshake presents: certificates as they are sent, leaf first, and the key that signs. The key need not fit
// the leaf (fault wrong_key).
struct Identity {
  std::vector<Bytes> chain;  // DER; the root is not sent
  crypto::PrivateKey key;
};

// A CA certificate with its key, and the issuers above it as far as they are known.
class Authority {
 public:
  // `certificates` are DER, the CA's own first, each following one the issuer of the one before. Fails with a usage error that says
  // why when the first is not a CA's (basicConstraints, keyUsage) or is not that of `key`.
  [[nodiscard]] static Result<Authority> make(std::vector<Bytes> certificates, crypto::PrivateKey key);
  // The same from a PEM file of one or more certificates, or one in DER. `passphrase` opens the key; empty: none is known.
  [[nodiscard]] static Result<Authority> load(const std::string& certificate_path, const std::string& key_path,
                                              const SecretBytes& passphrase = {});
  // A new self-signed root for `key`.
  [[nodiscard]] static Result<Authority> make_root(const CertificateSpec& spec, crypto::PrivateKey key, RandomSource& random);
  // A new CA under this one.
  [[nodiscard]] Result<Authority> make_intermediate(const CertificateSpec& spec, crypto::PrivateKey key,
                                                    RandomSource& random) const;

  // Signs `spec` for the public key `spki`: the certificate alone.
  [[nodiscard]] Result<Bytes> issue(const CertificateSpec& spec, ByteView spki, RandomSource& random) const;
  // The same with the key at hand: leaf, then this CA and those above, without the root.
  [[nodiscard]] Result<Identity> issue_identity(const CertificateSpec& spec, crypto::PrivateKey key, RandomSource& random) const;

  [[nodiscard]] ByteView certificate() const { return certificates_.front(); }
  [[nodiscard]] const std::vector<Bytes>& certificates() const { return certificates_; }  // own first
  // The certificates that a peer needs beside the leaf: own first, without a self-signed one.
  [[nodiscard]] std::vector<Bytes> intermediates() const;
  [[nodiscard]] const crypto::PrivateKey& key() const { return key_; }
  [[nodiscard]] const Validity& validity() const { return validity_; }
  [[nodiscard]] ByteView subject_der() const { return subject_der_; }
  [[nodiscard]] ByteView key_id() const { return key_id_; }  // of the subjectKeyIdentifier; empty without one
  // A usage error that says from or until when, unless `now` (seconds since 1970) lies within the validity.
  [[nodiscard]] Status check_valid_at(int64_t now) const;
  // A usage error when its pathLenConstraint allows no CA below it.
  [[nodiscard]] Status check_may_issue_authority() const;

 private:
  Authority(std::vector<Bytes> certificates, crypto::PrivateKey key)
      : certificates_(std::move(certificates)), key_(std::move(key)) {}

  std::vector<Bytes> certificates_;
  crypto::PrivateKey key_;
  Validity validity_;
  Bytes subject_der_;
  Bytes key_id_;
  int path_len_ = -1;  // -1: no limit
};

// The certificates of a PEM file in its order (other blocks are skipped), or the one of a DER file. A usage error, naming file and
// `purpose`, when there is none or one cannot be decoded.
[[nodiscard]] Result<std::vector<Bytes>> load_certificates(const std::string& path, std::string_view purpose);

// "-----BEGIN CERTIFICATE-----" blocks, in order.
[[nodiscard]] std::string certificates_to_pem(std::span<const Bytes> certificates);

// What is told of a certificate that was made, read back from its bytes.
struct CertificateSummary {
  std::string subject;  // "C=CN, O=example, CN=Root CA", escaped; "(empty)" when it is
  std::string issuer;
  std::vector<std::string> names;  // "DNS:server.example.com"
  Validity validity;
  std::string serial;       // hex, as openssl prints it
  std::string fingerprint;  // SHA-256 of the DER, hex in lower case without separators
  std::string key;          // "RSA 4096", "P-256"
};
[[nodiscard]] Result<CertificateSummary> summarize(ByteView certificate);

}  // namespace tlsproof::pki
