#include "tlsproof/pki/key_files.h"

#include <fmt/format.h>

#include <algorithm>

#include "path.h"
#include "tlsproof/base/file.h"
#include "tlsproof/base/text.h"
#include "tlsproof/x509/load.h"

namespace tlsproof::pki {
namespace {

std::string describe(std::string_view purpose, const std::string& path) {
  return fmt::format("{} '{}'", purpose, escape_terminal(path));
}

// The file may be a PKCS#12, or hold a key beside the certificate: what is read of it is wiped.
Result<SecretBytes> read(const std::string& path, std::string_view purpose) {
  return load_secret_file(path, purpose, kDefaultFileLimit);
}

Result<crypto::PrivateKey> key_of(ByteView content, std::string_view purpose, const std::string& path,
                                  const crypto::PassphraseSource& passphrase) {
  if (!is_pkcs12(content)) return crypto::PrivateKey::load(content, fmt::format("{} '{}'", purpose, path), passphrase);
  const std::string what = describe(purpose, path);
  TLSPROOF_TRY(Pkcs12 file, load_pkcs12(content, what, passphrase));
  if (file.keys.empty()) return fail_usage(fmt::format("{} holds no private key, only certificates", what));
  if (file.keys.size() > 1) return fail_usage(fmt::format("{} holds {} private keys", what, file.keys.size()));
  return std::move(file.keys.front().key);
}

// The key's certificate in front, wherever it stood.
Result<KeyAndPath> bring_to_front(crypto::PrivateKey key, std::vector<x509::Certificate> certificates,
                                  const std::string& certificate_name, const std::string& key_name) {
  const auto own = std::ranges::find_if(
      certificates, [&](const x509::Certificate& certificate) { return is_of_key(*certificate, key); });
  if (own == certificates.end())
    return fail_usage(fmt::format("the {} does not belong to the {} ({})", key_name, certificate_name,
                                  certificates.front()->escaped_title()));
  std::rotate(certificates.begin(), own, own + 1);
  return KeyAndPath{std::move(key), std::move(certificates)};
}

}  // namespace

Result<std::vector<x509::Certificate>> load_certificates(const std::string& path, std::string_view purpose,
                                                         const crypto::PassphraseSource& passphrase) {
  TLSPROOF_TRY(const SecretBytes content, read(path, purpose));
  const std::string what = "the " + describe(purpose, path);
  if (!is_pkcs12(content.view())) return x509::parse_certificates(content.view(), what);
  TLSPROOF_TRY(const Pkcs12 file, load_pkcs12(content.view(), what, passphrase));
  if (file.certificates.empty()) return fail_usage(fmt::format("{} holds no certificate", what));
  return file.all_certificates();
}

Result<crypto::PrivateKey> load_private_key(const std::string& path, std::string_view purpose,
                                            const crypto::PassphraseSource& passphrase) {
  TLSPROOF_TRY(const SecretBytes content, read(path, purpose));
  return key_of(content.view(), purpose, path, passphrase);
}

Result<KeyAndPath> load_key_and_path(const std::string& certificate_path, const std::string& key_path,
                                     std::string_view whose, const crypto::PassphraseSource& passphrase) {
  const std::string purpose = fmt::format("{} certificate", whose);
  const std::string key_purpose = fmt::format("{} key", whose);
  const std::string certificate_name = describe(purpose, certificate_path);
  TLSPROOF_TRY(const SecretBytes content, read(certificate_path, purpose));
  if (is_pkcs12(content.view())) {
    TLSPROOF_TRY(const Pkcs12 file, load_pkcs12(content.view(), certificate_name, passphrase));
    if (key_path.empty()) return take_identity(file, certificate_name);
    if (file.certificates.empty()) return fail_usage(fmt::format("{} holds no certificate", certificate_name));
    TLSPROOF_TRY(crypto::PrivateKey key, load_private_key(key_path, key_purpose, passphrase));
    TLSPROOF_TRY(KeyAndPath out, bring_to_front(std::move(key), file.all_certificates(), certificate_name,
                                                describe(key_purpose, key_path)));
    out.path = order_path(std::move(out.path));
    return out;
  }
  TLSPROOF_TRY(auto certificates, x509::parse_certificates(content.view(), "the " + certificate_name));
  if (key_path.empty() && as_text(content.view()).find("PRIVATE KEY-----") == std::string_view::npos)
    return fail_usage(fmt::format("the {} holds no private key: name the file of its key too", certificate_name));
  TLSPROOF_TRY(crypto::PrivateKey key, key_path.empty() ? key_of(content.view(), purpose, certificate_path, passphrase)
                                                        : load_private_key(key_path, key_purpose, passphrase));
  return bring_to_front(std::move(key), std::move(certificates), certificate_name,
                        describe(key_purpose, key_path.empty() ? certificate_path : key_path));
}

}  // namespace tlsproof::pki
