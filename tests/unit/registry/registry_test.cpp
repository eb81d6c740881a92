#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::registry {
namespace {

constexpr Kind kKinds[] = {Kind::version,
                           Kind::content_type,
                           Kind::handshake_type,
                           Kind::alert_level,
                           Kind::alert,
                           Kind::cipher_suite,
                           Kind::compression_method,
                           Kind::extension,
                           Kind::group,
                           Kind::ec_point_format,
                           Kind::ec_curve_type,
                           Kind::signature_scheme,
                           Kind::hash_algorithm,
                           Kind::signature_algorithm,
                           Kind::client_certificate_type,
                           Kind::certificate_type,
                           Kind::certificate_status_type,
                           Kind::certificate_compression,
                           Kind::psk_key_exchange_mode,
                           Kind::key_update_request,
                           Kind::max_fragment_length,
                           Kind::server_name_type,
                           Kind::heartbeat_mode,
                           Kind::heartbeat_message_type};
static_assert(std::size(kKinds) == kNumKinds);

TEST(Tables, EveryRowIsFoundBothWaysAndNamesAreUnique) {
  std::set<std::string_view> kinds;
  for (Kind kind : kKinds) {
    EXPECT_TRUE(kinds.insert(kind_name(kind)).second) << kind_name(kind);
    std::set<std::string_view> names;
    uint32_t last = 0;
    bool first = true;
    for (const CodePoint& row : table(kind)) {
      SCOPED_TRACE(std::string(kind_name(kind)) + " " + std::string(row.name));
      EXPECT_TRUE(first || row.value > last);
      first = false;
      last = row.value;
      EXPECT_TRUE(names.insert(row.name).second);
      EXPECT_EQ(find(kind, row.value), &row);
      EXPECT_EQ(find(kind, row.name), &row);
      EXPECT_EQ(name(kind, row.value), row.name);
      EXPECT_FALSE(is_grease(kind, row.value));
      uint32_t parsed = 0;
      EXPECT_TRUE(parse(kind, row.name, parsed));
      EXPECT_EQ(parsed, row.value);
      EXPECT_TRUE(row.reference.starts_with("RFC ") || row.reference.starts_with("draft") ||
                  row.reference.starts_with("ETSI ") || row.reference.starts_with("vendor: "))
          << row.reference;
    }
  }
}

TEST(Tables, HoldWhatIanaAssigned) {
  // Counts change only when IANA assigns; a row lost by a bad edit shows here.
  EXPECT_EQ(table(Kind::cipher_suite).size(), 352U);
  EXPECT_EQ(cipher_suite_infos().size(), 350U);  // without the two signalling values
  const struct {
    Kind kind;
    uint32_t value;
    std::string_view name;
    Recommended recommended;
  } spots[] = {
      {Kind::version, 0x0002, "SSL 2.0", Recommended::unspecified},
      {Kind::version, 0x0304, "TLS 1.3", Recommended::unspecified},
      {Kind::version, 0xfefc, "DTLS 1.3", Recommended::unspecified},
      {Kind::version, 0x7f1c, "TLS 1.3 (draft 28)", Recommended::unspecified},
      {Kind::cipher_suite, 0x1301, "TLS_AES_128_GCM_SHA256", Recommended::yes},
      {Kind::cipher_suite, 0x1305, "TLS_AES_128_CCM_8_SHA256", Recommended::no},
      {Kind::cipher_suite, 0x00ff, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", Recommended::no},
      {Kind::cipher_suite, 0x5600, "TLS_FALLBACK_SCSV", Recommended::no},
      {Kind::cipher_suite, 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", Recommended::discouraged},
      {Kind::cipher_suite, 0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", Recommended::discouraged},
      {Kind::cipher_suite, 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Recommended::yes},
      {Kind::cipher_suite, 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", Recommended::yes},
      {Kind::cipher_suite, 0xc011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA", Recommended::discouraged},
      {Kind::cipher_suite, 0xd005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256", Recommended::yes},
      {Kind::group, 0x001d, "x25519", Recommended::yes},
      {Kind::group, 0x0019, "secp521r1", Recommended::no},
      {Kind::group, 0x0013, "secp192r1", Recommended::discouraged},
      {Kind::group, 0x11ec, "X25519MLKEM768", Recommended::yes},
      {Kind::group, 0x0100, "ffdhe2048", Recommended::no},
      {Kind::signature_scheme, 0x0403, "ecdsa_secp256r1_sha256", Recommended::yes},
      {Kind::signature_scheme, 0x0203, "ecdsa_sha1", Recommended::no},
      {Kind::signature_scheme, 0x0301, "rsa_pkcs1_sha224", Recommended::unspecified},
      {Kind::signature_scheme, 0x081c, "ecdsa_brainpoolP512r1tls13_sha512", Recommended::no},
      {Kind::signature_scheme, 0x0905, "mldsa65", Recommended::no},
      {Kind::extension, 0, "server_name", Recommended::yes},
      {Kind::extension, 4, "truncated_hmac", Recommended::discouraged},
      {Kind::extension, 51, "key_share", Recommended::yes},
      {Kind::extension, 17613, "application_settings", Recommended::unspecified},
      {Kind::extension, 65281, "renegotiation_info", Recommended::yes},
      {Kind::alert, 40, "handshake_failure", Recommended::unspecified},
      {Kind::alert, 116, "certificate_required", Recommended::unspecified},
      {Kind::handshake_type, 24, "key_update", Recommended::unspecified},
      {Kind::handshake_type, 254, "message_hash", Recommended::unspecified},
      {Kind::certificate_compression, 2, "brotli", Recommended::unspecified},
      {Kind::client_certificate_type, 64, "ecdsa_sign", Recommended::yes},
      {Kind::psk_key_exchange_mode, 1, "psk_dhe_ke", Recommended::yes},
  };
  for (const auto& spot : spots) {
    const CodePoint* row = find(spot.kind, spot.value);
    ASSERT_NE(row, nullptr) << spot.name;
    EXPECT_EQ(row->name, spot.name);
    EXPECT_EQ(row->recommended, spot.recommended) << spot.name;
  }
}

TEST(Tables, NoRecommendedSuiteIsWeak) {
  for (const CipherSuiteInfo& info : cipher_suite_infos()) {
    SCOPED_TRACE(std::string(info.name));
    const Recommended recommended = find(Kind::cipher_suite, info.value)->recommended;
    if (recommended == Recommended::yes) {
      EXPECT_TRUE(info.aead && info.forward_secret && info.strength_bits >= 128);
      EXPECT_EQ(info.tag_len, 16);
    }
    // RFC 9847 and RFC 10015. TLS_NULL_WITH_NULL_NULL is the state before a handshake, and IANA left it alone.
    if ((info.cipher == Cipher::rc4 || info.export_grade || info.cipher == Cipher::null ||
         info.auth == Authentication::anon || info.kx == KeyExchange::rsa || info.kx == KeyExchange::dhe) &&
        info.value != 0) {
      EXPECT_EQ(recommended, Recommended::discouraged);
    }
  }
}

TEST(Names, UnknownValuesSurviveAsHex) {
  EXPECT_EQ(cipher_suite_name(0x1399), "0x1399");
  EXPECT_EQ(version_name(0x0305), "0x0305");
  EXPECT_EQ(alert_name(0x7f), "0x7f");
  EXPECT_EQ(extension_name(0xabcd), "0xabcd");
  EXPECT_EQ(find(Kind::alert, 0x10028), nullptr);  // not 40 after losing its upper bytes
  EXPECT_EQ(name(Kind::alert, 300), "0x012c");
}

TEST(Names, GreaseIsRecognisedWhereRfc8701ReservesIt) {
  int num = 0;
  for (uint32_t value = 0; value <= 0xffff; ++value) num += is_grease(static_cast<uint16_t>(value));
  EXPECT_EQ(num, 16);
  EXPECT_TRUE(is_grease(0x0a0a));
  EXPECT_TRUE(is_grease(0xfafa));
  EXPECT_FALSE(is_grease(0x0a1a));
  EXPECT_FALSE(is_grease(0x0b0b));
  EXPECT_EQ(group_name(0x0a0a), "GREASE(0x0a0a)");
  EXPECT_EQ(cipher_suite_name(0xfafa), "GREASE(0xfafa)");
  EXPECT_EQ(name(Kind::certificate_compression, 0x0a0a), "0x0a0a");
  num = 0;
  for (uint32_t value = 0; value <= 0xff; ++value) num += is_grease_psk_mode(static_cast<uint8_t>(value));
  EXPECT_EQ(num, 8);
  EXPECT_EQ(name(Kind::psk_key_exchange_mode, 0xe4), "GREASE(0xe4)");
  EXPECT_FALSE(is_grease(Kind::psk_key_exchange_mode, 0x010b));
}

TEST(Names, WhatPeopleWriteIsUnderstood) {
  const struct {
    std::string_view text;
    uint16_t value;
  } versions[] = {{"1.3", version::TLS1_3},       {"TLS1.2", version::TLS1_2},    {"TLSv1.2", version::TLS1_2},
                  {"tls 1.0", version::TLS1_0},   {"TLSv1", version::TLS1_0},     {"SSLv3", version::SSL3},
                  {"ssl 2.0", version::SSL2},     {"DTLSv1.2", version::DTLS1_2}, {"tls1_3", version::TLS1_3},
                  {"TLS 1.3 (draft 23)", 0x7f17}, {"0x0304", version::TLS1_3}};
  for (const auto& [text, value] : versions) {
    uint32_t parsed = 0;
    ASSERT_TRUE(parse(Kind::version, text, parsed)) << text;
    EXPECT_EQ(parsed, value) << text;
  }
  EXPECT_EQ(find(Kind::cipher_suite, "tls_aes_128_gcm_sha256")->value, 0x1301U);
  uint32_t value = 0;
  for (std::string_view bad : {"", "1.4", "TLS", "v", "0x", "0x12345", "0x12g4", "x25519 "})
    EXPECT_FALSE(parse(Kind::version, bad, value)) << bad;
  EXPECT_FALSE(parse(Kind::alert, "0x128", value));  // one byte
  EXPECT_TRUE(parse(Kind::alert, "0xFF", value));
  EXPECT_EQ(value, 0xffU);
}

TEST(CipherSuites, AttributesFollowFromTheName) {
  using enum HashAlgorithm;
  using KX = KeyExchange;
  using A = Authentication;
  using C = Cipher;
  using M = CipherMode;
  const struct {
    uint16_t value;
    KX kx;
    A auth;
    C cipher;
    M mode;
    int key_len, fixed_iv_len, explicit_nonce_len, tag_len;
    HashAlgorithm mac, prf_hash;
    bool aead, tls13, tls12_only, forward_secret;
  } rows[] = {
      {cipher_suite::TLS_AES_128_GCM_SHA256, KX::any, A::any, C::aes, M::gcm, 16, 12, 0, 16, none, sha256, true, true,
       false, true},
      {cipher_suite::TLS_AES_256_GCM_SHA384, KX::any, A::any, C::aes, M::gcm, 32, 12, 0, 16, none, sha384, true, true,
       false, true},
      {cipher_suite::TLS_CHACHA20_POLY1305_SHA256, KX::any, A::any, C::chacha20, M::poly1305, 32, 12, 0, 16, none,
       sha256, true, true, false, true},
      {cipher_suite::TLS_AES_128_CCM_8_SHA256, KX::any, A::any, C::aes, M::ccm, 16, 12, 0, 8, none, sha256, true, true,
       false, true},
      {cipher_suite::TLS_SHA384_SHA384, KX::any, A::any, C::null, M::null, 48, 48, 0, 48, sha384, sha384, false, true,
       false, true},
      {cipher_suite::TLS_GOSTR341112_256_WITH_MAGMA_MGM_S, KX::any, A::any, C::magma, M::mgm, 32, 8, 0, 8, none,
       streebog256, true, true, false, true},
      {cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, KX::ecdhe, A::rsa, C::aes, M::gcm, 32, 4, 8, 16, none,
       sha384, true, false, true, true},
      {cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, KX::ecdhe, A::ecdsa, C::chacha20, M::poly1305, 32,
       12, 0, 16, none, sha256, true, false, true, true},
      {cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, KX::ecdhe, A::ecdsa, C::aes, M::ccm, 16, 4, 8, 8, none, sha256,
       true, false, true, true},
      {cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, KX::ecdhe, A::rsa, C::aes, M::cbc, 16, 0, 0, 0, sha1, sha256,
       false, false, false, true},
      {cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, KX::ecdhe, A::rsa, C::aes, M::cbc, 32, 0, 0, 0, sha384,
       sha384, false, false, true, true},
      {cipher_suite::TLS_RSA_WITH_3DES_EDE_CBC_SHA, KX::rsa, A::rsa, C::triple_des, M::cbc, 24, 0, 0, 0, sha1, sha256,
       false, false, false, false},
      {cipher_suite::TLS_DH_anon_EXPORT_WITH_RC4_40_MD5, KX::dhe, A::anon, C::rc4, M::stream, 16, 0, 0, 0, md5, sha256,
       false, false, false, false},
      {cipher_suite::TLS_PSK_DHE_WITH_AES_256_CCM_8, KX::dhe_psk, A::psk, C::aes, M::ccm, 32, 4, 8, 8, none, sha256,
       true, false, true, true},
      {cipher_suite::TLS_SRP_SHA_DSS_WITH_AES_256_CBC_SHA, KX::srp, A::dss, C::aes, M::cbc, 32, 0, 0, 0, sha1, sha256,
       false, false, false, true},
      {cipher_suite::TLS_NULL_WITH_NULL_NULL, KX::null, A::null, C::null, M::null, 0, 0, 0, 0, none, sha256, false,
       false, false, false},
  };
  for (const auto& row : rows) {
    const CipherSuiteInfo* info = cipher_suite_info(row.value);
    ASSERT_NE(info, nullptr);
    SCOPED_TRACE(std::string(info->name));
    EXPECT_EQ(info->kx, row.kx);
    EXPECT_EQ(info->auth, row.auth);
    EXPECT_EQ(info->cipher, row.cipher);
    EXPECT_EQ(info->mode, row.mode);
    EXPECT_EQ(info->key_len, row.key_len);
    EXPECT_EQ(info->fixed_iv_len, row.fixed_iv_len);
    EXPECT_EQ(info->explicit_nonce_len, row.explicit_nonce_len);
    EXPECT_EQ(info->tag_len, row.tag_len);
    EXPECT_EQ(info->mac, row.mac);
    EXPECT_EQ(info->prf_hash, row.prf_hash);
    EXPECT_EQ(info->aead, row.aead);
    EXPECT_EQ(info->tls13, row.tls13);
    EXPECT_EQ(info->tls12_only, row.tls12_only);
    EXPECT_EQ(info->forward_secret, row.forward_secret);
  }
  EXPECT_TRUE(cipher_suite_info(cipher_suite::TLS_KRB5_EXPORT_WITH_DES_CBC_40_SHA)->export_grade);
  for (uint16_t value : {cipher_suite::TLS_FALLBACK_SCSV, cipher_suite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV,
                         uint16_t{0x0a0a}, uint16_t{0x1399}})
    EXPECT_EQ(cipher_suite_info(value), nullptr);
}

TEST(CipherSuites, EveryOneIsConsistent) {
  for (const CipherSuiteInfo& info : cipher_suite_infos()) {
    SCOPED_TRACE(std::string(info.name));
    EXPECT_EQ(find(Kind::cipher_suite, info.value)->name, info.name);
    EXPECT_EQ(cipher_suite_info(info.value), &info);
    EXPECT_NE(info.prf_hash, HashAlgorithm::none);
    EXPECT_FALSE(info.tls13 && info.tls12_only);
    EXPECT_EQ(info.mode == CipherMode::cbc, info.block_len != 0);
    if (info.aead) {
      EXPECT_EQ(info.mac, HashAlgorithm::none);
    }
    if (info.aead && !info.tls13) {
      EXPECT_EQ(info.fixed_iv_len + info.explicit_nonce_len, 12);
    }
    // What the name says, read the plain way.
    if (info.cipher == Cipher::aes || info.cipher == Cipher::camellia || info.cipher == Cipher::aria) {
      const bool is_256 =
          info.name.find("AES_256") != std::string_view::npos || info.name.find("A_256") != std::string_view::npos;
      EXPECT_EQ(info.key_len, is_256 ? 32 : 16);
      EXPECT_EQ(info.strength_bits, is_256 ? 256 : 128);
    }
    EXPECT_EQ(info.name.find("EXPORT") != std::string_view::npos, info.export_grade);
    EXPECT_EQ(info.name.find("anon") != std::string_view::npos, info.auth == Authentication::anon);
    EXPECT_EQ(info.name.find("_CBC_") != std::string_view::npos, info.mode == CipherMode::cbc);
  }
}

TEST(Groups, SharesHaveTheLengthsOfTheirDefinitions) {
  const struct {
    uint16_t value;
    GroupKind kind;
    int client, server, secret, bits;
    bool tls12, tls13;
  } rows[] = {
      {group::x25519, GroupKind::ecdhe, 32, 32, 32, 128, true, true},
      {group::x448, GroupKind::ecdhe, 56, 56, 56, 224, true, true},
      {group::secp256r1, GroupKind::ecdhe, 65, 65, 32, 128, true, true},
      {group::secp384r1, GroupKind::ecdhe, 97, 97, 48, 192, true, true},
      {group::secp521r1, GroupKind::ecdhe, 133, 133, 66, 260, true, true},
      {group::brainpoolP256r1, GroupKind::ecdhe, 65, 65, 32, 128, true, false},
      {group::ffdhe2048, GroupKind::ffdhe, 256, 256, 256, 112, true, true},
      {group::MLKEM768, GroupKind::kem, 1184, 1088, 32, 192, false, true},
      {group::X25519MLKEM768, GroupKind::hybrid, 1216, 1120, 64, 128, false, true},
      {group::SecP256r1MLKEM768, GroupKind::hybrid, 1249, 1153, 64, 128, false, true},
      {group::SecP384r1MLKEM1024, GroupKind::hybrid, 1665, 1665, 80, 192, false, true},
  };
  for (const auto& row : rows) {
    const GroupInfo* info = group_info(row.value);
    ASSERT_NE(info, nullptr);
    SCOPED_TRACE(std::string(info->name));
    EXPECT_EQ(info->kind, row.kind);
    EXPECT_EQ(info->client_share_len, row.client);
    EXPECT_EQ(info->server_share_len, row.server);
    EXPECT_EQ(info->secret_len, row.secret);
    EXPECT_EQ(info->security_bits, row.bits);
    EXPECT_EQ(info->tls12, row.tls12);
    EXPECT_EQ(info->tls13, row.tls13);
  }
  for (const CodePoint& row : table(Kind::group)) {
    const GroupInfo* info = group_info(static_cast<uint16_t>(row.value));
    EXPECT_EQ(info == nullptr, row.name.starts_with("arbitrary_")) << row.name;
    if (info) {
      EXPECT_EQ(info->name, row.name);
    }
  }
  EXPECT_EQ(group_info(0x0a0a), nullptr);
}

TEST(SignatureSchemes, WhereEachMayBeUsed) {
  for (const CodePoint& row : table(Kind::signature_scheme)) {
    const SignatureSchemeInfo* info = signature_scheme_info(static_cast<uint16_t>(row.value));
    ASSERT_NE(info, nullptr) << row.name;
    SCOPED_TRACE(std::string(row.name));
    EXPECT_EQ(info->name, row.name);
    EXPECT_TRUE(info->tls12 || info->tls13);
    if (row.recommended == Recommended::yes) {
      EXPECT_TRUE(info->tls12 && info->tls13_certs);
    }
    // RFC 5246 §7.4.1.4.1: the first byte is the hash, the second the algorithm.
    if (info->tls12 && row.value < 0x0700) {
      const HashAlgorithm hashes[] = {HashAlgorithm::none,   HashAlgorithm::md5,    HashAlgorithm::sha1,
                                      HashAlgorithm::sha224, HashAlgorithm::sha256, HashAlgorithm::sha384,
                                      HashAlgorithm::sha512};
      EXPECT_EQ(info->hash, hashes[row.value >> 8]);
      const KeyType keys[] = {KeyType::rsa, KeyType::rsa, KeyType::dsa, KeyType::ec};
      EXPECT_EQ(info->key, keys[row.value & 3]);
    }
    // RFC 8446 §4.2.3
    if (info->padding == SignaturePadding::pkcs1) {
      EXPECT_EQ(info->tls13, row.name.ends_with("_legacy"));
    }
    if (info->key == KeyType::dsa || info->hash == HashAlgorithm::sha1) {
      EXPECT_FALSE(info->tls13);
    }
  }
  EXPECT_EQ(signature_scheme_info(signature_scheme::ecdsa_secp384r1_sha384)->curve, group::secp384r1);
  EXPECT_EQ(signature_scheme_info(signature_scheme::rsa_pss_pss_sha512)->key, KeyType::rsa_pss);
  EXPECT_EQ(signature_scheme_info(signature_scheme::ed25519)->hash, HashAlgorithm::none);
  EXPECT_EQ(signature_scheme_info(0x0a0a), nullptr);
  EXPECT_EQ(hash_len(HashAlgorithm::sha384), 48U);
  EXPECT_EQ(hash_name(HashAlgorithm::sha1), "SHA-1");
}

}  // namespace
}  // namespace tlsproof::registry
