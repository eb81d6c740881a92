#include "src/engine/depth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tlsproof::engine {
namespace {

using target::ClientAuth;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using verdict::Verdict;

TEST(Depth, ByWhatIsDeclared) {
  const auto pass = Verdict::pass, fail = Verdict::fail, info = Verdict::info;
  struct {
    ClientAuth declared;
    Verdict within_accepted, within_refused, beyond_accepted, beyond_refused;
  } const cases[] = {
      {ClientAuth::none, info, fail, info, info},     {ClientAuth::optional, pass, fail, fail, pass},
      {ClientAuth::required, pass, fail, fail, pass}, {ClientAuth::unverified, pass, fail, info, info},
      {ClientAuth::unknown, pass, fail, info, pass},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(std::string(target::to_text(one.declared)));
    target::Endpoint endpoint;
    endpoint.client_auth = one.declared;
    for (size_t count : {0U, 1U, 2U, 3U}) {
      SCOPED_TRACE(count);
      endpoint.verify_depth = std::nullopt;
      EXPECT_EQ(rule_depth(endpoint, count, true).verdict, info);
      EXPECT_EQ(rule_depth(endpoint, count, false).verdict, info);
      endpoint.verify_depth = 1;
      EXPECT_EQ(rule_depth(endpoint, count, true).verdict, count <= 1 ? one.within_accepted : one.beyond_accepted);
      EXPECT_EQ(rule_depth(endpoint, count, false).verdict, count <= 1 ? one.within_refused : one.beyond_refused);
    }
  }
  target::Endpoint endpoint;
  endpoint.client_auth = ClientAuth::required;
  endpoint.verify_depth = 1;
  EXPECT_EQ(rule_depth(endpoint, 1, false).wanted, "accepted: 1 intermediate, and verify_depth is declared 1");
  EXPECT_EQ(rule_depth(endpoint, 2, true).wanted, "refused: 2 intermediates, and verify_depth is declared 1");
}

TEST(Depth, Concluded) {
  const auto seen = [](std::vector<std::vector<bool>> by_version) {
    std::vector<DepthSeen> out;
    for (size_t version = 0; version < by_version.size(); ++version)
      for (size_t count = 0; count < by_version[version].size(); ++count)
        out.push_back({static_cast<uint16_t>(0x0303 + version), count, by_version[version][count]});
    return conclude_depth(out);
  };
  EXPECT_THAT(seen({}), IsEmpty());
  EXPECT_THAT(seen({{true, true, false, false}, {true, true, false, false}}),
              ElementsAre("accepts client certificates with up to 1 intermediate (TLS 1.2, TLS 1.3)"));
  EXPECT_THAT(seen({{true, false}, {true, true}}),
              ElementsAre("accepts client certificates with up to 0 intermediates (TLS 1.2)",
                          "accepts client certificates with up to 1 intermediate; more were not tried (TLS 1.3)"));
  EXPECT_THAT(seen({{false, false}}),
              ElementsAre("accepts no client certificate with 0 intermediates or more (TLS 1.2)"));
  EXPECT_THAT(seen({{true, false, true}}), ElementsAre(HasSubstr("with 0, 2 intermediates and refuses those with 1")));
}

}  // namespace
}  // namespace tlsproof::engine
