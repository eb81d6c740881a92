// The frame of a certificate revocation list (RFC 5280 §5.1) and the extensions that decide what it means.
#include "tlsproof/x509/crl.h"

#include <fmt/format.h>

#include <algorithm>

#include "chain.h"
#include "oids.h"
#include "parse.h"

namespace tlsproof::x509 {
namespace {

constexpr std::string_view kReasons[] = {
    "unspecified",   "keyCompromise",        "cACompromise",    "affiliationChanged",
    "superseded",    "cessationOfOperation", "certificateHold", "",
    "removeFromCRL", "privilegeWithdrawn",   "aACompromise"};

namespace oid {
constexpr std::string_view kCrlNumber = "2.5.29.20", kReasonCode = "2.5.29.21", kDeltaIndicator = "2.5.29.27",
                           kDistributionPoint = "2.5.29.28", kCertificateIssuer = "2.5.29.29",
                           kAuthorityKeyId = "2.5.29.35";
}  // namespace oid

class CrlParser {
 public:
  explicit CrlParser(CrlView& out) : out_(out), parser_(out.problems) {}

  // CertificateList ::= SEQUENCE { tbsCertList, signatureAlgorithm, signatureValue BIT STRING }
  void run() {
    DerReader outer = parser_.reader(out_.der);
    DerValue list;
    DerValue value;
    if (!parser_.expect(outer, der_tag::kSequence, list, "CertificateList")) return;
    parser_.finish(outer, "CertificateList");
    DerReader fields = parser_.inside(list);
    DerValue tbs;
    if (!parser_.expect(fields, der_tag::kSequence, tbs, "CertificateList.tbsCertList")) return;
    const bool framed = parse_tbs(parser_.inside(tbs));
    if (!parser_.expect(fields, der_tag::kSequence, value, "CertificateList.signatureAlgorithm")) return;
    parse_algorithm(parser_, value, out_.signature_algorithm, "CertificateList.signatureAlgorithm");
    if (!parser_.expect(fields, der_tag::kBitString, value, "CertificateList.signatureValue")) return;
    parser_.finish(fields, "CertificateList");
    out_.readable = framed;
  }

 private:
  // Whether it can be told whose list it is, and of when.
  bool parse_tbs(DerReader fields) {
    DerValue value;
    // version Version OPTIONAL: v2 when present
    if (parser_.optional(fields, der_tag::kInteger, value, "CertificateList.version")) {
      const std::optional<int64_t> number = integer_value(value.content);
      if (number != 1) parser_.note("CertificateList.version", value.offset, "not 2");
      if (number && *number < INT64_MAX) out_.version = *number + 1;
    }
    if (!parser_.expect(fields, der_tag::kSequence, value, "CertificateList.signature")) return false;
    if (!parser_.expect(fields, der_tag::kSequence, value, "CertificateList.issuer")) return false;
    parse_name(parser_, value, out_.issuer, "CertificateList.issuer");
    if (!parse_time(fields, out_.this_update, "CertificateList.thisUpdate")) return false;
    if (fields.next_is(der_tag::kUtcTime) || fields.next_is(der_tag::kGeneralizedTime))
      (void)parse_time(fields, out_.next_update, "CertificateList.nextUpdate");
    else
      // RFC 5280 §5.1.2.5: conforming issuers MUST include it.
      parser_.note("CertificateList.nextUpdate", fields.offset(), "absent");
    if (parser_.optional(fields, der_tag::kSequence, value, "CertificateList.revokedCertificates"))
      parse_entries(value);
    if (parser_.optional(fields, der_tag::context_constructed(0), value, "CertificateList.crlExtensions")) {
      DerReader inside = parser_.inside(value);
      parse_extensions(inside, [&](const ExtensionView& extension) { parse_extension(extension); });
    }
    parser_.finish(fields, "CertificateList.tbsCertList");
    return true;
  }

  bool parse_time(DerReader& from, std::optional<int64_t>& out, std::string_view field) {
    DerValue value;
    const std::optional<DerTime> time = parser_.time(from, value, field);
    if (!time) return false;
    if (!time->strict) parser_.note(field, value.offset, "a time not written as RFC 5280 §5.1.2.4 says");
    out = time->seconds;
    return true;
  }

  // SEQUENCE OF SEQUENCE { userCertificate, revocationDate, crlEntryExtensions OPTIONAL }
  void parse_entries(const DerValue& list) {
    constexpr std::string_view kField = "CertificateList.revokedCertificates";
    DerReader entries = parser_.inside(list);
    bool other_issuer = false;
    while (!entries.empty()) {
      if (out_.entries.size() >= kMaxCrlEntries) {
        parser_.note(kField, entries.offset(), "more entries than are read");
        return;
      }
      DerValue element;
      DerValue value;
      if (!parser_.expect(entries, der_tag::kSequence, element, kField)) return;
      DerReader fields = parser_.inside(element);
      CrlEntry entry;
      entry.range = element.range();
      if (!parser_.expect(fields, der_tag::kInteger, value, kField)) continue;
      entry.serial = value.content;
      if (value.content.empty()) parser_.note(kField, value.offset, "an empty INTEGER");
      (void)parse_time(fields, entry.revoked_at, kField);
      if (!fields.empty())
        parse_extensions(
            fields, [&](const ExtensionView& extension) { parse_entry_extension(extension, entry, other_issuer); });
      // RFC 5280 §5.3.3: an entry without certificateIssuer is about the issuer of the entry before it.
      entry.other_issuer = other_issuer;
      parser_.finish(fields, kField);
      out_.entries.push_back(entry);
    }
  }

  void parse_entry_extension(const ExtensionView& extension, CrlEntry& entry, bool& other_issuer) {
    constexpr std::string_view kField = "CertificateList.revokedCertificates.reasonCode";
    if (extension.oid == oid::kCertificateIssuer) other_issuer = true;
    if (extension.oid != oid::kReasonCode) return;
    DerReader reader = parser_.reader(extension.value, extension.value_range.offset);
    DerValue value;
    if (!parser_.expect(reader, der_tag::kEnumerated, value, kField)) return;
    parser_.finish(reader, kField);
    const std::optional<int64_t> code = integer_value(value.content);
    if (code && *code >= 0 && static_cast<size_t>(*code) < std::size(kReasons) && *code != 7)
      entry.reason = static_cast<CrlReason>(*code);
    else
      parser_.note(kField, value.offset, "not a reason that RFC 5280 §5.3.1 knows");
  }

  // Extensions ::= SEQUENCE OF SEQUENCE { extnID, critical DEFAULT FALSE, extnValue }, the next element of `from`.
  template <class Take>
  void parse_extensions(DerReader& from, Take take) {
    constexpr std::string_view kField = "CertificateList.extensions";
    DerValue list;
    if (!parser_.expect(from, der_tag::kSequence, list, kField)) return;
    DerReader extensions = parser_.inside(list);
    for (size_t count = 0; !extensions.empty(); ++count) {
      DerValue element;
      DerValue value;
      if (!parser_.room(count, extensions.offset(), kField)) return;
      if (!parser_.expect(extensions, der_tag::kSequence, element, kField)) return;
      DerReader fields = parser_.inside(element);
      ExtensionView view;
      view.range = element.range();
      if (!parser_.expect(fields, der_tag::kOid, value, kField)) return;
      view.oid = Oid(value.content);
      if (view.oid.empty()) parser_.note(kField, value.offset, "not an OBJECT IDENTIFIER");
      view.name = view.oid.name();
      if (parser_.optional(fields, der_tag::kBoolean, value, kField))
        view.critical = !value.content.empty() && value.content[0] != 0;
      if (!parser_.expect(fields, der_tag::kOctetString, value, kField)) return;
      view.value = value.content;
      view.value_range = value.content_range();
      parser_.finish(fields, kField);
      take(view);
    }
  }

  void parse_extension(const ExtensionView& extension) {
    const size_t index = out_.extensions.size();
    const bool again =
        std::ranges::any_of(out_.extensions, [&](const ExtensionView& one) { return one.oid == extension.oid; });
    if (again) parser_.note("CertificateList.crlExtensions", extension.range.offset, kTwice);
    out_.extensions.push_back(extension);
    DerReader reader = parser_.reader(extension.value, extension.value_range.offset);
    if (extension.oid == oid::kCrlNumber && !again) {
      parse_number(reader, out_.number, "CertificateList.crlExtensions.cRLNumber");
    } else if (extension.oid == oid::kDeltaIndicator && !again) {
      parse_number(reader, out_.base_number, "CertificateList.crlExtensions.deltaCRLIndicator");
    } else if (extension.oid == oid::kDistributionPoint && !again) {
      parse_distribution_point(reader);
    } else if (extension.oid == oid::kAuthorityKeyId && !again) {
      out_.authority_key_id =
          parse_authority_key_id(parser_, extension, "CertificateList.crlExtensions.authorityKeyIdentifier");
    } else if (extension.critical) {
      out_.unknown_critical.push_back(index);
    }
  }

  void parse_number(DerReader reader, std::optional<ByteView>& out, std::string_view field) {
    DerValue value;
    if (!parser_.expect(reader, der_tag::kInteger, value, field)) return;
    parser_.finish(reader, field);
    out = value.content;
  }

  // IssuingDistributionPoint ::= SEQUENCE { distributionPoint [0], onlyContainsUserCerts [1], onlyContainsCACerts [2],
  //   onlySomeReasons [3], indirectCRL [4], onlyContainsAttributeCerts [5] }, all optional or FALSE
  void parse_distribution_point(DerReader reader) {
    constexpr std::string_view kField = "CertificateList.crlExtensions.issuingDistributionPoint";
    DerValue value;
    if (!parser_.expect(reader, der_tag::kSequence, value, kField)) return;
    parser_.finish(reader, kField);
    DerReader fields = parser_.inside(value);
    (void)parser_.optional(fields, der_tag::context_constructed(0), value, kField);
    const auto flag = [&](unsigned number, bool& out) {
      if (parser_.optional(fields, der_tag::context(number), value, kField))
        out = !value.content.empty() && value.content[0] != 0;
    };
    flag(1, out_.only_user_certificates);
    flag(2, out_.only_ca_certificates);
    out_.only_some_reasons = parser_.optional(fields, der_tag::context(3), value, kField);
    flag(4, out_.indirect);
    flag(5, out_.only_attribute_certificates);
    parser_.finish(fields, kField);
  }

  CrlView& out_;
  Parser parser_;
};

}  // namespace

std::string_view crl_reason_name(CrlReason reason) {
  const auto index = static_cast<size_t>(reason);
  return index < std::size(kReasons) ? kReasons[index] : std::string_view();
}

std::optional<CrlReason> crl_reason_from_name(std::string_view name) {
  const auto* found = std::ranges::find(kReasons, name);
  if (name.empty() || found == std::end(kReasons)) return std::nullopt;
  return static_cast<CrlReason>(found - std::begin(kReasons));
}

std::string CrlEntry::serial_hex() const {
  return integer_hex(serial);
}

CrlView CrlView::parse(ByteView der) {
  CrlView out;
  out.der = der;
  CrlParser(out).run();
  return out;
}

const CrlEntry* CrlView::find(ByteView serial) const {
  for (size_t i = entries.size(); i-- > 0;)
    if (!entries[i].other_issuer && equal(entries[i].serial, serial)) return &entries[i];
  return nullptr;
}

std::string CrlView::number_hex() const {
  return number ? integer_hex(*number) : std::string();
}

std::string CrlView::escaped_title() const {
  if (!readable) return "unreadable CRL";
  const std::string which = number ? number_hex() + " " : std::string();
  return fmt::format("CRL {}of {}", which, issuer.empty() ? "a nameless issuer" : issuer.escaped_text(128));
}

Crl Crl::parse(Bytes der) {
  auto data = std::make_shared<Data>();
  data->der = std::move(der);
  data->view = CrlView::parse(data->der);
  return Crl(std::move(data));
}

bool is_crl_of(const CrlView& crl, const CertificateView& issuer) {
  if (issuer.subject.empty() || canonical_name(crl.issuer) != canonical_name(issuer.subject)) return false;
  // RFC 5280 §5.2.1: the key identifier tells apart several keys of one issuer.
  return !crl.authority_key_id || crl.authority_key_id->key_id.empty() || !issuer.subject_key_id ||
         equal(crl.authority_key_id->key_id, *issuer.subject_key_id);
}

bool is_signed_by(const CrlView& crl, const CertificateView& issuer) {
  if (!is_crl_of(crl, issuer)) return false;
  const uint8_t* at = crl.der.data();
  const CrlPtr list(d2i_X509_CRL(nullptr, &at, static_cast<long>(crl.der.size())));
  const X509Ptr certificate = list ? to_x509(issuer.der) : nullptr;
  EVP_PKEY* key = certificate ? X509_get0_pubkey(certificate.get()) : nullptr;
  const bool holds = key != nullptr && X509_CRL_verify(list.get(), key) == 1;
  (void)drain_errors();
  return holds;
}

}  // namespace tlsproof::x509
