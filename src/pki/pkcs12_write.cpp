// PKCS#12 (RFC 7292), written.
#include <fmt/format.h>
#include <openssl/pkcs12.h>

#include <tuple>

#include "legacy.h"
#include "path.h"
#include "tlsproof/base/text.h"
#include "tlsproof/pki/pkcs12.h"

namespace tlsproof::pki {
namespace {

constexpr size_t kMaxFriendlyName = 256;

// libcrypto takes a C string, and turns UTF-8 into the BMPString of RFC 7292 appendix B.1.
Result<SecretBytes> terminated(const SecretBytes& passphrase) {
  if (passphrase.empty()) return fail_usage("the passphrase of a PKCS#12 must not be empty");
  if (as_text(passphrase.view()).find('\0') != std::string_view::npos)
    return fail_usage("the passphrase of a PKCS#12 must not hold a NUL byte");
  if (!is_valid_utf8(as_text(passphrase.view())))
    return fail_usage("the passphrase of a PKCS#12 must be UTF-8: importers derive other keys from anything else");
  SecretBytes out(passphrase.size() + 1);
  std::ranges::copy(passphrase.view(), out.span().begin());
  return out;
}

Status check_friendly_name(std::string_view name) {
  if (name.size() > kMaxFriendlyName)
    return fail_usage(fmt::format("the friendly name is longer than {} bytes", kMaxFriendlyName));
  if (name.find('\0') != std::string_view::npos || escape_terminal(name) != name)
    return fail_usage(fmt::format("the friendly name '{}' is not plain text", escape_terminal_limited(name, 80)));
  return {};
}

}  // namespace

Result<Bytes> make_pkcs12(const Pkcs12Spec& spec, const SecretBytes& passphrase) {
  TLSPROOF_TRY(const SecretBytes password, terminated(passphrase));
  TLSPROOF_TRY_VOID(check_friendly_name(spec.friendly_name));
  if (spec.certificates.empty() || !is_of_key(*spec.certificates.front(), spec.key))
    return fail_usage("the key does not belong to the first certificate");
  std::optional<LegacyContext> legacy;
  if (spec.legacy) {
    TLSPROOF_TRY(legacy, LegacyContext::make("a legacy PKCS#12"));
  }
  const X509Ptr leaf = parse_x509(spec.certificates.front().der());
  if (!leaf) return fail_usage("the first certificate cannot be decoded");
  Handle<STACK_OF(X509), [](STACK_OF(X509) * list) { sk_X509_pop_free(list, X509_free); }> others(sk_X509_new_null());
  TLSPROOF_CHECK(others != nullptr);
  for (size_t i = 1; i < spec.certificates.size(); ++i) {
    X509Ptr other = parse_x509(spec.certificates[i].der());
    if (!other) return fail_usage(fmt::format("certificate {} of the chain cannot be decoded", i + 1));
    if (sk_X509_push(others.get(), other.get()) > 0) std::ignore = other.release();  // the stack owns it
  }
  const auto* text = reinterpret_cast<const char*>(password.view().data());
  const int key_scheme = spec.legacy ? NID_pbe_WithSHA1And3_Key_TripleDES_CBC : NID_aes_256_cbc;
  const int certificate_scheme = spec.legacy ? NID_pbe_WithSHA1And40BitRC2_CBC : NID_aes_256_cbc;
  constexpr int kNoMacYet = -1;
  const Handle<PKCS12, PKCS12_free> file(
      PKCS12_create_ex(text, spec.friendly_name.empty() ? nullptr : spec.friendly_name.c_str(), spec.key.native(),
                       leaf.get(), others.get(), key_scheme, certificate_scheme, spec.iterations, kNoMacYet, 0,
                       legacy ? legacy->native() : nullptr, nullptr));
  if (!file ||
      PKCS12_set_mac(file.get(), text, -1, nullptr, 0, spec.iterations, spec.legacy ? EVP_sha1() : EVP_sha256()) != 1)
    return std::unexpected(crypto::openssl_error("cannot make the PKCS#12"));
  return to_der<i2d_PKCS12>(file.get());
}

}  // namespace tlsproof::pki
