#include <openssl/ec.h>

#include <algorithm>

#include "internal.h"
#include "tlsproof/crypto/key_exchange.h"
#include "tlsproof/crypto/openssl.h"

namespace tlsproof::crypto {
namespace {

constexpr uint16_t kSecp256r1 = 0x0017, kSecp384r1 = 0x0018, kSecp521r1 = 0x0019, kFfdhe2048 = 0x0100,
                   kFfdhe3072 = 0x0101, kFfdhe4096 = 0x0102;

// One curve with what a check needs, so that a check allocates nothing. One a thread: BN_CTX is not to be shared.
class CurveCheck {
 public:
  explicit CurveCheck(int nid)
      : curve_(EC_GROUP_new_by_curve_name(nid)), point_(EC_POINT_new(curve_.get())), context_(BN_CTX_new()) {
    TLSPROOF_CHECK(curve_ && point_ && context_);
  }
  // EC_POINT_oct2point refuses coordinates outside the field and points off the curve; infinity is one byte long.
  [[nodiscard]] bool holds(ByteView share) {
    if (share[0] == POINT_CONVERSION_UNCOMPRESSED &&
        EC_POINT_oct2point(curve_.get(), point_.get(), share.data(), share.size(), context_.get()) == 1)
      return true;
    clear_openssl_errors();
    return false;
  }

 private:
  Owned<EC_GROUP, EC_GROUP_free> curve_;
  Owned<EC_POINT, EC_POINT_free> point_;
  BnCtxPtr context_;
};

bool on_curve(uint16_t group, ByteView share) {
  thread_local CurveCheck p256(NID_X9_62_prime256v1);
  if (group == kSecp256r1) return p256.holds(share);
  thread_local CurveCheck p384(NID_secp384r1);
  if (group == kSecp384r1) return p384.holds(share);
  thread_local CurveCheck p521(NID_secp521r1);
  return p521.holds(share);
}

Bytes prime_bytes(const char* name) {
  const BnPtr p = ffdhe_prime(name);
  Bytes out(static_cast<size_t>(BN_num_bytes(p.get())));
  BN_bn2bin(p.get(), out.data());
  return out;
}

// Big-endian.
const Bytes& prime_of(uint16_t group) {
  static const Bytes ffdhe2048 = prime_bytes("ffdhe2048");
  static const Bytes ffdhe3072 = prime_bytes("ffdhe3072");
  static const Bytes ffdhe4096 = prime_bytes("ffdhe4096");
  return group == kFfdhe2048 ? ffdhe2048 : group == kFfdhe3072 ? ffdhe3072 : ffdhe4096;
}

ByteView without_leading_zeros(ByteView number) {
  const auto first = std::ranges::find_if(number, [](uint8_t byte) { return byte != 0; });
  return number.subspan(static_cast<size_t>(first - number.begin()));
}

}  // namespace

std::expected<void, KexError> check_dh_public(ByteView p, ByteView y) {
  p = without_leading_zeros(p);
  y = without_leading_zeros(y);
  const bool is_zero_or_one = y.empty() || (y.size() == 1 && y[0] == 1);
  if (is_zero_or_one || p.empty() || y.size() > p.size()) return std::unexpected(KexError::invalid_share);
  if (y.size() < p.size()) return {};
  // p is odd, so p - 1 differs from it in the last byte alone.
  const size_t head = p.size() - 1;
  const auto order = std::lexicographical_compare_three_way(y.begin(), y.begin() + static_cast<std::ptrdiff_t>(head),
                                                            p.begin(), p.begin() + static_cast<std::ptrdiff_t>(head));
  const int last_of_p_minus_1 = p[head] - 1;
  if (order < 0 || (order == 0 && y[head] < last_of_p_minus_1)) return {};
  return std::unexpected(KexError::invalid_share);
}

std::expected<void, KexError> check_share(uint16_t group, ByteView share) {
  const size_t len = share_len(group);
  if (len == 0) return {};
  if (share.size() != len) return std::unexpected(KexError::bad_share_length);
  switch (group) {
    case kSecp256r1:
    case kSecp384r1:
    case kSecp521r1:
      if (!on_curve(group, share)) return std::unexpected(KexError::invalid_share);
      return {};
    case kFfdhe2048:
    case kFfdhe3072:
    case kFfdhe4096:
      return check_dh_public(prime_of(group), share);
    default:
      return {};
  }
}

}  // namespace tlsproof::crypto
