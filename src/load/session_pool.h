// The sessions that a thread resumes.
//
// One session a server (address and name) and family of kinds, used by every connection that asks to resume there: how
// many of them are resumed is then for the server alone to say. (RFC 8446 §C.4 advises against using a ticket twice: it
// lets observers link connections, which is no loss here.) A server that declines two in a row that it had not taken
// twice may take each once only, as OpenSSL does against replayed 0-RTT data: from then on every connection there keeps
// the sessions it is given, and each of them is used once. One that was taken more often and then declined says only
// that the server has new keys, or was started again. A connection for which there is none is played as full, and
// counted so.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tlsproof/load/plan.h"

namespace tlsproof::load {

// What kinds a session serves.
enum class SessionFamily : uint8_t { none, session_id, ticket, psk };
[[nodiscard]] SessionFamily family_of(Kind kind);

class SessionPool {
 public:
  SessionPool(size_t num_addresses, size_t num_names);

  struct Key {
    SessionFamily family = SessionFamily::none;
    size_t address = 0, name = 0;
  };
  // Null: there is none, or it has outlived its lifetime.
  [[nodiscard]] std::shared_ptr<const tls::Session> get(const Key& key, int64_t now_ns);
  // Whether a connection there is to keep its sessions: there is none, and nobody is about to get one; or each is used
  // once. Whoever is told so calls put(), gave_up() or release().
  [[nodiscard]] bool claim(const Key& key);
  void put(const Key& key, std::span<const tls::Session> sessions);  // oldest first, at least one
  // The handshake was completed, and the server gave no session. After three in a row none is asked for any more.
  void gave_up(const Key& key);
  // The connection failed before that could be known: the next one is to try.
  void release(const Key& key);
  // The server did not resume this one, or did.
  void declined(const Key& key, const std::shared_ptr<const tls::Session>& session);
  void accepted(const Key& key, const std::shared_ptr<const tls::Session>& session);

 private:
  static constexpr size_t kMaxSessions = 256;  // of a server that takes each once
  struct Entry {
    std::vector<std::shared_ptr<const tls::Session>> sessions;  // the newest last
    bool used_once = false;                                     // the server takes each once
    bool claimed = false;
    unsigned num_accepted = 0;     // how often the newest was
    unsigned num_barely_used = 0;  // sessions in a row that were declined before they were accepted twice
    unsigned failures = 0;         // in a row: a server that gives no sessions is not asked on each connection
  };
  Entry& at(const Key& key);
  size_t num_names_;
  std::vector<Entry> entries_;
};

}  // namespace tlsproof::load
