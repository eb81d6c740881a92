// The certificates of one chain, with what is worked out about them once; this module's own.
#pragma once

#include <span>

#include "openssl.h"

namespace tlsproof::x509 {

// Whether the identifiers leave it open that `issuer` issued `subject` (names are compared elsewhere).
[[nodiscard]] bool key_ids_agree(const CertificateView& issuer, const CertificateView& subject);
// Whether the key of `issuer` made the signature of `subject`.
[[nodiscard]] bool signature_holds(X509* issuer, X509* subject);

class ChainPool {
 public:
  explicit ChainPool(std::span<const Certificate> certificates);

  [[nodiscard]] size_t size() const { return certificates_.size(); }
  [[nodiscard]] const CertificateView& view(size_t i) const { return certificates_[i].view(); }
  [[nodiscard]] const Certificate& certificate(size_t i) const { return certificates_[i]; }
  // nullptr when libcrypto cannot read it.
  [[nodiscard]] X509* x509(size_t i) const { return x509_[i].get(); }
  [[nodiscard]] const std::string& why_unreadable(size_t i) const { return why_unreadable_[i]; }
  [[nodiscard]] bool is_duplicate(size_t i) const { return duplicate_[i]; }
  // By name and key identifiers alone.
  [[nodiscard]] bool names_issuer(size_t subject, size_t issuer) const {
    return !issuer_name_[subject].empty() && issuer_name_[subject] == subject_name_[issuer] &&
           key_ids_agree(view(issuer), view(subject));
  }
  // The same, and the signature. After too many verifications (a list made to cost time) names have to do.
  [[nodiscard]] bool certifies(size_t issuer, size_t subject);
  [[nodiscard]] bool self_signed(size_t i) { return certifies(i, i); }
  [[nodiscard]] const std::string& subject_name(size_t i) const { return subject_name_[i]; }
  [[nodiscard]] const std::string& issuer_name(size_t i) const { return issuer_name_[i]; }

 private:
  std::span<const Certificate> certificates_;
  std::vector<X509Ptr> x509_;
  std::vector<std::string> why_unreadable_;
  std::vector<std::string> subject_name_, issuer_name_;  // canonical
  std::vector<bool> duplicate_;
  int verifications_left_ = 512;
};

}  // namespace tlsproof::x509
