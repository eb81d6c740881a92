#include "tlsproof/crypto/key_exchange.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/proverr.h>
#include <openssl/provider.h>

#include <algorithm>
#include <utility>

#include "internal.h"
#include "tlsproof/crypto/openssl.h"

namespace tlsproof::crypto {

BnPtr ffdhe_prime(const char* name) {
  const PkeyCtxPtr context(EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
  std::string group = name;
  OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
                         OSSL_PARAM_construct_end()};
  EVP_PKEY* raw = nullptr;
  BIGNUM* p = nullptr;
  TLSPROOF_CHECK(context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                 EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_KEY_PARAMETERS, params) == 1);
  const PkeyPtr key(raw);
  TLSPROOF_CHECK(EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_FFC_P, &p) == 1);
  return BnPtr(p);
}

namespace {

constexpr uint16_t kSecp256r1 = 0x0017, kSecp384r1 = 0x0018, kSecp521r1 = 0x0019, kX25519 = 0x001d, kX448 = 0x001e,
                   kFfdhe2048 = 0x0100, kFfdhe3072 = 0x0101, kFfdhe4096 = 0x0102;
constexpr uint16_t kGroups[] = {kX25519, kSecp256r1, kSecp384r1, kSecp521r1, kX448, kFfdhe2048, kFfdhe3072, kFfdhe4096};
// How often a candidate for a private key may fall outside the range before the source is called broken. P-256 misses
// once in 2^32.
constexpr int kMaxTries = 64;

std::unexpected<KexError> internal_failure() {
  clear_openssl_errors();
  return std::unexpected(KexError::internal);
}

std::unexpected<Error> source_is_broken() {
  return std::unexpected(Error{Error::Kind::internal, "the source of random numbers gives no usable private key", 0});
}

// X25519 and X448 (RFC 7748) of libcrypto's default provider, by its table of functions (provider-keymgmt(7),
// provider-keyexch(7)). EVP_PKEY would fetch, lock and build objects each time, and compute the public key by slower
// arithmetic than that of the exchange: together a seventh of the cost of a key and a secret.
class Ecx {
 public:
  // "X25519", "X448"; never freed.
  explicit Ecx(std::string_view name) {
    OSSL_PROVIDER* provider = OSSL_PROVIDER_load(nullptr, "default");
    TLSPROOF_CHECK(provider != nullptr);
    context_ = OSSL_PROVIDER_get0_provider_ctx(provider);
    const OSSL_DISPATCH* keys = find_table(provider, OSSL_OP_KEYMGMT, name);
    set(keys, OSSL_FUNC_KEYMGMT_NEW, new_key_);
    set(keys, OSSL_FUNC_KEYMGMT_FREE, free_key_);
    set(keys, OSSL_FUNC_KEYMGMT_IMPORT, import_);
    const OSSL_DISPATCH* exchange = find_table(provider, OSSL_OP_KEYEXCH, name);
    set(exchange, OSSL_FUNC_KEYEXCH_NEWCTX, new_context_);
    set(exchange, OSSL_FUNC_KEYEXCH_FREECTX, free_context_);
    set(exchange, OSSL_FUNC_KEYEXCH_INIT, init_);
    set(exchange, OSSL_FUNC_KEYEXCH_SET_PEER, set_peer_);
    set(exchange, OSSL_FUNC_KEYEXCH_DERIVE, derive_);
  }

  // A private key, if there is one, and a public key. nullptr when libcrypto fails.
  [[nodiscard]] void* make_key(ByteView private_key, ByteView public_key) const {
    std::array<OSSL_PARAM, 3> params;
    size_t n = 0;
    int what = OSSL_KEYMGMT_SELECT_PUBLIC_KEY;
    const auto add = [&](const char* name, ByteView value) {  // which libcrypto only reads
      params[n++] = OSSL_PARAM_construct_octet_string(name, const_cast<uint8_t*>(value.data()), value.size());
    };
    if (!private_key.empty()) {
      add(OSSL_PKEY_PARAM_PRIV_KEY, private_key);
      what |= OSSL_KEYMGMT_SELECT_PRIVATE_KEY;
    }
    add(OSSL_PKEY_PARAM_PUB_KEY, public_key);
    params[n] = OSSL_PARAM_construct_end();
    void* key = new_key_(context_);
    if (key != nullptr && import_(key, what, params.data()) == 1) return key;
    free_key(key);
    return nullptr;
  }
  void free_key(void* key) const {
    if (key != nullptr) free_key_(key);  // wipes a private key
  }
  [[nodiscard]] bool derive(void* mine, void* peer, std::span<uint8_t> out) const {
    void* exchange = new_context_(context_);
    if (exchange == nullptr) return false;
    size_t len = out.size();
    const bool ok = init_(exchange, mine, nullptr) == 1 && set_peer_(exchange, peer) == 1 &&
                    derive_(exchange, out.data(), &len, out.size()) == 1 && len == out.size();
    free_context_(exchange);
    return ok;
  }

 private:
  // The names of an algorithm are separated by colons.
  static const OSSL_DISPATCH* find_table(OSSL_PROVIDER* provider, int operation, std::string_view name) {
    int no_cache = 0;
    const OSSL_ALGORITHM* all = OSSL_PROVIDER_query_operation(provider, operation, &no_cache);
    for (; all != nullptr && all->algorithm_names != nullptr; ++all) {
      const std::string_view names = all->algorithm_names;
      if (names.substr(0, names.find(':')) == name) return all->implementation;
    }
    return nullptr;
  }
  template <class Function>
  static void set(const OSSL_DISPATCH* table, int id, Function*& out) {
    for (; table != nullptr && table->function_id != 0; ++table)
      if (table->function_id == id) out = reinterpret_cast<Function*>(table->function);
    TLSPROOF_CHECK(out != nullptr);  // the default provider has all of them
  }

  void* context_ = nullptr;
  OSSL_FUNC_keymgmt_new_fn* new_key_ = nullptr;
  OSSL_FUNC_keymgmt_free_fn* free_key_ = nullptr;
  OSSL_FUNC_keymgmt_import_fn* import_ = nullptr;
  OSSL_FUNC_keyexch_newctx_fn* new_context_ = nullptr;
  OSSL_FUNC_keyexch_freectx_fn* free_context_ = nullptr;
  OSSL_FUNC_keyexch_init_fn* init_ = nullptr;
  OSSL_FUNC_keyexch_set_peer_fn* set_peer_ = nullptr;
  OSSL_FUNC_keyexch_derive_fn* derive_ = nullptr;
};

const Ecx& ecx(uint16_t group) {
  static const Ecx x25519("X25519"), x448("X448");
  return group == kX25519 ? x25519 : x448;
}

class EcxExchange final : public KeyExchange {
 public:
  EcxExchange(uint16_t group, size_t len, uint8_t base) : group_(group), len_(len), ecx_(ecx(group)) {
    base_[0] = base;
  }
  ~EcxExchange() override { ecx_.free_key(key_); }
  EcxExchange(const EcxExchange&) = delete;
  EcxExchange& operator=(const EcxExchange&) = delete;

  [[nodiscard]] uint16_t group() const override { return group_; }
  [[nodiscard]] ByteView public_share() const override { return ByteView(public_).first(key_ != nullptr ? len_ : 0); }
  void forget() override { ecx_.free_key(std::exchange(key_, nullptr)); }

  [[nodiscard]] Status generate(RandomSource& random) override {
    std::array<uint8_t, 56> bytes;
    const std::span<uint8_t> key = std::span(bytes).first(len_);
    random.fill(key);
    Status status = set_private(key);
    wipe(bytes);
    return status;
  }
  [[nodiscard]] Status set_private(ByteView key) override {
    if (key.size() != len_) return fail_usage("a private key of this group has another length");
    forget();
    // RFC 7748 §6: the public key is the function of the private key and the base point. The base point stands in the
    // object for the public key as well, which is not asked for: without one libcrypto would compute it, more slowly.
    const ByteView base = ByteView(base_).first(len_);
    key_ = ecx_.make_key(key, base);
    void* point = ecx_.make_key({}, base);
    const bool ok = key_ != nullptr && point != nullptr && ecx_.derive(key_, point, std::span(public_).first(len_));
    ecx_.free_key(point);
    if (ok) return {};
    forget();
    return std::unexpected(openssl_error("cannot make a key for the key exchange", Error::Kind::internal));
  }

  [[nodiscard]] std::expected<void, KexError> derive(ByteView peer_share, SecretBytes& out) override {
    TLSPROOF_CHECK(key_ != nullptr);
    out.clear();
    if (peer_share.size() != len_) return std::unexpected(KexError::bad_share_length);
    void* peer = ecx_.make_key({}, peer_share);
    if (peer == nullptr) return internal_failure();
    out.resize(len_);
    const bool ok = ecx_.derive(key_, peer, out.span());
    ecx_.free_key(peer);
    if (ok) return {};
    out.clear();
    // RFC 8446 §7.4.2: an all-zero result must be refused; libcrypto does, and has no other reason to fail here.
    const bool zero = ERR_GET_REASON(ERR_peek_error()) == PROV_R_FAILED_DURING_DERIVATION;
    clear_openssl_errors();
    return std::unexpected(zero ? KexError::zero_secret : KexError::internal);
  }

 private:
  uint16_t group_;
  size_t len_;
  const Ecx& ecx_;
  void* key_ = nullptr;
  std::array<uint8_t, 56> base_{}, public_{};
};

using GroupPtr = Owned<EC_GROUP, EC_GROUP_free>;
using PointPtr = Owned<EC_POINT, EC_POINT_free>;

// Never changed after it was made, so that threads may share it.
const EC_GROUP* curve(int nid) {
  static const GroupPtr p256(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  static const GroupPtr p384(EC_GROUP_new_by_curve_name(NID_secp384r1));
  static const GroupPtr p521(EC_GROUP_new_by_curve_name(NID_secp521r1));
  TLSPROOF_CHECK(p256 && p384 && p521);
  return nid == NID_X9_62_prime256v1 ? p256.get() : nid == NID_secp384r1 ? p384.get() : p521.get();
}

// The NIST curves, on libcrypto's points rather than its EVP_PKEY: the same arithmetic without a key object, a context
// and three fetches each time.
class NistExchange final : public KeyExchange {
 public:
  NistExchange(uint16_t group, int nid, size_t field_len)
      : group_(group),
        curve_(curve(nid)),
        len_(field_len),
        context_(BN_CTX_new()),
        private_(BN_secure_new()),
        x_(BN_new()),
        mine_(EC_POINT_new(curve_)),
        peer_(EC_POINT_new(curve_)),
        shared_(EC_POINT_new(curve_)) {
    TLSPROOF_CHECK(context_ && private_ && x_ && mine_ && peer_ && shared_);
    BN_set_flags(private_.get(), BN_FLG_CONSTTIME);
  }
  ~NistExchange() override {
    BN_clear(private_.get());
    BN_clear(x_.get());
    EC_POINT_clear_free(shared_.release());
  }

  [[nodiscard]] uint16_t group() const override { return group_; }
  [[nodiscard]] ByteView public_share() const override { return ByteView(public_).first(ready_ ? 1 + 2 * len_ : 0); }
  void forget() override {
    ready_ = false;
    BN_clear(private_.get());
    BN_clear(x_.get());
    // Its x coordinate is the shared secret.
    if (EC_POINT_copy(shared_.get(), EC_GROUP_get0_generator(curve_)) != 1) clear_openssl_errors();
  }

  [[nodiscard]] Status generate(RandomSource& random) override {
    std::array<uint8_t, 66> bytes;
    const std::span<uint8_t> scalar = std::span(bytes).first(len_);
    for (int i = 0; i < kMaxTries; ++i) {
      random.fill(scalar);
      if (len_ == 66) scalar[0] &= 1;  // 521 bits
      if (load_scalar(scalar)) {
        wipe(bytes);
        return use_private();
      }
    }
    ready_ = false;
    return source_is_broken();
  }
  [[nodiscard]] Status set_private(ByteView key) override {
    if (key.size() != len_ || !load_scalar(key)) {
      ready_ = false;
      return fail_usage("not a private key of this curve: wrong length, zero, or not below the order");
    }
    return use_private();
  }

  [[nodiscard]] std::expected<void, KexError> derive(ByteView peer_share, SecretBytes& out) override {
    TLSPROOF_CHECK(ready_);
    out.clear();
    // RFC 8446 §4.2.8.2: uncompressed points only; §7.4.2: the point must be on the curve, which decoding it checks. It
    // can be neither the point at infinity, which has no such encoding, nor of low order, the cofactor being 1.
    if (peer_share.size() != 1 + 2 * len_ || peer_share[0] != 4) return std::unexpected(KexError::bad_share_length);
    if (EC_POINT_oct2point(curve_, peer_.get(), peer_share.data(), peer_share.size(), context_.get()) != 1) {
      clear_openssl_errors();
      return std::unexpected(KexError::invalid_share);
    }
    if (EC_POINT_mul(curve_, shared_.get(), nullptr, peer_.get(), private_.get(), context_.get()) != 1 ||
        EC_POINT_get_affine_coordinates(curve_, shared_.get(), x_.get(), nullptr, context_.get()) != 1)
      return internal_failure();
    out.resize(len_);
    if (BN_bn2binpad(x_.get(), out.span().data(), static_cast<int>(len_)) < 0) {
      out.clear();
      return internal_failure();
    }
    return {};
  }

 private:
  bool load_scalar(ByteView bytes) {
    return BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), private_.get()) != nullptr &&
           !BN_is_zero(private_.get()) && BN_cmp(private_.get(), EC_GROUP_get0_order(curve_)) < 0;
  }
  Status use_private() {
    ready_ = EC_POINT_mul(curve_, mine_.get(), private_.get(), nullptr, nullptr, context_.get()) == 1 &&
             EC_POINT_point2oct(curve_, mine_.get(), POINT_CONVERSION_UNCOMPRESSED, public_.data(), public_.size(),
                                context_.get()) == 1 + 2 * len_;
    if (!ready_) return std::unexpected(openssl_error("cannot make a key for the key exchange", Error::Kind::internal));
    return {};
  }

  uint16_t group_;
  const EC_GROUP* curve_;
  size_t len_;
  bool ready_ = false;
  BnCtxPtr context_;
  BnPtr private_, x_;
  PointPtr mine_, peer_, shared_;
  std::array<uint8_t, 133> public_{};
};

using MontPtr = Owned<BN_MONT_CTX, BN_MONT_CTX_free>;

class FfdheExchange final : public KeyExchange {
 public:
  FfdheExchange(uint16_t group, const char* name, size_t len)
      : group_(group),
        len_(len),
        context_(BN_CTX_new()),
        p_(ffdhe_prime(name)),
        mont_(BN_MONT_CTX_new()),
        base_(BN_new()),
        private_(BN_secure_new()),
        result_(BN_new()),
        public_(len) {
    TLSPROOF_CHECK(context_ && mont_ && base_ && private_ && result_ &&
                   BN_MONT_CTX_set(mont_.get(), p_.get(), context_.get()) == 1);
    BN_set_flags(private_.get(), BN_FLG_CONSTTIME);
  }
  ~FfdheExchange() override {
    BN_clear(private_.get());
    BN_clear(result_.get());
  }

  [[nodiscard]] uint16_t group() const override { return group_; }
  [[nodiscard]] ByteView public_share() const override { return ByteView(public_).first(ready_ ? len_ : 0); }
  void forget() override {
    ready_ = false;
    BN_clear(private_.get());
    BN_clear(result_.get());
  }

  [[nodiscard]] Status generate(RandomSource& random) override {
    // RFC 7919 §5.2: 325 bits are enough for ffdhe4096; one length serves all three groups.
    std::array<uint8_t, 48> exponent;
    random.fill(exponent);
    Status status = set_private(exponent);
    wipe(exponent);
    return status;
  }
  [[nodiscard]] Status set_private(ByteView key) override {
    ready_ = false;
    if (key.empty() || key.size() > len_ ||
        BN_bin2bn(key.data(), static_cast<int>(key.size()), private_.get()) == nullptr ||
        BN_num_bits(private_.get()) < 2 || BN_cmp(private_.get(), p_.get()) >= 0)
      return fail_usage("not a private key of this group: it must lie between 1 and p");
    if (BN_set_word(base_.get(), 2) != 1 || !power(base_.get()) ||
        BN_bn2binpad(result_.get(), public_.data(), static_cast<int>(len_)) < 0)
      return std::unexpected(openssl_error("cannot make a key for the key exchange", Error::Kind::internal));
    ready_ = true;
    return {};
  }

  [[nodiscard]] std::expected<void, KexError> derive(ByteView peer_share, SecretBytes& out) override {
    TLSPROOF_CHECK(ready_);
    out.clear();
    if (peer_share.size() != len_) return std::unexpected(KexError::bad_share_length);
    if (BN_bin2bn(peer_share.data(), static_cast<int>(len_), base_.get()) == nullptr) return internal_failure();
    // RFC 8446 §4.2.8.1: 1 < Y < p-1.
    if (BN_copy(result_.get(), p_.get()) == nullptr || BN_sub_word(result_.get(), 1) != 1) return internal_failure();
    if (BN_is_zero(base_.get()) || BN_is_one(base_.get()) || BN_cmp(base_.get(), result_.get()) >= 0)
      return std::unexpected(KexError::invalid_share);
    if (!power(base_.get())) return internal_failure();
    out.resize(len_);
    // RFC 8446 §7.4.1: filled up with zeros to the length of the prime.
    if (BN_bn2binpad(result_.get(), out.span().data(), static_cast<int>(len_)) < 0) {
      out.clear();
      return internal_failure();
    }
    return {};
  }

 private:
  bool power(const BIGNUM* base) {
    return BN_mod_exp_mont_consttime(result_.get(), base, private_.get(), p_.get(), context_.get(), mont_.get()) == 1;
  }

  uint16_t group_;
  size_t len_;
  bool ready_ = false;
  BnCtxPtr context_;
  BnPtr p_;
  MontPtr mont_;
  BnPtr base_, private_, result_;
  Bytes public_;
};

}  // namespace

std::string_view to_string(KexError error) {
  switch (error) {
    case KexError::bad_share_length:
      return "the key share has the wrong length or form for its group";
    case KexError::invalid_share:
      return "the key share is not a valid element of its group";
    case KexError::zero_secret:
      return "the shared secret is all zeros";
    case KexError::internal:
      return "libcrypto could not compute the shared secret";
  }
  return "";
}

std::unique_ptr<KeyExchange> make_key_exchange(uint16_t group) {
  switch (group) {
    case kX25519:
      return std::make_unique<EcxExchange>(group, 32, 9);
    case kX448:
      return std::make_unique<EcxExchange>(group, 56, 5);
    case kSecp256r1:
      return std::make_unique<NistExchange>(group, NID_X9_62_prime256v1, 32);
    case kSecp384r1:
      return std::make_unique<NistExchange>(group, NID_secp384r1, 48);
    case kSecp521r1:
      return std::make_unique<NistExchange>(group, NID_secp521r1, 66);
    case kFfdhe2048:
      return std::make_unique<FfdheExchange>(group, "ffdhe2048", 256);
    case kFfdhe3072:
      return std::make_unique<FfdheExchange>(group, "ffdhe3072", 384);
    case kFfdhe4096:
      return std::make_unique<FfdheExchange>(group, "ffdhe4096", 512);
    default:
      return nullptr;
  }
}

std::span<const uint16_t> supported_groups() {
  return kGroups;
}

size_t share_len(uint16_t group) {
  switch (group) {
    case kX25519:
      return 32;
    case kX448:
      return 56;
    case kSecp256r1:
      return 65;
    case kSecp384r1:
      return 97;
    case kSecp521r1:
      return 133;
    case kFfdhe2048:
      return 256;
    case kFfdhe3072:
      return 384;
    case kFfdhe4096:
      return 512;
    default:
      return 0;
  }
}

}  // namespace tlsproof::crypto
