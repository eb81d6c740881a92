// What a file of certificates, requests, lists, keys or a PKCS#12 holds, and what is weak about it. The file may be
// anybody's: every text here is bounded and safe to show.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/crypto/keys.h"
#include "tlsproof/pki/pkcs12.h"
#include "tlsproof/x509/certificate.h"
#include "tlsproof/x509/weaknesses.h"

namespace tlsproof::pki {

inline constexpr size_t kMaxInspectedItems = 1000;  // of one file; the rest is counted
inline constexpr size_t kMaxInspectedNames = 10;    // of one certificate or request; the rest is counted
// Fewer rounds of a derivation than this let a passphrase be guessed too fast.
inline constexpr uint64_t kFewIterations = 100'000;

enum class ItemKind : uint8_t { certificate, request, crl, private_key, public_key, pkcs12, other };
[[nodiscard]] std::string_view item_kind_name(ItemKind kind);   // "private_key": stable, for JSON
[[nodiscard]] std::string_view item_kind_title(ItemKind kind);  // "private key"

struct InspectedWeakness {
  x509::WeaknessLevel level = x509::WeaknessLevel::note;
  std::string name;  // stable, snake_case: "expired", "few_iterations", or a WeaknessCode's
  std::string text;  // one sentence
};

struct InspectedFact {
  std::string name;                 // snake_case: "not_after"
  std::vector<std::string> values;  // one, or a list
};

struct InspectedItem {
  ItemKind kind = ItemKind::other;
  std::string title;  // "CN=server.test (issued by CN=Root CA)"
  std::vector<InspectedFact> facts = {};
  std::vector<InspectedWeakness> weaknesses = {};
  x509::Certificate certificate = {};  // of a certificate
};

struct Inspected {
  std::string format;  // "PEM", "DER", "PKCS#12"
  std::vector<InspectedItem> items;
  size_t num_left_out = 0;                    // items beyond kMaxInspectedItems
  std::vector<InspectedWeakness> weaknesses;  // of the file as a whole: its chain, damaged blocks
  bool has_private_key = false;
};

struct InspectOptions {
  int64_t now = 0;                           // seconds since 1970
  crypto::PassphraseSource passphrase = {};  // for what is encrypted; none: only what is known without
  uint64_t max_iterations = crypto::kMaxIterations;
};

// `what` begins the message ("'x.pem'", already escaped). A usage error when the content is empty, too long, none of
// these kinds, or does not open with the passphrase given.
[[nodiscard]] Result<Inspected> inspect(ByteView content, std::string_view what, const InspectOptions& options);

}  // namespace tlsproof::pki
