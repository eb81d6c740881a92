#include "tlsproof/x509/anchors.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <unistd.h>

#include <algorithm>

#include "openssl.h"
#include "tlsproof/base/text.h"
#include "tlsproof/x509/load.h"

namespace tlsproof::x509 {

std::string drain_errors() {
  std::string out;
  while (const unsigned long error = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(error);
    if (out.empty() && reason != nullptr) out = reason;
  }
  return out;
}

X509Ptr to_x509(ByteView der) {
  if (der.size() > (size_t{16} << 20)) return nullptr;
  const uint8_t* at = der.data();
  X509Ptr out(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (out != nullptr && at != der.data() + der.size()) return nullptr;
  return out;
}

Certificate from_x509(X509* certificate) {
  uint8_t* der = nullptr;
  const int len = i2d_X509(certificate, &der);
  if (len <= 0) {
    (void)drain_errors();
    return {};
  }
  Certificate out = Certificate::parse(ByteView(der, static_cast<size_t>(len)));
  OPENSSL_free(der);
  return out;
}

namespace {

std::shared_ptr<TrustAnchors::Impl> make_impl(std::span<const Certificate> certificates, std::string description) {
  auto impl = std::make_shared<TrustAnchors::Impl>();
  impl->store.reset(X509_STORE_new());
  TLSPROOF_CHECK(impl->store != nullptr);
  impl->description = std::move(description);
  for (const Certificate& certificate : certificates) {
    const X509Ptr x509 = to_x509(certificate.der());
    if (x509 != nullptr && X509_STORE_add_cert(impl->store.get(), x509.get()) == 1)
      impl->certificates.push_back(certificate);
  }
  (void)drain_errors();
  return impl;
}

const char* environment_or(const char* variable, const char* otherwise) {
  const char* value = ::secure_getenv(variable);
  return value != nullptr ? value : otherwise;
}

}  // namespace

TrustAnchors TrustAnchors::none() {
  return TrustAnchors(make_impl({}, "no trust anchor"));
}

TrustAnchors TrustAnchors::from_certificates(std::span<const Certificate> certificates, std::string description) {
  return TrustAnchors(make_impl(certificates, std::move(description)));
}

Result<TrustAnchors> TrustAnchors::from_file(const std::string& path) {
  TLSPROOF_TRY(std::vector<Certificate> certificates, load_certificates(path, "trusted CA"));
  return from_file_content(path, certificates);
}

Result<TrustAnchors> TrustAnchors::from_file_content(const std::string& path,
                                                     std::span<const Certificate> certificates) {
  auto impl = make_impl(certificates, "");
  const size_t count = impl->certificates.size();
  if (count == 0)
    return fail_usage(fmt::format("the trusted CA '{}' holds no certificate that can be used", escape_terminal(path)));
  impl->description = fmt::format("{} certificate{} of '{}'", count, count == 1 ? "" : "s", escape_terminal(path));
  return TrustAnchors(std::move(impl));
}

Result<TrustAnchors> TrustAnchors::system(std::span<const Certificate> more) {
  const char* file_variable = X509_get_default_cert_file_env();
  const bool file_named = ::secure_getenv(file_variable) != nullptr;
  const std::string file = environment_or(file_variable, X509_get_default_cert_file());
  const std::string folder = environment_or(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
  std::vector<Certificate> certificates;
  if (file_named) {
    TLSPROOF_TRY(certificates, load_certificates(file, file_variable));
  } else if (::access(file.c_str(), R_OK) == 0) {
    if (auto loaded = load_certificates(file, "system's store")) certificates = std::move(*loaded);
  }
  const bool file_read = !certificates.empty();
  certificates.insert(certificates.end(), more.begin(), more.end());
  auto impl = make_impl(certificates, "");
  std::vector<std::string> parts;
  if (file_read) parts.push_back(escape_terminal(file));
  X509_LOOKUP* lookup = X509_STORE_add_lookup(impl->store.get(), X509_LOOKUP_hash_dir());
  if (lookup != nullptr && X509_LOOKUP_add_dir(lookup, folder.c_str(), X509_FILETYPE_PEM) == 1)
    parts.push_back(escape_terminal(folder));
  (void)drain_errors();
  impl->description = fmt::format("the system's store ({})", parts.empty() ? std::string("empty") : join(parts, ", "));
  return TrustAnchors(std::move(impl));
}

const std::string& TrustAnchors::description() const {
  return impl_->description;
}
const std::vector<Certificate>& TrustAnchors::certificates() const {
  return impl_->certificates;
}

bool TrustAnchors::contains(const CertificateView& certificate) const {
  return std::ranges::any_of(find_by_subject(certificate.subject.der),
                             [&](const Certificate& anchor) { return equal(anchor.der(), certificate.der); });
}

std::vector<Certificate> TrustAnchors::find_by_subject(ByteView name_der) const {
  constexpr int kMaxFound = 16;
  std::vector<Certificate> out;
  if (name_der.empty() || name_der.size() > (size_t{1} << 20)) return out;
  const uint8_t* at = name_der.data();
  const NamePtr name(d2i_X509_NAME(nullptr, &at, static_cast<long>(name_der.size())));
  const StoreContextPtr context(X509_STORE_CTX_new());
  if (name != nullptr && context != nullptr &&
      X509_STORE_CTX_init(context.get(), impl_->store.get(), nullptr, nullptr) == 1) {
    const X509StackPtr found(X509_STORE_CTX_get1_certs(context.get(), name.get()));
    const int count = found == nullptr ? 0 : std::min(sk_X509_num(found.get()), kMaxFound);
    for (int i = 0; i < count; ++i) out.push_back(from_x509(sk_X509_value(found.get(), i)));
  }
  (void)drain_errors();
  return out;
}

}  // namespace tlsproof::x509
