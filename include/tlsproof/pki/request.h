// Certification requests (PKCS#10, RFC 2986), read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/base/bytes.h"
#include "tlsproof/base/error.h"
#include "tlsproof/pki/certificate.h"

namespace tlsproof::pki {

struct SigningRequest {
  crypto::PublicKey key;
  Bytes subject_der;  // the Name, byte by byte
  bool subject_empty = false;
  std::vector<AlternativeName> names =
      {};  // the subjectAltName asked for; kinds we do not issue are left out and counted
  size_t num_other_names = 0;
};

// PEM or DER. A usage error, naming `what` ("request 'server.csr'"), when it cannot be decoded or its signature is not
// by the key inside: whoever sent it must hold that key.
[[nodiscard]] Result<SigningRequest> parse_signing_request(ByteView content, std::string_view what);
[[nodiscard]] Result<SigningRequest> load_signing_request(const std::string& path);

}  // namespace tlsproof::pki
