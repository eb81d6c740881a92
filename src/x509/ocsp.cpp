#include "tlsproof/x509/ocsp.h"

#include <algorithm>

#include "parse.h"

namespace tlsproof::x509 {
namespace {

constexpr std::string_view kBasic = "1.3.6.1.5.5.7.48.1.1";

class OcspParser {
 public:
  explicit OcspParser(OcspResponseView& out) : out_(out), parser_(out.problems) {}

  // OCSPResponse ::= SEQUENCE { responseStatus ENUMERATED, responseBytes [0] EXPLICIT ResponseBytes OPTIONAL }
  void run() {
    constexpr std::string_view kField = "OCSPResponse";
    DerReader outer = parser_.reader(out_.der);
    DerValue value;
    if (!parser_.expect(outer, der_tag::kSequence, value, kField)) return;
    parser_.finish(outer, kField);
    DerReader fields = parser_.inside(value);
    if (!parser_.expect(fields, der_tag::kEnumerated, value, "OCSPResponse.responseStatus")) return;
    out_.status = integer_value(value.content);
    if (ocsp_status_name(out_.status.value_or(-1)).empty())
      parser_.note("OCSPResponse.responseStatus", value.offset, "not a status that RFC 6960 §4.2.1 knows");
    if (!parser_.optional(fields, der_tag::context_constructed(0), value, "OCSPResponse.responseBytes")) {
      parser_.finish(fields, kField);
      out_.readable = out_.status.has_value() && out_.problems.empty();
      return;
    }
    parser_.finish(fields, kField);
    parse_bytes(parser_.inside(value));
  }

 private:
  // ResponseBytes ::= SEQUENCE { responseType OBJECT IDENTIFIER, response OCTET STRING }
  void parse_bytes(DerReader outer) {
    constexpr std::string_view kField = "OCSPResponse.responseBytes";
    DerValue bytes;
    DerValue value;
    if (!parser_.expect(outer, der_tag::kSequence, bytes, kField)) return;
    parser_.finish(outer, kField);
    DerReader fields = parser_.inside(bytes);
    if (!parser_.expect(fields, der_tag::kOid, value, "OCSPResponse.responseType")) return;
    out_.response_type = Oid(value.content);
    if (!parser_.expect(fields, der_tag::kOctetString, value, "OCSPResponse.response")) return;
    parser_.finish(fields, kField);
    if (out_.response_type != kBasic) {
      parser_.note("OCSPResponse.responseType", bytes.offset, "a kind of response that is not known");
      return;
    }
    parse_basic(parser_.inside(value));
  }

  // BasicOCSPResponse ::= SEQUENCE { tbsResponseData, signatureAlgorithm, signature BIT STRING,
  //                                  certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
  void parse_basic(DerReader outer) {
    constexpr std::string_view kField = "BasicOCSPResponse";
    DerValue value;
    if (!parser_.expect(outer, der_tag::kSequence, value, kField)) return;
    parser_.finish(outer, kField);
    DerReader fields = parser_.inside(value);
    if (!parser_.expect(fields, der_tag::kSequence, value, "BasicOCSPResponse.tbsResponseData")) return;
    const bool read = parse_data(parser_.inside(value));
    if (!parser_.expect(fields, der_tag::kSequence, value, "BasicOCSPResponse.signatureAlgorithm")) return;
    parse_algorithm(parser_, value, out_.signature_algorithm, "BasicOCSPResponse.signatureAlgorithm");
    if (!parser_.expect(fields, der_tag::kBitString, value, "BasicOCSPResponse.signature")) return;
    if (value.content.empty() || value.content[0] != 0)
      parser_.note("BasicOCSPResponse.signature", value.offset, "not a whole number of octets");
    out_.signature = value.content.empty() ? ByteView() : value.content.subspan(1);
    if (parser_.optional(fields, der_tag::context_constructed(0), value, "BasicOCSPResponse.certs"))
      parse_certificates(parser_.inside(value));
    parser_.finish(fields, kField);
    out_.readable = read;
  }

  void parse_certificates(DerReader outer) {
    constexpr std::string_view kField = "BasicOCSPResponse.certs";
    DerValue value;
    if (!parser_.expect(outer, der_tag::kSequence, value, kField)) return;
    parser_.finish(outer, kField);
    DerReader list = parser_.inside(value);
    while (!list.empty()) {
      if (!parser_.room(out_.certificates.size(), list.offset(), kField)) return;
      if (!parser_.expect(list, der_tag::kSequence, value, kField)) return;
      out_.certificates.push_back(value.full);
    }
  }

  // ResponseData ::= SEQUENCE { version [0] EXPLICIT DEFAULT v1, responderID CHOICE { byName [1], byKey [2] },
  //                             producedAt GeneralizedTime, responses SEQUENCE OF SingleResponse,
  //                             responseExtensions [1] EXPLICIT OPTIONAL }
  bool parse_data(DerReader fields) {
    DerValue value;
    (void)parser_.optional(fields, der_tag::context_constructed(0), value, "ResponseData.version");
    if (!parser_.any(fields, value, "ResponseData.responderID")) return false;
    parse_responder(value);
    if (!parse_time(fields, out_.produced_at, "ResponseData.producedAt")) return false;
    if (!parser_.expect(fields, der_tag::kSequence, value, "ResponseData.responses")) return false;
    DerReader list = parser_.inside(value);
    while (!list.empty()) {
      if (!parser_.room(out_.responses.size(), list.offset(), "ResponseData.responses")) return false;
      if (!parser_.expect(list, der_tag::kSequence, value, "SingleResponse")) return false;
      OcspSingleResponse single;
      single.range = value.range();
      const bool read = parse_single(parser_.inside(value), single);
      out_.responses.push_back(std::move(single));
      if (!read) return false;
    }
    (void)parser_.optional(fields, der_tag::context_constructed(1), value, "ResponseData.responseExtensions");
    parser_.finish(fields, "ResponseData");
    return true;
  }

  void parse_responder(const DerValue& choice) {
    constexpr std::string_view kField = "ResponseData.responderID";
    DerReader inside = parser_.inside(choice);
    DerValue value;
    if (choice.tag == der_tag::context_constructed(1)) {
      if (parser_.expect(inside, der_tag::kSequence, value, kField))
        parse_name(parser_, value, out_.responder_name, kField);
    } else if (choice.tag == der_tag::context_constructed(2)) {
      if (parser_.expect(inside, der_tag::kOctetString, value, kField)) out_.responder_key_hash = value.content;
    } else {
      parser_.note(kField, choice.offset, "neither a name nor a key");
      return;
    }
    parser_.finish(inside, kField);
  }

  bool parse_time(DerReader& from, std::optional<int64_t>& out, std::string_view field) {
    DerValue value;
    if (!parser_.expect(from, der_tag::kGeneralizedTime, value, field)) return false;
    // The strictness that time_value() tells is that of certificates, whose times before 2050 are UTCTime.
    const std::optional<DerTime> time = time_value(value.tag, value.content);
    if (time)
      out = time->seconds;
    else
      parser_.note(field, value.offset, "not a time");
    return true;
  }

  // SingleResponse ::= SEQUENCE { certID, certStatus, thisUpdate, nextUpdate [0] EXPLICIT OPTIONAL,
  //                               singleExtensions [1] EXPLICIT OPTIONAL }
  bool parse_single(DerReader fields, OcspSingleResponse& out) {
    DerValue value;
    if (!parser_.expect(fields, der_tag::kSequence, value, "SingleResponse.certID")) return false;
    if (!parse_cert_id(parser_.inside(value), out)) return false;
    if (!parser_.any(fields, value, "SingleResponse.certStatus")) return false;
    parse_cert_status(value, out);
    if (!parse_time(fields, out.this_update, "SingleResponse.thisUpdate")) return false;
    if (parser_.optional(fields, der_tag::context_constructed(0), value, "SingleResponse.nextUpdate")) {
      DerReader inside = parser_.inside(value);
      if (!parse_time(inside, out.next_update, "SingleResponse.nextUpdate")) return false;
    }
    (void)parser_.optional(fields, der_tag::context_constructed(1), value, "SingleResponse.singleExtensions");
    parser_.finish(fields, "SingleResponse");
    return true;
  }

  // CertID ::= SEQUENCE { hashAlgorithm, issuerNameHash OCTET STRING, issuerKeyHash OCTET STRING, serialNumber INTEGER
  // }
  bool parse_cert_id(DerReader fields, OcspSingleResponse& out) {
    DerValue value;
    if (!parser_.expect(fields, der_tag::kSequence, value, "CertID.hashAlgorithm")) return false;
    parse_algorithm(parser_, value, out.hash_algorithm, "CertID.hashAlgorithm");
    if (!parser_.expect(fields, der_tag::kOctetString, value, "CertID.issuerNameHash")) return false;
    out.issuer_name_hash = value.content;
    if (!parser_.expect(fields, der_tag::kOctetString, value, "CertID.issuerKeyHash")) return false;
    out.issuer_key_hash = value.content;
    if (!parser_.expect(fields, der_tag::kInteger, value, "CertID.serialNumber")) return false;
    out.serial = value.content;
    parser_.finish(fields, "CertID");
    return true;
  }

  // CertStatus ::= CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2] IMPLICIT NULL }
  // RevokedInfo ::= SEQUENCE { revocationTime GeneralizedTime, revocationReason [0] EXPLICIT CRLReason OPTIONAL }
  void parse_cert_status(const DerValue& choice, OcspSingleResponse& out) {
    constexpr std::string_view kField = "SingleResponse.certStatus";
    if (choice.tag == der_tag::context(0)) {
      out.status = OcspCertStatus::good;
    } else if (choice.tag == der_tag::context_constructed(1)) {
      out.status = OcspCertStatus::revoked;
      DerReader fields = parser_.inside(choice);
      DerValue value;
      if (!parse_time(fields, out.revoked_at, "RevokedInfo.revocationTime")) return;
      if (!parser_.optional(fields, der_tag::context_constructed(0), value, "RevokedInfo.revocationReason")) return;
      DerReader inside = parser_.inside(value);
      if (!parser_.expect(inside, der_tag::kEnumerated, value, "RevokedInfo.revocationReason")) return;
      const std::optional<int64_t> code = integer_value(value.content);
      if (code && *code >= 0 && *code <= 10 && *code != 7)
        out.reason = static_cast<CrlReason>(*code);
      else
        parser_.note("RevokedInfo.revocationReason", value.offset, "not a reason that RFC 5280 §5.3.1 knows");
    } else if (choice.tag != der_tag::context(2)) {
      parser_.note(kField, choice.offset, "none of good, revoked, unknown");
    }
  }

  OcspResponseView& out_;
  Parser parser_;
};

}  // namespace

std::string_view ocsp_status_name(int64_t status) {
  constexpr std::string_view kNames[] = {"successful", "malformedRequest", "internalError", "tryLater",
                                         "",           "sigRequired",      "unauthorized"};
  return status >= 0 && status < static_cast<int64_t>(std::size(kNames)) ? kNames[status] : std::string_view();
}

std::string_view to_text(OcspCertStatus status) {
  switch (status) {
    case OcspCertStatus::good:
      return "good";
    case OcspCertStatus::revoked:
      return "revoked";
    case OcspCertStatus::unknown:
      break;
  }
  return "unknown";
}

std::string OcspSingleResponse::serial_hex() const {
  return integer_hex(serial);
}

OcspResponseView OcspResponseView::parse(ByteView der) {
  OcspResponseView out;
  out.der = der;
  OcspParser(out).run();
  return out;
}

const OcspSingleResponse* OcspResponseView::find(ByteView serial) const {
  const auto found =
      std::ranges::find_if(responses, [&](const OcspSingleResponse& one) { return equal(one.serial, serial); });
  return found == responses.end() ? nullptr : &*found;
}

}  // namespace tlsproof::x509
