// Key exchanges that save the client's work, and give up secrecy for it: for measuring servers.
#include "tlsproof/crypto/key_exchange.h"

namespace tlsproof::crypto {
namespace {

constexpr uint16_t kSecp256r1 = 0x0017;
constexpr size_t kFieldLen = 32;

// SEC 2 §2.4.2: the base point G of secp256r1, uncompressed: the public key of the private key 1.
constexpr std::array<uint8_t, 1 + 2 * kFieldLen> kBasePoint = {
    0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
    0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
    0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce,
    0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};

class KnownExchange final : public KeyExchange {
 public:
  [[nodiscard]] uint16_t group() const override { return kSecp256r1; }
  [[nodiscard]] Status generate(RandomSource&) override { return {}; }
  [[nodiscard]] Status set_private(ByteView) override {
    return fail_usage("the private key of this key exchange is always 1");
  }
  [[nodiscard]] ByteView public_share() const override { return kBasePoint; }
  void forget() override {}
  [[nodiscard]] std::expected<void, KexError> derive(ByteView peer_share, SecretBytes& out) override {
    out.clear();
    // RFC 8446 §4.2.8.2: uncompressed points only, and on the curve.
    if (peer_share.size() != kBasePoint.size() || peer_share[0] != 4)
      return std::unexpected(KexError::bad_share_length);
    if (auto checked = check_share(kSecp256r1, peer_share); !checked) return checked;
    out.assign(peer_share.subspan(1, kFieldLen));  // 1 * Q = Q; RFC 8446 §7.4.2: its x coordinate
    return {};
  }
};

class ReusedExchange final : public KeyExchange {
 public:
  explicit ReusedExchange(std::unique_ptr<KeyExchange> inner) : inner_(std::move(inner)) {
    TLSPROOF_CHECK(inner_ != nullptr);
  }
  [[nodiscard]] uint16_t group() const override { return inner_->group(); }
  [[nodiscard]] Status generate(RandomSource& random) override {
    return inner_->public_share().empty() ? inner_->generate(random) : Status{};
  }
  [[nodiscard]] Status set_private(ByteView key) override { return inner_->set_private(key); }
  [[nodiscard]] ByteView public_share() const override { return inner_->public_share(); }
  void forget() override {}  // it stays for the others
  [[nodiscard]] std::expected<void, KexError> derive(ByteView peer_share, SecretBytes& out) override {
    return inner_->derive(peer_share, out);
  }

 private:
  std::unique_ptr<KeyExchange> inner_;
};

}  // namespace

std::unique_ptr<KeyExchange> make_known_p256_key_exchange() {
  return std::make_unique<KnownExchange>();
}

std::unique_ptr<KeyExchange> make_reused_key_exchange(std::unique_ptr<KeyExchange> inner) {
  return std::make_unique<ReusedExchange>(std::move(inner));
}

}  // namespace tlsproof::crypto
