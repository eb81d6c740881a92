#include "tlsproof/crypto/quic_protection.h"

#include "testing.h"

namespace tlsproof::crypto {
namespace {

class QuicProtectionTest : public CryptoTest {};

constexpr const char* kDestinationId = "8394c8f03e515708";
constexpr const char* kClientFrame =  // RFC 9001 A.2: the CRYPTO frame; PADDING fills the payload up to 1162 bytes
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c000000010"
    "000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e00050005010000000000330026"
    "0024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e040305030603"
    "0203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901"
    "100f088394c8f03e51570806048000ffff";
constexpr const char* kServerPayload =  // RFC 9001 A.3
    "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a1200130100002e00330024"
    "001d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304";
// RFC 9001 A.5, RFC 9369 A.5.
constexpr const char* kChaChaSecret = "9ac312a7f877468ebe69422748ad00a15443f18203a07d6060f688f30f21632b";

// One packet of the appendices. `protected_begin` is its first bytes up to the end of the packet number, `sealed_end`
// the last 32: the tag stands for all before it.
struct PacketVector {
  uint32_t version;
  Side side;
  const char *secret, *header, *payload;
  size_t payload_len;
  uint64_t number;
  const char *sample, *protected_begin, *sealed_end;
};
const PacketVector kVectors[] = {
    {1, Side::client, "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea",
     "c300000001088394c8f03e5157080000449e00000002", kClientFrame, 1162, 2, "d1b1c98dd7689fb8ec11d242b123dc9b",
     "c000000001088394c8f03e5157080000449e7b9aec34",
     "7e78bfe706ca4cf5e9c5453e9f7cfd2b8b4c8d169a44e55c88d4a9a7f9474241e221af44860018ab0856972e194cd934"},
    {1, Side::server, "3c199828fd139efd216c155ad844cc81fb82fa8d7446fa7d78be803acdda951b",
     "c1000000010008f067a5502a4262b50040750001", kServerPayload, 99, 1, "2cd0991cd25b0aac406a5816b6394100",
     "cf000000010008f067a5502a4262b5004075c0d9",
     "022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc4"
     "2158407dd074ee"},
    {0x6b3343cf, Side::client, "14ec9d6eb9fd7af83bf5a668bc17a7e283766aade7ecd0891f70f9ff7f4bf47b",
     "d36b3343cf088394c8f03e5157080000449e00000002", kClientFrame, 1162, 2, "ffe67b6abcdb4298b485dd04de806071",
     "d76b3343cf088394c8f03e5157080000449ea0c95e82",
     "9a37ddec600545473cfb5a05e08d0b209973b2172b4d21fb69745a262ccde96ba18b2faa745b6fe189cf772a9f84cbfc"},
    {0x6b3343cf, Side::server, "0263db1782731bf4588e7e4d93b7463907cb8cd8200b5da55a8bd488eafc37c1",
     "d16b3343cf0008f067a5502a4262b50040750001", kServerPayload, 99, 1, "6f05d8a4398c47089698baeea26b91eb",
     "dc6b3343cf0008f067a5502a4262b5004075d92f",
     "c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca8"
     "4bed8521e2e140"},
};

TEST_F(QuicProtectionTest, MakesThePacketsOfTheAppendices) {
  for (const PacketVector& vector : kVectors) {
    SCOPED_TRACE(vector.protected_begin);
    const auto version = find_quic_version(vector.version);
    ASSERT_TRUE(version);
    const QuicInitialSecret secret = quic_initial_secret(version->initial_salt, hex(kDestinationId), vector.side);
    EXPECT_EQ(to_hex(secret), vector.secret);
    QuicProtection keys;
    keys.start(Aead::aes_128_gcm, HashAlgorithm::sha256, secret, version->labels);
    const Bytes header = hex(vector.header);
    Bytes payload = hex(vector.payload);
    payload.resize(vector.payload_len);
    Bytes sealed;
    keys.seal(vector.number, header, payload, sealed);
    EXPECT_EQ(to_hex(ByteView(sealed).last(hex(vector.sealed_end).size())), vector.sealed_end);

    // The sample begins four bytes behind the beginning of the packet number (RFC 9001 §5.4.2).
    const size_t number_len = (header[0] & 3U) + 1;
    const ByteView sample = ByteView(sealed).subspan(4 - number_len, QuicProtection::kSampleLen);
    EXPECT_EQ(to_hex(sample), vector.sample);
    const QuicProtection::Mask mask = keys.header_mask(sample.first<QuicProtection::kSampleLen>());
    Bytes masked = header;
    masked[0] = static_cast<uint8_t>(masked[0] ^ (mask[0] & 0x0f));
    for (size_t i = 0; i < number_len; ++i) masked[header.size() - number_len + i] ^= mask[1 + i];
    EXPECT_EQ(to_hex(masked), vector.protected_begin);

    Bytes opened(sealed.size());
    ASSERT_EQ(keys.open(vector.number, header, sealed, opened), payload.size());
    opened.resize(payload.size());
    EXPECT_EQ(opened, payload);
    // The same in place, and with each part changed.
    Bytes broken = sealed;
    broken[7] ^= 1;
    EXPECT_FALSE(keys.open(vector.number, header, broken, opened = Bytes(sealed.size())));
    EXPECT_FALSE(keys.open(vector.number + 1, header, sealed, opened));
    EXPECT_FALSE(keys.open(vector.number, ByteView(header).first(header.size() - 1), sealed, opened));
    EXPECT_FALSE(keys.open(vector.number, header, ByteView(sealed).first(15), opened));
    EXPECT_EQ(keys.open(vector.number, header, sealed, sealed), payload.size());
  }
}

TEST_F(QuicProtectionTest, MasksWithChaCha20) {
  QuicProtection keys;
  for (const auto& [labels, packet] : {std::pair{QuicLabels::v1, "4cfe4189655e5cd55c41f69080575d7999c25a5bfb"},
                                       std::pair{QuicLabels::v2, "5558b1c60ae7b6b932bc27d786f4bc2bb20f2162ba"}}) {
    keys.start(Aead::chacha20_poly1305, HashAlgorithm::sha256, hex(kChaChaSecret), labels);
    const Bytes header = hex("4200bff4");
    Bytes sealed;
    keys.seal(654360564, header, hex("01"), sealed);
    EXPECT_EQ(to_hex(sealed), std::string(packet).substr(8));
    const auto mask = keys.header_mask(ByteView(sealed).subspan(1).first<QuicProtection::kSampleLen>());
    const Bytes masked = {static_cast<uint8_t>(header[0] ^ (mask[0] & 0x1f)), static_cast<uint8_t>(header[1] ^ mask[1]),
                          static_cast<uint8_t>(header[2] ^ mask[2]), static_cast<uint8_t>(header[3] ^ mask[3])};
    EXPECT_EQ(to_hex(masked), std::string(packet).substr(0, 8));
  }
}

TEST_F(QuicProtectionTest, ChangesItsCipherAndKey) {
  QuicProtection keys;
  EXPECT_FALSE(keys.active());
  const Bytes secret = hex(kChaChaSecret), header = hex("4200bff4"), payload(40, 7);
  std::vector<Bytes> all;
  for (const int round : {0, 1}) {
    size_t i = 0;
    for (const Aead aead : {Aead::aes_128_gcm, Aead::aes_256_gcm, Aead::chacha20_poly1305, Aead::aes_128_ccm}) {
      keys.start(aead, HashAlgorithm::sha256, secret, QuicLabels::v1);
      Bytes sealed;
      keys.seal(3, header, payload, sealed);
      append(sealed, keys.header_mask(ByteView(sealed).first<QuicProtection::kSampleLen>()));
      if (round == 0)
        all.push_back(sealed);
      else
        EXPECT_EQ(all[i++], sealed);
      Bytes opened(sealed.size());
      EXPECT_EQ(keys.open(3, header, ByteView(sealed).first(payload.size() + 16), opened), payload.size());
    }
  }
  keys.stop();
  EXPECT_FALSE(keys.active());
}

TEST_F(QuicProtectionTest, KnowsItsVersions) {
  for (const uint32_t version : {1U, 0x6b3343cfU, 0xff000017U, 0xff00001cU, 0xff00001dU, 0xff000020U, 0xff000022U})
    EXPECT_TRUE(find_quic_version(version)) << version;
  for (const uint32_t version : {0U, 2U, 0xff000016U, 0xff000023U, 0xff010001U, 0x51303530U, 0x1a2a3a4aU})
    EXPECT_FALSE(find_quic_version(version)) << version;
}

}  // namespace
}  // namespace tlsproof::crypto
