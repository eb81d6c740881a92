// What protects the records of a captured connection: at which level each side is, and the keys as far as they are
// known.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tls_cursor.h"
#include "tls_hello.h"
#include "tlsproof/crypto/cbc_record.h"
#include "tlsproof/crypto/key_schedule12.h"
#include "tlsproof/crypto/record_protection.h"
#include "tlsproof/trace/keylog.h"

namespace tlsproof::capture {

using wire::Direction;
using wire::Level;

class TlsKeys {
 public:
  // Forgets everything, keeps the memory. Borrows; null: no keys at all.
  void reset(const trace::KeyLogIndex* index);
  // The connection's beginning was not seen: what comes is taken for protected unless it says otherwise.
  void assume_protected() { assumed_ = true; }

  // What the handshake says, in the order in which it does.
  void on_client_hello(const ClientHelloFacts& hello);
  void on_server_hello(const ServerHelloFacts& hello);
  void on_change_cipher_spec(Direction direction);
  // Any handshake message, after it was read: Finished, KeyUpdate and EndOfEarlyData change keys.
  void on_message(Direction direction, uint8_t type, ByteView body);
  // Records of that side were lost.
  void on_lost(Direction direction) { half(direction).lost = true; }

  enum class How : uint8_t {
    plain,  // no protection
    opened,
    opaque,  // protected, and there are no keys for it
    failed,  // there are keys, and it does not open
  };
  struct Opened {
    How how = How::plain;
    Level level = Level::initial;
    uint8_t type = 0;      // of the content
    ByteView content{};    // borrows from the record or this object until the next call
    size_t inner_len = 0;  // opened, TLS 1.3: content, type and padding
  };
  [[nodiscard]] Opened open(Direction direction, const RecordCut& record);

  [[nodiscard]] uint16_t version() const { return version_; }  // 0: not known
  [[nodiscard]] bool is_tls13() const { return tls13_; }
  [[nodiscard]] bool early_data_offered() const { return early_offered_; }
  // A ClientHello waits for its ServerHello.
  [[nodiscard]] bool hello_unanswered() const { return hello_unanswered_; }
  // Whether that side has sent a protected record; of TLS 1.3, one of the handshake or later.
  [[nodiscard]] bool protects(Direction direction) const { return halves_[index(direction)].num_protected != 0; }
  // Any secret of the connection was found.
  [[nodiscard]] bool any_found() const { return any_found_; }
  // What a person should know, once each: "cannot open TLS_RSA_WITH_RC4_128_SHA: RC4". Empty: nothing new.
  [[nodiscard]] std::string take_note();

 private:
  static constexpr size_t kNumLevels = 4;
  struct Half {
    Level level = Level::initial;
    bool lost = false;  // records, since one was opened last
    uint64_t num_protected = 0;
    uint64_t num_opened = 0;  // at this level
    // TLS 1.3, by Level. A secret that is empty is not known.
    std::array<SecretBytes, kNumLevels> secrets;
    std::array<crypto::RecordProtection, kNumLevels> protection;
    // Before TLS 1.3: after ChangeCipherSpec.
    bool changed = false;
    crypto::RecordProtection protection12;
    crypto::CbcRecordOpener cbc;
  };
  static size_t index(Direction direction) { return direction == Direction::client_to_server ? 0 : 1; }
  [[nodiscard]] Half& half(Direction direction) { return halves_[index(direction)]; }
  void note(std::string text);
  void find_secret(Direction direction, Level level, trace::SecretLabel label);
  // TLS 1.3
  void update(Half& half);
  [[nodiscard]] bool start_early(Half& half, const RecordCut& record);
  [[nodiscard]] bool open_at(Half& half, Level level, const RecordCut& record, crypto::Opened& opened);
  [[nodiscard]] Opened open13(Direction direction, const RecordCut& record);
  [[nodiscard]] Level guess_level(Direction direction, const RecordCut& record);
  // before
  [[nodiscard]] Opened open12(Direction direction, const RecordCut& record);
  void install12(Direction direction);
  void install_cbc(Direction direction, ByteView master_secret);
  [[nodiscard]] static bool looks_plain(const RecordCut& record);
  template <class Opener, class Open>
  [[nodiscard]] bool open_searching(Half& half, Opener& opener, Open&& open);
  [[nodiscard]] bool open_aead(Half& half, crypto::RecordProtection& protection, const RecordCut& record,
                               crypto::Opened& opened);
  void make_room(const RecordCut& record);

  const trace::KeyLogIndex* keys_ = nullptr;
  std::array<Half, 2> halves_;
  std::array<uint8_t, 32> client_random_{};
  uint16_t version_ = 0;
  uint16_t suite_ = 0;
  std::optional<crypto::SuiteCrypto> crypto_;
  bool tls13_ = false;
  bool assumed_ = false;
  bool early_offered_ = false;
  bool hello_unanswered_ = false;
  bool any_found_ = false;
  bool client_finished_ = false;  // TLS 1.3 without keys: as far as sizes tell
  ServerHelloFacts server_hello_;
  crypto::KeySchedule12 schedule12_;
  crypto::KeyBlock12 block_;  // borrows from schedule12_
  bool block_ready_ = false;
  size_t num_tries_ = 0;
  SecretBytes scratch_;
  Bytes plain_;
  Bytes early_suites_;
  std::vector<std::string> notes_;
  size_t num_notes_taken_ = 0;
};

}  // namespace tlsproof::capture
