// What stands in a certificate revocation list (RFC 5280 §5), read by our own DER reader. Judges nothing beyond the
// signature: whether a list revokes somebody, given time and scope, is for validate.h.
//
// Values are as the issuer sent them: escape them (base/text.h) before they reach a person, or use the functions named
// escaped_… .
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/x509/certificate.h"

namespace tlsproof::x509 {

// RFC 5280 §5.3.1.
enum class CrlReason : uint8_t {
  unspecified = 0,
  key_compromise = 1,
  ca_compromise = 2,
  affiliation_changed = 3,
  superseded = 4,
  cessation_of_operation = 5,
  certificate_hold = 6,
  remove_from_crl = 8,  // of delta lists: the certificate is good again
  privilege_withdrawn = 9,
  aa_compromise = 10,
};
[[nodiscard]] std::string_view crl_reason_name(CrlReason reason);  // "keyCompromise", as RFC 5280 has it
[[nodiscard]] std::optional<CrlReason> crl_reason_from_name(std::string_view name);

struct CrlEntry {
  ByteView serial;                    // content octets of the INTEGER
  std::optional<int64_t> revoked_at;  // seconds since 1970
  std::optional<CrlReason> reason;    // none given, or none that is known
  bool other_issuer = false;          // certificateIssuer: of an indirect list, perhaps about another CA's certificate
  ByteRange range;                    // of the entry in the list's DER
  // The certificate of this serial is revoked: it is not an entry that takes one back.
  [[nodiscard]] bool revokes() const { return reason != CrlReason::remove_from_crl; }
  // "0a1b2c…", as CertificateView::serial_hex().
  [[nodiscard]] std::string serial_hex() const;
};

// Lists of public CAs have some hundred thousand; more than this is a FieldProblem, and the rest is not read.
inline constexpr size_t kMaxCrlEntries = 2'000'000;

// Borrows the DER given to parse(), which must outlive it. All ByteRanges are into that DER.
struct CrlView {
  // Never fails: what can be read is read, what cannot is listed in `problems`. Bounded by the input's length.
  [[nodiscard]] static CrlView parse(ByteView der);

  ByteView der;
  std::vector<FieldProblem> problems;
  // The frame down to thisUpdate and the signature could be read (problems may still exist).
  bool readable = false;

  int64_t version = 1;  // as people count: 1 or 2; other numbers as written + 1
  AlgorithmView signature_algorithm;
  NameView issuer;
  std::optional<int64_t> this_update, next_update;  // seconds since 1970; next_update is optional in the format
  std::vector<CrlEntry> entries;                    // in the order of the list
  std::vector<ExtensionView> extensions;
  std::optional<ByteView> number;       // cRLNumber's content octets
  std::optional<ByteView> base_number;  // of a delta list: the one it adds to (RFC 5280 §5.2.4)
  std::optional<AuthorityKeyId> authority_key_id;
  // issuingDistributionPoint (RFC 5280 §5.2.5) limits what the list speaks of.
  bool indirect = false, only_user_certificates = false, only_ca_certificates = false, only_some_reasons = false,
       only_attribute_certificates = false;
  std::vector<size_t> unknown_critical;  // indexes into `extensions`: such a list MUST NOT be used (RFC 5280 §5.2)

  // The last entry of this serial (content octets of the INTEGER) that speaks of the list's own issuer; nullptr when
  // there is none.
  [[nodiscard]] const CrlEntry* find(ByteView serial) const;
  // The number as people write it, "1a"; empty when there is none.
  [[nodiscard]] std::string number_hex() const;
  // One line for messages: "CRL 7 of CN=Root CA"; safe to show.
  [[nodiscard]] std::string escaped_title() const;
};

// A list that owns its DER. Copies share it; immutable and so safe to use from several threads.
class Crl {
 public:
  [[nodiscard]] static Crl parse(Bytes der);
  [[nodiscard]] static Crl parse(ByteView der) { return parse(to_bytes(der)); }

  [[nodiscard]] const CrlView& view() const { return data_->view; }
  [[nodiscard]] const CrlView* operator->() const { return &data_->view; }
  [[nodiscard]] const CrlView& operator*() const { return data_->view; }
  [[nodiscard]] ByteView der() const { return data_->der; }

 private:
  struct Data {
    Bytes der;
    CrlView view;
  };
  explicit Crl(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

// Whether the list is by its issuer's name one of this CA (names compared as RFC 5280 §7.1 has it, key identifiers
// where both have them).
[[nodiscard]] bool is_crl_of(const CrlView& crl, const CertificateView& issuer);
// The same, and the CA's key made the signature.
[[nodiscard]] bool is_signed_by(const CrlView& crl, const CertificateView& issuer);

}  // namespace tlsproof::x509
