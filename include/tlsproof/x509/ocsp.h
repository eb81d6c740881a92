// What stands in an OCSP response (RFC 6960 §4.2), as servers staple it (RFC 6066 §8). Reads it; verifies no signature.
//
// Values are as the responder sent them: escape them (base/text.h) before they reach a person.
#pragma once

#include "tlsproof/x509/certificate.h"
#include "tlsproof/x509/crl.h"

namespace tlsproof::x509 {

// OCSPResponseStatus.
enum class OcspStatus : uint8_t {
  successful = 0,
  malformed_request = 1,
  internal_error = 2,
  try_later = 3,
  sig_required = 5,
  unauthorized = 6,
};
// "successful", "tryLater" as RFC 6960 has them; empty for numbers it does not know.
[[nodiscard]] std::string_view ocsp_status_name(int64_t status);

enum class OcspCertStatus : uint8_t { good, revoked, unknown };
[[nodiscard]] std::string_view to_text(OcspCertStatus status);

// About one certificate.
struct OcspSingleResponse {
  AlgorithmView hash_algorithm;  // of the two hashes
  ByteView issuer_name_hash, issuer_key_hash;
  ByteView serial;  // content octets of the INTEGER
  OcspCertStatus status = OcspCertStatus::unknown;
  std::optional<int64_t> revoked_at;                // revoked: seconds since 1970
  std::optional<CrlReason> reason;                  // revoked: where one that is known was given
  std::optional<int64_t> this_update, next_update;  // seconds since 1970; next_update is optional in the format
  ByteRange range;                                  // in the response's DER
  // "0a1b2c…", as CertificateView::serial_hex().
  [[nodiscard]] std::string serial_hex() const;
};

// Borrows the DER given to parse(), which must outlive it. All ranges are into that DER.
struct OcspResponseView {
  // Never fails: what can be read is read, what cannot is listed in `problems`. Bounded by the input's length.
  [[nodiscard]] static OcspResponseView parse(ByteView der);

  ByteView der;
  std::vector<FieldProblem> problems;
  // The frame down to the last single response and the signature could be read, or there is only a status.
  bool readable = false;

  std::optional<int64_t> status;  // an OcspStatus, or a number that RFC 6960 does not know
  Oid response_type;              // "1.3.6.1.5.5.7.48.1.1" is the basic one; of others nothing below is read
  // By name or by key: one of them is empty.
  NameView responder_name;
  ByteView responder_key_hash;
  std::optional<int64_t> produced_at;         // seconds since 1970
  std::vector<OcspSingleResponse> responses;  // in order
  AlgorithmView signature_algorithm;
  ByteView signature;
  std::vector<ByteView> certificates;  // DER of those that came with it

  // The first response about this serial (content octets of the INTEGER); nullptr when there is none.
  [[nodiscard]] const OcspSingleResponse* find(ByteView serial) const;
};

}  // namespace tlsproof::x509
