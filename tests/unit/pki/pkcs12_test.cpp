// PKCS#12: what we write is what others read, what they write is what we read, and every bad file has its own message.
#include "tlsproof/pki/pkcs12.h"

#include <gmock/gmock.h>
#include <openssl/pkcs12.h>

#include <fmt/format.h>

#include "support.h"
#include "tlsproof/crypto/openssl.h"
#include "tlsproof/pki/inspect.h"
#include "tlsproof/x509/load.h"

namespace tlsproof::pki {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kPassphrase = "Passwort für alle";

crypto::PassphraseSource word(std::string_view text) {
  return crypto::fixed_passphrase(SecretBytes(as_bytes(text)));
}

struct Material {
  Authority root = new_root();
  Authority issuing = MUST(root.make_intermediate(
      authority_spec(common_name("Issuing CA"), {kNow - kDay, kNow + 100 * kDay}, 0), new_key(), system_random()));
  Identity client =
      MUST(issuing.issue_client({}, dns("client.device"), {kNow, kNow + kDay}, new_key(), system_random()));
  Identity other = MUST(issuing.issue_client({}, dns("other.device"), {kNow, kNow + kDay}, new_key(), system_random()));

  static const Material& get() {
    static const Material material;
    return material;
  }
  [[nodiscard]] std::vector<x509::Certificate> path() const {
    std::vector<x509::Certificate> out;
    for (const Bytes& der : client.chain) out.push_back(x509::Certificate::parse(ByteView(der)));
    out.push_back(root.certificate());
    return out;
  }
  [[nodiscard]] Bytes file(bool legacy = false, int iterations = 100) const {
    return MUST(make_pkcs12({.key = client.key,
                             .certificates = path(),
                             .friendly_name = "client.device ☂",
                             .legacy = legacy,
                             .iterations = iterations},
                            SecretBytes(as_bytes(kPassphrase))));
  }
};

// Made by libcrypto itself. Null: an absent passphrase; "" is another.
struct Witness {
  const char* passphrase = "";
  const Identity* identity = nullptr;  // nullptr: no key
  bool certificate = true;
  int key_scheme = NID_aes_256_cbc, certificate_scheme = NID_aes_256_cbc, mac_iterations = 1;
  const Identity* certificate_of = nullptr;
  bool mac_absent = false;  // the MAC is made with an absent passphrase, whatever the rest is

  [[nodiscard]] Bytes make() const {
    const Identity* of = certificate_of != nullptr ? certificate_of : identity;
    const Material& material = Material::get();
    const CertificatePtr leaf = decode(of != nullptr ? of->chain.front() : material.client.chain.front());
    STACK_OF(PKCS12_SAFEBAG)* certificates = nullptr;
    STACK_OF(PKCS12_SAFEBAG)* keys = nullptr;
    STACK_OF(PKCS7)* safes = nullptr;
    if (certificate) PKCS12_add_cert(&certificates, leaf.get());
    if (identity != nullptr)
      PKCS12_add_key(&keys, identity->key.native(), 0, 10, key_scheme, const_cast<char*>(passphrase));
    if (certificates != nullptr)
      PKCS12_add_safe(&safes, certificates, certificate_scheme, 10, const_cast<char*>(passphrase));
    if (keys != nullptr) PKCS12_add_safe(&safes, keys, -1, 0, nullptr);
    if (safes == nullptr) safes = sk_PKCS7_new_null();
    PKCS12* file = PKCS12_add_safes(safes, 0);
    if (mac_iterations > 0)
      PKCS12_set_mac(file, mac_absent ? nullptr : passphrase, -1, nullptr, 0, mac_iterations, EVP_sha256());
    Bytes out(static_cast<size_t>(i2d_PKCS12(file, nullptr)));
    uint8_t* at = out.data();
    i2d_PKCS12(file, &at);
    PKCS12_free(file);
    sk_PKCS12_SAFEBAG_pop_free(certificates, PKCS12_SAFEBAG_free);
    sk_PKCS12_SAFEBAG_pop_free(keys, PKCS12_SAFEBAG_free);
    sk_PKCS7_pop_free(safes, PKCS7_free);
    return out;
  }
};

std::string complaint(ByteView content, const crypto::PassphraseSource& source = {},
                      const Pkcs12Options& options = {}) {
  const auto loaded = load_pkcs12(content, "the file", source, options);
  if (loaded) {
    const auto identity = take_identity(*loaded, "the file");
    return identity ? "(no complaint)" : identity.error().message();
  }
  EXPECT_EQ(loaded.error().kind, Error::Kind::usage);
  return loaded.error().message();
}

TEST(Pkcs12Test, OursIsReadByLibcryptoAndByUs) {
  const Material& material = Material::get();
  for (const bool legacy : {false, true}) {
    SCOPED_TRACE(legacy);
    const Bytes file = material.file(legacy);
    ASSERT_TRUE(is_pkcs12(file));
    const Pkcs12 opened = MUST(load_pkcs12(file, "x", word(kPassphrase)));
    ASSERT_EQ(opened.keys.size(), 1U);
    EXPECT_TRUE(opened.keys[0].key.fits(material.client.key.public_key()));
    EXPECT_EQ(opened.keys[0].name, "client.device ☂");
    EXPECT_EQ(opened.certificates.size(), 3U);
    ASSERT_TRUE(opened.mac);
    EXPECT_EQ(opened.mac->hash, legacy ? "SHA1" : "SHA256");
    EXPECT_EQ(opened.mac->iterations, 100U);
    EXPECT_FALSE(opened.empty_passphrase);
    ASSERT_EQ(opened.parts.size(), 3U);  // the certificates, the safe with the key, the key
    EXPECT_EQ(opened.parts[0].encryption->cipher, legacy ? "RC2-40-CBC" : "AES-256-CBC");
    EXPECT_EQ(opened.parts[2].encryption->cipher, legacy ? "DES-EDE3-CBC" : "AES-256-CBC");
    EXPECT_EQ(opened.parts[2].encryption->weak_cipher(), legacy);
    const KeyAndPath identity = MUST(take_identity(opened, "x"));
    EXPECT_EQ(identity.path, material.path());

    const uint8_t* at = file.data();
    PKCS12* native = d2i_PKCS12(nullptr, &at, static_cast<long>(file.size()));
    ASSERT_NE(native, nullptr);
    EXPECT_EQ(PKCS12_verify_mac(native, kPassphrase.data(), static_cast<int>(kPassphrase.size())), 1);
    EVP_PKEY* key = nullptr;
    X509* leaf = nullptr;
    STACK_OF(X509)* rest = nullptr;
    // The default context knows no RC2, before and after we have used it in ours.
    EXPECT_EQ(PKCS12_parse(native, std::string(kPassphrase).c_str(), &key, &leaf, &rest), legacy ? 0 : 1);
    EXPECT_EQ(sk_X509_num(rest), legacy ? -1 : 2);
    EVP_PKEY_free(key);
    X509_free(leaf);
    sk_X509_pop_free(rest, X509_free);
    PKCS12_free(native);
    crypto::clear_openssl_errors();
  }
}

TEST(Pkcs12Test, PathIsInOrderWhateverTheFileSays) {
  const Material& material = Material::get();
  Pkcs12 file;
  file.keys.push_back({material.client.key, ""});
  auto path = material.path();
  for (const x509::Certificate& one :
       {path[2], x509::Certificate::parse(ByteView(material.other.chain[0])), path[1], path[0]})
    file.certificates.push_back({one, ""});
  EXPECT_EQ(MUST(take_identity(file, "x")).path, path);
  file.keys.push_back({material.other.key, ""});
  EXPECT_THAT(take_identity(file, "x").error().message(), HasSubstr("several certificates"));
}

TEST(Pkcs12Test, AbsentAndEmptyPassphrases) {
  const Identity& client = Material::get().client;
  for (const char* passphrase : {static_cast<const char*>(nullptr), ""})
    for (const int mac : {0, 1})
      for (const int scheme : {NID_aes_256_cbc, NID_pbe_WithSHA1And3_Key_TripleDES_CBC}) {
        SCOPED_TRACE(fmt::format("{} mac {} scheme {}", passphrase == nullptr ? "absent" : "empty", mac, scheme));
        const Bytes file = Witness{.passphrase = passphrase,
                                   .identity = &client,
                                   .key_scheme = scheme,
                                   .certificate_scheme = scheme,
                                   .mac_iterations = mac}
                               .make();
        for (const auto& source : {crypto::PassphraseSource(), word(""), word("of something else")}) {
          const Pkcs12 opened = MUST(load_pkcs12(file, "x", source));
          EXPECT_TRUE(opened.empty_passphrase);
          EXPECT_EQ(opened.keys.size(), 1U);
        }
      }
}

TEST(Pkcs12Test, AbsentForTheMacAndEmptyForTheRest) {
  const Bytes file = Witness{.passphrase = "",
                             .identity = &Material::get().client,
                             .key_scheme = NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                             .certificate_scheme = NID_pbe_WithSHA1And3_Key_TripleDES_CBC,
                             .mac_absent = true}
                         .make();
  EXPECT_EQ(MUST(load_pkcs12(file, "x")).keys.size(), 1U);
}

TEST(Pkcs12Test, WithoutMac) {
  const Bytes file = Witness{.passphrase = "x", .identity = &Material::get().client, .mac_iterations = 0}.make();
  const Pkcs12 opened = MUST(load_pkcs12(file, "x", word("x")));
  EXPECT_FALSE(opened.mac);
  EXPECT_THAT(complaint(file, word("y")), HasSubstr("passphrase is wrong"));
  // Nothing encrypted and no MAC: nobody is asked.
  const Bytes plain = Witness{.identity = nullptr, .certificate_scheme = -1, .mac_iterations = 0}.make();
  bool asked = false;
  EXPECT_EQ(MUST(load_pkcs12(plain, "x",
                             [&asked]() -> Result<SecretBytes> {
                               asked = true;
                               return SecretBytes();
                             }))
                .certificates.size(),
            1U);
  EXPECT_FALSE(asked);
}

TEST(Pkcs12Test, CertificatesAlone) {
  const Bytes file = Witness{.passphrase = "changeit"}.make();
  EXPECT_EQ(MUST(load_pkcs12(file, "x", word("changeit"))).all_certificates().size(), 1U);
  EXPECT_THAT(complaint(file, word("changeit")), HasSubstr("the file holds no private key, only certificates"));
}

TEST(Pkcs12Test, EachBadFileHasItsMessage) {
  const Material& material = Material::get();
  const Bytes good = material.file();
  Bytes cut(good.begin(), good.end() - 7), changed = good, huge(kMaxPkcs12Len + 1, 0x30);
  changed[good.size() / 2] ^= 1;
  EXPECT_THAT(complaint({}), HasSubstr("the file: the file is empty"));
  EXPECT_THAT(complaint(as_bytes("hello")), HasSubstr("not a PKCS#12"));
  EXPECT_THAT(complaint(material.client.chain[0]), HasSubstr("not a PKCS#12"));
  EXPECT_THAT(complaint(huge), HasSubstr("too long"));
  EXPECT_THAT(complaint(cut), HasSubstr("damaged or cut off"));
  EXPECT_THAT(complaint(good), HasSubstr("needs a passphrase"));
  EXPECT_THAT(complaint(good, word("no")), HasSubstr("passphrase is wrong"));
  EXPECT_THAT(complaint(good, word("")), HasSubstr("passphrase is wrong"));
  EXPECT_THAT(complaint(Witness{.certificate = false}.make()), HasSubstr("holds nothing"));
  EXPECT_THAT(complaint(Witness{.identity = &material.client, .certificate = false}.make()),
              HasSubstr("holds no certificate, only a private key"));
  EXPECT_THAT(complaint(Witness{.identity = &material.client, .certificate_of = &material.other}.make()),
              HasSubstr("its key (P-256) belongs to none of its certificates"));
  EXPECT_THAT(complaint(changed, word(kPassphrase)), ::testing::AnyOf(HasSubstr("damaged"), HasSubstr("changed")));
  const Pkcs12 outline = MUST(load_pkcs12(good, "x", {}, {.outline_when_locked = true}));
  EXPECT_FALSE(outline.open);
  EXPECT_EQ(outline.parts.size(), 3U);
  EXPECT_TRUE(outline.keys.empty());
}

// The MAC does not fit, and yet the passphrase is right.
TEST(Pkcs12Test, DamageIsToldFromAWrongPassphrase) {
  Bytes file = Witness{.passphrase = "x", .identity = &Material::get().client}.make();
  const PKCS12* native = nullptr;
  const uint8_t* at = file.data();
  native = d2i_PKCS12(nullptr, &at, static_cast<long>(file.size()));
  const ASN1_OCTET_STRING* mac = nullptr;
  PKCS12_get0_mac(&mac, nullptr, nullptr, nullptr, native);
  const auto found = std::search(file.begin(), file.end(), mac->data, mac->data + mac->length);
  ASSERT_NE(found, file.end());
  *found ^= 1;
  PKCS12_free(const_cast<PKCS12*>(native));
  EXPECT_THAT(complaint(file, word("x")), HasSubstr("its MAC is wrong, though the passphrase fits"));
  EXPECT_THAT(complaint(file, word("y")), HasSubstr("passphrase is wrong"));
}

TEST(Pkcs12Test, WorkIsBounded) {
  const Material& material = Material::get();
  const Bytes file = material.file(false, 1000);
  // A MAC and three derivations of 1000 each.
  EXPECT_TRUE(load_pkcs12(file, "x", word(kPassphrase), {.max_iterations = 3000}));
  EXPECT_THAT(complaint(file, word(kPassphrase), {.max_iterations = 2999}), HasSubstr("too much work"));
  EXPECT_THAT(complaint(Witness{.mac_iterations = 2000}.make(), {}, {.max_iterations = 1999}),
              HasSubstr("too much work"));
}

// The client's key under scrypt of that cost, and "x".
X509_SIG* scrypt_key(uint64_t n, uint64_t r, uint64_t p) {
  X509_ALGOR* scheme = PKCS5_pbe2_set_scrypt(EVP_aes_128_cbc(), nullptr, 0, nullptr, n, r, p);
  PKCS8_PRIV_KEY_INFO* info = EVP_PKEY2PKCS8(Material::get().client.key.native());
  EXPECT_TRUE(scheme != nullptr && info != nullptr);
  X509_SIG* sealed = PKCS8_set0_pbe("x", 1, info, scheme);
  EXPECT_NE(sealed, nullptr);
  PKCS8_PRIV_KEY_INFO_free(info);
  return sealed;
}

// One part, not encrypted, of these things, and a MAC under "x". Takes them over.
Bytes file_of(STACK_OF(PKCS12_SAFEBAG) * bags) {
  STACK_OF(PKCS7)* safes = nullptr;
  PKCS12_add_safe(&safes, bags, -1, 0, nullptr);
  PKCS12* file = PKCS12_add_safes(safes, 0);
  PKCS12_set_mac(file, "x", -1, nullptr, 0, 1, EVP_sha256());
  Bytes out(static_cast<size_t>(i2d_PKCS12(file, nullptr)));
  uint8_t* at = out.data();
  i2d_PKCS12(file, &at);
  PKCS12_free(file);
  sk_PKCS7_pop_free(safes, PKCS7_free);
  sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
  return out;
}

TEST(Pkcs12Test, ScryptIsPaidFor) {
  STACK_OF(PKCS12_SAFEBAG)* bags = sk_PKCS12_SAFEBAG_new_null();
  for (int i = 0; i < 3; ++i) sk_PKCS12_SAFEBAG_push(bags, PKCS12_SAFEBAG_create0_pkcs8(scrypt_key(16, 8, 2)));
  const Bytes file = file_of(bags);
  constexpr uint64_t kEach = (16 + 8) * 8 * 2;
  EXPECT_EQ(MUST(load_pkcs12(file, "x", word("x"), {.max_iterations = 1 + 3 * kEach})).keys.size(), 3U);
  EXPECT_THAT(complaint(file, word("x"), {.max_iterations = 3 * kEach}), HasSubstr("too much work"));

  // The same of keys in PEM.
  std::string pem;
  for (int i = 0; i < 3; ++i) {
    X509_SIG* sealed = scrypt_key(16, 8, 2);
    Bytes der(static_cast<size_t>(i2d_X509_SIG(sealed, nullptr)));
    uint8_t* at = der.data();
    i2d_X509_SIG(sealed, &at);
    X509_SIG_free(sealed);
    pem += x509::to_pem(der, "ENCRYPTED PRIVATE KEY");
  }
  for (const auto& [budget, num_opened] : {std::pair{3 * kEach, 3}, std::pair{3 * kEach - 1, 2}}) {
    const Inspected seen =
        MUST(inspect(as_bytes(pem), "x", {.now = kNow, .passphrase = word("x"), .max_iterations = budget}));
    EXPECT_EQ(std::ranges::count(seen.items, "P-256", &InspectedItem::title), num_opened);
  }
}

// What libcrypto lets pass, since it takes little memory: minutes of work in one derivation.
TEST(Pkcs12Test, ScryptThatNobodyCanAfford) {
  for (const auto& [n, r, p, affordable] :
       {std::tuple{16384U, 8U, 16U, true}, std::tuple{16384U, 8U, 100U, false}, std::tuple{1024U, 8U, 2000U, false}}) {
    X509_ALGOR* scheme = PKCS5_pbe2_set_scrypt(EVP_aes_128_cbc(), nullptr, 0, nullptr, n, r, p);
    ASSERT_NE(scheme, nullptr);
    EXPECT_EQ(crypto::describe_encryption(scheme).affordable, affordable) << n << " " << r << " " << p;
    X509_ALGOR_free(scheme);
  }
}

TEST(Pkcs12Test, ThingsAreCounted) {
  constexpr int kMost = 10'000;
  uint8_t secret[] = {1};
  for (const bool more : {false, true}) {
    STACK_OF(PKCS12_SAFEBAG)* bags = sk_PKCS12_SAFEBAG_new_null();
    for (int i = 0; i < kMost + (more ? 1 : 0); ++i)
      sk_PKCS12_SAFEBAG_push(bags, PKCS12_SAFEBAG_create_secret(NID_pkcs7_data, V_ASN1_OCTET_STRING, secret, 1));
    const auto opened = load_pkcs12(file_of(bags), "the file", word("x"));
    ASSERT_EQ(opened.has_value(), !more);
    if (more)
      EXPECT_THAT(opened.error().message(), HasSubstr("holds more than 10000 things"));
    else
      EXPECT_EQ(opened->num_others, size_t{kMost});
  }
}

TEST(Pkcs12Test, AnIdentityHasFewKeys) {
  const Material& material = Material::get();
  Pkcs12 file = MUST(load_pkcs12(material.file(), "x", word(kPassphrase)));
  file.keys.insert(file.keys.begin(), 63, {material.other.key, ""});
  EXPECT_EQ(MUST(take_identity(file, "the file")).path, material.path());
  file.keys.push_back({material.other.key, ""});
  const auto refused = take_identity(file, "the file");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("the file holds 65 private keys; an identity has one"));
}

TEST(Pkcs12Test, PassphrasesThatNobodyCouldImport) {
  const Material& material = Material::get();
  const Pkcs12Spec spec{.key = material.client.key, .certificates = material.path(), .friendly_name = ""};
  for (const auto& [text, message] :
       {std::pair{std::string_view(""), "must not be empty"}, std::pair{std::string_view("a\0b", 3), "NUL"},
        std::pair{std::string_view("\xff"), "UTF-8"}})
    EXPECT_THAT(make_pkcs12(spec, SecretBytes(as_bytes(text))).error().message(), HasSubstr(message));
  Pkcs12Spec wrong = spec;
  wrong.key = material.other.key;
  EXPECT_THAT(make_pkcs12(wrong, SecretBytes(as_bytes("x"))).error().message(), HasSubstr("does not belong"));
  Pkcs12Spec odd = spec;
  odd.friendly_name = "a\x1b[31m";
  EXPECT_THAT(make_pkcs12(odd, SecretBytes(as_bytes("x"))).error().message(), HasSubstr("not plain text"));
}

}  // namespace
}  // namespace tlsproof::pki
