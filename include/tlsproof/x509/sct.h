// Signed certificate timestamps of Certificate Transparency (RFC 6962 §3), as they come in a TLS extension, an OCSP
// response or a certificate. Reads them; verifies no signature.
#pragma once

#include "tlsproof/x509/certificate.h"

namespace tlsproof::x509 {

// Borrows what it was read from; ranges count as the list's `base` says.
struct SctView {
  ByteRange range;            // of the SerializedSCT, without its length
  uint8_t version = 0;        // 0: v1, whose fields follow; of others only `range` is known
  ByteView log_id;            // 32 bytes: SHA-256 of the log's key
  uint64_t timestamp_ms = 0;  // since 1970
  ByteView extensions;
  uint8_t hash_algorithm = 0, signature_algorithm = 0;  // registry: TLS 1.2's numbers
  ByteView signature;
  bool readable = false;  // it is version 1 and whole
};

struct SctListView {
  std::vector<SctView> scts;
  std::vector<FieldProblem> problems;
};

// One SerializedSCT. Offsets are counted from `base`.
[[nodiscard]] SctView decode_sct(ByteView serialized, std::vector<FieldProblem>& problems, size_t base = 0);
// A SignedCertificateTimestampList with its length. At most kMaxListEntries are read.
[[nodiscard]] SctListView decode_sct_list(ByteView list, size_t base = 0);
// Those embedded in a certificate; empty when there are none. Offsets count from the certificate's start.
[[nodiscard]] SctListView embedded_scts(const CertificateView& certificate);

}  // namespace tlsproof::x509
