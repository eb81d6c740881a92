// needs: base registry crypto x509 pki
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tlsproof/base/text.h"
#include "tlsproof/pki/inspect.h"

using namespace tlsproof;

namespace {
void expect_safe(const std::string& text) {
  for (char c : text)
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) std::abort();
  if (!is_valid_utf8(text)) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pki::InspectOptions options{.now = 1'800'000'000, .max_iterations = 200};
  for (int i = 0; i < 2; ++i) {
    const auto found = pki::inspect({data, size}, "input", options);
    if (!found) expect_safe(found.error().what);
    if (found)
      for (const pki::InspectedItem& item : found->items) {
        expect_safe(item.title);
        for (const auto& fact : item.facts)
          for (const std::string& value : fact.values) expect_safe(value);
        for (const auto& weakness : item.weaknesses) expect_safe(weakness.text);
      }
    options.passphrase = crypto::fixed_passphrase(SecretBytes(as_bytes("x")));
  }
  return 0;
}
