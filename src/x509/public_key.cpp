// SubjectPublicKeyInfo and AlgorithmIdentifier (RFC 3279, 4055, 5480, 8410).
#include <fmt/format.h>

#include <bit>

#include "oids.h"
#include "parse.h"

namespace tlsproof::x509 {
namespace {

constexpr std::string_view kRsa = "1.2.840.113549.1.1.1";
constexpr std::string_view kRsaPss = "1.2.840.113549.1.1.10";
constexpr std::string_view kEc = "1.2.840.10045.2.1";

ByteView without_leading_zeros(ByteView integer) {
  while (!integer.empty() && integer[0] == 0) integer = integer.subspan(1);
  return integer;
}

size_t bit_length(ByteView integer) {
  const ByteView value = without_leading_zeros(integer);
  return value.empty() ? 0 : value.size() * 8 - static_cast<size_t>(std::countl_zero(value[0]));
}

// RFC 4055 §3.1: hashAlgorithm [0] EXPLICIT, SHA-1 when absent.
std::string_view pss_hash(Parser& parser, ByteView parameters, size_t offset) {
  constexpr std::string_view kField = "RSASSA-PSS-params";
  DerReader outer = parser.reader(parameters, offset);
  DerValue sequence;
  if (parameters.empty() || !outer.expect(der_tag::kSequence, sequence, kField)) return {};
  DerReader fields = parser.inside(sequence);
  DerValue tagged;
  if (!parser.optional(fields, der_tag::context_constructed(0), tagged, kField)) return "SHA1";
  DerReader hash = parser.inside(tagged);
  DerValue algorithm;
  DerValue oid;
  if (!parser.expect(hash, der_tag::kSequence, algorithm, kField)) return {};
  DerReader parts = parser.inside(algorithm);
  if (!parser.expect(parts, der_tag::kOid, oid, kField)) return {};
  const OidInfo* info = find_oid(oid.content);
  return info != nullptr && info->kind == OidKind::hash ? info->name : std::string_view();
}

// RFC 8017 §A.1.1: RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }
void parse_rsa(Parser& parser, PublicKeyView& out, size_t key_offset) {
  constexpr std::string_view kField = "Certificate.subjectPublicKeyInfo.RSAPublicKey";
  DerReader reader = parser.reader(out.key, key_offset);
  DerValue sequence;
  if (!parser.expect(reader, der_tag::kSequence, sequence, kField)) return;
  parser.finish(reader, kField);
  DerReader numbers = parser.inside(sequence);
  DerValue modulus;
  DerValue exponent;
  if (!parser.expect(numbers, der_tag::kInteger, modulus, kField)) return;
  if (!modulus.content.empty() && (modulus.content[0] & 0x80) != 0)
    parser.note(kField, modulus.offset, "the modulus is negative");
  out.modulus = without_leading_zeros(modulus.content);
  out.bits = bit_length(modulus.content);
  if (!parser.expect(numbers, der_tag::kInteger, exponent, kField)) return;
  out.exponent = without_leading_zeros(exponent.content);
  parser.finish(numbers, kField);
}

// RFC 3279 §2.3.5, ECParameters: { version, fieldID { type, INTEGER prime }, … }; only the size of the field is of
// interest.
size_t explicit_field_bits(Parser& parser, const DerValue& parameters) {
  DerReader fields = parser.inside(parameters);
  DerValue version;
  DerValue field_id;
  if (!fields.expect(der_tag::kInteger, version, "ECParameters") ||
      !fields.expect(der_tag::kSequence, field_id, "ECParameters"))
    return 0;
  DerReader parts = parser.inside(field_id);
  DerValue type;
  DerValue prime;
  if (!parts.expect(der_tag::kOid, type, "ECParameters") || !parts.expect(der_tag::kInteger, prime, "ECParameters"))
    return 0;
  return bit_length(prime.content);
}

void parse_ec(Parser& parser, PublicKeyView& out) {
  constexpr std::string_view kField = "Certificate.subjectPublicKeyInfo.algorithm.parameters";
  const size_t offset = out.algorithm.range.end() - out.algorithm.parameters.size();
  DerReader reader = parser.reader(out.algorithm.parameters, offset);
  DerValue parameters;
  if (!parser.any(reader, parameters, kField)) return;
  if (parameters.tag == der_tag::kOid) {
    const OidInfo* info = find_oid(parameters.content);
    const bool known = info != nullptr && info->kind == OidKind::curve;
    out.curve = known ? std::string(info->name) : oid_text(parameters.content);
    out.bits = known ? info->bits : 0;
  } else if (parameters.tag == der_tag::kSequence) {
    out.curve = "explicit";  // RFC 5480 §2.1.1: MUST NOT be used
    out.bits = explicit_field_bits(parser, parameters);
    parser.note(kField, parameters.offset, "the curve is spelled out instead of named");
  } else {
    parser.note(kField, parameters.offset, "no named curve");
  }
}

// RFC 3279 §2.3.2: Dss-Parms ::= SEQUENCE { p, q, g }; DomainParameters of DH begin with p as well.
void parse_finite_field(Parser& parser, PublicKeyView& out) {
  DerReader reader = parser.reader(out.algorithm.parameters, 0);
  DerValue sequence;
  DerValue prime;
  if (!reader.expect(der_tag::kSequence, sequence, "Dss-Parms")) return;
  DerReader numbers = parser.inside(sequence);
  if (numbers.expect(der_tag::kInteger, prime, "Dss-Parms")) out.bits = bit_length(prime.content);
}

struct FixedKey {
  std::string_view oid;
  KeyKind kind;
  size_t bits;
  size_t key_len;
};
constexpr FixedKey kFixedKeys[] = {
    {"1.3.101.112", KeyKind::ed25519, 256, 32},
    {"1.3.101.113", KeyKind::ed448, 456, 57},
    {"1.3.101.110", KeyKind::x25519, 256, 32},
    {"1.3.101.111", KeyKind::x448, 448, 56},
};

void parse_key(Parser& parser, PublicKeyView& out, size_t key_offset) {
  const Oid& oid = out.algorithm.oid;
  if (oid == kRsa || oid == kRsaPss) {
    out.kind = oid == kRsa ? KeyKind::rsa : KeyKind::rsa_pss;
    return parse_rsa(parser, out, key_offset);
  }
  if (oid == kEc) {
    out.kind = KeyKind::ec;
    return parse_ec(parser, out);
  }
  if (oid == "1.2.840.10040.4.1" || oid == "1.2.840.10046.2.1") {
    out.kind = oid == "1.2.840.10040.4.1" ? KeyKind::dsa : KeyKind::dh;
    return parse_finite_field(parser, out);
  }
  for (const FixedKey& fixed : kFixedKeys) {
    if (oid != fixed.oid) continue;
    out.kind = fixed.kind;
    out.bits = fixed.bits;
    if (out.key.size() != fixed.key_len)
      parser.note("Certificate.subjectPublicKeyInfo", key_offset, "a key of the wrong length");
  }
}

}  // namespace

void parse_algorithm(Parser& parser, const DerValue& algorithm, AlgorithmView& out, std::string_view field) {
  out.der = algorithm.full;
  out.range = algorithm.range();
  DerReader fields = parser.inside(algorithm);
  DerValue oid;
  if (!parser.expect(fields, der_tag::kOid, oid, field)) return;
  out.oid = Oid(oid.content);
  if (out.oid.empty()) parser.note(field, oid.offset, "not an OBJECT IDENTIFIER");
  const OidInfo* info = out.oid.info();
  if (info != nullptr && info->kind == OidKind::signature) out.hash = info->hash;
  if (fields.empty()) return;
  DerValue parameters;
  if (!parser.any(fields, parameters, field)) return;
  out.parameters = parameters.full;
  if (!fields.empty()) parser.finish(fields, field);
  if (out.oid == kRsaPss) out.hash = pss_hash(parser, parameters.full, parameters.offset);
}

void parse_public_key(Parser& parser, const DerValue& spki, PublicKeyView& out) {
  constexpr std::string_view kField = "Certificate.subjectPublicKeyInfo";
  out.der = spki.full;
  out.range = spki.range();
  DerReader fields = parser.inside(spki);
  DerValue algorithm;
  DerValue bits;
  if (!parser.expect(fields, der_tag::kSequence, algorithm, kField)) return;
  parse_algorithm(parser, algorithm, out.algorithm, "Certificate.subjectPublicKeyInfo.algorithm");
  if (!parser.expect(fields, der_tag::kBitString, bits, kField)) return;
  parser.finish(fields, kField);
  if (bits.content.empty() || bits.content[0] != 0) {
    parser.note(kField, bits.offset, "not a whole number of octets");
    return;
  }
  out.key = bits.content.subspan(1);
  parse_key(parser, out, bits.content_offset() + 1);
}

PublicKeyView decode_public_key(ByteView spki_der) {
  PublicKeyView out;
  std::vector<FieldProblem> problems;
  Parser parser(problems);
  DerReader reader = parser.reader(spki_der);
  DerValue value;
  if (parser.expect(reader, der_tag::kSequence, value, "SubjectPublicKeyInfo")) parse_public_key(parser, value, out);
  return out;
}

std::string_view key_kind_name(KeyKind kind) {
  switch (kind) {
    case KeyKind::rsa:
      return "RSA";
    case KeyKind::rsa_pss:
      return "RSA-PSS";
    case KeyKind::ec:
      return "EC";
    case KeyKind::ed25519:
      return "Ed25519";
    case KeyKind::ed448:
      return "Ed448";
    case KeyKind::x25519:
      return "X25519";
    case KeyKind::x448:
      return "X448";
    case KeyKind::dsa:
      return "DSA";
    case KeyKind::dh:
      return "DH";
    case KeyKind::unknown:
      break;
  }
  return "unknown";
}

std::string PublicKeyView::describe() const {
  switch (kind) {
    case KeyKind::unknown:
      return algorithm.oid.empty() ? std::string("unreadable key")
                                   : fmt::format("unknown key type {}", algorithm.name());
    case KeyKind::ec:
      if (curve.empty()) return "EC without a curve";
      return curve == "explicit" ? fmt::format("EC explicit curve, {} bits", bits) : fmt::format("EC {}", curve);
    case KeyKind::rsa:
    case KeyKind::rsa_pss:
    case KeyKind::dsa:
    case KeyKind::dh:
      return fmt::format("{} {}", key_kind_name(kind), bits);
    default:
      return std::string(key_kind_name(kind));
  }
}

}  // namespace tlsproof::x509
