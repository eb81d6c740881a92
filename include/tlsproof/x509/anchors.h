// The certificates that a path may end at.
#pragma once

#include <memory>
#include <span>

#include "tlsproof/base/error.h"
#include "tlsproof/x509/certificate.h"

namespace tlsproof::x509 {

// Copies share the set; immutable and safe to use from several threads.
class TrustAnchors {
 public:
  // No anchor at all: nothing is trusted.
  [[nodiscard]] static TrustAnchors none();
  // The machine's store: libcrypto's default paths, or what SSL_CERT_FILE and SSL_CERT_DIR say. A folder is looked up
  // by name when needed; `more` are anchors beside it. Fails when a file named by SSL_CERT_FILE cannot be read.
  [[nodiscard]] static Result<TrustAnchors> system(std::span<const Certificate> more = {});
  // Every certificate of a PEM or DER file (load.h says how that fails).
  [[nodiscard]] static Result<TrustAnchors> from_file(const std::string& path);
  // The same with the certificates that somebody else took out of that file (a PKCS#12).
  [[nodiscard]] static Result<TrustAnchors> from_file_content(const std::string& path,
                                                              std::span<const Certificate> certificates);
  // Certificates that libcrypto cannot read are left out. `description` is for reports, already escaped: "the client
  // CA".
  [[nodiscard]] static TrustAnchors from_certificates(std::span<const Certificate> certificates,
                                                      std::string description);

  // For reports: "the system's store (/etc/ssl/certs)", "2 certificates of 'ca.pem'", "no trust anchor"; escaped.
  [[nodiscard]] const std::string& description() const;
  // The certificates given; for the system's store those read so far from a file, none from its folder.
  [[nodiscard]] const std::vector<Certificate>& certificates() const;
  // Whether this very certificate is an anchor.
  [[nodiscard]] bool contains(const CertificateView& certificate) const;
  // The anchors whose subject is this name, looked up in folders too. At most 16.
  [[nodiscard]] std::vector<Certificate> find_by_subject(ByteView name_der) const;

  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }  // for this module's own files

 private:
  explicit TrustAnchors(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace tlsproof::x509
