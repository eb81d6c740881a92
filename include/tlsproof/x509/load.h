// Certificates and CRLs from files, PEM (RFC 7468) or DER.
#pragma once

#include "tlsproof/base/error.h"
#include "tlsproof/x509/certificate.h"

namespace tlsproof::x509 {

// The certificates of a PEM or DER file in the file's order; text around PEM blocks and blocks of other kinds (a key
// beside its certificate) are passed over. `purpose` is for the message: "trusted CA". Fails (usage), naming file and
// purpose, when the file cannot be read, holds no certificate, a block is damaged, or it is something else: a key, a
// CSR, a CRL, PKCS#12, PKCS#7.
[[nodiscard]] Result<std::vector<Certificate>> load_certificates(const std::string& path, std::string_view purpose);
// The same from memory; `what` names the source in messages, already escaped.
[[nodiscard]] Result<std::vector<Certificate>> parse_certificates(ByteView content, std::string_view what);
// The CERTIFICATE blocks alone; damaged blocks are passed over.
[[nodiscard]] std::vector<Certificate> parse_pem_certificates(ByteView content);

// The CRLs of a PEM or DER file, each as its DER.
[[nodiscard]] Result<std::vector<Bytes>> load_crls(const std::string& path, std::string_view purpose);
[[nodiscard]] Result<std::vector<Bytes>> parse_crls(ByteView content, std::string_view what);

// "-----BEGIN CERTIFICATE-----…" with 64 columns and a final line break.
[[nodiscard]] std::string to_pem(ByteView der, std::string_view label = "CERTIFICATE");

}  // namespace tlsproof::x509
