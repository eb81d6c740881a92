// The frame of a certificate (RFC 5280 §4.1), read so that one broken field does not hide the others.
#include "tlsproof/x509/certificate.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <bitset>
#include <unordered_set>

#include "oids.h"
#include "parse.h"
#include "tlsproof/base/text.h"

namespace tlsproof::x509 {

bool Parser::report() {
  std::string_view what = "cannot be read";
  switch (error_.kind) {
    case ParseError::Kind::truncated:
      what = "absent or cut off";
      break;
    case ParseError::Kind::trailing:
      what = "bytes left over";
      break;
    case ParseError::Kind::bad_length:
      what = "a length outside its limits";
      break;
    case ParseError::Kind::bad_value:
      what = "not of the type that belongs here, or not DER";
      break;
  }
  return note(error_.field, error_.offset, what);
}

std::string FieldProblem::message() const {
  return fmt::format("{} at offset {}: {}", field, offset, what);
}

namespace {

// What lies behind a header whose length runs past the end: as much as there is. For certificates that were cut off.
struct Clamped {
  ByteView content;
  size_t offset = 0;
};
Clamped clamp_sequence(ByteView der, size_t base) {
  if (der.size() < 2 || der[0] != der_tag::kSequence) return {};
  const size_t header = der[1] < 0x80 ? 2 : 2 + size_t{der[1]} - 0x80;
  if (der[1] == 0x80 || header > 10 || header > der.size()) return {};
  return {der.subspan(header), base + header};
}

// Which extensions there were already: known ones by their row, so that ordinary certificates need no set.
class SeenOids {
 public:
  bool insert(const Oid& oid, ByteView content) {
    if (oid.info() == nullptr) return others_.insert(as_text(content)).second;
    const size_t row = oid_index(*oid.info());
    if (known_[row]) return false;
    known_[row] = true;
    return true;
  }

 private:
  std::bitset<kMaxOids> known_;
  std::unordered_set<std::string_view> others_;
};

class CertificateParser {
 public:
  explicit CertificateParser(CertificateView& out) : out_(out), parser_(out.problems) {}

  void run() {
    DerReader outer = parser_.reader(out_.der);
    DerReader fields = frame(outer, "Certificate");
    parser_.finish(outer, "Certificate");
    DerReader tbs = parser_.reader({});
    if (fields.next_is(der_tag::kSequence)) {
      const ByteView before = fields.peek();
      out_.ranges.tbs = {fields.offset(), 0};
      tbs = frame(fields, "Certificate.tbsCertificate");
      out_.tbs = before.first(before.size() - fields.peek().size());
      out_.ranges.tbs.len = out_.tbs.size();
    } else {
      parser_.note("Certificate.tbsCertificate", fields.offset(), "absent or cut off");
    }
    parse_tbs(tbs);
    parse_signature(fields);
    out_.readable = !out_.public_key.der.empty();
  }

 private:
  // Enters a SEQUENCE, a cut-off one as well; on failure the reader is empty.
  DerReader frame(DerReader& from, std::string_view field) {
    const DerReader before = from;
    DerValue value;
    if (parser_.expect(from, der_tag::kSequence, value, field)) return parser_.inside(value);
    const Clamped rest = clamp_sequence(before.peek(), before.offset());
    from = parser_.reader({}, before.offset() + before.peek().size());
    return parser_.reader(rest.content, rest.offset);
  }

  // A SEQUENCE field of the frame. An element of another type in its place is passed over, so that the next fields are
  // found.
  bool sequence(DerReader& from, DerValue& out, std::string_view field) {
    if (parser_.expect(from, der_tag::kSequence, out, field)) return true;
    DerValue skipped;
    if (!from.empty() && !from.any(skipped, field)) from = parser_.reader({}, from.offset());
    return false;
  }

  void parse_tbs(DerReader& fields) {
    parse_version(fields);
    DerValue value;
    if (fields.next_is(der_tag::kSequence)) {
      parser_.note("Certificate.serialNumber", fields.offset(), "absent or cut off");
    } else if (parser_.expect(fields, der_tag::kInteger, value, "Certificate.serialNumber")) {
      out_.serial = value.content;
      out_.ranges.serial = value.range();
      if (value.content.empty()) parser_.note("Certificate.serialNumber", value.offset, "an empty INTEGER");
    } else if (DerValue skipped; !fields.any(skipped, "Certificate.serialNumber")) {
      fields = parser_.reader({}, fields.offset());
    }
    if (sequence(fields, value, "Certificate.signature")) {
      parse_algorithm(parser_, value, out_.tbs_signature_algorithm, "Certificate.signature");
      out_.ranges.tbs_signature_algorithm = value.range();
    }
    if (sequence(fields, value, "Certificate.issuer")) {
      parse_name(parser_, value, out_.issuer, "Certificate.issuer");
      out_.ranges.issuer = value.range();
    }
    if (sequence(fields, value, "Certificate.validity")) parse_validity(value);
    if (sequence(fields, value, "Certificate.subject")) {
      parse_name(parser_, value, out_.subject, "Certificate.subject");
      out_.ranges.subject = value.range();
    }
    if (sequence(fields, value, "Certificate.subjectPublicKeyInfo")) {
      parse_public_key(parser_, value, out_.public_key);
      out_.ranges.public_key = value.range();
    }
    // RFC 5280 §4.1.2.8: unique identifiers, which nobody uses.
    (void)parser_.optional(fields, der_tag::context(1), value, "Certificate.issuerUniqueID");
    (void)parser_.optional(fields, der_tag::context(2), value, "Certificate.subjectUniqueID");
    if (parser_.optional(fields, der_tag::context_constructed(3), value, "Certificate.extensions"))
      parse_extensions(value);
    parser_.finish(fields, "Certificate.tbsCertificate");
  }

  // version [0] EXPLICIT INTEGER DEFAULT v1
  void parse_version(DerReader& fields) {
    constexpr std::string_view kField = "Certificate.version";
    DerValue tagged;
    if (!parser_.optional(fields, der_tag::context_constructed(0), tagged, kField)) return;
    out_.ranges.version = tagged.range();
    DerReader inside = parser_.inside(tagged);
    DerValue number;
    if (!parser_.expect(inside, der_tag::kInteger, number, kField)) return;
    parser_.finish(inside, kField);
    const std::optional<int64_t> value = integer_value(number.content);
    if (!value || *value < 0 || *value > 2) parser_.note(kField, number.offset, "not 1, 2 or 3");
    if (value && *value < INT64_MAX) out_.version = *value + 1;
  }

  std::optional<int64_t> parse_time(DerReader& from, ByteRange& range, std::string_view field) {
    DerValue value;
    const std::optional<DerTime> time = parser_.time(from, value, field);
    range = value.range();
    if (!time) return std::nullopt;
    if (!time->strict) parser_.note(field, value.offset, "a time not written as RFC 5280 §4.1.2.5 says");
    return time->seconds;
  }

  void parse_validity(const DerValue& validity) {
    out_.ranges.validity = validity.range();
    DerReader times = parser_.inside(validity);
    out_.not_before = parse_time(times, out_.ranges.not_before, "Certificate.validity.notBefore");
    out_.not_after = parse_time(times, out_.ranges.not_after, "Certificate.validity.notAfter");
    parser_.finish(times, "Certificate.validity");
  }

  void parse_extensions(const DerValue& tagged) {
    constexpr std::string_view kField = "Certificate.extensions";
    out_.ranges.extensions = tagged.range();
    DerReader outer = parser_.inside(tagged);
    DerValue list;
    if (!parser_.expect(outer, der_tag::kSequence, list, kField)) return;
    parser_.finish(outer, kField);
    if (out_.version != 3) parser_.note(kField, tagged.offset, "extensions in a certificate that is not version 3");
    DerReader extensions = parser_.inside(list);
    SeenOids seen;
    out_.extensions.reserve(12);
    while (!extensions.empty()) {
      DerValue value;
      if (!parser_.room(out_.extensions.size(), extensions.offset(), kField)) return;
      if (!parser_.expect(extensions, der_tag::kSequence, value, kField)) return;
      parse_extension(value, seen);
    }
  }

  // Extension ::= SEQUENCE { extnID OBJECT IDENTIFIER, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }
  void parse_extension(const DerValue& extension, SeenOids& seen) {
    constexpr std::string_view kField = "Certificate.extensions.extension";
    DerReader fields = parser_.inside(extension);
    DerValue oid;
    DerValue value;
    ExtensionView view;
    view.range = extension.range();
    if (!parser_.expect(fields, der_tag::kOid, oid, kField)) return;
    view.oid = Oid(oid.content);
    if (view.oid.empty()) parser_.note(kField, oid.offset, "not an OBJECT IDENTIFIER");
    const OidInfo* info = view.oid.info();
    if (info != nullptr && (info->kind == OidKind::extension || info->kind == OidKind::extension_understood))
      view.name = info->name;
    if (parser_.optional(fields, der_tag::kBoolean, value, kField))
      view.critical = !value.content.empty() && value.content[0] != 0;
    if (parser_.expect(fields, der_tag::kOctetString, value, kField)) {
      view.value = value.content;
      view.value_range = value.content_range();
      parser_.finish(fields, kField);
    }
    // RFC 5280 §4.2: a certificate MUST NOT include more than one instance of a particular extension.
    const bool first = seen.insert(view.oid, oid.content);
    if (!first) parser_.note(kField, extension.offset, kTwice);
    out_.extensions.push_back(view);
    parse_extension_value(parser_, out_, out_.extensions.size() - 1, first);
  }

  void parse_signature(DerReader& fields) {
    DerValue value;
    if (sequence(fields, value, "Certificate.signatureAlgorithm")) {
      parse_algorithm(parser_, value, out_.signature_algorithm, "Certificate.signatureAlgorithm");
      out_.ranges.signature_algorithm = value.range();
    }
    if (!parser_.expect(fields, der_tag::kBitString, value, "Certificate.signatureValue")) return;
    out_.ranges.signature = value.range();
    if (value.content.empty() || value.content[0] != 0) {
      parser_.note("Certificate.signatureValue", value.offset, "not a whole number of octets");
    }
    out_.signature = value.content.empty() ? ByteView() : value.content.subspan(1);
    parser_.finish(fields, "Certificate");
  }

  CertificateView& out_;
  Parser parser_;
};

template <size_t kLen>
std::array<uint8_t, kLen> digest(const EVP_MD* md, ByteView data) {
  std::array<uint8_t, kLen> out{};
  unsigned len = 0;
  TLSPROOF_CHECK(EVP_Digest(data.data(), data.size(), out.data(), &len, md, nullptr) == 1 && len == kLen);
  return out;
}

}  // namespace

CertificateView CertificateView::parse(ByteView der) {
  CertificateView out;
  out.der = der;
  CertificateParser(out).run();
  return out;
}

const ExtensionView* CertificateView::find_extension(std::string_view oid) const {
  const auto it = std::ranges::find_if(extensions, [&](const ExtensionView& one) { return one.oid == oid; });
  return it == extensions.end() ? nullptr : &*it;
}

bool CertificateView::has_dns_names() const {
  return subject_alt_names && std::ranges::any_of(*subject_alt_names, [](const GeneralName& name) {
           return name.kind == GeneralName::Kind::dns;
         });
}

std::array<uint8_t, 32> CertificateView::sha256() const {
  return digest<32>(EVP_sha256(), der);
}
std::array<uint8_t, 20> CertificateView::sha1() const {
  return digest<20>(EVP_sha1(), der);
}
std::array<uint8_t, 32> CertificateView::spki_sha256() const {
  return digest<32>(EVP_sha256(), spki());
}

std::string integer_hex(ByteView serial) {
  if (serial.empty()) return "";
  constexpr size_t kShown = 64;  // three times what RFC 5280 allows
  if ((serial[0] & 0x80) == 0) {
    ByteView digits = serial.size() > 1 && serial[0] == 0 ? serial.subspan(1) : serial;
    return digits.size() <= kShown ? to_hex(digits) : to_hex(digits.first(kShown)) + "…";
  }
  Bytes magnitude = to_bytes(serial.first(std::min(serial.size(), kShown)));
  bool carry = true;  // two's complement: invert and add one
  for (size_t i = magnitude.size(); i-- > 0;) {
    magnitude[i] = static_cast<uint8_t>(~magnitude[i] + (carry ? 1 : 0));
    carry = carry && magnitude[i] == 0;
  }
  if (magnitude.size() > 1 && magnitude[0] == 0) magnitude.erase(magnitude.begin());
  return "-" + to_hex(magnitude) + (serial.size() > kShown ? "…" : "");
}

std::string CertificateView::serial_hex() const {
  return integer_hex(serial);
}

std::string CertificateView::escaped_title() const {
  if (!readable && subject.der.empty()) return "unreadable certificate";
  if (self_issued()) return fmt::format("{} (issued by itself)", subject.escaped_text(128));
  return fmt::format("{} (issued by {})", subject.escaped_text(128), issuer.escaped_text(128));
}

Certificate::Certificate() : Certificate(Bytes()) {}

Certificate::Certificate(Bytes der) {
  auto data = std::make_shared<Data>();
  data->der = std::move(der);
  data->view = CertificateView::parse(data->der);
  data_ = std::move(data);
}

ByteView find_spki(ByteView certificate_der) {
  ParseError error;
  DerReader outer(certificate_der, error);
  DerReader certificate = outer;
  DerReader tbs = outer;
  DerValue value;
  bool present = false;
  if (!outer.enter(der_tag::kSequence, certificate, "Certificate") ||
      !certificate.enter(der_tag::kSequence, tbs, "Certificate.tbsCertificate") ||
      !tbs.optional(der_tag::context_constructed(0), value, present, "Certificate.version") ||
      !tbs.expect(der_tag::kInteger, value, "Certificate.serialNumber"))
    return {};
  for (std::string_view field :
       {"Certificate.signature", "Certificate.issuer", "Certificate.validity", "Certificate.subject"})
    if (!tbs.expect(der_tag::kSequence, value, field)) return {};
  return tbs.expect(der_tag::kSequence, value, "Certificate.subjectPublicKeyInfo") ? value.full : ByteView();
}

}  // namespace tlsproof::x509
