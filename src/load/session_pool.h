// The sessions that a thread resumes.
//
// One session a server (address and name) and family of kinds, used by every connection that asks to resume there: how
// many of them are resumed is then for the server alone to say. (RFC 8446 §C.4 advises against using a ticket twice: it
// lets observers link connections, which is no loss here.) A server that declines it ends its use; the next connection
// then keeps its own session, and the ones in between are played as full and counted so.
#pragma once

#include <memory>
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
  // Whether a connection there is to keep its session: there is none, and nobody is about to get one. Whoever is told
  // so calls put() or gave_up().
  [[nodiscard]] bool claim(const Key& key);
  void put(const Key& key, const tls::Session& session);
  void gave_up(const Key& key);
  // The server did not resume this one.
  void declined(const Key& key, const std::shared_ptr<const tls::Session>& session);

 private:
  struct Entry {
    std::shared_ptr<const tls::Session> session;
    bool claimed = false;
    unsigned failures = 0;  // in a row: a server that gives no sessions is not asked on each connection
  };
  Entry& at(const Key& key);
  size_t num_names_;
  std::vector<Entry> entries_;
};

}  // namespace tlsproof::load
