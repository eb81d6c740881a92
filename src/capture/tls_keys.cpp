#include "tls_keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/wire/types.h"

namespace tlsproof::capture {

namespace content_type = registry::content_type;
namespace type = registry::handshake_type;
namespace version = registry::version;
using trace::SecretLabel;

namespace {

constexpr size_t kMaxNotes = 8;
// After lost records the sequence number is searched for; so many tries a connection.
constexpr size_t kSequencesTried = 64;
constexpr size_t kMaxTries = 1024;

size_t at(Level level) {
  return static_cast<size_t>(level);
}
// What a suite means to the record protection. The table of `crypto` has the suites that a handshake of ours can
// choose; of those that only others can, the registry knows the parts.
std::optional<crypto::SuiteCrypto> suite_crypto(uint16_t suite) {
  using crypto::Aead;
  if (const crypto::SuiteCrypto* known = crypto::find_suite(suite)) return *known;
  const registry::CipherSuiteInfo* info = registry::cipher_suite_info(suite);
  if (info == nullptr || !info->aead) return std::nullopt;
  const bool wide = info->key_len == 32, aes = info->cipher == registry::Cipher::aes;
  Aead aead = wide ? Aead::aes_256_gcm : Aead::aes_128_gcm;
  if (info->cipher == registry::Cipher::chacha20 && info->mode == registry::CipherMode::poly1305)
    aead = Aead::chacha20_poly1305;
  else if (aes && info->mode == registry::CipherMode::ccm && info->tag_len == 16)
    aead = wide ? Aead::aes_256_ccm : Aead::aes_128_ccm;
  else if (aes && info->mode == registry::CipherMode::ccm && info->tag_len == 8)
    aead = wide ? Aead::aes_256_ccm_8 : Aead::aes_128_ccm_8;
  else if (!aes || info->mode != registry::CipherMode::gcm)
    return std::nullopt;
  if (crypto::aead_key_len(aead) != info->key_len) return std::nullopt;
  switch (info->prf_hash) {
    case registry::HashAlgorithm::sha256:
      return crypto::SuiteCrypto{suite, aead, crypto::HashAlgorithm::sha256, info->tls13};
    case registry::HashAlgorithm::sha384:
      return crypto::SuiteCrypto{suite, aead, crypto::HashAlgorithm::sha384, info->tls13};
    default:
      return std::nullopt;
  }
}

Level next(Level level) {
  return static_cast<Level>(at(level) + 1);
}

}  // namespace

void TlsKeys::reset(const trace::KeyLogIndex* index) {
  keys_ = index;
  for (Half& one : halves_) {
    one.level = Level::initial;
    one.lost = one.changed = false;
    one.num_protected = one.num_opened = 0;
    for (SecretBytes& secret : one.secrets) secret.clear();
    for (auto& protection : one.protection) protection.stop();
    one.protection12.stop();
    one.cbc.stop();
  }
  version_ = suite_ = 0;
  crypto_.reset();
  tls13_ = assumed_ = early_offered_ = hello_unanswered_ = any_found_ = client_finished_ = false;
  server_hello_ = {};
  block_ready_ = false;
  num_tries_ = 0;
  early_suites_.clear();
  notes_.clear();
  num_notes_taken_ = 0;
}

void TlsKeys::note(std::string text) {
  if (notes_.size() < kMaxNotes && std::ranges::find(notes_, text) == notes_.end()) notes_.push_back(std::move(text));
}

std::string TlsKeys::take_note() {
  return num_notes_taken_ < notes_.size() ? notes_[num_notes_taken_++] : std::string();
}

void TlsKeys::find_secret(Direction direction, Level level, SecretLabel label) {
  SecretBytes& secret = half(direction).secrets[at(level)];
  if (keys_ != nullptr && secret.empty() && keys_->find(label, client_random_, secret)) any_found_ = true;
}

// ---- what the handshake says

void TlsKeys::on_client_hello(const ClientHelloFacts& hello) {
  client_random_ = hello.random;
  hello_unanswered_ = true;
  if (tls13_) return;  // the second one, after a HelloRetryRequest: early data is over
  early_offered_ = hello.early_data;
  if (!early_offered_) return;
  early_suites_.assign(hello.cipher_suites.begin(), hello.cipher_suites.end());
  find_secret(Direction::client_to_server, Level::early, SecretLabel::client_early_traffic_secret);
}

void TlsKeys::on_server_hello(const ServerHelloFacts& hello) {
  server_hello_ = hello;
  version_ = hello.version;
  suite_ = hello.cipher_suite;
  tls13_ = hello.is_tls13();
  block_ready_ = false;
  hello_unanswered_ = false;
  crypto_ = suite_crypto(suite_);
  if (crypto_ && (crypto_->tls13 != tls13_ || (!tls13_ && version_ != version::TLS1_2))) crypto_.reset();
  if (!tls13_ || hello.is_retry) return;
  find_secret(Direction::client_to_server, Level::handshake, SecretLabel::client_handshake_traffic_secret);
  find_secret(Direction::server_to_client, Level::handshake, SecretLabel::server_handshake_traffic_secret);
  find_secret(Direction::client_to_server, Level::application, SecretLabel::client_traffic_secret_0);
  find_secret(Direction::server_to_client, Level::application, SecretLabel::server_traffic_secret_0);
  if (!any_found_) return;
  if (!crypto_)
    note(fmt::format("the keys are there, but {} cannot be opened", registry::cipher_suite_name(suite_)));
  else if (hello.is_draft() && hello.draft() < 20)
    note(fmt::format("the keys are there, but draft {} of TLS 1.3 cannot be opened", hello.draft()));
}

void TlsKeys::on_change_cipher_spec(Direction direction) {
  if (tls13_) return;  // RFC 8446 §5: means nothing
  half(direction).changed = true;
  half(direction).lost = false;
  if (version_ != 0) install12(direction);
}

void TlsKeys::on_message(Direction direction, uint8_t message, ByteView body) {
  if (!tls13_) return;
  Half& one = half(direction);
  const auto enter = [&](Level level) {
    one.level = level;
    one.num_opened = 0;
  };
  if (message == type::end_of_early_data && one.level == Level::early) enter(Level::handshake);
  if (message == type::finished && one.level == Level::handshake) enter(Level::application);
  // RFC 8446 §7.2: the next generation of this side's secret.
  if (message == type::key_update && body.size() == 1 && one.level == Level::application) update(one);
}

void TlsKeys::update(Half& one) {
  SecretBytes& secret = one.secrets[at(Level::application)];
  if (secret.empty() || !crypto_) return;
  scratch_.resize(secret.size());
  crypto::hkdf_expand_label(crypto_->hash, secret.view(), "traffic upd", {}, scratch_.span());
  secret.assign(scratch_.view());
  scratch_.clear();
  one.protection[at(Level::application)].stop();
  one.num_opened = 0;
}

// ---- records

TlsKeys::Opened TlsKeys::open(Direction direction, const RecordCut& record) {
  if (tls13_) return open13(direction, record);
  if (version_ != 0) return open12(direction, record);
  Half& one = half(direction);
  if (record.type == content_type::application_data) {
    if (early_offered_ && direction == Direction::client_to_server) return open13(direction, record);
    ++one.num_protected;
    return {.how = How::opaque, .level = Level::application, .type = record.type};
  }
  return open12(direction, record);
}

// Whether a record is in the clear where nothing but itself can tell.
bool TlsKeys::looks_plain(const RecordCut& record) {
  const ByteView fragment = record.fragment();
  switch (record.type) {
    case content_type::handshake:
      return looks_like_handshake(fragment, true);
    case content_type::alert:
      return fragment.size() == 2 && (fragment[0] == 1 || fragment[0] == 2);
    case content_type::change_cipher_spec:
      return fragment.size() == 1;
    default:
      return false;
  }
}

TlsKeys::Opened TlsKeys::open12(Direction direction, const RecordCut& record) {
  Half& one = half(direction);
  const Opened plain{.how = How::plain, .level = Level::initial, .type = record.type, .content = record.fragment()};
  if (!one.changed) {
    if (!(assumed_ || one.lost) || looks_plain(record)) return plain;
    one.changed = true;  // its ChangeCipherSpec is among what was lost
    if (version_ != 0) install12(direction);
  } else if (version_ == 0 && looks_plain(record)) {
    return plain;  // a ChangeCipherSpec of TLS 1.3, as far as is known
  }
  ++one.num_protected;
  Opened out{.how = How::opaque, .level = Level::application, .type = record.type};
  if (!one.protection12.active() && !one.cbc.active()) return out;
  crypto::Opened opened;
  const bool ok = one.protection12.active() ? open_aead(one, one.protection12, record, opened)
                                            : open_searching(one, one.cbc, [&](bool again) {
                                                make_room(record);
                                                return one.cbc.open(record.raw, plain_, opened, again);
                                              });
  if (!ok) {
    if (!one.lost) out.how = How::failed;
    return out;
  }
  ++one.num_opened;
  out.how = How::opened;
  out.type = opened.type;
  out.content = opened.content;
  out.inner_len = opened.content.size();
  return out;
}

// RFC 5246 §6.3.
void TlsKeys::install12(Direction direction) {
  Half& one = half(direction);
  one.protection12.stop();
  one.cbc.stop();
  one.num_opened = 0;
  if (keys_ == nullptr || !keys_->find(SecretLabel::client_random, client_random_, scratch_)) return;
  any_found_ = true;
  if (!crypto_) {
    install_cbc(direction, scratch_.view());
    scratch_.clear();
    return;
  }
  if (!block_ready_) {
    schedule12_.reset(crypto_->hash);
    schedule12_.set_master(scratch_.view());
    block_ = schedule12_.keys(crypto_->aead, client_random_, server_hello_.random);
    block_ready_ = true;
  }
  scratch_.clear();
  const bool client = direction == Direction::client_to_server;
  one.protection12.start_tls12(crypto_->aead, client ? block_.client_key : block_.server_key,
                               client ? block_.client_iv : block_.server_iv);
}

void TlsKeys::install_cbc(Direction direction, ByteView master_secret) {
  const crypto::CbcRecordOpener::Setup setup{
      .suite = suite_,
      .version = version_,
      .encrypt_then_mac = server_hello_.encrypt_then_mac,
      .truncated_hmac = server_hello_.truncated_hmac,
      .side = direction == Direction::client_to_server ? crypto::Side::client : crypto::Side::server,
      .master_secret = master_secret,
      .client_random = client_random_,
      .server_random = server_hello_.random};
  if (half(direction).cbc.start(setup)) return;
  if (version_ < version::TLS1_0)
    note("the keys are there, but SSL 3.0 cannot be opened");
  else
    note(fmt::format("the keys are there, but {} of {} cannot be opened", registry::cipher_suite_name(suite_),
                     registry::version_name(version_)));
}

void TlsKeys::make_room(const RecordCut& record) {
  if (plain_.size() < record.raw.size()) plain_.resize(std::max(record.raw.size(), wire::kMaxCiphertext12));
}

// At the sequence number that is next; after lost records at the ones that follow it too.
template <class Opener, class Open>
bool TlsKeys::open_searching(Half& one, Opener& opener, Open&& open) {
  const uint64_t first = opener.sequence();
  const size_t limit = one.lost ? std::min(kSequencesTried, kMaxTries - std::min(kMaxTries, num_tries_)) : 0;
  for (size_t i = 0; i <= limit; ++i) {
    opener.set_sequence(first + i);
    if (open(i != 0)) {
      one.lost = false;
      return true;
    }
    num_tries_ += i == 0 ? 0 : 1;
  }
  opener.set_sequence(first);
  return false;
}

bool TlsKeys::open_aead(Half& one, crypto::RecordProtection& protection, const RecordCut& record,
                        crypto::Opened& opened) {
  make_room(record);
  // Up to draft 24 of TLS 1.3 the header was not authenticated.
  const bool bare = server_hello_.is_draft() && server_hello_.draft() < 25;
  const std::optional<ByteView> data = bare ? std::optional(ByteView()) : std::nullopt;
  return open_searching(one, protection,
                        [&](bool) { return protection.open(record.raw, plain_, opened, data, std::nullopt); });
}

// ---- TLS 1.3

// RFC 8446 §4.2.10: early data goes by the suite of the session that is resumed, which nothing shows until the server
// has chosen it again. Until then: the first one offered whose hash fits the secret and that opens the record.
bool TlsKeys::start_early(Half& one, const RecordCut& record) {
  const SecretBytes& secret = one.secrets[at(Level::early)];
  auto& protection = one.protection[at(Level::early)];
  for (size_t i = 0; i + 1 < early_suites_.size(); i += 2) {
    const auto* suite = crypto::find_suite(static_cast<uint16_t>(early_suites_[i] << 8 | early_suites_[i + 1]));
    if (suite == nullptr || !suite->tls13 || crypto::hash_len(suite->hash) != secret.size()) continue;
    protection.start_tls13(suite->aead, suite->hash, secret);
    crypto::Opened opened;
    if (open_aead(one, protection, record, opened)) {
      protection.set_sequence(protection.sequence() - 1);
      return true;
    }
  }
  protection.stop();
  return false;
}

bool TlsKeys::open_at(Half& one, Level level, const RecordCut& record, crypto::Opened& opened) {
  const SecretBytes& secret = one.secrets[at(level)];
  auto& protection = one.protection[at(level)];
  if (secret.empty()) return false;
  if (!protection.active()) {
    if (level == Level::early) {
      if (!start_early(one, record)) return false;
    } else {
      if (!crypto_ || secret.size() != crypto::hash_len(crypto_->hash)) return false;
      if (server_hello_.is_draft() && server_hello_.draft() < 20) return false;
      protection.start_tls13(crypto_->aead, crypto_->hash, secret);
    }
  }
  return open_aead(one, protection, record, opened);
}

TlsKeys::Opened TlsKeys::open13(Direction direction, const RecordCut& record) {
  // RFC 8446 §5.2: what is protected looks like application data.
  if (record.type != content_type::application_data)
    return {.how = How::plain, .level = Level::initial, .type = record.type, .content = record.fragment()};
  Half& one = half(direction);
  const bool may_be_early = early_offered_ && direction == Direction::client_to_server;
  if (one.level == Level::initial) one.level = may_be_early ? Level::early : Level::handshake;
  bool complete = true;  // every key that it may need was there
  crypto::Opened opened;
  for (Level level = one.level;; level = next(level)) {
    complete &= !one.secrets[at(level)].empty();
    if (open_at(one, level, record, opened)) {
      if (level != one.level) one.num_opened = 0;
      one.level = level;
      ++one.num_opened;
      if (level != Level::early) ++one.num_protected;
      return {.how = How::opened,
              .level = level,
              .type = opened.type,
              .content = opened.content,
              .inner_len = opened.inner_len()};
    }
    if (level == Level::application) break;
  }
  if (any_found_ && one.level == Level::early && version_ != 0)
    note(
        "early data is there that cannot be opened: its secret is not known, or the server's keys are not those it was "
        "sent under");
  const bool failed = complete && crypto_.has_value() && !one.lost && one.level != Level::early;
  const Level level = complete ? one.level : guess_level(direction, record);
  if (level != Level::early) ++one.num_protected;
  return {.how = failed ? How::failed : How::opaque, .level = level, .type = record.type};
}

// Without keys the level is a guess, by who has sent what and by the size of a Finished alone.
Level TlsKeys::guess_level(Direction direction, const RecordCut& record) {
  Half& one = half(direction);
  if (one.level == Level::application) return one.level;
  if (direction == Direction::server_to_client) {
    // Who answers what the client has sent under the handshake's keys has seen its Finished, early application data of
    // the server apart.
    client_finished_ = client_finished_ || half(Direction::client_to_server).num_protected != 0;
    if (client_finished_) one.level = Level::application;
    return one.level;
  }
  const size_t hash_len = crypto_ ? crypto::hash_len(crypto_->hash) : 32;
  const size_t tag_len = crypto_ ? crypto::aead_tag_len(crypto_->aead) : 16;
  const bool is_finished = record.fragment().size() == wire::kHandshakeHeaderLen + hash_len + 1 + tag_len;
  if (version_ == 0 || (one.level == Level::early && !is_finished)) return one.level;
  one.level = Level::handshake;
  const Level level = client_finished_ ? Level::application : Level::handshake;
  client_finished_ = client_finished_ || is_finished;
  if (level == Level::application || is_finished) one.level = Level::application;
  return level;
}

}  // namespace tlsproof::capture
