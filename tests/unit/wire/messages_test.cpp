#include "tlsproof/wire/messages.h"

#include <algorithm>

#include "harness.h"
#include "tlsproof/wire/alert.h"
#include "tlsproof/wire/ext/all.h"
#include "tlsproof/wire/record.h"

namespace tlsproof::wire {
namespace {

using test::Case;
using test::hex;
using test::make_case;
namespace extension = registry::extension;

std::string zeros(size_t n) {
  return std::string(2 * n, '0');
}

// RFC 8448 §3 and §6 (the certificate request), handshake headers left out.
const std::string kClientHello =
    "0303 cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7"
    "[1:ClientHello.legacy_session_id 00]"
    "[2:ClientHello.cipher_suites 0006 1301 1303 1302]"
    "[1:ClientHello.legacy_compression_methods 01 00]"
    "[2:ClientHello.extensions 0091"
    " 0000 [2:Extension.extension_data 000b 0009 00 0006 736572766572]"
    " ff01 [2:Extension.extension_data 0001 00]"
    " 000a [2:Extension.extension_data 0014 0012 001d 0017 0018 0019 0100 0101 0102 0103 0104]"
    " 0023 [2:Extension.extension_data 0000]"
    " 0033 [2:Extension.extension_data 0026 0024 001d 0020"
    "       99381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c]"
    " 002b [2:Extension.extension_data 0003 02 0304]"
    " 000d [2:Extension.extension_data 0020 001e 0403 0503 0603 0203 0804 0805 0806 0401 0501 0601 0201 0402 0502 0602 "
    "0202]"
    " 002d [2:Extension.extension_data 0002 01 01]"
    " 001c [2:Extension.extension_data 0002 4001]"
    "]";
const std::string kServerHello =
    "0303 a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e26928"
    "[1:ServerHello.legacy_session_id_echo 00] 1301 00"
    "[2:ServerHello.extensions 002e"
    " 0033 [2:Extension.extension_data 0024 001d 0020 c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f]"
    " 002b [2:Extension.extension_data 0002 0304]"
    "]";
// RFC 8448 §5.
const std::string kHelloRetryRequest =
    "0303 cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
    "[1:ServerHello.legacy_session_id_echo 00] 1301 00"
    "[2:ServerHello.extensions 0084"
    " 0033 [2:Extension.extension_data 0002 0017]"
    " 002c [2:Extension.extension_data 0074 0072"
    "       71dcd04bb88bc3189119398a00000000eefafc76c146b823b096f8aacad365dd0030953f4edf625636e5f21bb2e23fcc"
    "       654b1b5b40318d10d137abcbb87574e36e8a1f025f7dfa5d6e50781b5eda4aa15b0c8be778257d16aa3030e9e7841dd9"
    "       e4c0342267e8ca0caf571fb2b7cff0f934b0]"
    " 002b [2:Extension.extension_data 0002 0304]"
    "]";
const std::string kEncryptedExtensions =
    "[2:EncryptedExtensions.extensions 0022"
    " 000a [2:Extension.extension_data 0014 0012 001d 0017 0018 0019 0100 0101 0102 0103 0104]"
    " 001c [2:Extension.extension_data 0002 4001]"
    " 0000 [2:Extension.extension_data 0000]"
    "]";
const std::string kCertificate =
    "[1:Certificate.certificate_request_context 00]"
    "[3:Certificate.certificate_list 0001b5"
    " [3:CertificateEntry.cert_data 0001b0"
    "3082 01ac30820115a003020102020102300d06092a864886f70d01010b0500300e310c300a06035504031303727361301e170d3136"
    "303733303031323335395a170d3236303733303031323335395a300e310c300a0603550403130372736130819f300d06092a8648"
    "86f70d010101050003818d0030818902818100b4bb498f8279303d980836399b36c6988c0c68de55e1bdb826d3901a2461eafd2d"
    "e49a91d015abbc9a95137ace6c1af19eaa6af98c7ced43120998e187a80ee0ccb0524b1b018c3e0b63264d449a6d38e22a5fda43"
    "0846748030530ef0461c8ca9d9efbfae8ea6d1d03e2bd193eff0ab9a8002c47428a6d35a8d88d79f7f1e3f0203010001a31a3018"
    "30090603551d1304023000300b0603551d0f0404030205a0300d06092a864886f70d01010b05000381810085aad2a0e5b9276b90"
    "8c65f73a7267170618a54c5f8a7b337d2df7a594365417f2eae8f8a58c8f8172f9319cf36b7fd6c55b80f21a0301515672609 6fd"
    "335e5e67f2dbf102702e608ccae6bec1fc63a42a99be5c3eb7107c3c54e9b9eb2bd5203b1c3b84e0a8b2f759409ba3eac9d91d40"
    "2dcc0cc8f8961229ac9187b42b4de1]"
    " [2:CertificateEntry.extensions 0000]"
    "]";
const std::string kCertificateVerify =
    "0804 [2:CertificateVerify.signature 0080"
    "5a747c5d88fa9bd2e55ab085a61015b7211f824cd484145ab3ff52f1fda8477b0b7abc90db78e2d33a5c141a078653fa6bef780c"
    "5ea248eeaaa785c4f394cab6d30bbe8d4859ee511f602957b15411ac027671459e46445c9ea58c181e818e95b8c3fb0bf3278409"
    "d3be152a3da5043e063dda65cdf5aea20d53dfacd42f74f3]";
const std::string kFinished = "9b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718";
const std::string kNewSessionTicket =
    "0000001e fad6aac5 [1:NewSessionTicket.ticket_nonce 02 0000]"
    "[2:NewSessionTicket.ticket 00b2"
    "2c035d829359ee5ff7af4ec900000000262a6494dc486d2c8a34cb33fa90bf1b0070ad3c498883c9367c09a2be785abc55cd2260"
    "97a3a982117283f82a03a143efd3ff5dd36d64e861be7fd61d2827db279cce145077d454a3664d4e6da4d29ee03725a6a4dafcd0"
    "fc67d2aea70529513e3da2677fa5906c5b3f7d8f92f228bda40dda721470f9fbf297b5aea617646fac5c03272e970727c621a791"
    "41ef5f7de6505e5bfbc388e93343694093934ae4d357]"
    "[2:NewSessionTicket.extensions 0008 002a [2:Extension.extension_data 0004 00000400]]";
const std::string kCertificateRequest =
    "[1:CertificateRequest.certificate_request_context 00]"
    "[2:CertificateRequest.extensions 0024"
    " 000d [2:Extension.extension_data 0020 001e 0403 0503 0603 0203 0804 0805 0806 0401 0501 0601 0201 0402 0502 0602 "
    "0202]"
    "]";

std::vector<Case> hello_cases() {
  return {
      make_case<ClientHello>("ClientHello", kClientHello,
                             [](const ClientHello& m) {
                               EXPECT_EQ(m.legacy_version, 0x0303);
                               EXPECT_EQ(m.random[0], 0xcb);
                               EXPECT_EQ(m.random[31], 0xe7);
                               EXPECT_TRUE(m.legacy_session_id.empty());
                               EXPECT_EQ(m.cipher_suites, (std::vector<uint16_t>{0x1301, 0x1303, 0x1302}));
                               EXPECT_EQ(m.legacy_compression_methods, Bytes{0});
                               ASSERT_EQ(m.extensions.size(), 9U);
                               EXPECT_EQ(m.extensions.type(1), extension::renegotiation_info);
                               EXPECT_EQ(m.extensions.offset_of(0), 47U);
                               EXPECT_EQ(m.extensions.get<ext::ServerName>()->host(), "server");
                             }),
      make_case<ClientHello>(
          "ClientHello without extensions",
          "0301" + zeros(32) + "[1:ClientHello.legacy_session_id 20" + zeros(32) +
              "]"
              "[2:ClientHello.cipher_suites 0002 c02f] [1:ClientHello.legacy_compression_methods 02 0100]",
          [](const ClientHello& m) {
            EXPECT_FALSE(m.has_extensions);
            EXPECT_EQ(m.legacy_version, 0x0301);
            EXPECT_EQ(m.legacy_session_id.size(), 32U);
            EXPECT_EQ(m.legacy_compression_methods, (Bytes{1, 0}));
          }),
      make_case<ClientHello>(
          "ClientHello with unknown, duplicate and undecodable values",
          "7f7f" + zeros(32) +
              "[1:ClientHello.legacy_session_id 01 ff]"
              "[2:ClientHello.cipher_suites 0004 0a0a fefe] [1:ClientHello.legacy_compression_methods 02 40ff]"
              "[2:ClientHello.extensions 0013 3a3a [2:Extension.extension_data 0001 00]"
              " 002b [2:Extension.extension_data 0000] 002b [2:Extension.extension_data 0002 ffff]"
              " 3a3a [2:Extension.extension_data 0000]]",
          [](const ClientHello& m) {
            EXPECT_EQ(m.cipher_suites, (std::vector<uint16_t>{0x0a0a, 0xfefe}));
            EXPECT_EQ(m.extensions.count(0x3a3a), 2U);
            EXPECT_EQ(m.extensions.count(extension::supported_versions), 2U);
            ext::SupportedVersionsClient versions;
            const auto status = m.extensions.read_typed(versions);
            ASSERT_TRUE(status);
            ASSERT_FALSE(*status);
            EXPECT_EQ(status->error().field, "supported_versions.versions");
            EXPECT_EQ(status->error().offset, m.extensions.offset_of(1) + 4);
          }),
      make_case<ServerHello>("ServerHello", kServerHello,
                             [](const ServerHello& m) {
                               EXPECT_EQ(m.cipher_suite, 0x1301);
                               EXPECT_EQ(m.selected_version(), 0x0304);
                               EXPECT_FALSE(m.is_hello_retry_request());
                               EXPECT_EQ(m.downgrade(), Downgrade::none);
                               EXPECT_EQ(m.extensions.get<ext::KeyShareServer>()->group, 0x001d);
                             }),
      make_case<ServerHello>("HelloRetryRequest", kHelloRetryRequest,
                             [](const ServerHello& m) {
                               EXPECT_TRUE(m.is_hello_retry_request());
                               EXPECT_EQ(m.extensions.get<ext::KeyShareRetry>()->selected_group, 0x0017);
                               EXPECT_EQ(m.extensions.get<ext::Cookie>()->cookie.size(), 0x72U);
                             }),
      make_case<ServerHello>(
          "ServerHello without extensions",
          "0302" + zeros(24) + "444f574e47524401 [1:ServerHello.legacy_session_id_echo 02 aabb] 002f 07",
          [](const ServerHello& m) {
            EXPECT_FALSE(m.has_extensions);
            EXPECT_EQ(m.downgrade(), Downgrade::to_tls12);
            EXPECT_EQ(m.selected_version(), 0x0302);
            EXPECT_EQ(m.legacy_compression_method, 7);
            EXPECT_EQ(m.legacy_session_id_echo, (Bytes{0xaa, 0xbb}));
          }),
      make_case<EncryptedExtensions>("EncryptedExtensions", kEncryptedExtensions,
                                     [](const EncryptedExtensions& m) {
                                       ASSERT_EQ(m.extensions.size(), 3U);
                                       EXPECT_EQ(m.extensions.offset_of(0), 2U);
                                       EXPECT_EQ(m.extensions.get<ext::RecordSizeLimit>()->limit, 0x4001);
                                     }),
  };
}

std::vector<Case> certificate_cases() {
  return {
      make_case<Certificate13>("Certificate 1.3", kCertificate,
                               [](const Certificate13& m) {
                                 ASSERT_EQ(m.size(), 1U);
                                 EXPECT_EQ(m.certificates[0].size(), 0x1b0U);
                                 EXPECT_EQ(m.offset_of(0), 7U);
                                 EXPECT_TRUE(m.extension_blocks[0].empty());
                               }),
      make_case<Certificate13>("Certificate 1.3 with extensions",
                               "[1:Certificate.certificate_request_context 02 0102]"
                               "[3:Certificate.certificate_list 00001c"
                               " [3:CertificateEntry.cert_data 000002 aabb] [2:CertificateEntry.extensions 000a"
                               "  0012 [2:Extension.extension_data 0000] fafa [2:Extension.extension_data 0002 0102]]"
                               " [3:CertificateEntry.cert_data 000001 cc] [2:CertificateEntry.extensions 0005"
                               "  0005 [2:Extension.extension_data 0001 09]]]",
                               [](const Certificate13& m) {
                                 ASSERT_EQ(m.size(), 2U);
                                 EXPECT_EQ(to_bytes(m.certificates[1]), Bytes{0xcc});
                                 ExtensionList list;
                                 ASSERT_TRUE(m.extensions_of(0, list));
                                 ASSERT_EQ(list.size(), 2U);
                                 EXPECT_EQ(list.type(1), 0xfafa);
                                 EXPECT_EQ(list.offset_of(0), 13U);
                                 EXPECT_EQ(m.offset_of(0), 9U);
                                 EXPECT_EQ(m.offset_of(1), 26U);
                                 EXPECT_EQ(m.extensions_offset_of(1), 29U);
                               }),
      make_case<Certificate12>("Certificate 1.2",
                               "[3:Certificate.certificate_list 000009"
                               " [3:Certificate.certificate_list.certificate 000002 aabb]"
                               " [3:Certificate.certificate_list.certificate 000001 cc]]",
                               [](const Certificate12& m) {
                                 ASSERT_EQ(m.certificates.size(), 2U);
                                 EXPECT_EQ(to_bytes(m.certificates[0]), (Bytes{0xaa, 0xbb}));
                                 EXPECT_EQ(m.offset_of(1), 11U);
                               }),
      make_case<Certificate12>("Certificate 1.2 without certificates", "[3:Certificate.certificate_list 000000]",
                               [](const Certificate12& m) { EXPECT_TRUE(m.certificates.empty()); }),
      make_case<CertificateRequest13>("CertificateRequest 1.3", kCertificateRequest,
                                      [](const CertificateRequest13& m) {
                                        EXPECT_EQ(m.extensions.get<ext::SignatureAlgorithms>()->schemes.size(), 15U);
                                        EXPECT_EQ(m.extensions.offset_of(0), 3U);
                                      }),
      make_case<CertificateRequest12>("CertificateRequest 1.2",
                                      "[1:CertificateRequest.certificate_types 03 014063]"
                                      "[2:CertificateRequest.supported_signature_algorithms 0004 0403 fefe]"
                                      "[2:CertificateRequest.certificate_authorities 0007 "
                                      "[2:CertificateRequest.certificate_authorities.name 0002 3000]"
                                      " [2:CertificateRequest.certificate_authorities.name 0001 00]]",
                                      [](const CertificateRequest12& m) {
                                        EXPECT_EQ(m.certificate_types, (Bytes{1, 64, 0x63}));
                                        EXPECT_EQ(m.supported_signature_algorithms,
                                                  (std::vector<uint16_t>{0x0403, 0xfefe}));
                                        ASSERT_EQ(m.certificate_authorities.size(), 2U);
                                        EXPECT_EQ(to_bytes(m.certificate_authorities[0]), (Bytes{0x30, 0}));
                                      }),
      make_case<CertificateStatus>("CertificateStatus", "01 [3:CertificateStatus.response 000003 3003aa]",
                                   [](const CertificateStatus& m) { EXPECT_EQ(m.response, (Bytes{0x30, 3, 0xaa})); }),
      make_case<CertificateStatus>("CertificateStatus of another type", "02 000003 3003aa",
                                   [](const CertificateStatus& m) {
                                     EXPECT_EQ(m.status_type, 2);
                                     EXPECT_EQ(m.response.size(), 6U);
                                   }),
      make_case<CertificateVerify>("CertificateVerify", kCertificateVerify,
                                   [](const CertificateVerify& m) {
                                     EXPECT_EQ(m.algorithm, 0x0804);
                                     ASSERT_EQ(m.signature.size(), 128U);
                                     EXPECT_EQ(m.signature[127], 0xf3);
                                   }),
  };
}

std::vector<Case> key_exchange_cases() {
  return {
      make_case<ServerKeyExchangeEcdhe>(
          "ServerKeyExchange ECDHE",
          "03 001d [1:ServerKeyExchange.public 04 01020304] 0403 [2:ServerKeyExchange.signature 0003 aabbcc]",
          [](const ServerKeyExchangeEcdhe& m) {
            EXPECT_EQ(m.named_curve, 0x001d);
            EXPECT_EQ(m.public_key, (Bytes{1, 2, 3, 4}));
            EXPECT_TRUE(m.signed_part.present);
            EXPECT_EQ(m.signed_part.algorithm, 0x0403);
            EXPECT_EQ(m.signed_part.signature, (Bytes{0xaa, 0xbb, 0xcc}));
            EXPECT_EQ(m.signed_params, (ByteRange{0, 8}));
            Bytes params;
            Writer w(params);
            encode_params(m, w);
            EXPECT_EQ(params, hex("03 001d 04 01020304"));
          }),
      make_case<ServerKeyExchangeEcdhe>("ServerKeyExchange ECDHE anonymous",
                                        "03 9999 [1:ServerKeyExchange.public 01 ff]",
                                        [](const ServerKeyExchangeEcdhe& m) {
                                          EXPECT_FALSE(m.signed_part.present);
                                          EXPECT_EQ(m.named_curve, 0x9999);
                                        }),
      make_case<ServerKeyExchangeDhe>("ServerKeyExchange DHE",
                                      "[2:ServerKeyExchange.dh_p 0003 ffff07] [2:ServerKeyExchange.dh_g 0001 02] "
                                      "[2:ServerKeyExchange.dh_Ys 0002 0304]"
                                      " 0401 [2:ServerKeyExchange.signature 0002 aabb]",
                                      [](const ServerKeyExchangeDhe& m) {
                                        EXPECT_EQ(m.dh_p, hex("ffff07"));
                                        EXPECT_EQ(m.dh_g, Bytes{2});
                                        EXPECT_EQ(m.dh_Ys, (Bytes{3, 4}));
                                        EXPECT_EQ(m.signed_params, (ByteRange{0, 12}));
                                        Bytes params;
                                        Writer w(params);
                                        encode_params(m, w);
                                        EXPECT_EQ(params, hex("0003 ffff07 0001 02 0002 0304"));
                                      }),
      make_case<ClientKeyExchangeEcdhe>(
          "ClientKeyExchange ECDHE", "[1:ClientKeyExchange.ecdh_Yc 03 010203]",
          [](const ClientKeyExchangeEcdhe& m) { EXPECT_EQ(m.public_key, (Bytes{1, 2, 3})); }),
      make_case<ClientKeyExchangeDhe>("ClientKeyExchange DHE", "[2:ClientKeyExchange.dh_Yc 0003 010203]",
                                      [](const ClientKeyExchangeDhe& m) { EXPECT_EQ(m.dh_Yc, (Bytes{1, 2, 3})); }),
      make_case<ClientKeyExchangeRsa>(
          "ClientKeyExchange RSA", "[2:ClientKeyExchange.encrypted_pre_master_secret 0003 010203]",
          [](const ClientKeyExchangeRsa& m) { EXPECT_EQ(m.encrypted_pre_master_secret, (Bytes{1, 2, 3})); }),
      make_case<Finished>("Finished", kFinished, [](const Finished& m) { EXPECT_EQ(m.verify_data.size(), 32U); }),
      make_case<MessageHash>("MessageHash", "0102", [](const MessageHash& m) { EXPECT_EQ(m.hash, (Bytes{1, 2})); }),
      make_case<KeyUpdate>("KeyUpdate", "01", [](const KeyUpdate& m) { EXPECT_EQ(m.request_update, 1); }),
      make_case<KeyUpdate>("KeyUpdate of an unknown kind", "7f",
                           [](const KeyUpdate& m) { EXPECT_EQ(m.request_update, 0x7f); }),
      make_case<HelloRequest>("HelloRequest", "", [](const HelloRequest&) {}),
      make_case<ServerHelloDone>("ServerHelloDone", "", [](const ServerHelloDone&) {}),
      make_case<EndOfEarlyData>("EndOfEarlyData", "", [](const EndOfEarlyData&) {}),
      make_case<NewSessionTicket13>("NewSessionTicket 1.3", kNewSessionTicket,
                                    [](const NewSessionTicket13& m) {
                                      EXPECT_EQ(m.ticket_lifetime, 30U);
                                      EXPECT_EQ(m.ticket_age_add, 0xfad6aac5U);
                                      EXPECT_EQ(m.ticket_nonce, (Bytes{0, 0}));
                                      EXPECT_EQ(m.ticket.size(), 178U);
                                      EXPECT_EQ(m.extensions.get<ext::EarlyDataTicket>()->max_early_data_size, 1024U);
                                    }),
      make_case<NewSessionTicket12>("NewSessionTicket 1.2", "00000e10 [2:NewSessionTicket.ticket 0002 aabb]",
                                    [](const NewSessionTicket12& m) {
                                      EXPECT_EQ(m.ticket_lifetime_hint, 3600U);
                                      EXPECT_EQ(m.ticket, (Bytes{0xaa, 0xbb}));
                                    }),
      make_case<Alert>("Alert", "02 28",
                       [](const Alert& m) { EXPECT_EQ(m, make_alert(registry::alert::handshake_failure)); }),
      make_case<Alert>("Alert of unknown kind", "09 fe", [](const Alert& m) { EXPECT_EQ(m.description, 0xfe); }),
      make_case<ChangeCipherSpec>("ChangeCipherSpec", "02", [](const ChangeCipherSpec& m) { EXPECT_EQ(m.type, 2); }),
      make_case<RecordHeader>("RecordHeader", "16 0301 4001",
                              [](const RecordHeader& m) {
                                EXPECT_EQ(m.type, 22);
                                EXPECT_EQ(m.version, 0x0301);
                                EXPECT_EQ(m.length, 0x4001);
                              }),
  };
}

// The forms before TLS 1.2, for the harness.
template <class T>
struct Tls11 : T {};
template <class T>
bool decode(Reader& r, Tls11<T>& out) {
  return decode_tls11(r, static_cast<T&>(out));
}
template <class T>
void encode(const Tls11<T>& in, Writer& w) {
  encode(static_cast<const T&>(in), w);
}

std::vector<Case> older_cases() {
  return {
      make_case<Tls11<ServerKeyExchangeEcdhe>>(
          "ServerKeyExchange ECDHE 1.1",
          "03 0017 [1:ServerKeyExchange.public 02 04aa] [2:ServerKeyExchange.signature 0001 bb]",
          [](const auto& m) {
            EXPECT_FALSE(m.signed_part.has_algorithm);
            EXPECT_EQ(m.signed_part.signature, Bytes{0xbb});
            EXPECT_EQ(m.signed_params, (ByteRange{0, 6}));
          }),
      make_case<Tls11<ServerKeyExchangeDhe>>(
          "ServerKeyExchange DHE 1.1",
          "[2:ServerKeyExchange.dh_p 0002 17aa] [2:ServerKeyExchange.dh_g 0001 02]"
          "[2:ServerKeyExchange.dh_Ys 0002 05bb] [2:ServerKeyExchange.signature 0001 cc]",
          [](const auto& m) {
            EXPECT_EQ(m.dh_g, Bytes{2});
            EXPECT_EQ(m.signed_part.signature, Bytes{0xcc});
          }),
      make_case<Tls11<CertificateVerify>>("CertificateVerify 1.1", "[2:CertificateVerify.signature 0002 aabb]",
                                          [](const auto& m) {
                                            EXPECT_FALSE(m.has_algorithm);
                                            EXPECT_EQ(m.signature, (Bytes{0xaa, 0xbb}));
                                          }),
      make_case<Tls11<CertificateRequest12>>("CertificateRequest 1.1",
                                             "[1:CertificateRequest.certificate_types 02 0102]"
                                             "[2:CertificateRequest.certificate_authorities 0004"
                                             " [2:CertificateRequest.certificate_authorities.name 0002 3000]]",
                                             [](const auto& m) {
                                               EXPECT_FALSE(m.has_signature_algorithms);
                                               EXPECT_EQ(m.certificate_authorities.size(), 1U);
                                             }),
      make_case<ServerHello>(
          "ServerHello of draft 18",
          "7f12" + zeros(32) + "1301 [2:ServerHello.extensions 0006 0029 [2:Extension.extension_data 0002 0000]]",
          [](const auto& m) {
            EXPECT_TRUE(m.draft_form);
            EXPECT_EQ(m.selected_version(), 0x7f12);
            EXPECT_EQ(m.cipher_suite, 0x1301);
            EXPECT_TRUE(m.extensions.has(extension::pre_shared_key));
          }),
      make_case<CompressedCertificate>(
          "CompressedCertificate", "0002 000123 [3:CompressedCertificate.compressed_certificate_message 000002 aabb]",
          [](const auto& m) {
            EXPECT_EQ(m.algorithm, 2);
            EXPECT_EQ(m.uncompressed_length, 0x123U);
            EXPECT_EQ(m.compressed, (Bytes{0xaa, 0xbb}));
          }),
  };
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> out = hello_cases();
    for (auto more : {certificate_cases(), key_exchange_cases(), older_cases()})
      std::ranges::move(more, std::back_inserter(out));
    return out;
  }();
  return all;
}

TEST(Messages, HoldTheKnownValues) {
  test::check_known_vectors(cases());
}
TEST(Messages, RoundTrip) {
  test::check_round_trips(cases());
}
TEST(Messages, EveryProperPrefixFails) {
  test::check_prefixes(cases());
}
TEST(Messages, EveryLengthPlusOrMinusOneFails) {
  test::check_lengths(cases());
}
TEST(Messages, ATrailingByteFails) {
  test::check_trailing_byte(cases());
}
TEST(Messages, DecodingAgainAllocatesNothing) {
  test::check_capacity(cases());
}

// What the presentation syntax forbids, although it frames.
TEST(Messages, LimitsOfVectors) {
  struct Row {
    std::string body;
    uint8_t type;
    DecodeContext context;
    std::string_view field;
  };
  const DecodeContext tls12_ecdhe{0x0303, registry::KeyExchange::ecdhe};
  const DecodeContext tls12_dhe{0x0303, registry::KeyExchange::dhe};
  const DecodeContext tls13{0x0304, registry::KeyExchange::any};
  const std::string start = "0303" + zeros(32);
  const Row rows[] = {
      {start + "21" + zeros(33) + "0002 1301 01 00", 1, {}, "ClientHello.legacy_session_id"},
      {start + "00 0000 01 00", 1, {}, "ClientHello.cipher_suites"},
      {start + "00 0003 130113 01 00", 1, {}, "ClientHello.cipher_suites"},
      {start + "00 0002 1301 00", 1, {}, "ClientHello.legacy_compression_methods"},
      {start + "21" + zeros(33) + "1301 00", 2, {}, "ServerHello.legacy_session_id_echo"},
      {"00 0000", 13, tls13, "CertificateRequest.extensions"},
      {"00 0002 0403 0000", 13, tls12_ecdhe, "CertificateRequest.certificate_types"},
      {"01 40 0000 0000", 13, tls12_ecdhe, "CertificateRequest.supported_signature_algorithms"},
      {"01 40 0002 0403 0002 0000", 13, tls12_ecdhe, "CertificateRequest.certificate_authorities.name"},
      {"000003 000000", 11, tls12_ecdhe, "Certificate.certificate_list.certificate"},
      {"00 000005 000000 0000", 11, tls13, "CertificateEntry.cert_data"},
      {"00 000008 000001 aa 0002 0000", 11, tls13, "Extension.extension_data"},
      {"01 000000", 22, tls13, "CertificateStatus.response"},
      {"03 001d 00", 12, tls12_ecdhe, "ServerKeyExchange.public"},
      {"01 001d 01 aa", 12, tls12_ecdhe, "ServerKeyExchange.curve_type"},
      {"0000 0001 02 0001 03", 12, tls12_dhe, "ServerKeyExchange.dh_p"},
      {"00", 16, tls12_ecdhe, "ClientKeyExchange.ecdh_Yc"},
      {"0000", 16, tls12_dhe, "ClientKeyExchange.dh_Yc"},
      {"00000000 00000000 00 0000 0000", 4, tls13, "NewSessionTicket.ticket"},
      {"00", 14, tls12_ecdhe, "ServerHelloDone"},
  };
  for (const Row& row : rows) {
    const auto result = decode_handshake(row.type, hex(row.body), row.context);
    ASSERT_FALSE(result) << row.body;
    EXPECT_EQ(result.error().field, row.field) << row.body;
  }
}

TEST(Messages, TheContextDecidesTheForm) {
  struct Row {
    uint8_t type;
    uint16_t version;
    registry::KeyExchange key_exchange;
    std::string body;
    std::string_view alternative;
  };
  using enum registry::KeyExchange;
  const Row rows[] = {
      {0, 0, any, "", "HelloRequest"},
      {1, 0, any, kClientHello, "ClientHello"},
      {2, 0, any, kServerHello, "ServerHello"},
      {2, 0, any, kHelloRetryRequest, "HelloRetryRequest"},
      {11, 0x0304, any, kCertificate, "Certificate"},
      {11, 0x0303, any, "000000", "Certificate"},
      {11, 0x0301, any, "000000", "Certificate"},
      {11, 0, any, "1234", "certificate"},
      {13, 0x0303, any, "01 01 0002 0403 0000", "CertificateRequest"},
      {13, 0x0302, any, "01 01 0000", "CertificateRequest"},
      {13, 0x7f12, any, "00 0002 0403 0000 0000", "certificate_request"},
      {13, 0x7f17, any, "00 0004 0000 0000", "CertificateRequest"},
      {12, 0x0303, ecdhe, "03 001d 01 aa", "ServerKeyExchange"},
      {12, 0x0303, dhe, "0001 aa 0001 bb 0001 cc", "ServerKeyExchange"},
      {12, 0x0301, ecdhe, "03 001d 01 aa 0001 bb", "ServerKeyExchange"},
      {12, 0x0300, dhe, "0001 aa 0001 bb 0001 cc 0001 dd", "ServerKeyExchange"},
      {12, 0, ecdhe, "03 001d 01 aa 0001 bb", "server_key_exchange"},
      {12, 0x0303, srp, "beef", "server_key_exchange"},
      {16, 0x0303, ecdhe, "01 aa", "ClientKeyExchange"},
      {16, 0x0303, dhe, "0001 aa", "ClientKeyExchange"},
      {16, 0x0303, rsa, "0001 aa", "ClientKeyExchange"},
      {16, 0x0303, any, "beef", "client_key_exchange"},
      {15, 0x0303, any, "0403 0001 aa", "CertificateVerify"},
      {15, 0x0301, any, "0001 aa", "CertificateVerify"},
      {15, 0x7f12, any, "0403 0001 aa", "CertificateVerify"},
      {15, 0, any, "0001 aa", "certificate_verify"},
      {25, 0x0304, any, "0001 000001 000001 aa", "CompressedCertificate"},
      {4, 0x0303, any, "00000000 0000", "NewSessionTicket"},
      {4, 0x0304, any, kNewSessionTicket, "NewSessionTicket"},
      {4, 0, any, "", "new_session_ticket"},
      {4, 0x7f12, any, "00000001 00000002 0001 aa 0000", "new_session_ticket"},
      {4, 0xfb17, any, kNewSessionTicket, "NewSessionTicket"},
      {11, 0x7e02, any, "00 000000", "Certificate"},
      {11, 0x7f10, any, "00 000000", "certificate"},
      {5, 0, any, "", "EndOfEarlyData"},
      {8, 0, any, kEncryptedExtensions, "EncryptedExtensions"},
      {14, 0, any, "", "ServerHelloDone"},
      {20, 0, any, "", "Finished"},
      {22, 0, any, "02", "CertificateStatus"},
      {24, 0, any, "00", "KeyUpdate"},
      {254, 0, any, "aa", "MessageHash"},
      {0x63, 0x0304, any, "0102", "message 0x63"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.body);
    const Bytes body = hex(row.body);
    const auto message = decode_handshake(row.type, body, {row.version, row.key_exchange});
    ASSERT_TRUE(message) << message.error().message();
    EXPECT_EQ(message_name(*message), row.alternative);
    EXPECT_EQ(message_type(*message), row.type);
    Bytes encoded;
    Bytes expected;
    ASSERT_TRUE(encode_message(*message, encoded));
    ASSERT_TRUE(encode_handshake(row.type, body, expected));
    EXPECT_EQ(to_hex(encoded), to_hex(expected));
  }
}

TEST(Messages, EncodingSaysWhenALengthDoesNotFit) {
  ClientHello hello;
  hello.legacy_session_id.resize(256);
  hello.cipher_suites = {0x1301};
  Bytes out;
  EXPECT_FALSE(encode_message(hello, out));
  EXPECT_EQ(out[4 + 34], 0) << "the length is written modulo its width";
  EXPECT_FALSE(encode_handshake(20, Bytes(kMaxHandshakeBody + 1), out));
  EXPECT_TRUE(encode_handshake(20, {}, out));
}

TEST(Messages, DecodingIntoTheSameVariantAllocatesNothing) {
  const Bytes body = hex(kClientHello);
  AnyMessage message;
  ASSERT_TRUE(decode_handshake_into(1, body, {}, message));
  const size_t before = test::num_allocations();
  ASSERT_TRUE(decode_handshake_into(1, body, {}, message, 4));
  EXPECT_EQ(test::num_allocations(), before);
  EXPECT_EQ(extensions_of(message)->offset_of(0), 51U);
}

TEST(Messages, CertificateEntriesCanBeEdited) {
  Certificate13 certificate;
  ExtensionList list;
  list.add(5, hex("01"));
  certificate.add(hex("aa"), list);
  certificate.add(hex("bb"));
  certificate.set_extensions(1, list);
  certificate.erase(0);
  EXPECT_EQ(to_hex(encode_all(certificate)), "0000000b000001bb00050005000101");
}

}  // namespace
}  // namespace tlsproof::wire
