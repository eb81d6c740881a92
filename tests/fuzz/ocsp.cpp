// needs: base registry x509
// OCSP responses and lists of signed certificate timestamps: ranges stay inside, what is read is borrowed from the
// input.
#include "tlsproof/x509/ocsp.h"

#include <cstdlib>

#include "tlsproof/x509/sct.h"

using namespace tlsproof;
using namespace tlsproof::x509;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const OcspResponseView response = OcspResponseView::parse({data, size});
  std::string shown = response.responder_name.escaped_text() + response.signature_algorithm.name();
  for (const FieldProblem& problem : response.problems) shown += problem.message();
  for (const OcspSingleResponse& single : response.responses) {
    shown += single.serial_hex();
    if (single.range.end() > size) std::abort();
  }
  for (ByteView certificate : response.certificates) shown += CertificateView::parse(certificate).escaped_title();
  const SctListView list = decode_sct_list({data, size});
  for (const SctView& sct : list.scts)
    if (sct.range.end() > size || (sct.readable && sct.log_id.size() != 32)) std::abort();
  for (char c : shown)
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) std::abort();
  return 0;
}
