// Certification authorities, and what they hand out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/error.h"
#include "tlsproof/base/random.h"
#include "tlsproof/crypto/keys.h"
#include "tlsproof/pki/certificate.h"
#include "tlsproof/x509/certificate.h"

namespace tlsproof::pki {

// What one side of a handshake presents: certificates as they are sent, leaf first, and the key that signs. The key
// need not fit the leaf (fault wrong_key).
struct Identity {
  std::vector<Bytes> chain;  // DER; the root is not sent
  crypto::PrivateKey key;
};

// A CA certificate with its key, and the issuers above it as far as they are known. Copies share what never changes.
class Authority {
 public:
  // The CA's own certificate first, each following one the issuer of the one before; what follows in another way is
  // dropped. Fails with a usage error that says why when the first is not a CA's (basicConstraints, keyUsage) or is not
  // that of `key`. `name` begins the message: "CA certificate 'ca.crt'".
  [[nodiscard]] static Result<Authority> make(std::vector<x509::Certificate> certificates, crypto::PrivateKey key,
                                              std::string_view name = "CA certificate");
  // The same from files; see load_key_and_path (key_files.h): PEM, DER or PKCS#12, the key in a file of its own or
  // beside the certificate. In a file of several certificates the one that fits the key is the CA's own, wherever it
  // stands.
  [[nodiscard]] static Result<Authority> load(const std::string& certificate_path, const std::string& key_path,
                                              const crypto::PassphraseSource& passphrase = {});
  // A new self-signed root.
  [[nodiscard]] static Result<Authority> make_root(const CertificateSpec& spec, crypto::PrivateKey key,
                                                   RandomSource& random);
  // A new CA under this one.
  [[nodiscard]] Result<Authority> make_intermediate(const CertificateSpec& spec, crypto::PrivateKey key,
                                                    RandomSource& random) const;

  // Signs `spec` for `key`: the certificate alone, in DER.
  [[nodiscard]] Result<Bytes> issue(const CertificateSpec& spec, const crypto::PublicKey& key,
                                    RandomSource& random) const;
  // The same with the private key at hand: leaf, then intermediates().
  [[nodiscard]] Result<Identity> issue_identity(const CertificateSpec& spec, crypto::PrivateKey key,
                                                RandomSource& random) const;
  // issue_identity() of a leaf_spec().
  [[nodiscard]] Result<Identity> issue_server(Subject subject, std::vector<AlternativeName> names, Validity validity,
                                              crypto::PrivateKey key, RandomSource& random) const;
  [[nodiscard]] Result<Identity> issue_client(Subject subject, std::vector<AlternativeName> names, Validity validity,
                                              crypto::PrivateKey key, RandomSource& random) const;

  [[nodiscard]] const x509::Certificate& certificate() const { return certificates_.front(); }
  [[nodiscard]] const std::vector<x509::Certificate>& certificates() const { return certificates_; }  // own first
  // What a peer that trusts the root needs beside the leaf: DERs, own first, without the root (a self-issued one).
  [[nodiscard]] std::vector<Bytes> intermediates() const;
  [[nodiscard]] const crypto::PrivateKey& key() const { return key_; }
  [[nodiscard]] Validity validity() const;
  // A usage error that says from or until when, unless `now` (seconds since 1970) lies within the validity.
  [[nodiscard]] Status check_valid_at(int64_t now) const;
  // A usage error when its pathLenConstraint allows no CA below it.
  [[nodiscard]] Status check_may_issue_authority() const;

 private:
  Authority(std::vector<x509::Certificate> certificates, crypto::PrivateKey key)
      : certificates_(std::move(certificates)), key_(std::move(key)) {}

  std::vector<x509::Certificate> certificates_;  // never empty, the first readable with both dates
  crypto::PrivateKey key_;
};

}  // namespace tlsproof::pki
