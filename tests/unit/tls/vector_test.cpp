// RFC 8448 played again as client: with the recorded keys, random numbers and signature, what we send is the recorded
// bytes.
#include <gtest/gtest.h>

#include <deque>
#include <fstream>
#include <map>

#include "tlsproof/registry/constants.h"
#include "tlsproof/tls/editor.h"
#include "tlsproof/trace/trace.h"
#include "tlsproof/wire/ext/all.h"
#include "unit/tls/ssl_peer.h"

namespace tlsproof::tls_test {
namespace {

namespace hs = registry::handshake_type;
namespace ex = registry::extension;

struct Section {
  std::string title;
  std::map<std::string, Bytes> fields;
};

std::vector<Section> load(std::string_view name) {
  std::ifstream in(std::string(TLSPROOF_SOURCE_DIR) + "/tests/vectors/rfc8448/" + std::string(name) + ".txt");
  EXPECT_TRUE(in) << name;
  std::vector<Section> sections;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    if (line[0] == '[') {
      sections.push_back({line.substr(1, line.size() - 2), {}});
      continue;
    }
    const size_t at = line.find(" =");
    sections.back().fields[line.substr(0, at)] = *from_hex(line.size() > at + 3 ? line.substr(at + 3) : "");
  }
  return sections;
}

// Hands out the recorded private keys in their order.
struct RecordedKeys final : tls::KeyExchangeProvider {
  struct One final : crypto::KeyExchange {
    explicit One(uint16_t group, Bytes key) : inner(crypto::make_key_exchange(group)), secret(std::move(key)) {}
    uint16_t group() const override { return inner->group(); }
    Status generate(RandomSource&) override { return inner->set_private(secret); }
    Status set_private(ByteView key) override { return inner->set_private(key); }
    ByteView public_share() const override { return inner->public_share(); }
    void forget() override { inner->forget(); }
    std::expected<void, crypto::KexError> derive(ByteView share, SecretBytes& out) override {
      return inner->derive(share, out);
    }
    std::unique_ptr<crypto::KeyExchange> inner;
    Bytes secret;
  };
  crypto::KeyExchange* get(uint16_t group) override {
    for (auto& one : keys)
      if (one.group() == group) return &one;
    return nullptr;
  }
  std::deque<One> keys;
};

struct RecordedRandom final : RandomSource {
  void fill(std::span<uint8_t> out) override {
    ASSERT_FALSE(values.empty());
    ASSERT_EQ(values.front().size(), out.size());
    std::copy(values.front().begin(), values.front().end(), out.begin());
    values.pop_front();
  }
  std::deque<Bytes> values;
};

struct RecordedSigner final : crypto::Signer {
  std::span<const uint16_t> schemes(crypto::SchemeRules) const override { return kSchemes; }
  Status sign(uint16_t, ByteView, Bytes& out) override {
    out = signature;
    return {};
  }
  static constexpr uint16_t kSchemes[] = {0x0804};
  Bytes signature;
};

// The recorded client puts its whole flight into one record, pads its second hello, and has the cookie after
// signature_algorithms.
struct Habits final : tls::Editor {
  void on_flight(tls::Flight& flight) override {
    for (auto& item : flight.items) item.coalesce = item.kind == tls::FlightItem::Kind::handshake;
  }
  void on_message(uint8_t type, unsigned occurrence, wire::AnyMessage& message) override {
    if (type != hs::client_hello || occurrence != 2) return;
    auto& list = std::get<wire::ClientHello>(message).extensions;
    list.move(*list.index_of(ex::cookie), *list.index_of(ex::signature_algorithms) + 1);
    list.add(ex::padding, Bytes(padding));
  }
  size_t padding = 0;
};

tls::ClientConfig config_of(const wire::ClientHello& hello) {
  tls::ClientConfig config;
  config.versions = {registry::version::TLS1_3};
  config.cipher_suites = hello.cipher_suites;
  config.server_name = *hello.extensions.get<wire::ext::ServerName>()->host();
  config.groups = hello.extensions.get<wire::ext::SupportedGroups>()->groups;
  config.signature_schemes = hello.extensions.get<wire::ext::SignatureAlgorithms>()->schemes;
  config.middlebox_compatibility = !hello.legacy_session_id.empty();
  for (size_t i = 0; i < hello.extensions.size(); ++i) {
    const uint16_t type = hello.extensions.type(i);
    config.extension_order.push_back(type);
    if (type == ex::renegotiation_info || type == ex::session_ticket || type == ex::record_size_limit)
      config.extra_extensions.push_back({type, to_bytes(hello.extensions.data(i))});
  }
  return config;
}

const Bytes& find_secret(const std::vector<Section>& sections, std::string_view what) {
  static const Bytes kNone;
  for (const auto& section : sections)
    if (section.title.find(what) != std::string::npos && section.fields.contains("expanded"))
      return section.fields.at("expanded");
  return kNone;
}

class Rfc8448 : public testing::TestWithParam<std::string_view> {};
TEST_P(Rfc8448, SameBytes) {
  const auto sections = load(GetParam());
  RecordedKeys keys;
  RecordedRandom random;
  RecordedSigner signer;
  Habits habits;
  ByteList chain;
  wire::ClientHello hello;
  // First what the client's side of the record needs, then the records themselves.
  bool have_hello = false;
  for (const auto& section : sections) {
    if (!section.title.starts_with("client: ")) continue;
    if (section.title.find("ephemeral") != std::string::npos)
      keys.keys.emplace_back(section.title.find("P-256") != std::string::npos ? 0x0017 : 0x001d,
                             section.fields.at("private key"));
    for (const auto& [name, value] : section.fields) {
      const ByteView body = ByteView(value).subspan(std::min<size_t>(4, value.size()));
      if (name == "ClientHello") {
        wire::ClientHello one;
        ASSERT_TRUE(wire::decode_all_into(body, one));
        if (const auto padding = one.extensions.find(ex::padding)) habits.padding = padding->size();
        if (!have_hello) hello = one;
        have_hello = true;
      } else if (name == "Certificate") {
        chain = wire::decode_all<wire::Certificate13>(body)->certificates;
      } else if (name == "CertificateVerify") {
        signer.signature = wire::decode_all<wire::CertificateVerify>(body)->signature;
      }
    }
  }
  random.values.push_back(to_bytes(hello.random));
  if (!hello.legacy_session_id.empty()) random.values.push_back(hello.legacy_session_id);
  const tls::ClientIdentity identity{.chain = &chain, .signer = &signer};
  const tls::ClientConfig config = config_of(hello);
  ManualClock clock;
  trace::Trace trace(clock);
  trace.begin("", "");
  tls::Client client;
  client.start(config,
               {.identity = &identity, .random = &random, .key_exchanges = &keys, .sink = &trace, .editor = &habits});
  int ours = 0, theirs = 0;
  for (const auto& section : sections) {
    if (!section.fields.contains("complete record")) continue;
    SCOPED_TRACE(section.title);
    const Bytes& record = section.fields.at("complete record");
    if (section.title.starts_with("server: ")) {
      client.input(record);
      ASSERT_EQ(client.failure(), nullptr) << client.failure()->text;
      ++theirs;
      continue;
    }
    if (client.output().empty()) {
      if (section.title.find("alert") != std::string::npos)
        client.close_notify();
      else
        ASSERT_TRUE(client.write(section.fields.at("payload")));
    }
    ASSERT_GE(client.output().size(), record.size());
    EXPECT_EQ(to_hex(client.output().first(record.size())), to_hex(record));
    client.consume_output(record.size());
    ++ours;
  }
  EXPECT_TRUE(client.output().empty());
  EXPECT_GE(ours, 3);
  EXPECT_GE(theirs, 3);
  EXPECT_EQ(client.state(), tls::State::closed);
  // The sink was told the recorded secrets.
  const std::pair<trace::SecretLabel, std::string_view> kLabels[] = {
      {trace::SecretLabel::client_handshake_traffic_secret, "tls13 c hs traffic"},
      {trace::SecretLabel::server_handshake_traffic_secret, "tls13 s hs traffic"},
      {trace::SecretLabel::client_traffic_secret_0, "tls13 c ap traffic"},
      {trace::SecretLabel::server_traffic_secret_0, "tls13 s ap traffic"},
      {trace::SecretLabel::exporter_secret, "tls13 exp master"}};
  ASSERT_EQ(trace.secrets().size(), std::size(kLabels));
  for (size_t i = 0; i < std::size(kLabels); ++i) {
    EXPECT_EQ(trace.secrets()[i].label, kLabels[i].first);
    EXPECT_EQ(to_hex(trace.secrets()[i].secret.view()), to_hex(find_secret(sections, kLabels[i].second)));
  }
}
INSTANTIATE_TEST_SUITE_P(Section, Rfc8448,
                         testing::Values("simple_1rtt", "hello_retry_request", "client_authentication",
                                         "compatibility_mode"));

}  // namespace
}  // namespace tlsproof::tls_test
