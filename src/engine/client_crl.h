// The CRLs that a server uses for its clients, as far as they were given: what they will do to good clients. This
// module's own.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tlsproof/pki/authority.h"
#include "tlsproof/x509/crl.h"

namespace tlsproof::engine {

// Usage errors: a list that cannot be read; with `client_ca`, no list of it or of a CA above it.
[[nodiscard]] Status check_client_crls(std::span<const x509::Crl> crls, const pki::Authority* client_ca);

struct CrlTrouble {
  std::string text;  // one sentence, safe to show
  // A server that checks this list refuses every client for it.
  bool refuses_all = false;
};
// `client_ca` may be null: then only what the lists say of themselves is told. `now`: seconds since 1970.
[[nodiscard]] std::vector<CrlTrouble> lint_client_crls(std::span<const x509::Crl> crls, const pki::Authority* client_ca,
                                                       int64_t now);

}  // namespace tlsproof::engine
