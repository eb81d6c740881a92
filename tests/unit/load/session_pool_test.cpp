#include "src/load/session_pool.h"

#include <gtest/gtest.h>

#include "tlsproof/tls/session.h"

namespace tlsproof::load {
namespace {

constexpr SessionPool::Key kKey = {.family = SessionFamily::psk};

using Session = std::shared_ptr<const tls::Session>;

Session renew(SessionPool& pool) {
  pool.put(kKey, std::vector<tls::Session>(1));
  return pool.get(kKey, 0);
}
// The pool hands each session out once: get() takes it away.
bool each_once(SessionPool& pool) {
  renew(pool);
  return pool.get(kKey, 0) == nullptr;
}

TEST(SessionPool, one_connection_at_a_time_gets_a_session_for_all) {
  SessionPool pool(1, 1);
  EXPECT_EQ(pool.get(kKey, 0), nullptr);
  EXPECT_TRUE(pool.claim(kKey));
  EXPECT_FALSE(pool.claim(kKey));
  const Session session = renew(pool);
  EXPECT_EQ(pool.get(kKey, 0), session);
  EXPECT_FALSE(pool.claim(kKey));
}

TEST(SessionPool, only_servers_that_give_none_are_given_up) {
  SessionPool pool(1, 1);
  for (int outage = 0; outage < 10; ++outage) {
    ASSERT_TRUE(pool.claim(kKey)) << outage;
    pool.release(kKey);
  }
  for (int none = 0; none < 3; ++none) {
    ASSERT_TRUE(pool.claim(kKey)) << none;
    pool.gave_up(kKey);
  }
  EXPECT_FALSE(pool.claim(kKey));
}

TEST(SessionPool, new_ticket_keys_are_no_sessions_for_once) {
  SessionPool pool(1, 1);
  for (int restart = 0; restart < 5; ++restart) {
    const Session session = renew(pool);
    for (int i = 0; i < 2; ++i) pool.accepted(kKey, session);
    for (int open = 0; open < 3; ++open) pool.declined(kKey, session);  // all that were under way
    EXPECT_EQ(pool.get(kKey, 0), nullptr);
    EXPECT_TRUE(pool.claim(kKey));
  }
  EXPECT_FALSE(each_once(pool));
}

TEST(SessionPool, two_in_a_row_declined_at_their_second_use_are) {
  SessionPool pool(1, 1);
  const Session first = renew(pool);
  pool.accepted(kKey, first);
  for (int open = 0; open < 3; ++open) pool.declined(kKey, first);
  EXPECT_FALSE(each_once(pool));
  const Session second = renew(pool);
  pool.accepted(kKey, first);  // a late one, of the session before
  pool.accepted(kKey, second);
  pool.declined(kKey, second);
  EXPECT_TRUE(each_once(pool));
  EXPECT_TRUE(pool.claim(kKey) && pool.claim(kKey));
}

TEST(SessionPool, one_that_is_taken_between_two_that_are_not_forgives) {
  SessionPool pool(1, 1);
  for (int i = 0; i < 5; ++i) {
    pool.declined(kKey, renew(pool));
    const Session good = renew(pool);
    pool.accepted(kKey, good);
    pool.accepted(kKey, good);
  }
  EXPECT_FALSE(each_once(pool));
}

}  // namespace
}  // namespace tlsproof::load
