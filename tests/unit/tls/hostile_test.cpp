// Servers that break the protocol: each way of it ends in the right Failure with the right alert.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tlsproof/registry/constants.h"
#include "unit/tls/hostile_cases.h"

namespace tlsproof::tls_test {
namespace {

using tls::Client;
using tls::ClientConfig;
using tls::Failure;
using tls::State;
using wire::Level;
namespace al = registry::alert;
namespace ct = registry::content_type;
namespace hs = registry::handshake_type;
using Kind = Failure::Kind;
using registry::version::TLS1_2;
using registry::version::TLS1_3;

void play(const HostileCase& c, uint16_t version) {
  SCOPED_TRACE(fmt::format("{} {:04x}", c.name, version));
  FakeOptions options;
  options.version = version;
  ClientConfig config;
  config.server_name = "server.test";
  c.arrange(options, config);
  struct Fixed final : RandomSource {
    void fill(std::span<uint8_t> out) override { std::fill(out.begin(), out.end(), uint8_t{0x42}); }
  } fixed;
  const bool fixed_random = c.name == "session_id_of_nothing" || c.name == "hello_grease_suite";
  FakeServer server(options);
  Client client;
  client.start(config, {.random = fixed_random ? &fixed : nullptr});
  pump(client, server);
  ASSERT_EQ(client.state(), State::failed);
  const Failure& failure = *client.failure();
  EXPECT_EQ(to_string(failure.kind), to_string(c.kind)) << failure.text;
  EXPECT_TRUE(failure.has_alert);
  EXPECT_EQ(failure.alert, c.alert) << failure.text;
  EXPECT_FALSE(failure.text.empty());
  EXPECT_EQ(client.our_alert()->description, c.alert);
  // The alert went out, and the server can read it.
  ASSERT_FALSE(server.alerts.empty()) << failure.text;
  EXPECT_EQ(server.alerts.back().description, c.alert);
  EXPECT_EQ(server.alerts.back().level, registry::alert_level::fatal);
  EXPECT_FALSE(client.write(as_bytes("x")));
}

TEST(Hostile, Tls13) {
  for (const auto& c : hostile_cases13()) play(c, TLS1_3);
}
TEST(Hostile, Tls12) {
  for (const auto& c : hostile_cases12()) play(c, TLS1_2);
}

// Without the bending the same server is accepted: the cases above fail for their own reason.
TEST(Hostile, TheHonestFakeServerIsAccepted) {
  for (const uint16_t version : {TLS1_3, TLS1_2})
    for (const bool more : {false, true}) {
      FakeOptions options;
      options.version = version;
      options.ask_certificate = options.ticket12 = options.retry_cookie = more;
      if (more) options.retry_group = registry::group::secp384r1;
      if (more && version == TLS1_2) options.retry_group.reset();
      FakeServer server(options);
      ClientConfig config;
      Client client;
      client.start(config);
      pump(client, server);
      EXPECT_EQ(client.state(), State::connected) << story(client);
      EXPECT_TRUE(server.finished);
      EXPECT_EQ(client.negotiated().hello_retry_request, more && version == TLS1_3);
      EXPECT_EQ(client.sessions().size(), more && version == TLS1_2 ? 1U : 0U);
    }
}

// What may be odd but is allowed.
TEST(Hostile, OddButAllowed) {
  const HostileCase kAllowed[] = {
      {"ccs_where_it_is_ignored",
       [](FakeOptions& o, ClientConfig&) {
         o.before = [](FakeServer& s, uint8_t t) {
           if (t != hs::server_hello) s.send_record(ct::change_cipher_spec, {{1}}, Level::initial);
           return true;
         };
       },
       {},
       13},
      {"one_byte_records",
       [](FakeOptions& o, ClientConfig&) {
         o.before = [](FakeServer& s, uint8_t) {
           s.how.fragment = 1;
           return true;
         };
       },
       {},
       0},
      {"padding",
       [](FakeOptions& o, ClientConfig&) {
         o.before = [](FakeServer& s, uint8_t) {
           s.how.padding = 300;
           return true;
         };
       },
       {},
       13},
      {"empty_data",
       [](FakeOptions& o, ClientConfig&) {
         o.after_flight = [](FakeServer& s) {
           for (int i = 0; i < 20; ++i) {
             s.send_record(ct::application_data, {}, Level::application);
           }
           s.send_record(ct::application_data, {{1}}, Level::application);
           for (int i = 0; i < 20; ++i) s.send_record(ct::application_data, {}, Level::application);
         };
       },
       {},
       0},
      {"hello_request_during_handshake",
       [](FakeOptions& o, ClientConfig&) {
         o.before = before(hs::certificate, [](FakeServer& s) {
           s.send_message(hs::hello_request, wire::HelloRequest{}, Level::initial);
         });
       },
       {},
       12},
      {"hello_request_afterwards",
       [](FakeOptions& o, ClientConfig&) {
         o.after_flight = [](FakeServer& s) {
           s.send_message(hs::hello_request, wire::HelloRequest{}, Level::application);
         };
       },
       {},
       12},
      {"warning",
       [](FakeOptions& o, ClientConfig&) {
         o.before =
             before(hs::server_hello, [](FakeServer& s) { s.send_alert(1, al::unrecognized_name, Level::initial); });
       },
       {},
       0},
      {"full_record",
       [](FakeOptions& o, ClientConfig&) {
         o.after_flight = [](FakeServer& s) { s.send_record(ct::application_data, Bytes(16384), Level::application); };
       },
       {},
       0},
  };
  for (const uint16_t version : {TLS1_3, TLS1_2})
    for (const auto& c : kAllowed) {
      if (c.alert != 0 && (c.alert == 13) != (version == TLS1_3)) continue;
      SCOPED_TRACE(c.name);
      FakeOptions options;
      options.version = version;
      ClientConfig config;
      c.arrange(options, config);
      FakeServer server(options);
      Client client;
      client.start(config);
      pump(client, server);
      EXPECT_EQ(client.state(), State::connected) << story(client);
      EXPECT_TRUE(server.finished);
      if (c.name == "hello_request_afterwards") {
        ASSERT_EQ(server.alerts.size(), 1U);
        EXPECT_EQ(server.alerts[0], (wire::Alert{1, al::no_renegotiation}));
      }
    }
}

// RFC 8446 §4.6.3: a requested KeyUpdate is answered, once each, and only those.
TEST(Hostile, KeyUpdatesAreAnsweredWhenAsked) {
  for (const uint8_t asked : {uint8_t{0}, uint8_t{1}}) {
    FakeOptions options;
    options.after_flight = [=](FakeServer& s) {
      s.send_message(hs::key_update, wire::KeyUpdate{.request_update = asked}, Level::application);
    };
    FakeServer server(options);
    ClientConfig config;
    Client client;
    client.start(config);
    pump(client, server);
    EXPECT_EQ(client.state(), State::connected) << story(client);
    EXPECT_EQ(client.num_key_updates_received(), 1U);
    EXPECT_EQ(std::count(server.messages.begin(), server.messages.end(), hs::key_update), asked);
  }
}

TEST(Hostile, PeerAlerts) {
  struct Row {
    uint16_t version;
    uint8_t level, description;
    bool after;
    State state;
    std::optional<Kind> kind;
  };
  const Row kRows[] = {
      {TLS1_3, 2, al::handshake_failure, false, State::failed, Kind::peer_alert},
      {TLS1_3, 1, al::certificate_unknown, true, State::failed,
       Kind::peer_alert},  // RFC 8446 §6.2: the level does not matter
      {TLS1_3, 2, al::certificate_required, true, State::failed, Kind::peer_alert},
      {TLS1_3, 2, 213, true, State::failed, Kind::peer_alert},
      {TLS1_3, 1, al::close_notify, false, State::failed, Kind::peer_closed},
      {TLS1_3, 1, al::close_notify, true, State::closing, std::nullopt},
      {TLS1_3, 1, al::user_canceled, true, State::connected, std::nullopt},
      {TLS1_2, 2, al::handshake_failure, false, State::failed, Kind::peer_alert},
      {TLS1_2, 1, al::certificate_unknown, true, State::connected, std::nullopt},
      {TLS1_2, 1, al::close_notify, true, State::closed, std::nullopt},
      {TLS1_2, 1, al::close_notify, false, State::failed, Kind::peer_closed},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(fmt::format("{:04x} {} {} {}", row.version, row.level, row.description, row.after));
    FakeOptions options;
    options.version = row.version;
    const auto send = [&](FakeServer& s) {
      s.send_alert(row.level, row.description, row.after ? Level::application : Level::initial);
    };
    if (row.after)
      options.after_flight = send;
    else
      options.before = before(hs::server_hello, send, false);
    FakeServer server(options);
    ClientConfig config;
    Client client;
    client.start(config);
    pump(client, server);
    EXPECT_EQ(to_string(client.state()), to_string(row.state)) << story(client);
    EXPECT_EQ(client.peer_alert(), (wire::Alert{row.level, row.description}));
    ASSERT_EQ(client.failure() != nullptr, row.kind.has_value());
    if (row.kind) {
      EXPECT_EQ(client.failure()->kind, *row.kind);
    }
    if (row.kind == Kind::peer_alert) {
      EXPECT_EQ(client.failure()->alert, row.description);
    }
    EXPECT_EQ(client.handshake_complete(), row.after);
    // Nothing is sent after a peer's fatal alert; close_notify is answered in TLS 1.2.
    EXPECT_EQ(server.alerts.size(), row.state == State::closed ? 1U : 0U);
    EXPECT_EQ(client.close_notify_received(), row.description == al::close_notify);
  }
}

// After we gave up, an alert that still comes is seen; and so is one that comes unprotected.
TEST(Hostile, AlertsAfterOurFailure) {
  FakeOptions options;
  options.after_flight = [](FakeServer& s) {
    s.send_message(hs::key_update, wire::KeyUpdate{.request_update = 9}, Level::application);
    s.send_alert(2, al::internal_error, Level::application);
    s.send_record(ct::application_data, as_bytes("late"), Level::application);
  };
  ClientConfig config;
  Client client;
  {
    FakeServer server(options);
    client.start(config);
    pump(client, server);
    EXPECT_EQ(client.failure()->alert, al::illegal_parameter);
    EXPECT_EQ(client.peer_alert(), (wire::Alert{2, al::internal_error}));
    EXPECT_TRUE(client.application_data().empty());
  }
  options.after_flight = [](FakeServer& s) { s.send_alert(2, al::unknown_ca, Level::initial); };
  FakeServer server(options);
  client.start(config);
  pump(client, server);
  EXPECT_EQ(client.failure()->kind, Kind::peer_violation);
  EXPECT_EQ(client.peer_alert(), (wire::Alert{2, al::unknown_ca}));
}

TEST(Hostile, EndOfStream) {
  ClientConfig config;
  Client client;
  client.start(config);
  client.input_end();
  EXPECT_EQ(client.failure()->kind, Kind::peer_closed);
  EXPECT_FALSE(client.failure()->has_alert);
  EXPECT_NE(client.failure()->text.find("ServerHello"), std::string::npos);
  FakeServer server({});
  client.start(config);
  pump(client, server);
  client.input_end();
  EXPECT_EQ(client.state(), State::closed);
  EXPECT_FALSE(client.close_notify_received());
  EXPECT_FALSE(client.write(as_bytes("x")));
}

// Deterministic on both sides, so that a server's flight can be recorded, cut and changed.
Bytes record_flight(uint16_t version) {
  FakeOptions options;
  options.version = version;
  FakeServer server(options);
  ClientConfig config;
  SeededRandom random(11);
  Client client;
  client.start(config, {.random = &random});
  server.input(client.output());
  return server.take_output();
}

TEST(Hostile, EveryPrefixWaits) {
  for (const uint16_t version : {TLS1_3, TLS1_2}) {
    const Bytes flight = record_flight(version);
    ClientConfig config;
    Client client;
    for (size_t len = 0; len <= flight.size(); ++len) {
      SeededRandom random(11);
      client.start(config, {.random = &random});
      client.input(ByteView(flight).first(len));
      const bool done = len == flight.size() && version == TLS1_3;
      ASSERT_EQ(client.state(), done ? State::connected : State::handshaking) << len << story(client);
      client.input_end();
      ASSERT_EQ(client.state(), done ? State::closed : State::failed);
    }
  }
}

TEST(Hostile, EveryFlippedByteFailsOrWaits) {
  for (const uint16_t version : {TLS1_3, TLS1_2}) {
    const Bytes flight = record_flight(version);
    ClientConfig config;
    Client client;
    for (size_t at = 0; at < flight.size(); ++at)
      for (const int bits : {0x01, 0x80, 0xff}) {
        Bytes bent = flight;
        bent[at] = static_cast<uint8_t>(bent[at] ^ bits);
        SeededRandom random(11);
        client.start(config, {.random = &random});
        client.input(bent);
        // Record versions are not looked at (RFC 8446 §5.1) but for their first byte.
        if (client.state() == State::connected ||
            (version == TLS1_2 && client.num_received(hs::server_hello_done) == 1))
          continue;
        ASSERT_TRUE(client.state() == State::failed || client.state() == State::handshaking) << at;
        if (client.state() == State::failed) {
          ASSERT_FALSE(client.failure()->text.empty());
        }
        client.input_end();
        ASSERT_EQ(client.state(), State::failed);
      }
  }
}

TEST(Hostile, ByteByByteIsTheSame) {
  for (const uint16_t version : {TLS1_3, TLS1_2}) {
    const Bytes flight = record_flight(version);
    Bytes outputs[2];
    for (const size_t step : {size_t{1}, flight.size()}) {
      ClientConfig config;
      Client client;
      SeededRandom random(11);
      client.start(config, {.random = &random});
      for (size_t i = 0; i < flight.size(); i += step) client.input(ByteView(flight).subspan(i, step));
      outputs[step == 1] = to_bytes(client.output());
    }
    EXPECT_EQ(outputs[0], outputs[1]);
    EXPECT_GT(outputs[0].size(), 100U);
  }
}

}  // namespace
}  // namespace tlsproof::tls_test
