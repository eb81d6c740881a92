// Certificates and private keys from files of any kind: PEM, DER or PKCS#12, recognised by content, never by name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/crypto/keys.h"
#include "tlsproof/pki/pkcs12.h"
#include "tlsproof/x509/certificate.h"

namespace tlsproof::pki {

// Every certificate of the file in its order. `purpose` is for the message ("trusted CA"); failures are those of
// x509::load_certificates and load_pkcs12. The passphrase is for PKCS#12 alone.
[[nodiscard]] Result<std::vector<x509::Certificate>> load_certificates(const std::string& path,
                                                                       std::string_view purpose,
                                                                       const crypto::PassphraseSource& passphrase = {});

// The one private key of the file; failures are those of crypto::PrivateKey::load and load_pkcs12.
[[nodiscard]] Result<crypto::PrivateKey> load_private_key(const std::string& path, std::string_view purpose,
                                                          const crypto::PassphraseSource& passphrase = {});

// A key and its certificate first, the certificates beside it after it: of a PKCS#12 its issuers in order, of another
// file all of them as they stand. `key_path` may be empty when the certificate's file holds the key too. `whose` is for
// the message: "client" gives "client certificate 'x.crt'" and "client key 'x.key'". A usage error when the key does
// not fit.
[[nodiscard]] Result<KeyAndPath> load_key_and_path(const std::string& certificate_path, const std::string& key_path,
                                                   std::string_view whose,
                                                   const crypto::PassphraseSource& passphrase = {});

}  // namespace tlsproof::pki
