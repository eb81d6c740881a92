#include "tlsproof/x509/sct.h"

#include "parse.h"
#include "tlsproof/base/reader.h"

namespace tlsproof::x509 {
namespace {

// RFC 6962 §3.3: the extension of certificates, and that of single OCSP responses.
constexpr std::string_view kEmbedded = "1.3.6.1.4.1.11129.2.4.2";

void note(std::vector<FieldProblem>& problems, const ParseError& error) {
  if (problems.size() >= kMaxFieldProblems) return;
  const bool cut = error.kind == ParseError::Kind::truncated;
  problems.push_back({error.field, error.offset, cut ? "absent or cut off" : "bytes left over, or a wrong length"});
}

}  // namespace

// struct {
//   Version sct_version; LogID id; uint64 timestamp; CtExtensions extensions<0..2^16-1>;
//   digitally-signed struct { … };            a hash, a signature algorithm and opaque signature<0..2^16-1>
// } SignedCertificateTimestamp;                 (RFC 6962 §3.2)
SctView decode_sct(ByteView serialized, std::vector<FieldProblem>& problems, size_t base) {
  SctView out;
  out.range = {base, serialized.size()};
  ParseError error;
  Reader r(serialized, error, base);
  if (!r.u8(out.version, "SignedCertificateTimestamp.version")) {
    note(problems, error);
    return out;
  }
  if (out.version != 0) return out;
  out.readable = r.bytes(out.log_id, 32, "SignedCertificateTimestamp.id") &&
                 r.u64(out.timestamp_ms, "SignedCertificateTimestamp.timestamp") &&
                 r.opaque16(out.extensions, "SignedCertificateTimestamp.extensions") &&
                 r.u8(out.hash_algorithm, "SignedCertificateTimestamp.hash") &&
                 r.u8(out.signature_algorithm, "SignedCertificateTimestamp.signature_algorithm") &&
                 r.opaque16(out.signature, "SignedCertificateTimestamp.signature") &&
                 r.finish("SignedCertificateTimestamp");
  if (!out.readable) note(problems, error);
  return out;
}

// opaque SerializedSCT<1..2^16-1>; struct { SerializedSCT sct_list<1..2^16-1>; } SignedCertificateTimestampList;
SctListView decode_sct_list(ByteView list, size_t base) {
  SctListView out;
  ParseError error;
  Reader r(list, error, base);
  Reader items = r;
  if (!r.sub16(items, "SignedCertificateTimestampList", 1) || !r.finish("SignedCertificateTimestampList"))
    note(out.problems, error);
  else
    while (!items.empty() && out.scts.size() < kMaxListEntries) {
      ByteView item;
      if (!items.opaque16(item, "SerializedSCT", 1)) {
        note(out.problems, error);
        break;
      }
      out.scts.push_back(decode_sct(item, out.problems, items.offset() - item.size()));
    }
  return out;
}

SctListView embedded_scts(const CertificateView& certificate) {
  const ExtensionView* extension = certificate.find_extension(kEmbedded);
  if (extension == nullptr) return {};
  SctListView out;
  Parser parser(out.problems);
  DerReader reader = parser.reader(extension->value, extension->value_range.offset);
  DerValue octets;
  if (!parser.expect(reader, der_tag::kOctetString, octets, "SignedCertificateTimestampList")) return out;
  return decode_sct_list(octets.content, octets.content_offset());
}

}  // namespace tlsproof::x509
