#include "tlsproof/target/target.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "tlsproof/base/file.h"
#include "tlsproof/target/features.h"

namespace tlsproof::target {
namespace {

Target load(std::string_view yaml) {
  auto target = parse_target(yaml, "t.yaml", "etc");
  EXPECT_TRUE(target) << target.error().what;
  return target ? *target : Target{};
}

TEST(Target, FromTheCommandLine) {
  auto target = make_target("[::1]:8443");
  ASSERT_TRUE(target);
  const Endpoint& endpoint = target->endpoints.at(0);
  EXPECT_EQ(endpoint.label, "[::1]:8443");
  EXPECT_EQ(endpoint.sni(), "");  // an address is no HostName
  EXPECT_EQ(endpoint.name(), "::1");
  EXPECT_TRUE(endpoint.trust.system);
  EXPECT_EQ(endpoint.client_auth, ClientAuth::unknown);
  EXPECT_EQ(make_target("example.com").error().what, "'example.com' is not HOST:PORT: the port is missing");
}

TEST(Target, EverythingAFileMaySay) {
  Target target = load(R"(
defaults:
  client_auth: required
  versions: [1.3, 1.2]
  trust: {anchors: [root.pem, /abs/root.pem], crls: [crl.pem]}
  client_identity: {certificate: c.pem, key: c.key}
  client_ca: {certificate: ca.pem, key: ca.key, passphrase: {file: secret}}
  client_crls: [clients.crl, /abs/root.crl]
  verify_depth: 2
  timeouts: {connect: 250ms}
  min_days_left: 30
  suites: [mtls]
endpoints:
  - address: a.example:443
  - address: b.example:444
    label: second
    connect_to: 127.0.0.1:8443
    server_name: other.example
    http: {path: /x, host: h.example}
    virtual_hosts: {open: o.example, mutual: m.example}
    client_auth: unverified
    trust: {system: true}
    client_ca: {certificate: ca.pem, key: ca.key, passphrase: {environment: PASS}}
    timeouts: {drain: 2m}
  - address: c.example:443
    server_name: none
    http: none
waivers:
  - {check: "mtls/*", endpoint: second, reason: known, until: 2026-12-31}
)");
  ASSERT_EQ(target.endpoints.size(), 3U);
  const Endpoint& a = target.endpoints[0];
  EXPECT_EQ(a.label, "a.example:443");
  EXPECT_EQ(a.line, 14U);
  EXPECT_EQ(a.client_auth, ClientAuth::required);
  EXPECT_EQ(a.versions, (std::vector<uint16_t>{0x0303, 0x0304}));
  EXPECT_EQ(a.trust.paths, (std::vector<std::string>{"etc/root.pem", "/abs/root.pem"}));
  EXPECT_EQ(a.trust.crl_paths, std::vector<std::string>{"etc/crl.pem"});
  EXPECT_FALSE(a.trust.system);
  EXPECT_EQ(a.client_identity.key_path, "etc/c.key");
  EXPECT_EQ(a.client_ca.passphrase.kind, PassphraseSource::Kind::file);
  EXPECT_EQ(a.client_ca.passphrase.name, "etc/secret");
  EXPECT_EQ(a.client_crl_paths, (std::vector<std::string>{"etc/clients.crl", "/abs/root.crl"}));
  EXPECT_EQ(a.verify_depth, 2U);
  EXPECT_EQ(a.timeouts.connect, 250'000'000);
  EXPECT_EQ(a.timeouts.handshake, 5'000'000'000);
  EXPECT_EQ(a.min_days_left, 30);
  EXPECT_EQ(a.sni(), "a.example");
  const Endpoint& b = target.endpoints[1];
  EXPECT_EQ(b.label, "second");
  EXPECT_EQ(b.line, 15U);
  EXPECT_EQ(b.connect_address().text(), "127.0.0.1:8443");
  EXPECT_EQ(b.sni(), "other.example");
  EXPECT_EQ(b.name(), "other.example");
  EXPECT_EQ(b.http.path, "/x");
  EXPECT_EQ(b.http.host, "h.example");
  EXPECT_EQ(b.virtual_hosts.open, "o.example");
  EXPECT_EQ(b.virtual_hosts.mutual, "m.example");
  EXPECT_EQ(a.virtual_hosts.open, "");
  EXPECT_EQ(b.client_auth, ClientAuth::unverified);
  EXPECT_TRUE(b.trust.system);
  EXPECT_TRUE(b.trust.paths.empty());
  EXPECT_EQ(b.client_ca.passphrase.kind, PassphraseSource::Kind::environment);
  EXPECT_EQ(b.timeouts.connect, 250'000'000);  // timeouts alone add to the defaults; other keys replace theirs
  EXPECT_EQ(b.timeouts.drain, 120'000'000'000);
  EXPECT_EQ(b.suites, std::vector<std::string>{"mtls"});
  const Endpoint& c = target.endpoints[2];
  EXPECT_EQ(c.sni(), "");
  EXPECT_EQ(c.name(), "c.example");
  EXPECT_EQ(c.app.protocol, app::Protocol::none);
  ASSERT_EQ(target.waivers.size(), 1U);
  EXPECT_EQ(target.waivers[0].until, 1'798'675'200 + 86'400);
  EXPECT_EQ(target.waivers[0].until_text, "2026-12-31");
  EXPECT_EQ(target.waivers[0].where, "t.yaml:29:5");
}

TEST(Target, ServicesAreWordsOrMapsAndReplaceTheDefault) {
  Target target = load(R"(
defaults: {app: smtp}
endpoints:
  - address: a:25
  - {address: a:443, http: {path: /x}}
  - {address: a:5432, app: {protocol: postgres, user: alice}}
  - {address: a:1, app: none}
)");
  const app::Protocol wanted[] = {app::Protocol::smtp, app::Protocol::http, app::Protocol::postgres,
                                  app::Protocol::none};
  ASSERT_EQ(target.endpoints.size(), std::size(wanted));
  for (size_t i = 0; i < std::size(wanted); ++i) EXPECT_EQ(target.endpoints[i].app.protocol, wanted[i]) << i;
  EXPECT_EQ(target.endpoints[2].app.user, "alice");
  EXPECT_EQ(target.endpoints[0].app.user, "tlsproof");
}

TEST(Target, BadFilesSayWhereAndWhat) {
  const std::string endpoint = "endpoints:\n  - address: a:1\n";
  const std::pair<std::string, std::string_view> rows[] = {
      {"", "t.yaml:1:1: expected a target file (a map), found nothing"},
      {"defaults: {client_auth: none}\n", "t.yaml:1:1: a target file needs 'endpoints'"},
      {"endpoints: []\n", "t.yaml:1:12: 'endpoints' has none"},
      {"endpoints: a:1\n", "t.yaml:1:12: expected a list, found 'a:1'"},
      {"endpoint: []\n", "t.yaml:1:1: a target file has no key 'endpoint', did you mean 'endpoints'?"},
      {"endpoints:\n  - label: x\n", "t.yaml:2:5: an endpoint needs 'address'"},
      {"endpoints:\n  - address: a\n", "t.yaml:2:14: 'a' is not HOST:PORT: the port is missing"},
      {endpoint + "  - address: a:1\n", "t.yaml:3:5: a second endpoint is called 'a:1'; give one of them a 'label'"},
      {"defaults: {address: a:1}\n" + endpoint, "t.yaml:1:12: 'defaults' has no key 'address'"},
      {"defaults:\n" + endpoint, "t.yaml:1:1: 'defaults' has no value"},
      {endpoint + "    client_auth: on\n",
       "t.yaml:3:18: unknown client_auth 'on' (one of unknown, none, optional, required, unverified)"},
      {endpoint + "    client_auth: requird\n", "t.yaml:3:18: unknown client_auth 'requird', did you mean 'required'?"},
      {endpoint + "    app: smpt\n",
       "t.yaml:3:10: there is no protocol 'smpt'; did you mean 'smtp'? There are: none, http, smtp, smtps, imap, "
       "imaps, pop3, pop3s, ldap, ldaps, ftp, ftps, xmpp, xmpps, postgres, mysql, redis"},
      {endpoint + "    app: smtp\n    http: {path: /}\n",
       "t.yaml:4:11: 'http' stands beside 'app: smtp'; a service is one of them"},
      {endpoint + "    app: {user: alice}\n", "t.yaml:3:10: 'app' needs 'protocol'"},
      {endpoint + "    app: {protocol: mysql, user: \"a\\nb\"}\n", "t.yaml:3:34: 'a\\nb' has a control character"},
      {endpoint + "    versions: [1.4]\n", "t.yaml:3:16: unknown version '1.4', did you mean '1.0'?"},
      {endpoint + "    versions: [1.2, 1.2]\n", "t.yaml:3:21: version '1.2' is there twice"},
      {endpoint + "    versions: []\n", "t.yaml:3:15: 'versions' has none"},
      {endpoint + "    trust: {system: false}\n",
       "t.yaml:3:12: nothing is trusted: name 'anchors', or say 'system: true'"},
      {endpoint + "    trust: {anchors: [\"a\\u0007\"]}\n", "t.yaml:3:23: 'a\\x07' has a control character"},
      {endpoint + "    verify_depth: -1\n", "t.yaml:3:19: expected a whole number from 0 to 100, found '-1'"},
      {endpoint + "    client_crls: a.pem\n", "t.yaml:3:18: expected a list, found 'a.pem'"},
      {endpoint + "    client_ca: {key: a}\n", "t.yaml:3:16: a client CA needs 'certificate'"},
      {endpoint + "    trust: {anchors: [a], passphrase: hunter2}\n",
       "t.yaml:3:39: a passphrase is never written here: use {file: PATH} or {environment: NAME}"},
      {endpoint + "    client_ca: {certificate: a, key: b, passphrase: hunter2}\n",
       "t.yaml:3:53: a passphrase is never written here: use {file: PATH} or {environment: NAME}"},
      {endpoint + "    client_ca: {certificate: a, key: b, passphrase: {file: a, environment: b}}\n",
       "t.yaml:3:63: 'file' and 'environment' exclude each other"},
      {endpoint + "    client_ca: {certificate: a, key: b, passphrase: {}}\n",
       "t.yaml:3:53: a passphrase needs one of file, environment"},
      {endpoint + "    http: {path: x}\n",
       "t.yaml:3:18: expected a path that begins with '/' and has no blanks, found 'x'"},
      {endpoint + "    http: {host: \"a\\r\\nX: y\"}\n", "t.yaml:3:18: 'a\\r\\nX: y' has a control character"},
      {endpoint + "    virtual_hosts: {open: 127.0.0.1}\n", "t.yaml:3:27: '127.0.0.1' is no host name"},
      {endpoint + "    virtual_hosts: {mutual: \"a b\"}\n", "t.yaml:3:29: 'a b' is no host name"},
      {endpoint + "    http: off\n", "t.yaml:3:11: expected 'http' (a map), found 'off'"},
      {endpoint + "    timeouts: {connect: 5}\n",
       "t.yaml:3:25: expected a duration such as 250ms, 5s or 2m, at most 24h, found '5'"},
      {endpoint + "    timeouts: {connect: 0s}\n", "t.yaml:3:25: a timeout of nothing"},
      {endpoint + "    min_days_left: -1\n", "t.yaml:3:20: expected a whole number from 0 to 36500, found '-1'"},
      {endpoint + "    suites: mtls\n", "t.yaml:3:13: expected a list, found 'mtls'"},
      {endpoint + "waivers: [{check: x, until: 2026-01-01}]\n", "t.yaml:3:11: a waiver needs 'reason'"},
      {endpoint + "waivers: [{check: x, reason: y}]\n", "t.yaml:3:11: a waiver needs 'until'"},
      {endpoint + "waivers: [{check: x, reason: y, until: soon}]\n",
       "t.yaml:3:40: expected a date such as 2026-12-31, found 'soon'"},
  };
  for (const auto& [yaml, expected] : rows) {
    auto target = parse_target(yaml, "t.yaml", "");
    ASSERT_FALSE(target) << yaml;
    EXPECT_EQ(target.error().kind, Error::Kind::usage);
    EXPECT_EQ(target.error().what, expected) << yaml;
  }
}

TEST(Target, ExamplesAreGoodAndPathsFollowTheFile) {
  const std::string folder = std::string(TLSPROOF_SOURCE_DIR) + "/scenarios/targets";
  auto oneway = load_target_file(folder + "/oneway.yaml");
  ASSERT_TRUE(oneway) << oneway.error().what;
  EXPECT_EQ(oneway->endpoints.at(1).trust.paths.at(0), folder + "/staging-root.pem");
  auto mtls = load_target_file(folder + "/mtls.yaml");
  ASSERT_TRUE(mtls) << mtls.error().what;
  EXPECT_EQ(mtls->endpoints.size(), 3U);
  auto ci = load_target_file(folder + "/ci.yaml");
  ASSERT_TRUE(ci) << ci.error().what;
  EXPECT_EQ(ci->endpoints.at(1).client_ca.passphrase.name, "CLIENT_CA_PASSPHRASE");
  EXPECT_EQ(ci->waivers.at(0).endpoint, ci->endpoints.at(0).label);
  EXPECT_EQ(load_target_file("no/such.yaml").error().message(),
            "cannot read the YAML file 'no/such.yaml': No such file or directory");
}

class Folder {
 public:
  Folder() { EXPECT_NE(mkdtemp(path_), nullptr); }
  ~Folder() {
    for (const std::string& file : files_) ::remove(file.c_str());
    ::rmdir(path_);
  }
  std::string file(const std::string& name, std::string_view content) {
    files_.push_back(std::string(path_) + "/" + name);
    EXPECT_TRUE(save_file(files_.back(), as_bytes(content)));
    return files_.back();
  }

 private:
  char path_[32] = "/tmp/tlsproof-target-XXXXXX";
  std::vector<std::string> files_;
};

TEST(Target, Passphrases) {
  Folder folder;
  using Kind = PassphraseSource::Kind;
  auto text = [](const PassphraseSource& source) {
    auto secret = load_passphrase(source);
    return secret ? std::string(as_text(secret->view())) : "error: " + secret.error().message();
  };
  EXPECT_EQ(text({Kind::none, ""}), "");
  EXPECT_EQ(text({Kind::file, folder.file("a", "s3cret\n")}), "s3cret");
  EXPECT_EQ(text({Kind::file, folder.file("b", "s3cret\r\n")}), "s3cret");
  EXPECT_EQ(text({Kind::file, folder.file("c", " s3cret \n\n")}), " s3cret \n");
  EXPECT_EQ(text({Kind::file, "/nowhere"}),
            "error: cannot read the passphrase file '/nowhere': No such file or directory");
  ::setenv("TLSPROOF_TEST_PASSPHRASE", "from env\n", 1);
  EXPECT_EQ(text({Kind::environment, "TLSPROOF_TEST_PASSPHRASE"}), "from env\n");
  ::unsetenv("TLSPROOF_TEST_PASSPHRASE");
  EXPECT_EQ(text({Kind::environment, "TLSPROOF_TEST_PASSPHRASE"}),
            "error: the environment has no variable 'TLSPROOF_TEST_PASSPHRASE' with the passphrase");
}

TEST(Waivers, CoverByIdPatternCaseAndEndpoint) {
  struct Row {
    std::string_view check, endpoint, id, label;
    bool covers;
  };
  const Row rows[] = {
      {"mtls/expired", "", "mtls/expired[tls=1.2]", "a", true},
      {"mtls/expired", "", "mtls/expired", "a", true},
      {"mtls/expired[tls=1.2]", "", "mtls/expired[tls=1.2]", "a", true},
      {"mtls/expired[tls=1.2]", "", "mtls/expired[tls=1.3]", "a", false},
      {"mtls/*[tls=1.2]", "", "mtls/expired[tls=1.2]", "a", true},
      {"mtls/*", "", "mtls/expired[tls=1.2]", "a", true},
      {"mtls", "", "mtls/expired[tls=1.2]", "a", false},
      {"mtls/*", "b", "mtls/expired", "a", false},
      {"mtls/*", "?", "mtls/expired", "a", true},
  };
  for (const Row& row : rows) {
    Waiver waiver{.check = std::string(row.check),
                  .endpoint = std::string(row.endpoint),
                  .reason = {},
                  .until_text = {},
                  .where = {}};
    EXPECT_EQ(covers(waiver, row.id, row.label), row.covers) << row.check << " " << row.id;
  }
}

TEST(Waivers, ExpireAndAreCounted) {
  Target target = load(
      "endpoints: [{address: a:1}]\n"
      "waivers:\n"
      "  - {check: x, reason: old, until: 2026-01-01}\n"
      "  - {check: x, reason: new, until: 2026-12-31}\n"
      "  - {check: y, reason: never met, until: 2026-12-31}\n");
  WaiverBook book(target.waivers);
  const int64_t last_second = 1'798'675'200 + 86'399;  // 2026-12-31T23:59:59Z
  ASSERT_NE(book.match("x", "a:1", last_second), nullptr);
  EXPECT_EQ(book.match("x", "a:1", last_second)->reason, "new");
  EXPECT_EQ(book.match("x", "a:1", last_second + 1), nullptr);
  auto unused = book.unused();
  ASSERT_EQ(unused.size(), 2U);
  EXPECT_EQ(unused[0]->reason, "old");
  EXPECT_EQ(unused[1]->reason, "never met");
}

TEST(Features, NamesAndWhatIsMissing) {
  for (const FeatureInfo& info : feature_infos()) {
    EXPECT_EQ(feature_info(info.name), &info);
    EXPECT_FALSE(info.explanation.empty());
  }
  EXPECT_EQ(feature_names().size(), feature_infos().size());
  EXPECT_EQ(feature_info("version.tls1.3"), nullptr);
  for (uint16_t version = 0x0300; version <= 0x0304; ++version)
    EXPECT_NE(feature_info(version_feature(version)), nullptr);
  for (uint16_t version = 0x0303; version <= 0x0304; ++version)
    EXPECT_NE(feature_info(client_auth_feature(version)), nullptr);
  EXPECT_EQ(version_feature(0x0305), "");

  Features features;
  const std::vector<std::string> needs = {"version.tls1_3", "client_ca.key"};
  EXPECT_EQ(features.missing(needs), "needs version.tls1_3 (speaks TLS 1.3): not probed");
  features.set("version.tls1_3", Answer::yes, "ServerHello");
  features.set("client_ca.key", Answer::no, "no client CA was given");
  EXPECT_TRUE(features.has("version.tls1_3"));
  EXPECT_EQ(
      features.missing(needs),
      "needs client_ca.key (the CA of the clients is at hand with its key, so that certificates can be forged): no "
      "client CA was given; give --client-ca and --client-ca-key (client_ca in a target file)");
  features.set("client_ca.key", Answer::yes, "");
  EXPECT_EQ(features.missing(needs), std::nullopt);
  ASSERT_EQ(features.known().size(), 2U);
  EXPECT_EQ(features.known()[0].first, "version.tls1_3");
}

TEST(Features, WordsGoBothWays) {
  for (std::string_view word : client_auth_words()) EXPECT_EQ(to_text(*parse_client_auth(word)), word);
  EXPECT_EQ(parse_client_auth("on"), std::nullopt);
  for (std::string_view word : version_words()) EXPECT_EQ(version_text(*parse_version(word)), word);
  EXPECT_EQ(parse_version("1.4"), std::nullopt);
  EXPECT_EQ(version_text(0x7f1c), "0x7f1c");
  EXPECT_EQ(to_text(Answer::unknown), "unknown");
}

}  // namespace
}  // namespace tlsproof::target
