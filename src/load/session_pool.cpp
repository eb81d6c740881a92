#include "session_pool.h"

#include "tlsproof/tls/session.h"

namespace tlsproof::load {
namespace {

constexpr size_t kNumFamilies = 3;
constexpr unsigned kMaxFailures = 3;
constexpr unsigned kMaxBarelyUsed = 2;

// RFC 8446 §4.6.1, RFC 5077 §3.3 (0: not said).
bool outlived(const tls::Session& session, int64_t now_ns) {
  return session.lifetime_s != 0 && now_ns - session.received_ns > int64_t{session.lifetime_s} * 1'000'000'000;
}

}  // namespace

SessionFamily family_of(Kind kind) {
  switch (kind) {
    case Kind::full:
      return SessionFamily::none;
    case Kind::session_id:
      return SessionFamily::session_id;
    case Kind::ticket:
      return SessionFamily::ticket;
    case Kind::psk:
    case Kind::psk_ke:
    case Kind::early_data:
      return SessionFamily::psk;
  }
  return SessionFamily::none;
}

SessionPool::SessionPool(size_t num_addresses, size_t num_names)
    : num_names_(num_names), entries_(num_addresses * num_names * kNumFamilies) {}

SessionPool::Entry& SessionPool::at(const Key& key) {
  TLSPROOF_CHECK(key.family != SessionFamily::none);
  return entries_[(key.address * num_names_ + key.name) * kNumFamilies + static_cast<size_t>(key.family) - 1];
}

std::shared_ptr<const tls::Session> SessionPool::get(const Key& key, int64_t now_ns) {
  Entry& entry = at(key);
  while (!entry.sessions.empty() && outlived(*entry.sessions.back(), now_ns)) entry.sessions.pop_back();
  if (entry.sessions.empty()) return nullptr;
  std::shared_ptr<const tls::Session> session = entry.sessions.back();
  if (entry.used_once) entry.sessions.pop_back();
  return session;
}

bool SessionPool::claim(const Key& key) {
  Entry& entry = at(key);
  if (entry.failures >= kMaxFailures) return false;
  if (entry.used_once) return true;
  if (!entry.sessions.empty() || entry.claimed) return false;
  entry.claimed = true;
  return true;
}

void SessionPool::put(const Key& key, std::span<const tls::Session> sessions) {
  Entry& entry = at(key);
  if (!entry.used_once) {
    entry.sessions.clear();
    sessions = sessions.last(1);
  }
  for (const tls::Session& session : sessions)
    if (entry.sessions.size() < kMaxSessions) entry.sessions.push_back(std::make_shared<const tls::Session>(session));
  entry.num_accepted = 0;
  entry.claimed = false;
  entry.failures = 0;
}

void SessionPool::release(const Key& key) {
  at(key).claimed = false;
}

void SessionPool::gave_up(const Key& key) {
  Entry& entry = at(key);
  entry.claimed = false;
  ++entry.failures;
}

void SessionPool::declined(const Key& key, const std::shared_ptr<const tls::Session>& session) {
  Entry& entry = at(key);
  // What is not there any more was judged when the first of those that offered it together was declined.
  if (std::erase(entry.sessions, session) == 0 || entry.used_once) return;
  entry.used_once = entry.num_accepted < 2 && ++entry.num_barely_used >= kMaxBarelyUsed;
}

void SessionPool::accepted(const Key& key, const std::shared_ptr<const tls::Session>& session) {
  Entry& entry = at(key);
  if (entry.used_once || entry.sessions.empty() || entry.sessions.back() != session) return;
  if (++entry.num_accepted >= 2) entry.num_barely_used = 0;
}

}  // namespace tlsproof::load
