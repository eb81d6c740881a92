// needs: base registry x509
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tlsproof/base/text.h"
#include "tlsproof/x509/crl.h"
#include "tlsproof/x509/load.h"

using namespace tlsproof::x509;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Crl crl = Crl::parse(tlsproof::ByteView(data, size));
  std::string shown = crl->escaped_title() + crl->number_hex();
  for (const FieldProblem& problem : crl->problems) shown += problem.message();
  for (const CrlEntry& entry : crl->entries) {
    shown += entry.serial_hex();
    if (entry.reason) shown += crl_reason_name(*entry.reason);
    if (entry.range.offset + entry.range.len > size) std::abort();
  }
  if (!crl->entries.empty()) (void)crl->find(crl->entries.back().serial);
  for (char c : shown)
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) std::abort();
  if (!tlsproof::is_valid_utf8(shown)) std::abort();
  (void)parse_crls({data, size}, "input");
  return 0;
}
