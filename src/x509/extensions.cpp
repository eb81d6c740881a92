// The typed forms of the extensions (RFC 5280 §4.2). Each decoder keeps what it could read and reports the rest.
#include <fmt/format.h>

#include <array>

#include "oids.h"
#include "parse.h"
#include "tlsproof/base/text.h"
#include "tlsproof/x509/name_check.h"

namespace tlsproof::x509 {
namespace {

using GeneralNames = std::vector<GeneralName>;

// Names are read further than other lists: of a name that was not read one would say that the certificate is not for
// it. There are certificates with thousands.
constexpr size_t kMaxNames = 65'536;

// RFC 5280 §4.2.1.6: GeneralName is a CHOICE of [0] … [8]; [0], [3], [4], [5] are constructed.
bool parse_general_name(Parser& parser, DerReader& from, GeneralNames& out, std::string_view field) {
  DerValue value;
  if (!parser.room(out.size(), from.offset(), field, kMaxNames) || !parser.any(from, value, field)) return false;
  GeneralName name;
  const unsigned number = value.tag & 0x1fU;
  if ((value.tag & 0xc0) == 0x80 && number < static_cast<unsigned>(GeneralName::Kind::unknown)) {
    name.kind = static_cast<GeneralName::Kind>(number);
  } else {
    parser.note(field, value.offset, "not a GeneralName");
  }
  name.value = value.content;
  name.range = value.range();
  if (name.kind == GeneralName::Kind::ip && value.content.empty())
    parser.note(field, value.offset, "an empty IP address");
  out.push_back(name);
  return true;
}

void parse_general_names(Parser& parser, DerReader from, GeneralNames& out, std::string_view field) {
  while (!from.empty())
    if (!parse_general_name(parser, from, out, field)) return;
}

// A SEQUENCE that fills the whole extension value.
bool enter_sequence(Parser& parser, const ExtensionView& extension, DerReader& inside, std::string_view field) {
  DerReader reader = parser.reader(extension.value, extension.value_range.offset);
  DerValue sequence;
  if (!parser.expect(reader, der_tag::kSequence, sequence, field)) return false;
  parser.finish(reader, field);
  inside = parser.inside(sequence);
  return true;
}

void parse_subject_alt_name(Parser& parser, CertificateView& out, const ExtensionView& extension) {
  constexpr std::string_view kField = "Certificate.extensions.subjectAltName";
  DerReader names = parser.reader({});
  if (!enter_sequence(parser, extension, names, kField)) return;
  out.subject_alt_names.emplace();
  if (names.empty()) parser.note(kField, names.offset(), "an empty list");
  parse_general_names(parser, names, *out.subject_alt_names, kField);
}

void parse_key_usage(Parser& parser, CertificateView& out, const ExtensionView& extension) {
  constexpr std::string_view kField = "Certificate.extensions.keyUsage";
  DerReader reader = parser.reader(extension.value, extension.value_range.offset);
  DerValue bits;
  if (!parser.expect(reader, der_tag::kBitString, bits, kField)) return;
  parser.finish(reader, kField);
  if (bits.content.empty() || bits.content[0] > 7) {
    parser.note(kField, bits.offset, "not a BIT STRING");
    return;
  }
  KeyUsage usage;
  for (size_t bit = 0; bit < 9; ++bit) {
    const size_t octet = 1 + bit / 8;
    if (octet < bits.content.size() && (bits.content[octet] >> (7 - bit % 8) & 1) != 0)
      usage.bits = static_cast<uint16_t>(usage.bits | 1U << bit);
  }
  // RFC 5280 §4.2.1.3: at least one bit MUST be set.
  if (usage.bits == 0) parser.note(kField, bits.offset, "no bit is set");
  out.key_usage = usage;
}

void parse_oid_list(Parser& parser, DerReader from, std::vector<Oid>& out, std::string_view field) {
  while (!from.empty()) {
    DerValue oid;
    if (!parser.room(out.size(), from.offset(), field) || !parser.expect(from, der_tag::kOid, oid, field)) return;
    const Oid read(oid.content);
    if (read.empty())
      parser.note(field, oid.offset, "not an OBJECT IDENTIFIER");
    else
      out.push_back(read);
  }
}

void parse_extended_key_usage(Parser& parser, CertificateView& out, const ExtensionView& extension) {
  constexpr std::string_view kField = "Certificate.extensions.extendedKeyUsage";
  DerReader oids = parser.reader({});
  if (!enter_sequence(parser, extension, oids, kField)) return;
  out.extended_key_usage.emplace();
  if (oids.empty()) parser.note(kField, oids.offset(), "an empty list");
  parse_oid_list(parser, oids, *out.extended_key_usage, kField);
}

// BasicConstraints ::= SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }
void parse_basic_constraints(Parser& parser, CertificateView& out, const ExtensionView& extension) {
  constexpr std::string_view kField = "Certificate.extensions.basicConstraints";
  DerReader fields = parser.reader({});
  if (!enter_sequence(parser, extension, fields, kField)) return;
  BasicConstraints constraints;
  DerValue value;
  if (parser.optional(fields, der_tag::kBoolean, value, kField)) {
    if (value.content.size() != 1) parser.note(kField, value.offset, "not a BOOLEAN");
    constraints.ca = !value.content.empty() && value.content[0] != 0;
  }
  if (parser.optional(fields, der_tag::kInteger, value, kField)) {
    constraints.path_len = integer_value(value.content);
    if (!constraints.path_len || *constraints.path_len < 0)
      parser.note(kField, value.offset, "pathLenConstraint is not a small number");
  }
  parser.finish(fields, kField);
  out.basic_constraints = constraints;
}

// GeneralSubtree ::= SEQUENCE { base GeneralName, minimum [0] DEFAULT 0, maximum [1] OPTIONAL }
void parse_subtrees(Parser& parser, const DerValue& list, GeneralNames& out, std::string_view field) {
  DerReader subtrees = parser.inside(list);
  while (!subtrees.empty()) {
    DerValue subtree;
    if (!parser.expect(subtrees, der_tag::kSequence, subtree, field)) return;
    DerReader fields = parser.inside(subtree);
    if (!parse_general_name(parser, fields, out, field)) return;
    // RFC 5280 §4.2.1.10: minimum MUST be zero, maximum MUST be absent; DER leaves out the default.
    if (!fields.empty()) parser.note(field, fields.offset(), "a subtree with minimum or maximum");
  }
}

void parse_name_constraints(Parser& parser, CertificateView& out, const ExtensionView& extension) {
  constexpr std::string_view kField = "Certificate.extensions.nameConstraints";
  DerReader fields = parser.reader({});
  if (!enter_sequence(parser, extension, fields, kField)) return;
  out.name_constraints.emplace();
  DerValue list;
  if (parser.optional(fields, der_tag::context_constructed(0), list, kField))
    parse_subtrees(parser, list, out.name_constraints->permitted, kField);
  if (parser.optional(fields, der_tag::context_constructed(1), list, kField))
    parse_subtrees(parser, list, out.name_constraints->excluded, kField);
  parser.finish(fields, kField);
}

void parse_subject_key_id(Parser& parser, CertificateView& out, const ExtensionView& extension) {
  constexpr std::string_view kField = "Certificate.extensions.subjectKeyIdentifier";
  DerReader reader = parser.reader(extension.value, extension.value_range.offset);
  DerValue id;
  if (!parser.expect(reader, der_tag::kOctetString, id, kField)) return;
  parser.finish(reader, kField);
  out.subject_key_id = id.content;
}

void decode_authority_key_id(Parser& parser, CertificateView& out, const ExtensionView& extension) {
  out.authority_key_id = parse_authority_key_id(parser, extension, "Certificate.extensions.authorityKeyIdentifier");
}

void keep_uris(const GeneralNames& names, std::vector<ByteView>& out) {
  for (const GeneralName& name : names)
    if (name.kind == GeneralName::Kind::uri && out.size() < kMaxListEntries) out.push_back(name.value);
}

// DistributionPoint ::= SEQUENCE { distributionPoint [0] CHOICE { fullName [0] GeneralNames, … } OPTIONAL, … }
void parse_crl_points(Parser& parser, CertificateView& out, const ExtensionView& extension) {
  constexpr std::string_view kField = "Certificate.extensions.cRLDistributionPoints";
  DerReader points = parser.reader({});
  if (!enter_sequence(parser, extension, points, kField)) return;
  while (!points.empty()) {
    DerValue point;
    DerValue value;
    if (!parser.room(out.crl_urls.size(), points.offset(), kField)) return;
    if (!parser.expect(points, der_tag::kSequence, point, kField)) return;
    DerReader fields = parser.inside(point);
    if (!parser.optional(fields, der_tag::context_constructed(0), value, kField)) continue;
    DerReader choice = parser.inside(value);
    if (!parser.optional(choice, der_tag::context_constructed(0), value, kField)) continue;
    GeneralNames names;
    parse_general_names(parser, parser.inside(value), names, kField);
    keep_uris(names, out.crl_urls);
  }
}

// AccessDescription ::= SEQUENCE { accessMethod OBJECT IDENTIFIER, accessLocation GeneralName }
void parse_authority_info(Parser& parser, CertificateView& out, const ExtensionView& extension) {
  constexpr std::string_view kField = "Certificate.extensions.authorityInfoAccess";
  DerReader list = parser.reader({});
  if (!enter_sequence(parser, extension, list, kField)) return;
  while (!list.empty()) {
    DerValue description;
    DerValue method;
    GeneralNames location;
    if (!parser.room(out.ocsp_urls.size() + out.ca_issuer_urls.size(), list.offset(), kField)) return;
    if (!parser.expect(list, der_tag::kSequence, description, kField)) return;
    DerReader fields = parser.inside(description);
    if (!parser.expect(fields, der_tag::kOid, method, kField)) continue;
    if (!parse_general_name(parser, fields, location, kField)) continue;
    const Oid oid(method.content);
    if (oid == "1.3.6.1.5.5.7.48.1") keep_uris(location, out.ocsp_urls);
    if (oid == "1.3.6.1.5.5.7.48.2") keep_uris(location, out.ca_issuer_urls);
  }
}

// RFC 6962 §3.3: an OCTET STRING that holds opaque SerializedSCT<1..2^16-1>; sct_list<1..2^16-1>.
void parse_sct_list(Parser& parser, CertificateView& out, const ExtensionView& extension) {
  constexpr std::string_view kField = "Certificate.extensions.signedCertificateTimestampList";
  DerReader reader = parser.reader(extension.value, extension.value_range.offset);
  DerValue octets;
  if (!parser.expect(reader, der_tag::kOctetString, octets, kField)) return;
  parser.finish(reader, kField);
  ByteView rest = octets.content;
  auto u16 = [&](size_t at) { return static_cast<size_t>(rest[at] << 8 | rest[at + 1]); };
  size_t count = 0;
  bool whole = rest.size() >= 2 && u16(0) == rest.size() - 2;
  if (whole) rest = rest.subspan(2);
  while (whole && !rest.empty()) {
    whole = rest.size() >= 2 && u16(0) > 0 && u16(0) <= rest.size() - 2;
    if (!whole) break;
    rest = rest.subspan(2 + u16(0));
    ++count;
  }
  if (!whole || count == 0) parser.note(kField, octets.offset, "not a list of signed certificate timestamps");
  out.sct_count = count;
}

// RFC 7633 §6: Features ::= SEQUENCE OF INTEGER, numbered as TLS extensions; 5 is status_request.
void parse_tls_feature(Parser& parser, CertificateView& out, const ExtensionView& extension) {
  constexpr std::string_view kField = "Certificate.extensions.tlsFeature";
  DerReader features = parser.reader({});
  if (!enter_sequence(parser, extension, features, kField)) return;
  while (!features.empty()) {
    DerValue feature;
    if (!parser.expect(features, der_tag::kInteger, feature, kField)) return;
    if (integer_value(feature.content) == 5) out.must_staple = true;
  }
}

void parse_policies(Parser& parser, CertificateView& out, const ExtensionView& extension) {
  constexpr std::string_view kField = "Certificate.extensions.certificatePolicies";
  DerReader policies = parser.reader({});
  if (!enter_sequence(parser, extension, policies, kField)) return;
  while (!policies.empty()) {
    DerValue information;
    DerValue oid;
    if (!parser.room(out.policies.size(), policies.offset(), kField)) return;
    if (!parser.expect(policies, der_tag::kSequence, information, kField)) return;
    DerReader fields = parser.inside(information);
    if (parser.expect(fields, der_tag::kOid, oid, kField)) out.policies.emplace_back(oid.content);
  }
}

struct Decoder {
  std::string_view oid;
  void (*decode)(Parser&, CertificateView&, const ExtensionView&);
};
constexpr Decoder kDecoders[] = {
    {"2.5.29.14", parse_subject_key_id},
    {"2.5.29.15", parse_key_usage},
    {"2.5.29.17", parse_subject_alt_name},
    {"2.5.29.19", parse_basic_constraints},
    {"2.5.29.30", parse_name_constraints},
    {"2.5.29.31", parse_crl_points},
    {"2.5.29.32", parse_policies},
    {"2.5.29.35", decode_authority_key_id},
    {"2.5.29.37", parse_extended_key_usage},
    {"1.3.6.1.5.5.7.1.1", parse_authority_info},
    {"1.3.6.1.5.5.7.1.24", parse_tls_feature},
    {"1.3.6.1.4.1.11129.2.4.2", parse_sct_list},
};

using Decode = void (*)(Parser&, CertificateView&, const ExtensionView&);

// The decoder of each row of the table of OIDs; nullptr: none.
const std::array<Decode, kMaxOids>& decoders_by_row() {
  static const auto by_row = [] {
    std::array<Decode, kMaxOids> out{};
    for (const Decoder& decoder : kDecoders) out[oid_index(*find_oid(decoder.oid))] = decoder.decode;
    return out;
  }();
  return by_row;
}

}  // namespace

// AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0], authorityCertIssuer [1], authorityCertSerialNumber [2] }
std::optional<AuthorityKeyId> parse_authority_key_id(Parser& parser, const ExtensionView& extension,
                                                     std::string_view field) {
  DerReader fields = parser.reader({});
  if (!enter_sequence(parser, extension, fields, field)) return std::nullopt;
  AuthorityKeyId id;
  DerValue value;
  if (parser.optional(fields, der_tag::context(0), value, field)) id.key_id = value.content;
  if (parser.optional(fields, der_tag::context_constructed(1), value, field))
    parse_general_names(parser, parser.inside(value), id.issuer, field);
  if (parser.optional(fields, der_tag::context(2), value, field)) id.serial = value.content;
  parser.finish(fields, field);
  return id;
}

void parse_extension_value(Parser& parser, CertificateView& out, size_t index, bool first) {
  // The decoders write to other members than `extensions`, so the reference stays good.
  const ExtensionView& extension = out.extensions[index];
  const OidInfo* info = extension.oid.info();
  if (extension.critical && (info == nullptr || info->kind != OidKind::extension_understood))
    out.unknown_critical.push_back(index);
  if (info == nullptr || !first) return;  // the first one counts; the second is reported by the caller
  if (const Decode decode = decoders_by_row()[oid_index(*info)]; decode != nullptr) decode(parser, out, extension);
}

std::vector<std::string> KeyUsage::names() const {
  constexpr const char* kNames[] = {"digitalSignature", "contentCommitment", "keyEncipherment",
                                    "dataEncipherment", "keyAgreement",      "keyCertSign",
                                    "cRLSign",          "encipherOnly",      "decipherOnly"};
  std::vector<std::string> out;
  for (size_t bit = 0; bit < std::size(kNames); ++bit)
    if ((bits >> bit & 1) != 0) out.emplace_back(kNames[bit]);
  return out;
}

std::string GeneralName::escaped_text(size_t max_len) const {
  auto text = [&](std::string_view prefix) {
    return fmt::format("{}:{}", prefix, escape_terminal_limited(as_text(value), max_len));
  };
  switch (kind) {
    case Kind::dns:
      return text("DNS");
    case Kind::email:
      return text("email");
    case Kind::uri:
      return text("URI");
    case Kind::ip:
      return value.size() <= 32 ? "IP:" + ip_text(value) : "IP:" + to_hex(value.first(32)) + "…";
    case Kind::registered_id:
      return "registered ID:" + oid_text(value.first(std::min<size_t>(value.size(), 64)));
    case Kind::directory: {
      const std::optional<NameView> name = decode_name(value);
      return "directory:" + (name ? name->escaped_text(max_len) : std::string("(unreadable)"));
    }
    case Kind::other: {
      ParseError error;
      DerReader reader(value, error);
      DerValue oid;
      const bool readable = reader.expect(der_tag::kOid, oid, "OtherName") && oid.content.size() <= 64;
      return fmt::format("other name ({})", readable ? oid_text(oid.content) : std::string("unreadable"));
    }
    case Kind::x400:
      return "X.400 address";
    case Kind::edi_party:
      return "EDI party name";
    case Kind::unknown:
      break;
  }
  return "unknown kind of name";
}

}  // namespace tlsproof::x509
