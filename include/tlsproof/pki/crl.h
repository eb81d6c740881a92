// Certificate revocation lists (RFC 5280 §5), made.
#pragma once

#include <optional>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/pki/authority.h"
#include "tlsproof/pki/certificate.h"
#include "tlsproof/x509/crl.h"

namespace tlsproof::pki {

struct Revocation {
  Bytes serial;                           // content octets of the INTEGER, as CertificateView::serial has it; not empty
  int64_t revoked_at = 0;                 // seconds since 1970
  std::optional<x509::CrlReason> reason;  // `unspecified` is written as none (RFC 5280 §5.3.1)
};

// What a list will say. Dates are not checked against anything: a stale one is a purpose.
struct CrlSpec {
  int64_t this_update = 0, next_update = 0;  // seconds since 1970
  Bytes number;                              // big-endian magnitude of the cRLNumber, at most 20 bytes; empty: 0
  Bytes base;                                // DER of the list whose entries come first, kept as they are; empty: none
  std::vector<Revocation>
      revoked;  // what becomes of one that `base` has: entry_change(); of one serial the first counts
  SignatureHash hash = SignatureHash::automatic;
};

// What a revocation does to the entry that a list has of its serial.
enum class EntryChange : uint8_t {
  added,           // there is none: it is new
  kept,            // revoked already, and no other reason is given: the entry stays as it is
  reason_changed,  // revoked already for another reason: the new one is taken over, the rest, as the date, stays
  replaced,        // it was on hold, and is revoked for good now
  refused,         // revoked for good: it cannot be put on hold, which would let it come back (RFC 5280 §5.3.1)
};
[[nodiscard]] EntryChange entry_change(const x509::CrlView& base, const Revocation& revocation);

// The DER of a complete version 2 list with authorityKeyIdentifier and cRLNumber, signed by the CA. A usage error when
// `base` cannot be decoded, a value cannot be encoded, or a change is refused.
[[nodiscard]] Result<Bytes> make_crl(const CrlSpec& spec, const Authority& issuer);

// The number that follows this list's (one more), as CrlSpec::number wants it; {1} when it has none.
[[nodiscard]] Bytes next_crl_number(const x509::CrlView& crl);

}  // namespace tlsproof::pki
