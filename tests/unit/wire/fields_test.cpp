#include "tlsproof/wire/fields.h"

#include "harness.h"
#include "tlsproof/wire/ext/all.h"

namespace tlsproof::wire {
namespace {

using test::hex;

FieldValue n(int64_t value) {
  return FieldValue::of_integer(value);
}
FieldValue t(std::string_view value) {
  return FieldValue::of_text(value);
}
FieldValue b(std::string_view digits) {
  return FieldValue::of_bytes(hex(digits));
}
template <class... Values>
FieldValue list(Values... values) {
  return FieldValue::of_list({std::move(values)...});
}

AnyMessage hello() {
  ClientHello m;
  m.legacy_session_id = {1, 2};
  m.cipher_suites = {0x1301};
  m.legacy_compression_methods = {0};
  m.extensions.add_typed(ext::SupportedVersionsClient{{0x0304}});
  ext::KeyShareClient shares;
  shares.add(0x001d, hex("aabb"));
  m.extensions.add_typed(shares);
  return m;
}

// The bytes after setting `path`, or the error.
std::string after(AnyMessage message, Status (*change)(AnyMessage&, std::string_view, const FieldValue&),
                  std::string_view path, const FieldValue& value) {
  const AnyMessage before = message;
  if (auto status = change(message, path, value); !status) {
    EXPECT_EQ(status.error().kind, Error::Kind::usage);
    EXPECT_EQ(message, before) << "changed although it failed: " << status.error().what;
    return status.error().what;
  }
  Bytes out;
  EXPECT_TRUE(encode_message(message, out));
  return to_hex(ByteView(out).subspan(kHandshakeHeaderLen));
}

const std::string kStart = "0303" + std::string(64, '0');
const std::string kExtensions =
    "0013002b000302030400330008000600"
    "1d0002aabb";

TEST(Fields, OfTheClientHello) {
  struct Row {
    std::string path;
    FieldValue value;
    std::string expected;
  };
  const std::string rest =
      "0201020002130101"
      "00" +
      kExtensions;
  const Row rows[] = {
      {"legacy_version", n(0x0301), "0301" + kStart.substr(4) + rest},
      {"legacy_version", t("TLS1.0"), "0301" + kStart.substr(4) + rest},
      {"legacy_version", t("0x7f1c"), "7f1c" + kStart.substr(4) + rest},
      {"random", t(std::string(64, '7')), "0303" + std::string(64, '7') + rest},
      {"legacy_session_id", t("hex:ff"),
       kStart +
           "01ff"
           "000213010100" +
           kExtensions},
      {"legacy_session_id", FieldValue{},
       kStart +
           "00"
           "000213010100" +
           kExtensions},
      {"cipher_suites", list(t("TLS_AES_256_GCM_SHA384"), n(0x0a0a), t("0xfefe")),
       kStart +
           "020102"
           "000613020a0afefe"
           "0100" +
           kExtensions},
      {"cipher_suites", t("TLS_AES_256_GCM_SHA384"),
       kStart +
           "020102"
           "00021302"
           "0100" +
           kExtensions},
      {"cipher_suites", list(),
       kStart +
           "020102"
           "0000"
           "0100" +
           kExtensions},
      {"legacy_compression_methods", list(n(0), n(64)),
       kStart +
           "0201020002"
           "1301"
           "020040" +
           kExtensions},
      {"extensions", list(list(t("cookie"), t("hex:0001aa")), list(n(0x1a1a), FieldValue{})),
       kStart + "02010200021301"
                "0100"
                "000b"
                "002c00030001aa"
                "1a1a0000"},
  };
  for (const Row& row : rows) EXPECT_EQ(after(hello(), set_field, row.path, row.value), row.expected) << row.path;
}

// Bodies of extensions: where it stands decides the form.
TEST(Fields, OfExtensions) {
  ServerHello retry;
  retry.random = kHelloRetryRequestRandom;
  ServerHello server13;
  server13.extensions.add_typed(ext::SupportedVersionsServer{0x0304});
  struct Row {
    AnyMessage message;
    std::string path;
    FieldValue value;
    std::string body;
  };
  const Row rows[] = {
      {hello(), "supported_versions", list(t("TLS1.3"), n(0x0303)), "0403040303"},
      {hello(), "supported_versions", b("0304"), "0304"},
      {hello(), "supported_versions", t("hex:ff"), "ff"},
      {hello(), "supported_versions", list(), "00"},
      {hello(), "supported_versions", FieldValue{}, ""},
      {hello(), "supported_groups", list(t("x25519"), t("0x0a0a")), "0004001d0a0a"},
      {hello(), "signature_algorithms", list(t("ecdsa_secp256r1_sha256")), "00020403"},
      {hello(), "signature_algorithms_cert", n(0x0401), "00020401"},
      {hello(), "psk_key_exchange_modes", list(t("psk_dhe_ke"), n(11)), "02010b"},
      {hello(), "ec_point_formats", list(n(0)), "0100"},
      {hello(), "alpn", list(t("h2"), t("cafe")),
       "0008026832"
       "0463616665"},
      {hello(), "application_layer_protocol_negotiation", t("h2"), "0003026832"},
      {hello(), "sni", t("a.example"), "000c000009612e6578616d706c65"},
      {hello(), "server_name", list(t("a"), b("00")),
       "0008000001610000"
       "0100"},
      {hello(), "key_share", list(t("x25519")), "0006001d0002aabb"},
      {hello(), "key_share", list(t("secp256r1"), list(t("x25519"), t("0102"))),
       "000a00170000"
       "001d00020102"},
      {hello(), "key_share", list(), "0000"},
      {hello(), "cookie", t("aabb"), "0002aabb"},
      {hello(), "renegotiation_info", list(n(1)), "0101"},
      {hello(), "record_size_limit", n(64), "0040"},
      {hello(), "max_fragment_length", n(5), "05"},
      {hello(), "early_data", t("00"), "00"},
      {hello(), "0x1a1a", list(n(1), n(2)), "0102"},
      {hello(), "51", b("ff"), "ff"},
      {retry, "key_share", t("x25519"), "001d"},
      {server13, "key_share", list(t("x25519"), t("aa")), "001d0001aa"},
      {server13, "supported_versions", t("TLS1.2"), "0303"},
      {server13, "pre_shared_key", n(7), "0007"},
      {NewSessionTicket13{}, "early_data", n(1024), "00000400"},
      {CertificateRequest13{}, "signature_algorithms", list(n(0x0403)), "00020403"},
      {EncryptedExtensions{}, "alpn", t("h2"), "0003026832"},
  };
  for (const Row& row : rows) {
    AnyMessage message = row.message;
    const auto status = set_field(message, "extensions." + row.path, row.value);
    ASSERT_TRUE(status) << row.path << ": " << status.error().what;
    const ExtensionList& extensions = *extensions_of(message);
    const ExtensionList& old = *extensions_of(row.message);
    bool found = false;
    for (size_t i = 0; i < extensions.size(); ++i)
      if (i >= old.size() || !equal(old.data(i), extensions.data(i))) {
        EXPECT_EQ(to_hex(extensions.data(i)), row.body) << row.path;
        found = true;
      }
    EXPECT_TRUE(found || row.body == "0006001d0002aabb") << row.path << " changed nothing";
  }
}

TEST(Fields, SetKeepsThePlaceAndAppendMakesADuplicate) {
  AnyMessage message = hello();
  ASSERT_TRUE(set_field(message, "extensions.supported_versions", list(n(0x0303))));
  ASSERT_TRUE(append_field(message, "extensions.supported_versions", list(n(0x0302))));
  ASSERT_TRUE(set_field(message, "extensions.supported_versions#2", list(n(0x0301))));
  ASSERT_TRUE(set_field(message, "extensions.key_share#2", b("01")));
  const ExtensionList& extensions = *extensions_of(message);
  ASSERT_EQ(extensions.size(), 4U);
  EXPECT_EQ(to_hex(extensions.data(0)), "020303");
  EXPECT_EQ(to_hex(extensions.data(2)), "020301");
  EXPECT_EQ(to_hex(extensions.data(3)), "01");
  ASSERT_TRUE(remove_field(message, "extensions.supported_versions#1"));
  EXPECT_EQ(extensions.count(43), 1U);
  ASSERT_TRUE(append_field(message, "extensions", list(list(t("cookie"), b("")))));
  EXPECT_EQ(extensions.size(), 4U);
  ASSERT_TRUE(remove_field(message, "extensions.key_share"));
  EXPECT_EQ(extensions.count(51), 0U);
  ASSERT_TRUE(remove_field(message, "extensions"));
  EXPECT_FALSE(std::get<ClientHello>(message).has_extensions);
  ASSERT_TRUE(set_field(message, "extensions.cookie", t("aa")));
  EXPECT_TRUE(std::get<ClientHello>(message).has_extensions);
}

TEST(Fields, AppendAndRemove) {
  AnyMessage message = hello();
  ASSERT_TRUE(append_field(message, "cipher_suites", list(n(0x1302))));
  ASSERT_TRUE(append_field(message, "legacy_session_id", t("03")));
  const ClientHello& m = std::get<ClientHello>(message);
  EXPECT_EQ(m.cipher_suites, (std::vector<uint16_t>{0x1301, 0x1302}));
  EXPECT_EQ(m.legacy_session_id, (Bytes{1, 2, 3}));
  ASSERT_TRUE(remove_field(message, "cipher_suites"));
  ASSERT_TRUE(remove_field(message, "legacy_session_id"));
  EXPECT_TRUE(m.cipher_suites.empty() && m.legacy_session_id.empty());
}

TEST(Fields, OfTheOtherMessages) {
  struct Row {
    AnyMessage message;
    std::string path;
    FieldValue value;
    std::string expected;
  };
  Certificate13 certificate;
  certificate.add(hex("aa"), hex("00050000"));
  const Row rows[] = {
      {RawMessage{99, {}}, "body", t("0102"), "0102"},
      {ServerHello{}, "cipher_suite", t("TLS_AES_128_GCM_SHA256"),
       kStart + "00130100"
                "0000"},
      {ServerHello{}, "legacy_compression_method", n(1),
       kStart + "00000001"
                "0000"},
      {ServerHello{}, "legacy_session_id_echo", t("ff"),
       kStart + "01ff000000"
                "0000"},
      {NewSessionTicket12{}, "ticket_lifetime_hint", n(0xffffffff), "ffffffff0000"},
      {NewSessionTicket13{}, "ticket_lifetime", n(604801),
       "00093a8100000000"
       "0000000000"},
      {NewSessionTicket13{}, "ticket_nonce", t("01"),
       "0000000000000000"
       "010100000000"},
      {Certificate12{}, "certificate_list", list(t("aa"), t("bbcc")), "000009000001aa000002bbcc"},
      {certificate, "certificate_list", list(t("bb")), "00000006000001bb0000"},
      {certificate, "certificate_request_context", t("01"),
       "01010000"
       "0a000001aa000400050000"},
      {CertificateRequest12{}, "certificate_types", list(n(64)), "014000000000"},
      {CertificateRequest12{}, "supported_signature_algorithms", list(t("ed25519")),
       "0000020807"
       "0000"},
      {CertificateRequest12{}, "certificate_authorities", list(t("3000")),
       "0000000004"
       "00023000"},
      {CertificateRequest13{}, "certificate_request_context", t("aa"), "01aa0000"},
      {CertificateStatus{}, "status_type", n(2), "02"},
      {ServerKeyExchangeEcdhe{}, "named_curve", t("secp256r1"),
       "03001700"
       "00000000"},
      {ServerKeyExchangeEcdhe{}, "signature", t("aa"),
       "03000000"
       "00000001aa"},
      {ServerKeyExchangeDhe{}, "dh_g", t("01"),
       "0000000101"
       "0000"
       "00000000"},
      {ClientKeyExchangeEcdhe{}, "ecdh_Yc", t("04"), "0104"},
      {ClientKeyExchangeDhe{}, "dh_Yc", t("04"), "000104"},
      {ClientKeyExchangeRsa{}, "encrypted_pre_master_secret", t("04"), "000104"},
      {CertificateVerify{}, "algorithm", t("rsa_pkcs1_sha1"), "02010000"},
      {Finished{}, "verify_data", t("00"), "00"},
      {KeyUpdate{}, "request_update", n(2), "02"},
      {MessageHash{}, "hash", t("01"), "01"},
      {HelloVerifyRequest{}, "cookie", t("0203"), "feff020203"},
  };
  for (const Row& row : rows) EXPECT_EQ(after(row.message, set_field, row.path, row.value), row.expected) << row.path;
}

TEST(Fields, MistakesAreExplained) {
  const auto remove = [](AnyMessage& m, std::string_view path, const FieldValue&) { return remove_field(m, path); };
  struct Row {
    AnyMessage message;
    Status (*change)(AnyMessage&, std::string_view, const FieldValue&);
    std::string path;
    FieldValue value;
    std::string what;  // a part of it
  };
  const Row rows[] = {
      {hello(), set_field, "cipher_suite", n(1),
       "ClientHello has no field 'cipher_suite' (did you mean 'cipher_suites'?); it has "
       "legacy_version, random"},
      {hello(), set_field, "extensions.suported_versions", n(1), "(did you mean 'supported_versions'?)"},
      {hello(), set_field, "extensions.cookie#0", n(1), "must follow the '#'"},
      {hello(), set_field, "extensions.cookie#3", t("aa"), "has only 0 of them"},
      {hello(), set_field, "cipher_suites.0", n(1), "'cipher_suites' has no fields within it"},
      {hello(), set_field, "cipher_suites", t("TLS_AES_128_GCM_SHA265"), "(did you mean TLS_AES_128_GCM_SHA256?)"},
      {hello(), set_field, "cipher_suites", list(n(0x10000)), "at most 0xffff, not 65536"},
      {hello(), set_field, "legacy_version", n(-1), "not -1"},
      {hello(), set_field, "random", t("aabb"), "needs exactly 32 bytes, not 2"},
      {hello(), set_field, "legacy_session_id", t("xyz"), "hex digits"},
      {hello(), set_field, "legacy_session_id", list(n(256)), "at most 255, not 256"},
      {hello(), set_field, "legacy_session_id", n(5), "needs bytes"},
      {hello(), set_field, "extensions.alpn", t(std::string(256, 'a')), "longer than its length field"},
      {hello(), set_field, "extensions.alpn", n(5), "needs a text"},
      {hello(), set_field, "extensions.key_share", list(list(n(1))), "[group, key]"},
      {hello(), set_field, "extensions", n(5), "needs a list of [NAME, value]"},
      {hello(), set_field, "extensions", list(n(5)), "needs a list of [NAME, value]"},
      {hello(), set_field, "a\x1b[31m", n(5), "'a\\x1b[31m'"},
      {hello(), append_field, "legacy_version", n(5), "is not a list"},
      {hello(), remove, "random", {}, "cannot be removed"},
      {hello(), remove, "extensions.cookie", {}, "is not in the message"},
      {EncryptedExtensions{}, remove, "extensions", {}, "always there"},
      {ServerHelloDone{}, set_field, "x", {}, "ServerHelloDone has no fields, so no 'x'"},
  };
  for (const Row& row : rows) {
    const std::string what = after(row.message, row.change, row.path, row.value);
    EXPECT_NE(what.find(row.what), std::string::npos) << row.path << ": " << what;
  }
}

TEST(Fields, NamesOfFields) {
  EXPECT_EQ(field_names(hello()).size(), 6U);
  EXPECT_TRUE(field_names(HelloRequest{}).empty());
  ServerKeyExchangeEcdhe anonymous;
  anonymous.signed_part.present = false;
  EXPECT_EQ(field_names(anonymous).size(), 3U);
  EXPECT_EQ(field_names(ServerKeyExchangeEcdhe{}).size(), 5U);
}

}  // namespace
}  // namespace tlsproof::wire
