// Each kind of thing that can stand in a file, told; this module's own.
#pragma once

#include "tlsproof/pki/inspect.h"

namespace tlsproof::pki {

[[nodiscard]] InspectedItem inspect_certificate(const x509::Certificate& certificate, int64_t now);
[[nodiscard]] InspectedItem inspect_request(ByteView der);
[[nodiscard]] InspectedItem inspect_crl(ByteView der, int64_t now);
[[nodiscard]] InspectedItem inspect_public_key(ByteView spki);
// A PEM block as it stands, or DER. `header`: RFC 1421's, of the old encryption. `budget` are the iterations that may
// still be spent on passphrases. Fails when the passphrase is wrong.
[[nodiscard]] Result<InspectedItem> inspect_private_key(ByteView whole, std::string_view label, std::string_view header,
                                                        ByteView der, std::string_view what,
                                                        const InspectOptions& options, uint64_t& budget);
// The container first, then what is in it as far as it could be opened.
[[nodiscard]] Result<std::vector<InspectedItem>> inspect_pkcs12(ByteView content, std::string_view what,
                                                                const InspectOptions& options);
// The order and completeness of a server's or client's chain; nothing of a bundle of roots.
[[nodiscard]] std::vector<InspectedWeakness> inspect_chain(const std::vector<x509::Certificate>& certificates);

}  // namespace tlsproof::pki
