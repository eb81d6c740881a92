#include <algorithm>
#include <set>

#include "harness.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/wire/ext/all.h"
#include "tlsproof/wire/ext/index.h"
#include "tlsproof/wire/msg/client_hello.h"

namespace tlsproof::wire {
namespace {

using test::Case;
using test::hex;
using test::make_case;

std::string repeat(std::string_view text, size_t n) {
  std::string out;
  while (n-- > 0) out += text;
  return out;
}

// RFC 8448 §3 to §5 where they have one, else by hand from the RFC that the struct names.
const std::string kPskIdentity =
    "2c035d829359ee5ff7af4ec900000000262a6494dc486d2c8a34cb33fa90bf1b0070ad3c498883c9367c09a2be785abc55cd226097a3a9"
    "82117283f82a03a143efd3ff5dd36d64e861be7fd61d2827db279cce145077d454a3664d4e6da4d29ee03725a6a4dafcd0fc67d2aea705"
    "29513e3da2677fa5906c5b3f7d8f92f228bda40dda721470f9fbf297b5aea617646fac5c03272e970727c621a79141ef5f7de6505e5bfb"
    "c388e93343694093934ae4d357";
const std::string kPreSharedKey = "[2:pre_shared_key.identities 00b8 [2:pre_shared_key.identity 00b2" + kPskIdentity +
                                  "] fad6aacb]"
                                  "[2:pre_shared_key.binders 0021 [1:pre_shared_key.binder 20"
                                  "  3add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d]]";

std::vector<Case> number_cases() {
  using namespace ext;
  using Numbers = std::vector<uint16_t>;
  return {
      make_case<MaxFragmentLength>("max_fragment_length", "04", [](const auto& x) { EXPECT_EQ(x.code, 4); }),
      make_case<RecordSizeLimit>("record_size_limit", "4001", [](const auto& x) { EXPECT_EQ(x.limit, 0x4001); }),
      make_case<EarlyDataTicket>("early_data of a ticket", "00000400",
                                 [](const auto& x) { EXPECT_EQ(x.max_early_data_size, 1024U); }),
      make_case<PreSharedKeyServer>("pre_shared_key of the server", "0102",
                                    [](const auto& x) { EXPECT_EQ(x.selected_identity, 0x0102); }),
      make_case<SupportedVersionsServer>("supported_versions of the server", "0304",
                                         [](const auto& x) { EXPECT_EQ(x.selected_version, 0x0304); }),
      make_case<KeyShareRetry>("key_share of HelloRetryRequest", "0017",
                               [](const auto& x) { EXPECT_EQ(x.selected_group, 0x0017); }),
      make_case<SupportedGroups>("supported_groups", "[2:supported_groups.named_group_list 0006 001d 0a0a feff]",
                                 [](const auto& x) { EXPECT_EQ(x.groups, (Numbers{0x001d, 0x0a0a, 0xfeff})); }),
      make_case<SignatureAlgorithms>("signature_algorithms",
                                     "[2:signature_algorithms.supported_signature_algorithms 0004 0403 eeee]",
                                     [](const auto& x) { EXPECT_EQ(x.schemes, (Numbers{0x0403, 0xeeee})); }),
      make_case<SignatureAlgorithmsCert>("signature_algorithms_cert",
                                         "[2:signature_algorithms_cert.supported_signature_algorithms 0002 0401]",
                                         [](const auto& x) { EXPECT_EQ(x.schemes, Numbers{0x0401}); }),
      make_case<SupportedVersionsClient>(
          "supported_versions", "[1:supported_versions.versions 06 7a7a 0304 0303]",
          [](const auto& x) { EXPECT_EQ(x.versions, (Numbers{0x7a7a, 0x0304, 0x0303})); }),
      make_case<EcPointFormats>("ec_point_formats", "[1:ec_point_formats.ec_point_format_list 02 00ee]",
                                [](const auto& x) { EXPECT_EQ(x.formats, (Bytes{0, 0xee})); }),
      make_case<PskKeyExchangeModes>("psk_key_exchange_modes", "[1:psk_key_exchange_modes.ke_modes 02 010b]",
                                     [](const auto& x) { EXPECT_EQ(x.modes, (Bytes{1, 0x0b})); }),
  };
}

std::vector<Case> opaque_cases() {
  using namespace ext;
  return {
      make_case<Cookie>("cookie", "[2:cookie.cookie 0002 aabb]",
                        [](const auto& x) { EXPECT_EQ(x.cookie, (Bytes{0xaa, 0xbb})); }),
      make_case<RenegotiationInfo>("renegotiation_info", "[1:renegotiation_info.renegotiated_connection 02 0102]",
                                   [](const auto& x) { EXPECT_EQ(x.renegotiated_connection, (Bytes{1, 2})); }),
      make_case<RenegotiationInfo>("renegotiation_info at first", "[1:renegotiation_info.renegotiated_connection 00]",
                                   [](const auto& x) { EXPECT_TRUE(x.renegotiated_connection.empty()); }),
      make_case<Padding>("padding", "000001", [](const auto& x) { EXPECT_EQ(x.bytes, (Bytes{0, 0, 1})); }),
      make_case<SessionTicket>("session_ticket", "aabb",
                               [](const auto& x) { EXPECT_EQ(x.ticket, (Bytes{0xaa, 0xbb})); }),
      make_case<Alpn>("application_layer_protocol_negotiation",
                      "[2:application_layer_protocol_negotiation.protocol_name_list 000c"
                      " [1:application_layer_protocol_negotiation.protocol_name 02 6832]"
                      " [1:application_layer_protocol_negotiation.protocol_name 08 687474702f312e31]]",
                      [](const auto& x) {
                        ASSERT_EQ(x.protocols.size(), 2U);
                        EXPECT_EQ(as_text(x.protocols[1]), "http/1.1");
                      }),
      make_case<SctList>("signed_certificate_timestamp",
                         "[2:signed_certificate_timestamp.sct_list 0007"
                         " [2:signed_certificate_timestamp.serialized_sct 0002 aabb]"
                         " [2:signed_certificate_timestamp.serialized_sct 0001 cc]]",
                         [](const auto& x) { ASSERT_EQ(x.scts.size(), 2U); }),
      make_case<CertificateAuthorities>("certificate_authorities",
                                        "[2:certificate_authorities.authorities 0004"
                                        " [2:certificate_authorities.distinguished_name 0002 3000]]",
                                        [](const auto& x) {
                                          ASSERT_EQ(x.authorities.size(), 1U);
                                          EXPECT_EQ(to_bytes(x.authorities[0]), (Bytes{0x30, 0}));
                                        }),
      make_case<ServerNameAck>("server_name of the server", "", [](const auto&) {}),
      make_case<StatusRequestAck>("status_request of the server", "", [](const auto&) {}),
      make_case<SctRequest>("signed_certificate_timestamp of the client", "", [](const auto&) {}),
      make_case<EncryptThenMac>("encrypt_then_mac", "", [](const auto&) {}),
      make_case<ExtendedMasterSecret>("extended_master_secret", "", [](const auto&) {}),
      make_case<SessionTicketAck>("session_ticket of the server", "", [](const auto&) {}),
      make_case<EarlyData>("early_data", "", [](const auto&) {}),
      make_case<PostHandshakeAuth>("post_handshake_auth", "", [](const auto&) {}),
  };
}

std::vector<Case> structured_cases() {
  using namespace ext;
  return {
      make_case<ServerName>("server_name",
                            "[2:server_name.server_name_list 0009 00 [2:server_name.host_name 0006 736572766572]]",
                            [](const auto& x) { EXPECT_EQ(x.host(), "server"); }),
      make_case<ServerName>("server_name of unknown kind",
                            "[2:server_name.server_name_list 0008 07 [2:server_name.host_name 0001 ff]"
                            " 00 [2:server_name.host_name 0001 61]]",
                            [](const auto& x) {
                              EXPECT_EQ(x.types, (Bytes{7, 0}));
                              EXPECT_EQ(x.host(), "a");
                            }),
      make_case<StatusRequest>("status_request",
                               "01 [2:status_request.responder_id_list 0003 [2:status_request.responder_id 0001 aa]]"
                               " [2:status_request.request_extensions 0002 3000]",
                               [](const auto& x) {
                                 ASSERT_EQ(x.responder_ids.size(), 1U);
                                 EXPECT_EQ(x.request_extensions, (Bytes{0x30, 0}));
                               }),
      make_case<StatusRequest>("status_request of another type", "02 aabb",
                               [](const auto& x) { EXPECT_EQ(x.other_request, (Bytes{0xaa, 0xbb})); }),
      make_case<StatusResponse>("status_request of a certificate", "01 [3:CertificateStatus.response 000001 aa]",
                                [](const auto& x) { EXPECT_EQ(x.status.response, Bytes{0xaa}); }),
      make_case<KeyShareClient>("key_share",
                                "[2:key_share.client_shares 000b 001d [2:key_share.key_exchange 0002 aabb]"
                                " 9a9a [2:key_share.key_exchange 0001 00]]",
                                [](const auto& x) {
                                  ASSERT_EQ(x.size(), 2U);
                                  ASSERT_TRUE(x.find(0x001d));
                                  EXPECT_EQ(to_bytes(*x.find(0x001d)), (Bytes{0xaa, 0xbb}));
                                  EXPECT_FALSE(x.find(0x0017));
                                }),
      make_case<KeyShareClient>("key_share without shares", "[2:key_share.client_shares 0000]",
                                [](const auto& x) { EXPECT_EQ(x.size(), 0U); }),
      make_case<KeyShareServer>("key_share of the server",
                                "001d [2:key_share.key_exchange 0020"
                                "c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f]",
                                [](const auto& x) {
                                  EXPECT_EQ(x.group, 0x001d);
                                  EXPECT_EQ(x.key.size(), 32U);
                                }),
      make_case<PreSharedKeyClient>("pre_shared_key", kPreSharedKey,
                                    [](const auto& x) {
                                      ASSERT_EQ(x.identities.size(), 1U);
                                      EXPECT_EQ(x.identities[0].size(), 178U);
                                      EXPECT_EQ(x.obfuscated_ticket_ages[0], 0xfad6aacbU);
                                      ASSERT_EQ(x.binders.size(), 1U);
                                      EXPECT_EQ(x.binders[0].size(), 32U);
                                      EXPECT_EQ(x.binders_offset, 186U);
                                      EXPECT_EQ(x.binders_len(), 35U);
                                    }),
      make_case<PreSharedKeyClient>("pre_shared_key with two identities",
                                    "[2:pre_shared_key.identities 000e [2:pre_shared_key.identity 0001 aa] 00000001"
                                    " [2:pre_shared_key.identity 0001 bb] 00000002]"
                                    "[2:pre_shared_key.binders 0043 [1:pre_shared_key.binder 20" +
                                        repeat("11", 32) +
                                        "]"
                                        " [1:pre_shared_key.binder 21" +
                                        repeat("22", 33) + "]]",
                                    [](const auto& x) {
                                      EXPECT_EQ(x.obfuscated_ticket_ages, (std::vector<uint32_t>{1, 2}));
                                      EXPECT_EQ(x.binders_len(), 2U + 33 + 34);
                                    }),
  };
}

std::vector<Case> certificate_cases() {
  using namespace ext;
  return {
      make_case<ClientCertificateTypes>("client_certificate_type",
                                        "[1:client_certificate_type.client_certificate_types 02 0200]",
                                        [](const auto& x) { EXPECT_EQ(x.types, (Bytes{2, 0})); }),
      make_case<ClientCertificateType>("client_certificate_type of the server", "02",
                                       [](const auto& x) { EXPECT_EQ(x.type, 2); }),
      make_case<ServerCertificateTypes>("server_certificate_type",
                                        "[1:server_certificate_type.server_certificate_types 01 02]",
                                        [](const auto& x) { EXPECT_EQ(x.types, Bytes{2}); }),
      make_case<ServerCertificateType>("server_certificate_type of the server", "7f",
                                       [](const auto& x) { EXPECT_EQ(x.type, 0x7f); }),
      make_case<CertTypes>("cert_type", "[1:cert_type.certificate_types 02 0100]",
                           [](const auto& x) { EXPECT_EQ(x.types, (Bytes{1, 0})); }),
      make_case<CertType>("cert_type of the server", "01", [](const auto& x) { EXPECT_EQ(x.type, 1); }),
      make_case<CompressCertificate>(
          "compress_certificate", "[1:compress_certificate.algorithms 04 0002 7777]",
          [](const auto& x) { EXPECT_EQ(x.algorithms, (std::vector<uint16_t>{2, 0x7777})); }),
      make_case<DelegatedCredentialRequest>(
          "delegated_credential", "[2:delegated_credential.supported_signature_algorithms 0004 0403 0804]",
          [](const auto& x) { EXPECT_EQ(x.schemes, (std::vector<uint16_t>{0x0403, 0x0804})); }),
      make_case<DelegatedCredential>("delegated_credential of a certificate",
                                     "00093a80 0403 [3:delegated_credential.ASN1_subjectPublicKeyInfo 000002 3000]"
                                     " 0804 [2:delegated_credential.signature 0003 aabbcc]",
                                     [](const auto& x) {
                                       EXPECT_EQ(x.valid_time, 604800U);
                                       EXPECT_EQ(x.dc_cert_verify_algorithm, 0x0403);
                                       EXPECT_EQ(x.subject_public_key_info.size(), 2U);
                                       EXPECT_EQ(x.algorithm, 0x0804);
                                       EXPECT_EQ(x.signature.size(), 3U);
                                     }),
      make_case<Heartbeat>("heartbeat", "01", [](const auto& x) { EXPECT_EQ(x.mode, 1); }),
      make_case<ApplicationSettings>("application_settings",
                                     "[2:application_settings.supported_protocols 0003"
                                     " [1:application_settings.protocol_name 02 6832]]",
                                     [](const auto& x) { EXPECT_EQ(as_text(x.protocols[0]), "h2"); }),
      make_case<ApplicationSettingsOld>("application_settings_old",
                                        "[2:application_settings.supported_protocols 0003"
                                        " [1:application_settings.protocol_name 02 6832]]",
                                        [](const auto& x) { EXPECT_EQ(x.protocols.size(), 1U); }),
      make_case<ApplicationSettingsValue>("application_settings of the server", "aabb",
                                          [](const auto& x) { EXPECT_EQ(x.settings.size(), 2U); }),
      make_case<ApplicationSettingsValueOld>("application_settings_old of the server", "aabb",
                                             [](const auto& x) { EXPECT_EQ(x.settings.size(), 2U); }),
  };
}

std::vector<Case> ech_and_quic_cases() {
  using namespace ext;
  return {
      make_case<EncryptedClientHello>("encrypted_client_hello",
                                      "00 0001 0003 2a [2:encrypted_client_hello.enc 0002 aabb]"
                                      " [2:encrypted_client_hello.payload 0003 010203]",
                                      [](const auto& x) {
                                        EXPECT_EQ(x.kdf, 1);
                                        EXPECT_EQ(x.aead, 3);
                                        EXPECT_EQ(x.config_id, 0x2a);
                                        EXPECT_EQ(x.enc.size(), 2U);
                                        EXPECT_EQ(x.payload.size(), 3U);
                                      }),
      make_case<EncryptedClientHello>("encrypted_client_hello inner", "01",
                                      [](const auto& x) { EXPECT_EQ(x.type, kEchInner); }),
      make_case<EncryptedClientHello>("encrypted_client_hello of another type", "02 aabb",
                                      [](const auto& x) { EXPECT_EQ(x.payload.size(), 2U); }),
      make_case<EncryptedClientHelloRetry>("encrypted_client_hello of HelloRetryRequest", "0102030405060708",
                                           [](const auto& x) { EXPECT_EQ(x.confirmation[7], 8); }),
      make_case<EncryptedClientHelloConfigs>(
          "encrypted_client_hello of the server",
          "[2:encrypted_client_hello.retry_configs 000b"
          " fe0d [2:ECHConfig.contents 0003 010203] eeee [2:ECHConfig.contents 0000]]",
          [](const auto& x) {
            EXPECT_EQ(x.versions, (std::vector<uint16_t>{0xfe0d, 0xeeee}));
            EXPECT_EQ(x.contents[0].size(), 3U);
          }),
      make_case<EchConfigContents>("ECHConfigContents",
                                   "07 0020 [2:ECHConfigContents.public_key 0002 aabb]"
                                   " [2:ECHConfigContents.cipher_suites 0008 0001 0001 0001 0003] 40"
                                   " [1:ECHConfigContents.public_name 03 612e62] [2:ECHConfigContents.extensions 0000]",
                                   [](const auto& x) {
                                     EXPECT_EQ(x.config_id, 7);
                                     EXPECT_EQ(x.kem, 0x20);
                                     EXPECT_EQ(x.aeads, (std::vector<uint16_t>{1, 3}));
                                     EXPECT_EQ(as_text(x.public_name), "a.b");
                                   }),
      // max_idle_timeout 30000; a value behind a length of two bytes where one would do; GREASE (27) with an eight-byte
      // number; version_information.
      make_case<QuicTransportParameters>("quic_transport_parameters",
                                         "01 04 80007530  0f 4002 aabb  c00000000000001b 00  11 08 00000001 00000001",
                                         [](const auto& x) {
                                           ASSERT_EQ(x.parameters.size(), 4U);
                                           EXPECT_EQ(to_hex(*x.find(1)), "80007530");
                                           EXPECT_EQ(x.parameters[1].length_width, 2);
                                           EXPECT_EQ(x.parameters[2].id_width, 8);
                                           EXPECT_TRUE(is_grease_quic_parameter(x.parameters[2].id));
                                           const auto versions = decode_all<QuicVersionInformation>(*x.find(0x11));
                                           ASSERT_TRUE(versions);
                                           EXPECT_EQ(versions->available_versions, std::vector<uint32_t>{1});
                                         }),
      make_case<QuicVersionInformation>("version_information", "6b3343cf 00000001 6b3343cf",
                                        [](const auto& x) {
                                          EXPECT_EQ(x.chosen_version, 0x6b3343cfU);
                                          EXPECT_EQ(x.available_versions.size(), 2U);
                                        }),
  };
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = [] {
    std::vector<Case> out = number_cases();
    for (auto more : {opaque_cases(), structured_cases(), certificate_cases(), ech_and_quic_cases()})
      std::ranges::move(more, std::back_inserter(out));
    return out;
  }();
  return all;
}

TEST(Extensions, HoldTheKnownValues) {
  test::check_known_vectors(cases());
}
TEST(Extensions, RoundTrip) {
  test::check_round_trips(cases());
}
TEST(Extensions, EveryProperPrefixFails) {
  test::check_prefixes(cases());
}
TEST(Extensions, EveryLengthPlusOrMinusOneFails) {
  test::check_lengths(cases());
}
TEST(Extensions, ATrailingByteFails) {
  test::check_trailing_byte(cases());
}
TEST(Extensions, DecodingAgainAllocatesNothing) {
  test::check_capacity(cases());
}

// What the presentation syntax forbids, although it frames; by way of the index, as rules ask.
TEST(Extensions, LimitsOfVectors) {
  using enum ExtensionPlace;
  struct Row {
    uint16_t type;
    ExtensionPlace place;
    std::string body;
    std::string_view field;
  };
  const Row rows[] = {
      {0, client_hello, "0000", "server_name.server_name_list"},
      {0, client_hello, "0003 00 0000", "server_name.host_name"},
      {0, encrypted_extensions, "00", "server_name"},
      {5, client_hello, "01 0002 0000 0000", "status_request.responder_id"},
      {5, certificate_request, "01", "status_request"},
      {10, client_hello, "0000", "supported_groups.named_group_list"},
      {10, client_hello, "0003 001d00", "supported_groups.named_group_list"},
      {11, client_hello, "00", "ec_point_formats.ec_point_format_list"},
      {13, client_hello, "0000", "signature_algorithms.supported_signature_algorithms"},
      {16, client_hello, "0000", "application_layer_protocol_negotiation.protocol_name_list"},
      {16, client_hello, "0002 0000", "application_layer_protocol_negotiation.protocol_name"},
      {18, server_hello12, "0000", "signed_certificate_timestamp.sct_list"},
      {18, server_hello12, "0002 0000", "signed_certificate_timestamp.serialized_sct"},
      {41, client_hello, "0006 0000 00000000 0021 20" + repeat("00", 32), "pre_shared_key.identities"},
      {41, client_hello, "0007 0001 aa 00000000 0020 1f" + repeat("00", 31), "pre_shared_key.binders"},
      {41, client_hello, "0007 0001 aa 00000000 0041 1f" + repeat("00", 31) + "20" + repeat("00", 32),
       "pre_shared_key.binder"},
      {43, client_hello, "00", "supported_versions.versions"},
      {43, client_hello, "03 030403", "supported_versions.versions"},
      {44, hello_retry_request, "0000", "cookie.cookie"},
      {45, client_hello, "00", "psk_key_exchange_modes.ke_modes"},
      {47, client_hello, "0002 0000", "certificate_authorities.authorities"},
      {47, client_hello, "0003 0000 00", "certificate_authorities.distinguished_name"},
      {51, client_hello, "0004 001d 0000", "key_share.key_exchange"},
      {51, server_hello, "001d 0000", "key_share.key_exchange"},
      {19, client_hello, "00", "client_certificate_type.client_certificate_types"},
      {27, client_hello, "03 000200", "compress_certificate.algorithms"},
      {34, certificate, "00000000 0403 000000 0804 0001 aa", "delegated_credential.ASN1_subjectPublicKeyInfo"},
      {57, client_hello, "01 05 80007530", "quic_transport_parameters.value"},
      {57, client_hello, "01 c0000000ffffffff", "quic_transport_parameters.value"},
      {0x44cd, client_hello, "0002 0000", "application_settings.protocol_name"},
      {0xfe0d, client_hello, "00 0001 0001 00 0000 0000", "encrypted_client_hello.payload"},
      {0xfe0d, encrypted_extensions, "0000", "encrypted_client_hello.retry_configs"},
  };
  for (const Row& row : rows) {
    const auto result = check_extension(row.type, row.place, hex(row.body), 7);
    ASSERT_FALSE(result) << row.body;
    EXPECT_EQ(result.error().field, row.field) << row.body;
    EXPECT_GE(result.error().offset, 7U);
  }
  EXPECT_EQ(check_extension(10, client_hello, hex("0003 001d00")).error().kind, ParseError::Kind::bad_length)
      << "an odd length is wrong by itself, not for want of a byte";
}

TEST(ExtensionIndex, SaysWhatTheTableOfTheRfcSays) {
  using enum ExtensionPlace;
  // RFC 8446 §4.2, row by row: extension, then where TLS 1.3 allows it.
  const std::vector<std::pair<uint16_t, std::set<ExtensionPlace>>> rfc8446 = {
      {0, {client_hello, encrypted_extensions}},
      {1, {client_hello, encrypted_extensions}},
      {5, {client_hello, certificate_request, certificate}},
      {10, {client_hello, encrypted_extensions}},
      {13, {client_hello, certificate_request}},
      {14, {client_hello, encrypted_extensions}},
      {15, {client_hello, encrypted_extensions}},
      {16, {client_hello, encrypted_extensions}},
      {18, {client_hello, certificate_request, certificate}},
      {19, {client_hello, encrypted_extensions}},
      {20, {client_hello, encrypted_extensions}},
      {21, {client_hello}},
      {51, {client_hello, server_hello, hello_retry_request}},
      {41, {client_hello, server_hello}},
      {45, {client_hello}},
      {42, {client_hello, encrypted_extensions, new_session_ticket}},
      {44, {client_hello, hello_retry_request}},
      {43, {client_hello, server_hello, hello_retry_request}},
      {47, {client_hello, certificate_request}},
      {48, {certificate_request}},
      {49, {client_hello}},
      {50, {client_hello, certificate_request}},
  };
  for (const auto& [type, places] : rfc8446) {
    for (const ExtensionPlace place : {client_hello, server_hello, hello_retry_request, encrypted_extensions,
                                       certificate, certificate_request, new_session_ticket}) {
      EXPECT_EQ(may_stand(type, place), places.contains(place)) << type << " in " << to_string(place);
    }
  }
  EXPECT_EQ(may_stand(0x0a0a, client_hello), std::nullopt);
  EXPECT_EQ(find_extension_form(0x0a0a, client_hello), nullptr);
  EXPECT_TRUE(check_extension(0x0a0a, client_hello, hex("ff")));
  EXPECT_TRUE(check_extension(51, new_session_ticket, hex("ff"))) << "misplaced: nothing to check against";
}

TEST(ExtensionIndex, NamesAreThoseOfTheRegistry) {
  for (const ExtensionForm& form : extension_forms()) {
    const auto* known = registry::find(registry::Kind::extension, form.type);
    ASSERT_NE(known, nullptr) << form.type;
    EXPECT_EQ(form.name, known->name);
    EXPECT_EQ(form.check == nullptr, form.shape.empty()) << form.name;
    EXPECT_EQ(find_extension_form(form.type, form.place), &form);
    EXPECT_FALSE(to_string(form.place).empty());
  }
}

TEST(ExtensionList, KeepsOrderAndDuplicates) {
  ExtensionList list;
  list.add(1, hex("aa"));
  list.add(2, {});
  list.insert(0, 3, hex("bb"));
  list.add(1, hex("cc"));
  Bytes encoded;
  Writer w(encoded);
  encode_extensions(list, w);
  EXPECT_EQ(encoded, hex("0013 0003 0001bb 0001 0001aa 0002 0000 0001 0001cc"));
  EXPECT_EQ(list.count(1), 2U);
  EXPECT_EQ(to_bytes(*list.find(1)), Bytes{0xaa});
  EXPECT_EQ(list.index_of(9), std::nullopt);
  EXPECT_EQ(list.offset_of(0), ExtensionList::kNoOffset);
  const auto order = [&] {
    std::vector<int> types;
    for (size_t i = 0; i < list.size(); ++i) types.push_back(list.type(i));
    return types;
  };
  list.move(0, 2);
  EXPECT_EQ(order(), (std::vector<int>{1, 2, 3, 1}));
  list.move(3, 1);
  EXPECT_EQ(order(), (std::vector<int>{1, 1, 2, 3}));
  list.move(3, 0);
  EXPECT_EQ(order(), (std::vector<int>{3, 1, 1, 2}));
  list.set(0, hex("dd"));
  list.set_type(0, 4);
  EXPECT_EQ(to_bytes(*list.find(4)), Bytes{0xdd});
  list.erase(0);
  EXPECT_EQ(list.erase_type(1), 2U);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list.type(0), 2);
}

TEST(ExtensionList, MayBeFilledFromItself) {
  ExtensionList list;
  list.add(1, Bytes(100, 0xaa));
  for (int i = 0; i < 20; ++i) list.add(static_cast<uint16_t>(2 + i), list.data(0));
  list.set(0, list.data(5).first(1));
  EXPECT_EQ(to_bytes(list.data(0)), Bytes{0xaa});
  EXPECT_EQ(to_bytes(list.data(20)), Bytes(100, 0xaa));
  EXPECT_EQ(list.data(20).data(), list.data(1).data()) << "shared, since copying within a growing pool is undefined";
}

TEST(ExtensionList, TypedAccess) {
  ExtensionList list;
  EXPECT_EQ(list.get<ext::Cookie>(), std::nullopt);
  list.add_typed(ext::SupportedGroups{{0x001d}});
  list.put_typed(ext::SupportedGroups{{0x0017, 0x0018}});
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list.get<ext::SupportedGroups>()->groups, (std::vector<uint16_t>{0x0017, 0x0018}));
  list.put_typed(ext::Cookie{{1, 2}});
  EXPECT_EQ(to_hex(list.data(1)), "00020102");
  EXPECT_FALSE(list.add_with(9, [](Writer& w) { w.opaque8(Bytes(300)); })) << "a vector too long for its length";
}

TEST(ExtensionList, RefillingAllocatesNothing) {
  ExtensionList list;
  const ext::SupportedGroups groups{{0x001d, 0x0017}};
  const auto fill = [&] {
    list.clear();
    for (int i = 0; i < 10; ++i) list.add_typed(groups);
  };
  fill();
  const size_t before = test::num_allocations();
  fill();
  EXPECT_EQ(test::num_allocations(), before);
}

// RFC 8446 §4.2.11.2: the hash for the binders covers the ClientHello up to the binders.
TEST(Extensions, BindersAreTheEndOfTheClientHello) {
  ClientHello hello;
  hello.cipher_suites = {0x1301};
  hello.legacy_compression_methods = {0};
  hello.extensions.add(41, hex(kPreSharedKey));
  const Bytes body = encode_all(hello);
  const auto again = decode_all<ClientHello>(body);
  ASSERT_TRUE(again);
  const auto psk = again->extensions.get<ext::PreSharedKeyClient>();
  ASSERT_TRUE(psk);
  EXPECT_EQ(psk->binders_offset, body.size() - psk->binders_len());
}

}  // namespace
}  // namespace tlsproof::wire
