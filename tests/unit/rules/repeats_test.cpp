// What must not come twice in a capture.
#include "tlsproof/rules/repeats.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "unit/rules/script.h"

namespace tlsproof::rules_test {
namespace {

std::vector<std::string> repeated(rules::Repeats& repeats, const Script& script, uint64_t number) {
  const Judged judged(script);
  std::vector<rules::FreshValue> values;
  std::vector<rules::Violation> alone;
  rules::judge(judged.facts(), alone, &values);
  std::vector<rules::Violation> violations;
  repeats.judge(values, number, violations);
  std::vector<std::string> out;
  for (const auto& one : violations) {
    EXPECT_EQ(one.breach.events.size(), 1U);
    EXPECT_EQ(rules::find_rule(one.rule->id), one.rule);
    out.push_back(std::string(one.rule->id) + ": " + one.breach.seen);
  }
  return out;
}

// Another connection: every fresh value differs.
Script fresh(std::string_view name, uint8_t seed) {
  Script script = honest(name);
  auto& hello = script.get<wire::ClientHello>();
  auto& answer = script.get<wire::ServerHello>();
  hello.random[15] ^= seed;
  answer.random[15] ^= seed;
  if (hello.extensions.has(wire::ext::KeyShareClient::kType)) {
    wire::ext::KeyShareClient shares;
    shares.add(registry::group::x25519, Bytes(32, seed));
    hello.extensions.put_typed(shares);
  }
  if (script.tls13)
    answer.extensions.put_typed(
        wire::ext::KeyShareServer{.group = registry::group::x25519, .key = Bytes(32, static_cast<uint8_t>(seed + 1))});
  else
    script.get<wire::ServerKeyExchangeEcdhe>().public_key.assign(32, seed);
  return script;
}

using Texts = std::vector<std::string>;

TEST(Repeats, FreshConnectionsRepeatNothing) {
  for (const std::string_view name : {"tls13", "tls12"}) {
    rules::Repeats repeats;
    for (uint8_t seed = 1; seed < 40; seed = static_cast<uint8_t>(seed + 3))
      EXPECT_EQ(repeated(repeats, fresh(name, seed), seed), Texts{}) << name;
  }
}

// A mirror port shows everything twice; that is no repetition.
TEST(Repeats, OneConnectionCapturedTwiceIsOne) {
  rules::Repeats repeats;
  EXPECT_EQ(repeated(repeats, honest("tls13"), 1), Texts{});
  EXPECT_EQ(repeated(repeats, honest("tls13"), 2), Texts{});
}

TEST(Repeats, EachValueIsFound) {
  rules::Repeats repeats;
  EXPECT_EQ(repeated(repeats, fresh("tls13", 1), 1), Texts{});
  Script script = fresh("tls13", 11);
  script.get<wire::ServerHello>().random = fresh("tls13", 1).get<wire::ServerHello>().random;
  EXPECT_EQ(repeated(repeats, script, 2), Texts{"repeated/server_random: the same as in connection 1"});

  script = fresh("tls13", 21);
  script.get<wire::ClientHello>().random = fresh("tls13", 1).get<wire::ClientHello>().random;
  EXPECT_EQ(repeated(repeats, script, 3), Texts{"repeated/client_random: the same as in connection 1"});

  script = fresh("tls13", 31);
  wire::ext::KeyShareClient shares;
  shares.add(registry::group::x25519, Bytes(32, 1));
  script.get<wire::ClientHello>().extensions.put_typed(shares);
  EXPECT_EQ(repeated(repeats, script, 4), Texts{"repeated/client_key: the same as in connection 1"});

  script = fresh("tls13", 41);
  script.get<wire::ServerHello>().extensions.put_typed(
      wire::ext::KeyShareServer{.group = registry::group::x25519, .key = Bytes(32, 2)});
  EXPECT_EQ(repeated(repeats, script, 5), Texts{"repeated/server_key: the same as in connection 1"});

  script = fresh("tls12", 51);
  EXPECT_EQ(repeated(repeats, script, 6), Texts{});
  script.get<wire::ClientHello>().random[15] ^= 0x55;
  script.get<wire::ServerHello>().random[15] ^= 0x55;
  EXPECT_EQ(repeated(repeats, script, 7).size(), 2U)
      << "the keys of ServerKeyExchange and ClientKeyExchange or key_share";
}

// RFC 8446 §4.1.3: the last eight bytes are the same in every answer with the downgrade sentinel.
TEST(Repeats, TheSentinelTellsNoConnectionsApart) {
  const auto with_sentinel = [](uint8_t seed) {
    Script script = fresh("tls12", seed);
    auto& random = script.get<wire::ServerHello>().random;
    random[9] ^= seed;
    std::ranges::copy(wire::kDowngradeTls12, random.end() - 8);
    return script;
  };
  rules::Repeats repeats;
  EXPECT_EQ(repeated(repeats, with_sentinel(1), 1), Texts{});
  Script again = with_sentinel(5);
  again.get<wire::ClientHello>().random = with_sentinel(1).get<wire::ClientHello>().random;
  EXPECT_EQ(repeated(repeats, again, 2), Texts{"repeated/client_random: the same as in connection 1"});
}

// Memory is what was asked for, however long the capture: the latest values are remembered.
TEST(Repeats, ForgetsTheOldest) {
  const auto again = [](rules::Repeats& repeats) {
    Script script = fresh("tls13", 251);
    script.get<wire::ServerHello>().random = fresh("tls13", 1).get<wire::ServerHello>().random;
    return repeated(repeats, script, 500);
  };
  rules::Repeats small(8);
  rules::Repeats large(4096);
  for (rules::Repeats* repeats : {&small, &large})
    for (uint8_t seed = 1; seed < 250; seed = static_cast<uint8_t>(seed + 3))
      (void)repeated(*repeats, fresh("tls13", seed), seed);
  EXPECT_EQ(again(small), Texts{});
  EXPECT_EQ(again(large), Texts{"repeated/server_random: the same as in connection 1"});
}

// A HelloRetryRequest has the same random in every connection (RFC 8446 §4.1.3), and so has a second hello its first.
TEST(Repeats, RetriesAreNone) {
  rules::Repeats repeats;
  EXPECT_EQ(repeated(repeats, honest("tls13_retry"), 1), Texts{});
  Script script = honest("tls13_retry");
  for (size_t i = 0; i < 2; ++i) script.get<wire::ClientHello>(i).random[14] ^= 9;
  script.get<wire::ServerHello>(1).random[14] ^= 9;
  for (const std::string& text : repeated(repeats, script, 2))
    EXPECT_TRUE(text.starts_with("repeated/client_key") || text.starts_with("repeated/server_key")) << text;
}

}  // namespace
}  // namespace tlsproof::rules_test
