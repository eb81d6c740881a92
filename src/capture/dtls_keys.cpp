#include "dtls_keys.h"

#include <algorithm>

namespace tlsproof::capture {
namespace {

constexpr uint16_t kDtls12 = 0xfefd;

// Who opens records needs of a suite only AEAD and hash. Those with a pre-shared key (RFC 5487, 6655, 7905), which
// small devices speak, share them with one that `crypto` has.
uint16_t same_protection(uint16_t suite) {
  switch (suite) {
    case 0x00a8:  // TLS_PSK_WITH_AES_128_GCM_SHA256
      return 0xc02b;
    case 0x00a9:  // TLS_PSK_WITH_AES_256_GCM_SHA384
      return 0xc02c;
    case 0xc0a4:  // TLS_PSK_WITH_AES_128_CCM
      return 0xc0ac;
    case 0xc0a8:  // TLS_PSK_WITH_AES_128_CCM_8
      return 0xc0ae;
    case 0xccab:  // TLS_PSK_WITH_CHACHA20_POLY1305_SHA256
      return 0xcca9;
    default:
      return suite;
  }
}

}  // namespace

void DtlsKeys::reset(const trace::KeyLogIndex* index) {
  keys_ = index;
  for (auto& one : protection_) one.stop();
  master_.clear();
  any_found_ = false;
}

void DtlsKeys::on_server_hello(const std::array<uint8_t, wire::kRandomLen>& random, uint16_t version, uint16_t suite) {
  for (auto& one : protection_) one.stop();
  if (keys_ == nullptr || version != kDtls12) return;
  const crypto::SuiteCrypto* found = crypto::find_suite(same_protection(suite));
  if (!keys_->find(trace::SecretLabel::client_random, client_random_, master_)) return;
  any_found_ = true;
  if (found != nullptr && !found->tls13) {
    schedule_.reset(found->hash);
    schedule_.set_master(master_.view());
    const crypto::KeyBlock12 block = schedule_.keys(found->aead, client_random_, random);
    protection_[0].start_tls12(found->aead, block.client_key, block.client_iv);
    protection_[1].start_tls12(found->aead, block.server_key, block.server_iv);
  }
  master_.clear();
}

DtlsKeys::How DtlsKeys::open(wire::Direction direction, const wire::DtlsRecordView& record, uint8_t& type,
                             ByteView& content) {
  crypto::RecordProtection& protection = protection_[static_cast<size_t>(direction)];
  // A later epoch has keys of a handshake that went protected; a connection id, other additional data (RFC 9146 §5).
  if (!protection.active() || record.epoch != 1 || record.type == wire::kTls12Cid) return How::opaque;
  record_.clear();
  tlsproof::Writer w(record_);
  w.u8(record.type);
  w.u16(record.version);
  w.opaque16(record.fragment);
  // RFC 6347 §4.1.2.1: epoch and sequence number, one after the other, in the place of TLS's sequence number.
  protection.set_sequence(uint64_t{record.epoch} << 48 | record.sequence);
  if (plain_.size() < record_.size()) plain_.resize(record_.size());
  crypto::Opened opened;
  if (!protection.open(record_, plain_, opened)) return How::failed;
  type = record.type;
  content = opened.content;
  return How::opened;
}

}  // namespace tlsproof::capture
