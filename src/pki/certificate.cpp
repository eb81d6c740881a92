#include "tlsproof/pki/certificate.h"

#include <fmt/format.h>

#include <algorithm>

#include "der.h"
#include "encode.h"
#include "handles.h"
#include "tlsproof/base/text.h"
#include "tlsproof/crypto/openssl.h"
#include "tlsproof/x509/certificate.h"
#include "tlsproof/x509/name_check.h"

namespace tlsproof::pki {

Status set_time(ASN1_TIME* field, int64_t seconds) {
  // RFC 5280 §4.1.2.5: UTCTime up to 2049, GeneralizedTime from then on; ASN1_TIME_adj chooses.
  constexpr int64_t kSecondsADay = 86400;
  const int64_t days = seconds / kSecondsADay;
  if (days < -365 * 1900 || days > 365 * 8100 ||
      ASN1_TIME_adj(field, 0, static_cast<int>(days), static_cast<long>(seconds % kSecondsADay)) == nullptr) {
    crypto::clear_openssl_errors();
    return fail_usage("a date of the certificate lies outside the years 0 to 9999");
  }
  return {};
}

Result<const EVP_MD*> signature_hash(const EVP_PKEY* key, SignatureHash wanted) {
  const bool eddsa = EVP_PKEY_is_a(key, "ED25519") == 1 || EVP_PKEY_is_a(key, "ED448") == 1;
  if (eddsa) {
    if (wanted == SignatureHash::automatic) return nullptr;
    return fail_usage("an Ed25519 or Ed448 key signs with its own hash and takes no other");
  }
  switch (wanted) {
    case SignatureHash::sha224:
      return EVP_sha224();
    case SignatureHash::sha256:
      return EVP_sha256();
    case SignatureHash::sha384:
      return EVP_sha384();
    case SignatureHash::sha512:
      return EVP_sha512();
    case SignatureHash::sha1:
      return EVP_sha1();
    case SignatureHash::md5:
      return EVP_md5();
    case SignatureHash::automatic:
      break;
  }
  const int bits = EVP_PKEY_is_a(key, "EC") == 1 ? EVP_PKEY_get_bits(key) : 256;
  return bits > 384 ? EVP_sha512() : bits > 256 ? EVP_sha384() : EVP_sha256();
}

namespace {

std::unexpected<Error> fail_openssl(std::string_view what) {
  return std::unexpected(crypto::openssl_error(what));
}

bool is_unwritable(const NameAttribute& attribute) {
  return attribute.verbatim && !is_valid_utf8(attribute.value);
}

Result<X509NamePtr> encode_subject(const CertificateSpec& spec) {
  if (!spec.subject_der.empty()) {
    const uint8_t* at = spec.subject_der.data();
    X509NamePtr name(d2i_X509_NAME(nullptr, &at, static_cast<long>(spec.subject_der.size())));
    if (!name || at != spec.subject_der.data() + spec.subject_der.size()) {
      crypto::clear_openssl_errors();
      return fail_usage("the encoded subject is not a distinguished name");
    }
    return name;
  }
  X509NamePtr name(X509_NAME_new());
  TLSPROOF_CHECK(name != nullptr);
  for (const NameAttribute& attribute : spec.subject) {
    // libcrypto refuses to handle a name that is not valid UTF-8: see write_verbatim().
    const std::string text = is_unwritable(attribute) ? std::string(attribute.value.size(), 'x') : attribute.value;
    Asn1ObjectPtr type(OBJ_txt2obj(attribute.type.c_str(), 0));
    if (!type ||
        X509_NAME_add_entry_by_OBJ(name.get(), type.get(), attribute.verbatim ? V_ASN1_UTF8STRING : MBSTRING_UTF8,
                                   as_bytes(text).data(), static_cast<int>(text.size()), -1, 0) != 1) {
      crypto::clear_openssl_errors();
      return fail_usage(fmt::format("the subject's {}={} cannot be encoded", escape_terminal(attribute.type),
                                    escape_terminal_limited(attribute.value, 80)));
    }
  }
  return name;
}

Status set_serial(X509* certificate, const Bytes& wanted, RandomSource& random) {
  uint8_t fresh[16];
  ByteView magnitude = wanted;
  if (wanted.empty()) {
    // RFC 5280 §4.1.2.2: positive and at most 20 octets. 128 bits, of which the highest is 0 and the next 1, so that
    // every serial has the same length and none is zero: 126 random bits never meet again.
    random.fill(fresh);
    fresh[0] = static_cast<uint8_t>((fresh[0] & 0x3f) | 0x40);
    magnitude = fresh;
  }
  BigNumPtr number(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr));
  if (!number || BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) == nullptr)
    return fail("cannot encode the serial number");
  return {};
}

// Appends an extension whose content libcrypto knows how to encode.
Status add_extension(X509* certificate, int nid, bool critical, void* value) {
  if (X509_add1_ext_i2d(certificate, nid, value, critical ? 1 : 0, X509V3_ADD_APPEND) != 1)
    return fail_openssl(fmt::format("cannot encode the extension {}", OBJ_nid2sn(nid)));
  return {};
}

GeneralNamePtr string_name(int type, int string_type, std::string_view value) {
  GeneralNamePtr name(GENERAL_NAME_new());
  ASN1_STRING* text = ASN1_STRING_type_new(string_type);
  TLSPROOF_CHECK(name != nullptr && text != nullptr &&
                 ASN1_STRING_set(text, value.data(), static_cast<int>(value.size())) == 1);
  GENERAL_NAME_set0_value(name.get(), type, text);
  return name;
}

Result<GeneralNamePtr> encode_name(const AlternativeName& name) {
  switch (name.kind) {
    case AlternativeName::Kind::dns:
      return string_name(GEN_DNS, V_ASN1_IA5STRING, name.value);
    case AlternativeName::Kind::email:
      return string_name(GEN_EMAIL, V_ASN1_IA5STRING, name.value);
    case AlternativeName::Kind::uri:
      return string_name(GEN_URI, V_ASN1_IA5STRING, name.value);
    case AlternativeName::Kind::ip:
      break;
  }
  const std::optional<Bytes> address = x509::parse_ip(name.value);
  if (!address) return fail_usage(fmt::format("'{}' is not an IP address", escape_terminal_limited(name.value, 80)));
  return string_name(GEN_IPADD, V_ASN1_OCTET_STRING, as_text(*address));
}

Status add_names(X509* certificate, const CertificateSpec& spec) {
  if (spec.names.empty()) return {};
  GeneralNamesPtr names(GENERAL_NAMES_new());
  for (const AlternativeName& wanted : spec.names) {
    TLSPROOF_TRY(GeneralNamePtr name, encode_name(wanted));
    TLSPROOF_CHECK(names && sk_GENERAL_NAME_push(names.get(), name.get()) > 0);
    name.release();  // the list owns it
  }
  // RFC 5280 §4.2.1.6: with an empty subject the extension is critical, for it alone names anyone.
  const bool critical = X509_NAME_entry_count(X509_get_subject_name(certificate)) == 0;
  return add_extension(certificate, NID_subject_alt_name, critical, names.get());
}

Status add_basic_constraints(X509* certificate, const CertificateSpec& spec) {
  if (!spec.basic_constraints) return {};
  Handle<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free> value(BASIC_CONSTRAINTS_new());
  TLSPROOF_CHECK(value != nullptr);
  value->ca = spec.basic_constraints->ca ? 0xff : 0;
  if (spec.basic_constraints->path_len) {
    value->pathlen = ASN1_INTEGER_new();
    TLSPROOF_CHECK(value->pathlen != nullptr &&
                   ASN1_INTEGER_set(value->pathlen, *spec.basic_constraints->path_len) == 1);
  }
  return add_extension(certificate, NID_basic_constraints, true, value.get());
}

Status add_key_usage(X509* certificate, const CertificateSpec& spec) {
  if (spec.key_usage != 0) {
    Handle<ASN1_BIT_STRING, ASN1_BIT_STRING_free> bits(ASN1_BIT_STRING_new());
    TLSPROOF_CHECK(bits != nullptr);
    for (int bit = 0; bit < 16; ++bit)
      if ((spec.key_usage >> bit & 1) != 0) TLSPROOF_CHECK(ASN1_BIT_STRING_set_bit(bits.get(), bit, 1) == 1);
    TLSPROOF_TRY_VOID(add_extension(certificate, NID_key_usage, true, bits.get()));
  }
  if (spec.extended_key_usage.empty()) return {};
  Handle<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> purposes(EXTENDED_KEY_USAGE_new());
  for (const std::string& oid : spec.extended_key_usage) {
    Asn1ObjectPtr purpose(OBJ_txt2obj(oid.c_str(), 1));
    if (!purpose) {
      crypto::clear_openssl_errors();
      return fail_usage(fmt::format("the extended key usage '{}' is not an OID", escape_terminal(oid)));
    }
    TLSPROOF_CHECK(purposes && sk_ASN1_OBJECT_push(purposes.get(), purpose.get()) > 0);
    purpose.release();
  }
  return add_extension(certificate, NID_ext_key_usage, false, purposes.get());
}

Status add_key_ids(X509* certificate, const CertificateSpec& spec, X509* issuer) {
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned digest_len = 0;
  if (spec.subject_key_id) {
    if (X509_pubkey_digest(certificate, EVP_sha1(), digest, &digest_len) != 1)
      return fail_openssl("cannot hash the subject's key");
    Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> id(ASN1_OCTET_STRING_new());
    TLSPROOF_CHECK(id && ASN1_OCTET_STRING_set(id.get(), digest, static_cast<int>(digest_len)) == 1);
    TLSPROOF_TRY_VOID(add_extension(certificate, NID_subject_key_identifier, false, id.get()));
  }
  if (spec.authority_key_id == CertificateSpec::AuthorityKeyId::none) return {};
  Handle<AUTHORITY_KEYID, AUTHORITY_KEYID_free> id(AUTHORITY_KEYID_new());
  TLSPROOF_CHECK(id != nullptr);
  // RFC 5280 §4.2.1.1: the very value of the issuer's subjectKeyIdentifier, however that was made. (Not by
  // X509_get0_subject_key_id, which would remember the state of a certificate that is still being filled in.)
  id->keyid = static_cast<ASN1_OCTET_STRING*>(X509_get_ext_d2i(issuer, NID_subject_key_identifier, nullptr, nullptr));
  if (id->keyid == nullptr && spec.authority_key_id == CertificateSpec::AuthorityKeyId::key_id) {
    if (X509_pubkey_digest(issuer, EVP_sha1(), digest, &digest_len) != 1)
      return fail_openssl("cannot hash the issuer's key");
    id->keyid = ASN1_OCTET_STRING_new();
    TLSPROOF_CHECK(id->keyid && ASN1_OCTET_STRING_set(id->keyid, digest, static_cast<int>(digest_len)) == 1);
  }
  if (spec.authority_key_id == CertificateSpec::AuthorityKeyId::key_id_and_serial) {
    GeneralNamePtr name(GENERAL_NAME_new());
    TLSPROOF_CHECK(name != nullptr);
    GENERAL_NAME_set0_value(name.get(), GEN_DIRNAME, X509_NAME_dup(X509_get_issuer_name(issuer)));
    id->issuer = GENERAL_NAMES_new();
    TLSPROOF_CHECK(id->issuer && sk_GENERAL_NAME_push(id->issuer, name.get()) > 0);
    name.release();
    id->serial = ASN1_INTEGER_dup(X509_get0_serialNumber(issuer));
  }
  return add_extension(certificate, NID_authority_key_identifier, false, id.get());
}

Status add_access(X509* certificate, const CertificateSpec& spec) {
  if (spec.ca_issuers_urls.empty() && spec.ocsp_urls.empty()) return {};
  Handle<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free> access(AUTHORITY_INFO_ACCESS_new());
  TLSPROOF_CHECK(access != nullptr);
  auto add_all = [&](int method, const std::vector<std::string>& urls) {
    for (const std::string& url : urls) {
      ACCESS_DESCRIPTION* entry = ACCESS_DESCRIPTION_new();
      TLSPROOF_CHECK(entry && sk_ACCESS_DESCRIPTION_push(access.get(), entry) > 0);
      ASN1_OBJECT_free(entry->method);
      entry->method = OBJ_nid2obj(method);
      GENERAL_NAME_free(entry->location);
      entry->location = string_name(GEN_URI, V_ASN1_IA5STRING, url).release();
    }
  };
  add_all(NID_ad_OCSP, spec.ocsp_urls);
  add_all(NID_ad_ca_issuers, spec.ca_issuers_urls);
  return add_extension(certificate, NID_info_access, false, access.get());
}

Status add_crl_urls(X509* certificate, const CertificateSpec& spec) {
  if (spec.crl_urls.empty()) return {};
  Handle<CRL_DIST_POINTS, CRL_DIST_POINTS_free> points(CRL_DIST_POINTS_new());
  TLSPROOF_CHECK(points != nullptr);
  for (const std::string& url : spec.crl_urls) {
    DIST_POINT* point = DIST_POINT_new();
    TLSPROOF_CHECK(point && sk_DIST_POINT_push(points.get(), point) > 0);
    point->distpoint = DIST_POINT_NAME_new();
    TLSPROOF_CHECK(point->distpoint != nullptr);
    point->distpoint->type = 0;  // fullName
    point->distpoint->name.fullname = GENERAL_NAMES_new();
    TLSPROOF_CHECK(point->distpoint->name.fullname != nullptr);
    sk_GENERAL_NAME_push(point->distpoint->name.fullname, string_name(GEN_URI, V_ASN1_IA5STRING, url).release());
  }
  return add_extension(certificate, NID_crl_distribution_points, false, points.get());
}

Status add_raw(X509* certificate, const CertificateSpec& spec) {
  for (const RawExtension& extension : spec.extra_extensions) {
    Asn1ObjectPtr oid(OBJ_txt2obj(extension.oid.c_str(), 1));
    if (!oid) {
      crypto::clear_openssl_errors();
      return fail_usage(fmt::format("'{}' is not an OID", escape_terminal(extension.oid)));
    }
    Handle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> value(ASN1_OCTET_STRING_new());
    TLSPROOF_CHECK(value && ASN1_OCTET_STRING_set(value.get(), extension.value.data(),
                                                  static_cast<int>(extension.value.size())) == 1);
    X509ExtensionPtr encoded(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), extension.critical ? 1 : 0, value.get()));
    TLSPROOF_CHECK(encoded && X509_add_ext(certificate, encoded.get(), -1) == 1);
  }
  return {};
}

Status add_extensions(X509* certificate, const CertificateSpec& spec, X509* issuer) {
  TLSPROOF_TRY_VOID(add_basic_constraints(certificate, spec));
  TLSPROOF_TRY_VOID(add_key_usage(certificate, spec));
  TLSPROOF_TRY_VOID(add_names(certificate, spec));
  TLSPROOF_TRY_VOID(add_key_ids(certificate, spec, issuer));
  TLSPROOF_TRY_VOID(add_access(certificate, spec));
  TLSPROOF_TRY_VOID(add_crl_urls(certificate, spec));
  return add_raw(certificate, spec);
}

// Puts the bytes that libcrypto would not in place of their placeholders, which are as long, and signs again.
Result<Bytes> write_verbatim(ByteView der, const CertificateSpec& spec, bool self_signed, EVP_PKEY* key,
                             const EVP_MD* hash) {
  const x509::CertificateView view = x509::CertificateView::parse(der);
  TLSPROOF_CHECK(view.readable && view.subject.attributes.size() == spec.subject.size());
  Bytes tbs = to_bytes(view.tbs);
  auto fill = [&](const x509::NameView& name) {
    for (size_t i = 0; i < spec.subject.size(); ++i)
      if (is_unwritable(spec.subject[i]))
        std::ranges::copy(spec.subject[i].value, tbs.begin() + (name.attributes[i].value.data() - view.tbs.data()));
  };
  fill(view.subject);
  if (self_signed) fill(view.issuer);
  Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  size_t len = 0;
  if (!context || EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, key) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &len, tbs.data(), tbs.size()) != 1)
    return fail_openssl("cannot sign the certificate");
  Bytes signature(len + 1);  // after the number of unused bits, none
  if (EVP_DigestSign(context.get(), signature.data() + 1, &len, tbs.data(), tbs.size()) != 1)
    return fail_openssl("cannot sign the certificate");
  signature.resize(len + 1);
  Bytes body = std::move(tbs);
  append(body, view.signature_algorithm.der);
  append(body, der_element(0x03, signature));
  return der_element(0x30, body);
}

}  // namespace

CertificateSpec authority_spec(Subject subject, Validity validity, std::optional<int> path_len) {
  CertificateSpec spec;
  spec.subject = std::move(subject);
  spec.validity = validity;
  spec.basic_constraints = BasicConstraints{.ca = true, .path_len = path_len};
  // RFC 5280 §4.2.1.3: a CA certificate must say keyCertSign, and cRLSign if it is to revoke.
  spec.key_usage = kKeyCertSign | kCrlSign;
  return spec;
}

std::string_view role_name(Role role) {
  return role == Role::server ? "server" : "client";
}

CertificateSpec leaf_spec(Role role, Subject subject, std::vector<AlternativeName> names, Validity validity) {
  CertificateSpec spec;
  constexpr size_t kMaxCommonName = 64;  // X.520's upper bound
  if (subject.empty() && !names.empty() && names.front().value.size() <= kMaxCommonName)
    subject.push_back({.type = "CN", .value = names.front().value});
  spec.subject = std::move(subject);
  spec.names = std::move(names);
  spec.validity = validity;
  spec.basic_constraints = BasicConstraints{};
  // Every signature of TLS is digitalSignature. keyEncipherment would allow the RSA key exchange too, which has no
  // forward secrecy.
  spec.key_usage = kDigitalSignature;
  spec.extended_key_usage = {std::string(role == Role::server ? x509::kServerAuth : x509::kClientAuth)};
  return spec;
}

Result<Bytes> forge_certificate(const CertificateSpec& spec, const crypto::PublicKey& key, const Issuer& issuer,
                                RandomSource& random) {
  TLSPROOF_CHECK(issuer.key != nullptr);
  X509Ptr certificate(X509_new());
  TLSPROOF_CHECK(certificate != nullptr);
  TLSPROOF_TRY(X509NamePtr subject, encode_subject(spec));
  TLSPROOF_CHECK(X509_set_version(certificate.get(), spec.version - 1) == 1 &&
                 X509_set_subject_name(certificate.get(), subject.get()) == 1);
  if (X509_set_pubkey(certificate.get(), key.native()) != 1) return fail_openssl("cannot encode the public key");
  TLSPROOF_TRY_VOID(set_serial(certificate.get(), spec.serial, random));
  TLSPROOF_TRY_VOID(set_time(X509_getm_notBefore(certificate.get()), spec.validity.not_before));
  TLSPROOF_TRY_VOID(set_time(X509_getm_notAfter(certificate.get()), spec.validity.not_after));

  X509Ptr issuer_certificate;
  if (!issuer.certificate.empty()) {
    issuer_certificate = parse_x509(issuer.certificate);
    if (!issuer_certificate) return fail_usage("the issuer's certificate cannot be decoded");
  }
  X509* signer = issuer_certificate ? issuer_certificate.get() : certificate.get();
  TLSPROOF_CHECK(X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer)) == 1);
  TLSPROOF_TRY_VOID(add_extensions(certificate.get(), spec, signer));

  EVP_PKEY* signing_key = issuer.key->native();
  TLSPROOF_TRY(const EVP_MD* hash, signature_hash(signing_key, spec.hash));
  if (X509_sign(certificate.get(), signing_key, hash) <= 0) return fail_openssl("cannot sign the certificate");
  Bytes der = to_der<i2d_X509>(certificate.get());
  if (spec.subject_der.empty() && std::ranges::any_of(spec.subject, is_unwritable))
    return write_verbatim(der, spec, !issuer_certificate, signing_key, hash);
  return der;
}

}  // namespace tlsproof::pki
