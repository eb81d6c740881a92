// needs: base registry crypto x509 pki
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tlsproof/base/text.h"
#include "tlsproof/pki/pkcs12.h"

using namespace tlsproof;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ByteView content(data, size);
  (void)pki::is_pkcs12(content);
  const auto passphrase = crypto::fixed_passphrase(SecretBytes(as_bytes("x")));
  for (const auto& source : {crypto::PassphraseSource(), passphrase}) {
    const auto file = pki::load_pkcs12(content, "input", source, {.max_iterations = 200, .outline_when_locked = true});
    if (!file) {
      if (file.error().what.empty() || escape_terminal(file.error().what) != file.error().what) std::abort();
      continue;
    }
    for (const auto& part : file->parts)
      if (part.encryption && !is_valid_utf8(part.encryption->text())) std::abort();
    (void)pki::take_identity(*file, "input");
  }
  return 0;
}
