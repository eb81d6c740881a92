// What an endpoint's files hold, loaded once: anchors, CRLs, our identity, the CA that forges.
#pragma once

#include <optional>
#include <vector>

#include "tlsproof/pki/authority.h"
#include "tlsproof/target/target.h"
#include "tlsproof/x509/anchors.h"
#include "tlsproof/x509/crl.h"

namespace tlsproof::engine {

struct Material {
  x509::TrustAnchors anchors = x509::TrustAnchors::none();
  std::vector<Bytes> crls;
  std::optional<pki::Identity> identity;    // the good client certificate as the user gave it
  std::optional<pki::Authority> client_ca;  // forges client certificates
  std::vector<x509::Crl> client_crls = {};  // that the server uses for clients
};

// Usage errors name the file and what is wrong with it: unreadable, no certificate, a wrong passphrase, a key that does
// not fit its certificate, a CA that is none, CRLs of other CAs.
[[nodiscard]] Result<Material> load_material(const target::Endpoint& endpoint);

}  // namespace tlsproof::engine
