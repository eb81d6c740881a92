// needs: base registry x509
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "tlsproof/base/text.h"
#include "tlsproof/x509/load.h"
#include "tlsproof/x509/validate.h"
#include "tlsproof/x509/weaknesses.h"

using namespace tlsproof::x509;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Certificate certificate = Certificate::parse(tlsproof::ByteView(data, size));
  std::string shown = certificate->escaped_title() + check_name(*certificate, "server.test").message("server.test");
  for (const FieldProblem& problem : certificate->problems) shown += problem.message();
  for (const Weakness& weakness : find_weaknesses(*certificate)) shown += weakness.detail;
  if (certificate->subject_alt_names)
    for (const GeneralName& name : *certificate->subject_alt_names) shown += name.escaped_text();
  const std::vector<Certificate> sent = {certificate, certificate};
  for (const Problem& problem : validate(sent, TrustAnchors::none(), {}).problems) shown += problem.detail;
  shown += analyse_chain(sent, TrustAnchors::none()).missing_issuer;
  for (char c : shown)
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) std::abort();
  if (!tlsproof::is_valid_utf8(shown)) std::abort();
  if (const auto loaded = parse_certificates({data, size}, "input"); !loaded && loaded.error().what.empty())
    std::abort();
  return 0;
}
