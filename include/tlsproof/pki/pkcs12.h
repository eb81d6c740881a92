// PKCS#12 (RFC 7292): a key and its certificates, or certificates alone, in one file under a passphrase. What needs
// libcrypto's legacy provider (RC2, RC4) gets it in a library context of its own, never in the default one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/base/secret.h"
#include "tlsproof/crypto/keys.h"
#include "tlsproof/crypto/password_encryption.h"
#include "tlsproof/x509/certificate.h"

namespace tlsproof::pki {

inline constexpr size_t kMaxPkcs12Len = size_t{16} << 20;

// Whether the bytes begin like a PKCS#12, DER or BER, or as PEM of the label PKCS12. Cheap, and never wrong about a
// certificate, key, CSR or CRL.
[[nodiscard]] bool is_pkcs12(ByteView content);

// What a file holds. Texts are raw: escape them.
struct Pkcs12 {
  struct Mac {
    std::string hash;         // "SHA256"; safe to show
    uint64_t iterations = 1;  // of PKCS#12's derivation
  };
  struct Part {  // in the order of the file
    enum class Holds : uint8_t { bags, key } holds = Holds::bags;
    std::optional<crypto::PasswordEncryption> encryption;  // nullopt: plain
  };
  struct KeyEntry {
    crypto::PrivateKey key;
    std::string name;  // friendlyName
  };
  struct CertificateEntry {
    x509::Certificate certificate;
    std::string name;
  };

  std::optional<Mac> mac;   // nullopt: nothing tells whether the file was changed
  std::vector<Part> parts;  // keys inside an encrypted part are among them once it is open
  bool open = false;        // false: only what stands outside the encryption is known
  bool empty_passphrase = false;
  std::vector<KeyEntry> keys;
  std::vector<CertificateEntry> certificates;  // in the order of the file
  size_t num_crls = 0;
  size_t num_others = 0;  // secrets, certificates that are not X.509

  // The certificates alone.
  [[nodiscard]] std::vector<x509::Certificate> all_certificates() const;
};

struct Pkcs12Options {
  uint64_t max_iterations = crypto::kMaxIterations;  // of all its derivations together
  bool outline_when_locked = false;  // without a passphrase for it: what is known all the same (`open` is false)
};

// `passphrase` is asked once. Where it gives none, or a wrong one, an absent and an empty one are tried (both exist,
// and differ). `what` begins the message ("client certificate 'x.p12'", already escaped), which tells apart: empty, not
// PKCS#12, damaged, a passphrase is needed, a wrong one, an algorithm that is not supported, the legacy provider is
// missing, too many iterations, nothing inside. Errors are of kind usage.
[[nodiscard]] Result<Pkcs12> load_pkcs12(ByteView content, std::string_view what,
                                         const crypto::PassphraseSource& passphrase = {},
                                         const Pkcs12Options& options = {});

// The one key and the certificate that it fits, whose issuers follow in order; the rest of the file is left out. A
// usage error, beginning with `what`, when there is no key, no certificate, none that fits, or more than one such pair.
struct KeyAndPath {
  crypto::PrivateKey key;
  std::vector<x509::Certificate> path;
};
[[nodiscard]] Result<KeyAndPath> take_identity(const Pkcs12& file, std::string_view what);

// Half a second or so to open, since libcrypto's derivation for the MAC is slow.
inline constexpr int kPkcs12Iterations = 100'000;

struct Pkcs12Spec {
  crypto::PrivateKey key;
  std::vector<x509::Certificate> certificates;  // the first is the key's
  std::string friendly_name;                    // UTF-8; empty: none
  // RC2-40 and triple DES with a SHA-1 MAC, for importers that know nothing newer; else PBES2 with AES-256-CBC,
  // HMAC-SHA-256, and a SHA-256 MAC.
  bool legacy = false;
  int iterations = kPkcs12Iterations;
};
// A usage error when the first certificate is not the key's, the passphrase is empty, holds a NUL or is not UTF-8
// (which the derivation is defined for), or the legacy provider is missing.
[[nodiscard]] Result<Bytes> make_pkcs12(const Pkcs12Spec& spec, const SecretBytes& passphrase);

}  // namespace tlsproof::pki
