// The handshakes of RFC 8448, step by step: keys, secrets, hashes, signatures and every record, sealed and opened.
#include <openssl/x509.h>

#include <memory>

#include "testing.h"
#include "tlsproof/crypto/key_exchange.h"
#include "tlsproof/crypto/key_schedule13.h"
#include "tlsproof/crypto/record_protection.h"
#include "tlsproof/crypto/signature.h"

namespace tlsproof::crypto {
namespace {

constexpr HashAlgorithm kHash = HashAlgorithm::sha256;

// The subject's key of the first certificate in a TLS 1.3 Certificate message.
PublicKey certificate_key(ByteView message) {
  const size_t context_len = message[4];
  const ByteView der = message.subspan(4 + 1 + context_len + 3 + 3);
  const uint8_t* at = der.data();
  X509* certificate = d2i_X509(nullptr, &at, static_cast<long>(der.size()));
  EXPECT_NE(certificate, nullptr);
  uint8_t* spki = nullptr;
  const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &spki);
  auto key = PublicKey::decode(ByteView(spki, static_cast<size_t>(len)));
  OPENSSL_free(spki);
  X509_free(certificate);
  EXPECT_TRUE(key);
  return *key;
}

class Replay {
 public:
  explicit Replay(std::string name) : name_(std::move(name)) {}

  void run() {
    for (const VectorSection& section : load_vectors("rfc8448/" + name_ + ".txt")) {
      SCOPED_TRACE(name_ + ": " + section.title);
      const size_t colon = section.title.find(": ");
      side_ = section.title.substr(0, colon) == "client" ? Side::client : Side::server;
      what_ = section.title.substr(colon + 2);
      if (const size_t same = what_.find(" (same as"); same != std::string::npos) what_.resize(same);
      step(section);
    }
  }
  int records = 0, secrets = 0, signatures = 0;

 private:
  static constexpr size_t index(Side side) { return side == Side::client ? 0 : 1; }
  [[nodiscard]] bool begins(std::string_view text) const { return what_.starts_with(text); }

  void step(const VectorSection& s) {
    if (begins("create an ephemeral")) return create_key(s);
    if (begins("construct a")) return construct(s);
    if (begins("send ")) return send(s);
    if (begins("extract secret")) return extract(s);
    if (begins("derive secret")) return derive(s);
    if (begins("derive write traffic keys")) return write_keys(s);
    if (begins("derive read traffic keys")) return traffic_keys(s);
    if (begins("calculate finished")) return finished(s);
    if (begins("calculate PSK binder")) return binder(s);
    if (begins("generate resumption secret")) return resumption(s);
    FAIL() << "a step that the test does not know";
  }

  void create_key(const VectorSection& s) {
    kex_[index(side_)] = make_key_exchange(what_.find("P-256") != std::string::npos ? 0x0017 : 0x001d);
    ASSERT_TRUE(kex_[index(side_)]->set_private(s.bytes("private key")));
    EXPECT_EQ(to_bytes(kex_[index(side_)]->public_share()), s.bytes("public key"));
  }

  void construct(const VectorSection& s) {
    const Bytes message = hex(s.fields.at(0).second);
    const std::string& type = s.fields.at(0).first;
    if (type == "NewSessionTicket") return;  // RFC 8446 §4.4.1: the transcript ends with the client's Finished
    if (type == "CertificateVerify") verify_signature(message);
    if (type == "Certificate") certificate_ = message;
    const Bytes retry = hex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c");
    if (type == "ServerHello" && equal(ByteView(message).subspan(6, 32), retry)) {
      const HashValue first = transcript_.snapshot();  // RFC 8446 §4.4.1: message_hash
      transcript_.init();
      transcript_.update(hex("fe000020"));
      transcript_.update(first);
    }
    transcript_.update(message);
    transcript_len_ += message.size();
  }

  void verify_signature(const Bytes& message) {
    const auto scheme = static_cast<uint16_t>(message[4] << 8 | message[5]);
    Bytes content;
    certificate_verify_content(side_, transcript_.snapshot(), content);
    const PublicKey key = certificate_key(certificate_);
    const ByteView signature = ByteView(message).subspan(8);
    EXPECT_TRUE(verify(scheme, key, content, signature, SchemeRules::tls13));
    content[70] ^= 1;
    EXPECT_FALSE(verify(scheme, key, content, signature, SchemeRules::tls13));
    ++signatures;
  }

  void send(const VectorSection& s) {
    const Bytes payload = s.bytes("payload"), record = s.bytes("complete record");
    const bool ccs = begins("send change_cipher_spec");
    const uint8_t type = ccs ? 20 : begins("send alert") ? 21 : begins("send handshake") ? 22 : 23;
    RecordProtection &writer = writer_[index(side_)], &reader = reader_[index(side_)];
    if (ccs || !writer.active()) {
      EXPECT_EQ(record[0], type);
      EXPECT_EQ(Bytes(record.begin() + 5, record.end()), payload);
      return;
    }
    Bytes sealed = {1, 2, 3};  // seal appends
    writer.seal(type, payload, sealed);
    EXPECT_EQ(Bytes(sealed.begin() + 3, sealed.end()), record);
    Bytes plain(record.size());
    Opened opened;
    ASSERT_TRUE(reader.open(record, plain, opened));
    EXPECT_EQ(opened.type, type);
    EXPECT_EQ(opened.padding, 0U);
    EXPECT_EQ(to_bytes(opened.content), payload);
    ++records;
  }

  void extract(const VectorSection& s) {
    if (s.fields.empty()) return;
    const Bytes ikm = s.bytes("IKM");
    std::array<uint8_t, 32> secret;
    hkdf_extract(kHash, s.bytes("salt"), ikm, secret);
    EXPECT_EQ(to_bytes(secret), s.bytes("secret"));
    if (what_ == "extract secret \"early\"") {
      keys_.early(ikm == Bytes(32) ? ByteView() : ByteView(ikm));
    } else if (what_ == "extract secret \"handshake\"") {
      for (size_t i = 0; i < 2; ++i) {
        ASSERT_TRUE(kex_[i]->derive(kex_[1 - i]->public_share(), shared_));
        EXPECT_EQ(to_bytes(shared_.view()), ikm);
      }
    }
  }

  void derive(const VectorSection& s) {
    if (s.fields.empty()) return;
    const size_t open = what_.find("\"tls13 "), close = what_.rfind('"');
    ASSERT_NE(open, std::string::npos);
    const std::string label = what_.substr(open + 7, close - open - 7);
    const Bytes expanded = s.bytes("expanded");
    std::array<uint8_t, 32> value;
    hkdf_expand_label(kHash, s.bytes("PRK"), label, s.bytes("hash"), value);
    EXPECT_EQ(to_bytes(value), expanded);
    if (label == "derived") return;

    const HashValue hash = transcript_.snapshot();
    EXPECT_EQ(to_bytes(hash.view()), s.bytes("hash"));
    const SecretBytes* secret = nullptr;
    if (label == "c e traffic") keys_.early_traffic(hash), secret = &keys_.client_early_traffic();
    if (label == "e exp master") secret = &keys_.early_exporter();
    if (label == "c hs traffic") keys_.handshake(shared_.view(), hash), secret = &keys_.client_handshake();
    if (label == "s hs traffic") secret = &keys_.server_handshake();
    if (label == "c ap traffic") keys_.application(hash), secret = &keys_.client_application();
    if (label == "s ap traffic") secret = &keys_.server_application();
    if (label == "exp master") secret = &keys_.exporter();
    if (label == "res master") keys_.resumption(hash), secret = &keys_.resumption_master();
    ASSERT_NE(secret, nullptr) << label;
    EXPECT_EQ(to_bytes(secret->view()), expanded);
    ++secrets;
  }

  void traffic_keys(const VectorSection& s) {
    if (s.fields.empty()) return;
    for (const std::string name : {"key", "iv"}) {
      const Bytes expected = s.bytes(name + " expanded");
      Bytes value(expected.size());
      hkdf_expand_label(kHash, s.bytes("PRK"), name, {}, value);
      EXPECT_EQ(value, expected);
    }
  }

  void write_keys(const VectorSection& s) {
    traffic_keys(s);
    const SecretBytes& secret = begins("derive write traffic keys for early")       ? keys_.client_early_traffic()
                                : begins("derive write traffic keys for handshake") ? keys_.handshake_traffic(side_)
                                                                                    : keys_.application_traffic(side_);
    if (!s.fields.empty()) {
      EXPECT_EQ(to_bytes(secret.view()), s.bytes("PRK"));
    }
    writer_[index(side_)].start_tls13(Aead::aes_128_gcm, kHash, secret);
    reader_[index(side_)].start_tls13(Aead::aes_128_gcm, kHash, secret);
  }

  void finished(const VectorSection& s) {
    if (s.fields.empty()) return;
    std::array<uint8_t, 32> value;
    keys_.finished(side_, transcript_.snapshot(), value);
    EXPECT_EQ(to_bytes(value), s.bytes("finished"));
    ++secrets;
  }

  void binder(const VectorSection& s) {
    if (s.fields.empty()) return;
    EXPECT_EQ(to_bytes(transcript_.snapshot().view()), s.bytes("binder hash"));
    std::array<uint8_t, 32> value;
    keys_.binder(PskKind::resumption, transcript_.snapshot(), value);
    EXPECT_EQ(to_bytes(value), s.bytes("finished"));
    transcript_.update(hex("002120"));  // the binders list, which the prefix lacks
    transcript_.update(value);
    ++secrets;
  }

  void resumption(const VectorSection& s) {
    if (s.fields.empty()) return;
    EXPECT_EQ(to_bytes(keys_.resumption_master().view()), s.bytes("PRK"));
    SecretBytes psk;
    keys_.resumption_psk(s.bytes("hash"), psk);
    EXPECT_EQ(to_bytes(psk.view()), s.bytes("expanded"));
    ++secrets;
  }

  std::string name_, what_;
  Side side_ = Side::client;
  Digest transcript_{kHash};
  size_t transcript_len_ = 0;
  KeySchedule13 keys_{kHash};
  SecretBytes shared_;
  Bytes certificate_;
  std::unique_ptr<KeyExchange> kex_[2];
  RecordProtection writer_[2], reader_[2];
};

struct Trace {
  const char* name;
  int records, secrets, signatures;
};

class Rfc8448 : public CryptoTest, public testing::WithParamInterface<Trace> {};

TEST_P(Rfc8448, EveryValueAndRecordComesOutTheSame) {
  Replay replay(GetParam().name);
  replay.run();
  // So that no step is passed over in silence.
  EXPECT_EQ(replay.records, GetParam().records);
  EXPECT_EQ(replay.secrets, GetParam().secrets);
  EXPECT_EQ(replay.signatures, GetParam().signatures);
}

INSTANTIATE_TEST_SUITE_P(Section, Rfc8448,
                         testing::Values(Trace{"simple_1rtt", 7, 9, 1}, Trace{"resumed_0rtt", 8, 11, 0},
                                         Trace{"hello_retry_request", 4, 8, 1}, Trace{"client_authentication", 4, 8, 2},
                                         Trace{"compatibility_mode", 4, 8, 1}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_F(CryptoTest, TheRsaKeyOfRfc8448Signs) {
  std::ifstream in(std::string(TLSPROOF_SOURCE_DIR) + "/tests/vectors/rfc8448/server_key.txt");
  std::string comment, line;
  std::getline(in, comment);
  std::getline(in, line);
  auto key = PrivateKey::load(hex(line), "server_key");
  ASSERT_TRUE(key) << key.error().message();
  EXPECT_EQ(key->public_key().name(), "RSA-1024");
  Bytes signature;
  ASSERT_TRUE(make_signer(*key)->sign(0x0804, as_bytes("data"), signature));
  EXPECT_TRUE(verify(0x0804, key->public_key(), as_bytes("data"), signature, SchemeRules::tls13));
}

}  // namespace
}  // namespace tlsproof::crypto
