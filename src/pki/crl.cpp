#include "tlsproof/pki/crl.h"

#include <fmt/format.h>

#include <algorithm>

#include "der.h"
#include "encode.h"
#include "handles.h"

namespace tlsproof::pki {
namespace {

using CrlPtr = Handle<X509_CRL, X509_CRL_free>;
using RevokedPtr = Handle<X509_REVOKED, X509_REVOKED_free>;
using IntegerPtr = Handle<ASN1_INTEGER, ASN1_INTEGER_free>;
using TimePtr = Handle<ASN1_TIME, ASN1_TIME_free>;
using EnumeratedPtr = Handle<ASN1_ENUMERATED, ASN1_ENUMERATED_free>;
using KeyIdPtr = Handle<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;

// The very octets, so that a serial which is not minimal or negative is revoked as it stands in the certificate.
Result<IntegerPtr> encode_serial(ByteView serial) {
  const Bytes der = der_element(0x02, serial);
  const uint8_t* at = der.data();
  IntegerPtr out(d2i_ASN1_INTEGER(nullptr, &at, static_cast<long>(der.size())));
  crypto::clear_openssl_errors();
  if (!out) return fail_usage("a serial number to be revoked is no INTEGER");
  return out;
}

Status set_times(X509_CRL* crl, const CrlSpec& spec) {
  const TimePtr time(ASN1_TIME_new());
  TLSPROOF_CHECK(time != nullptr);
  TLSPROOF_TRY_VOID(set_time(time.get(), spec.this_update));
  TLSPROOF_CHECK(X509_CRL_set1_lastUpdate(crl, time.get()) == 1);
  TLSPROOF_TRY_VOID(set_time(time.get(), spec.next_update));
  TLSPROOF_CHECK(X509_CRL_set1_nextUpdate(crl, time.get()) == 1);
  return {};
}

// RFC 5280 §5.2.1 and §5.2.3: both MUST be there.
Status add_extensions(X509_CRL* crl, const CrlSpec& spec, X509* issuer) {
  const KeyIdPtr id(AUTHORITY_KEYID_new());
  TLSPROOF_CHECK(id != nullptr);
  id->keyid = static_cast<ASN1_OCTET_STRING*>(X509_get_ext_d2i(issuer, NID_subject_key_identifier, nullptr, nullptr));
  if (id->keyid == nullptr) {
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    id->keyid = ASN1_OCTET_STRING_new();
    TLSPROOF_CHECK(id->keyid != nullptr && X509_pubkey_digest(issuer, EVP_sha1(), digest, &len) == 1 &&
                   ASN1_OCTET_STRING_set(id->keyid, digest, static_cast<int>(len)) == 1);
  }
  if (spec.number.size() > 20) return fail_usage("a CRL number has at most 20 bytes (RFC 5280 §5.2.3)");
  const BigNumPtr number(BN_bin2bn(spec.number.data(), static_cast<int>(spec.number.size()), nullptr));
  const IntegerPtr encoded(BN_to_ASN1_INTEGER(number.get(), nullptr));
  if (!encoded || X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier, id.get(), 0, X509V3_ADD_APPEND) != 1 ||
      X509_CRL_add1_ext_i2d(crl, NID_crl_number, encoded.get(), 0, X509V3_ADD_APPEND) != 1)
    return std::unexpected(crypto::openssl_error("cannot encode the CRL's extensions"));
  return {};
}

using Reason = std::optional<x509::CrlReason>;

// RFC 5280 §5.3.1: who has no reason to tell leaves the extension out.
Reason told(Reason reason) {
  return reason == x509::CrlReason::unspecified ? std::nullopt : reason;
}

void set_reason(X509_REVOKED* entry, Reason wanted) {
  for (int at; (at = X509_REVOKED_get_ext_by_NID(entry, NID_crl_reason, -1)) >= 0;)
    X509_EXTENSION_free(X509_REVOKED_delete_ext(entry, at));
  if (!told(wanted)) return;
  const EnumeratedPtr reason(ASN1_ENUMERATED_new());
  TLSPROOF_CHECK(reason && ASN1_ENUMERATED_set(reason.get(), static_cast<long>(*wanted)) == 1 &&
                 X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason.get(), 0, X509V3_ADD_APPEND) == 1);
}

Status add_entry(X509_CRL* crl, const Revocation& revocation) {
  RevokedPtr entry(X509_REVOKED_new());
  const TimePtr time(ASN1_TIME_new());
  TLSPROOF_CHECK(entry && time);
  TLSPROOF_TRY(const IntegerPtr serial, encode_serial(revocation.serial));
  TLSPROOF_TRY_VOID(set_time(time.get(), revocation.revoked_at));
  TLSPROOF_CHECK(X509_REVOKED_set_serialNumber(entry.get(), serial.get()) == 1 &&
                 X509_REVOKED_set_revocationDate(entry.get(), time.get()) == 1);
  set_reason(entry.get(), revocation.reason);
  TLSPROOF_CHECK(X509_CRL_add0_revoked(crl, entry.release()) == 1);
  return {};
}

// Every one once.
std::vector<const Revocation*> firsts(const std::vector<Revocation>& all) {
  std::vector<const Revocation*> out;
  for (const Revocation& one : all)
    if (std::ranges::none_of(out, [&](const Revocation* other) { return equal(other->serial, one.serial); }))
      out.push_back(&one);
  return out;
}

struct Change {
  EntryChange what = EntryChange::added;
  const Revocation* revocation = nullptr;
  IntegerPtr serial;
};

Result<std::vector<Change>> plan_changes(const CrlSpec& spec) {
  const x509::CrlView base = x509::CrlView::parse(spec.base);
  std::vector<Change> out;
  for (const Revocation* one : firsts(spec.revoked)) {
    const EntryChange what = entry_change(base, *one);
    if (what == EntryChange::refused)
      return fail_usage(
          fmt::format("the certificate with the serial number {} is revoked for good, and cannot be put on hold",
                      base.find(one->serial)->serial_hex()));
    TLSPROOF_TRY(IntegerPtr serial, encode_serial(one->serial));
    out.push_back({what, one, std::move(serial)});
  }
  return out;
}

// The entries of `base` with whatever extensions they have, but for what is changed.
Status copy_entries(X509_CRL* crl, ByteView base_der, const std::vector<Change>& changes) {
  const uint8_t* at = base_der.data();
  const CrlPtr base(d2i_X509_CRL(nullptr, &at, static_cast<long>(base_der.size())));
  crypto::clear_openssl_errors();
  if (!base) return fail_usage("the CRL that is to be continued cannot be decoded");
  STACK_OF(X509_REVOKED)* entries = X509_CRL_get_REVOKED(base.get());
  for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
    RevokedPtr entry(X509_REVOKED_dup(sk_X509_REVOKED_value(entries, i)));
    TLSPROOF_CHECK(entry != nullptr);
    const auto change = std::ranges::find_if(changes, [&](const Change& one) {
      return ASN1_INTEGER_cmp(one.serial.get(), X509_REVOKED_get0_serialNumber(entry.get())) == 0;
    });
    if (change != changes.end() && change->what == EntryChange::replaced) continue;
    if (change != changes.end() && change->what == EntryChange::reason_changed)
      set_reason(entry.get(), change->revocation->reason);
    TLSPROOF_CHECK(X509_CRL_add0_revoked(crl, entry.release()) == 1);
  }
  return {};
}

}  // namespace

EntryChange entry_change(const x509::CrlView& base, const Revocation& revocation) {
  const x509::CrlEntry* old = base.find(revocation.serial);
  if (old == nullptr) return EntryChange::added;
  constexpr auto kHold = x509::CrlReason::certificate_hold;
  if (old->reason == kHold) return revocation.reason == kHold ? EntryChange::kept : EntryChange::replaced;
  if (revocation.reason == kHold) return EntryChange::refused;
  return !revocation.reason || told(revocation.reason) == told(old->reason) ? EntryChange::kept
                                                                            : EntryChange::reason_changed;
}

Result<Bytes> make_crl(const CrlSpec& spec, const Authority& issuer) {
  const X509Ptr certificate = parse_x509(issuer.certificate().der());
  if (!certificate) return fail_usage("the CA's certificate cannot be decoded");
  const CrlPtr crl(X509_CRL_new());
  constexpr long kVersion2 = 1;
  TLSPROOF_CHECK(crl && X509_CRL_set_version(crl.get(), kVersion2) == 1 &&
                 X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(certificate.get())) == 1);
  TLSPROOF_TRY_VOID(set_times(crl.get(), spec));
  TLSPROOF_TRY_VOID(add_extensions(crl.get(), spec, certificate.get()));
  TLSPROOF_TRY(const std::vector<Change> changes, plan_changes(spec));
  if (!spec.base.empty()) TLSPROOF_TRY_VOID(copy_entries(crl.get(), spec.base, changes));
  for (const Change& change : changes)
    if (change.what == EntryChange::added || change.what == EntryChange::replaced)
      TLSPROOF_TRY_VOID(add_entry(crl.get(), *change.revocation));
  X509_CRL_sort(crl.get());
  EVP_PKEY* key = issuer.key().native();
  TLSPROOF_TRY(const EVP_MD* hash, signature_hash(key, spec.hash));
  if (X509_CRL_sign(crl.get(), key, hash) <= 0) return std::unexpected(crypto::openssl_error("cannot sign the CRL"));
  return to_der<i2d_X509_CRL>(crl.get());
}

Bytes next_crl_number(const x509::CrlView& crl) {
  if (!crl.number) return {1};
  Bytes out = to_bytes(*crl.number);
  for (size_t i = out.size(); i-- > 0;)
    if (++out[i] != 0) return out;
  out.insert(out.begin(), 1);
  return out;
}

}  // namespace tlsproof::pki
