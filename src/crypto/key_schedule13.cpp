#include "tlsproof/crypto/key_schedule13.h"

#include "tlsproof/base/error.h"

namespace tlsproof::crypto {
namespace {

constexpr std::array<uint8_t, kMaxHashLen> kZeros{};

// Without a PSK the early secret is a constant of the hash.
HmacKey make_plain_early(HashAlgorithm hash) {
  std::array<uint8_t, kMaxHashLen> secret;
  const std::span<uint8_t> out = std::span(secret).first(hash_len(hash));
  hkdf_extract(hash, {}, ByteView(kZeros).first(out.size()), out);
  return {hash, out};
}

const HmacKey& plain_early(HashAlgorithm hash) {
  static const std::array<HmacKey, 5> all = {
      make_plain_early(HashAlgorithm::sha1), make_plain_early(HashAlgorithm::sha224),
      make_plain_early(HashAlgorithm::sha256), make_plain_early(HashAlgorithm::sha384),
      make_plain_early(HashAlgorithm::sha512)};
  return all[static_cast<size_t>(hash)];
}

void verify_data(HashAlgorithm hash, ByteView base_key, ByteView transcript_hash, std::span<uint8_t> out) {
  // RFC 8446 §4.4.4: finished_key = HKDF-Expand-Label(BaseKey, "finished", "", Hash.length).
  std::array<uint8_t, kMaxHashLen> finished_key;
  const std::span<uint8_t> key = std::span(finished_key).first(hash_len(hash));
  hkdf_expand_label(hash, base_key, "finished", {}, key);
  hmac(hash, key, transcript_hash, out);
  wipe(finished_key);
}

}  // namespace

void KeySchedule13::reset(HashAlgorithm hash) {
  hash_ = hash;
  stage_ = Stage::none;
  base_.wipe_state();
  for (SecretBytes* secret : {&client_early_, &early_exporter_, &client_handshake_, &server_handshake_,
                              &client_application_, &server_application_, &exporter_, &resumption_})
    secret->clear();
}

void KeySchedule13::early(ByteView psk) {
  if (psk.empty()) {
    base_ = plain_early(hash_);
  } else {
    std::array<uint8_t, kMaxHashLen> secret;
    const std::span<uint8_t> out = std::span(secret).first(hash_len(hash_));
    hkdf_extract(hash_, {}, psk, out);
    base_.set(hash_, out);
    wipe(secret);
  }
  stage_ = Stage::early;
}

// RFC 8446 §7.1: next = HKDF-Extract(Derive-Secret(current, "derived", ""), input).
void KeySchedule13::next_stage(ByteView input) {
  const size_t len = hash_len(hash_);
  std::array<uint8_t, kMaxHashLen> salt, secret;
  hkdf_expand_label(base_, "derived", empty_digest(hash_), std::span(salt).first(len));
  if (input.empty()) input = ByteView(kZeros).first(len);
  hkdf_extract(hash_, ByteView(salt).first(len), input, std::span(secret).first(len));
  base_.set(hash_, ByteView(secret).first(len));
  wipe(salt);
  wipe(secret);
}

void KeySchedule13::binder(PskKind kind, ByteView truncated_hello_hash, std::span<uint8_t> out) const {
  TLSPROOF_CHECK(stage_ == Stage::early);
  std::array<uint8_t, kMaxHashLen> binder_key;
  const std::span<uint8_t> key = std::span(binder_key).first(hash_len(hash_));
  hkdf_expand_label(base_, kind == PskKind::external ? "ext binder" : "res binder", empty_digest(hash_), key);
  verify_data(hash_, key, truncated_hello_hash, out);
  wipe(binder_key);
}

void KeySchedule13::early_traffic(ByteView client_hello_hash) {
  TLSPROOF_CHECK(stage_ == Stage::early);
  derive_secret(base_, "c e traffic", client_hello_hash, client_early_);
  derive_secret(base_, "e exp master", client_hello_hash, early_exporter_);
}

void KeySchedule13::handshake(ByteView shared_secret, ByteView server_hello_hash) {
  TLSPROOF_CHECK(stage_ == Stage::early);
  next_stage(shared_secret);
  stage_ = Stage::handshake;
  derive_secret(base_, "c hs traffic", server_hello_hash, client_handshake_);
  derive_secret(base_, "s hs traffic", server_hello_hash, server_handshake_);
}

void KeySchedule13::application(ByteView server_finished_hash) {
  TLSPROOF_CHECK(stage_ == Stage::handshake || stage_ == Stage::master);
  if (stage_ == Stage::handshake) next_stage({});
  stage_ = Stage::master;
  derive_secret(base_, "c ap traffic", server_finished_hash, client_application_);
  derive_secret(base_, "s ap traffic", server_finished_hash, server_application_);
  derive_secret(base_, "exp master", server_finished_hash, exporter_);
}

void KeySchedule13::resumption(ByteView client_finished_hash) {
  TLSPROOF_CHECK(stage_ == Stage::master);
  derive_secret(base_, "res master", client_finished_hash, resumption_);
}

void KeySchedule13::update(Side side) {
  SecretBytes& secret = side == Side::client ? client_application_ : server_application_;
  TLSPROOF_CHECK(!secret.empty());
  // The key schedule of HMAC is made before the output is written, so that the secret may be replaced in place.
  const HmacKey current(hash_, secret.view());
  hkdf_expand_label(current, "traffic upd", {}, secret.span());
}

void KeySchedule13::finished(Side side, ByteView transcript_hash, std::span<uint8_t> out) const {
  finished(handshake_traffic(side), transcript_hash, out);
}

void KeySchedule13::finished(const SecretBytes& base_key, ByteView transcript_hash, std::span<uint8_t> out) const {
  TLSPROOF_CHECK(!base_key.empty());
  verify_data(hash_, base_key.view(), transcript_hash, out);
}

void KeySchedule13::resumption_psk(ByteView ticket_nonce, SecretBytes& out) const {
  TLSPROOF_CHECK(!resumption_.empty());
  out.resize(hash_len(hash_));
  hkdf_expand_label(hash_, resumption_.view(), "resumption", ticket_nonce, out.span());
}

void KeySchedule13::export_keying_material(std::string_view label, ByteView context, std::span<uint8_t> out) const {
  TLSPROOF_CHECK(!exporter_.empty());
  SecretBytes derived;
  derive_secret(HmacKey(hash_, exporter_.view()), label, empty_digest(hash_), derived);
  hkdf_expand_label(hash_, derived.view(), "exporter", digest(hash_, context), out);
}

}  // namespace tlsproof::crypto
