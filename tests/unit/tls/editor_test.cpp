// The hooks: each proven by what reaches the other side, and by what that does to the handshake.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tlsproof/registry/constants.h"
#include "tlsproof/tls/editor.h"
#include "unit/tls/fake_server.h"

namespace tlsproof::tls_test {
namespace {

using tls::Client;
using tls::ClientConfig;
using tls::Flight;
using tls::FlightItem;
using tls::RecordContext;
using tls::State;
using wire::Level;
namespace ct = registry::content_type;
namespace ex = registry::extension;
namespace hs = registry::handshake_type;
using Kind = FlightItem::Kind;
using Source = FlightItem::Source;
using registry::version::TLS1_2;
using registry::version::TLS1_3;

struct Hooks final : tls::Editor {
  std::function<void(Flight&)> flight;
  std::function<void(uint8_t, unsigned, wire::AnyMessage&)> message;
  std::function<void(uint8_t, unsigned, Bytes&)> encoded;
  std::function<void(const RecordContext&, Bytes&)> record;
  void on_flight(Flight& f) override {
    if (flight) flight(f);
  }
  void on_message(uint8_t type, unsigned occurrence, wire::AnyMessage& m) override {
    if (message) message(type, occurrence, m);
  }
  void on_encoded(uint8_t type, unsigned occurrence, Bytes& m) override {
    if (encoded) encoded(type, occurrence, m);
  }
  void on_record(const RecordContext& context, Bytes& r) override {
    if (record) record(context, r);
  }
};

FlightItem item(Kind kind, uint8_t type, Bytes bytes, Level level) {
  FlightItem made;
  made.kind = kind;
  made.source = Source::given;
  made.type = type;
  made.bytes = std::move(bytes);
  made.level = level;
  return made;
}

struct Play {
  explicit Play(Hooks& hooks, FakeOptions options = {}, ClientConfig with = {})
      : config(std::move(with)), server(std::move(options)) {
    client.start(config, {.editor = &hooks});
    first = to_bytes(client.output());
    pump(client, server);
  }
  ClientConfig config;
  FakeServer server;
  Client client;
  Bytes first;
};

TEST(Editor, HonestWithHooksThatDoNothing) {
  for (const uint16_t version : {TLS1_2, TLS1_3}) {
    const SslContext context({.ask_certificate = true});
    SslPeer peer(context);
    Hooks hooks;
    ClientConfig config;
    config.versions = {version};
    Client client;
    client.start(config, {.editor = &hooks});
    pump(client, peer);
    EXPECT_TRUE(exchange(client, peer)) << story(client, &peer);
  }
}

TEST(Editor, StructEditEntersTheTranscriptAndTheOffer) {
  for (const uint16_t version : {TLS1_2, TLS1_3}) {
    Hooks hooks;
    hooks.message = [](uint8_t type, unsigned occurrence, wire::AnyMessage& message) {
      if (type != hs::client_hello) return;
      EXPECT_EQ(occurrence, 1U);
      auto& hello = std::get<wire::ClientHello>(message);
      hello.random.fill(0x77);
      hello.extensions.erase_type(ex::ec_point_formats);
      hello.extensions.add(0x1234, {});
      hello.legacy_session_id.assign(5, 9);
    };
    FakeOptions options;
    options.version = version;
    options.bend = [](uint8_t type, wire::AnyMessage& message) {
      // An answer to what only the edit offered is not unsolicited.
      if (type == hs::server_hello && std::get<wire::ServerHello>(message).legacy_session_id_echo.empty())
        std::get<wire::ServerHello>(message).extensions.add(0x1234, {});
      if (type == hs::encrypted_extensions) std::get<wire::EncryptedExtensions>(message).extensions.add(0x1234, {});
    };
    Play run(hooks, options);
    EXPECT_EQ(run.client.state(), State::connected) << story(run.client);
    EXPECT_TRUE(run.server.finished);
    EXPECT_EQ(run.server.hello.random[0], 0x77);
    EXPECT_EQ(run.client.client_random()[31], 0x77);
    EXPECT_TRUE(run.server.hello.extensions.has(0x1234));
  }
}

TEST(Editor, BytesEditEntersTheTranscriptAndTheOffer) {
  Hooks hooks;
  hooks.encoded = [](uint8_t type, unsigned, Bytes& message) {
    if (type == hs::client_hello) message[4 + 2 + 31] = 0x99;  // the last byte of random
  };
  Play run(hooks);
  EXPECT_EQ(run.client.state(), State::connected) << story(run.client);
  EXPECT_TRUE(run.server.finished);
  EXPECT_EQ(run.client.client_random()[31], 0x99);
}

TEST(Editor, AnotherMessageOrAnythingInsteadOfTheHello) {
  Hooks hooks;
  hooks.message = [](uint8_t, unsigned, wire::AnyMessage& message) {
    message = wire::RawMessage{.type = 77, .body = {1, 2}};
  };
  Play raw(hooks);
  EXPECT_EQ(to_hex(raw.first), "16030100064d0000020102");
  EXPECT_EQ(raw.client.state(), State::handshaking);
  hooks.message = {};
  hooks.flight = [](Flight& flight) {
    if (flight.trigger == Flight::Trigger::start)
      flight.items = {item(Kind::raw_bytes, 0, to_bytes("GET / HTTP/1.0\r\n"), Level::initial)};
  };
  Play http(hooks);
  EXPECT_EQ(as_text(http.first), "GET / HTTP/1.0\r\n");
  EXPECT_EQ(http.client.state(), State::handshaking);
}

// RFC 8446 §4.2.11: a PSK binder is made for the hello as it was edited.
TEST(Editor, BindersAreMadeAfterTheEdit) {
  const SslContext context;
  ClientConfig config;
  Client client;
  {
    SslPeer peer(context);
    client.start(config);
    pump(client, peer);
    ASSERT_FALSE(client.sessions().empty());
  }
  const tls::Session session = client.sessions().front();
  for (const bool spoil : {false, true}) {
    Hooks hooks;
    hooks.message = [&](uint8_t type, unsigned, wire::AnyMessage& message) {
      if (type != hs::client_hello) return;
      auto& list = std::get<wire::ClientHello>(message).extensions;
      list.insert(0, 0x5678, as_bytes("more"));
      if (!spoil) return;
      auto psk = *list.get<wire::ext::PreSharedKeyClient>();
      psk.binders.set(0, Bytes(32, 0x11));
      list.put_typed(psk);
    };
    SslPeer peer(context);
    client.start(config, {.resume = &session, .editor = &hooks});
    pump(client, peer);
    EXPECT_EQ(client.state(), spoil ? State::failed : State::connected) << story(client, &peer);
    EXPECT_EQ(client.negotiated().resumed, !spoil);
  }
}

TEST(Editor, OccurrencesCountTheSecondHello) {
  Hooks hooks;
  std::vector<unsigned> seen;
  hooks.message = [&](uint8_t type, unsigned occurrence, wire::AnyMessage&) {
    if (type == hs::client_hello) seen.push_back(occurrence);
  };
  FakeOptions options;
  options.retry_group = 0x0017;
  Play run(hooks, options);
  EXPECT_EQ(seen, (std::vector<unsigned>{1, 2}));
  EXPECT_TRUE(run.server.finished);
}

// Skip, repeat, move, inject: what the server gets, and whether its Finished check still agrees with our transcript.
TEST(Editor, FlightsArePlans) {
  struct Row {
    std::string_view name;
    std::function<void(Flight&)> bend;  // the answer to the server's Finished
    std::vector<uint8_t> got;           // what the server sees of it
    bool finished;                      // and whether Finished fits a server that hashes all it gets
  };
  const auto erase_finished = [](Flight& f) {
    std::erase_if(f.items, [](const FlightItem& i) { return i.type == hs::finished; });
  };
  const Row kRows[] = {
      {"honest", [](Flight&) {}, {hs::certificate, hs::certificate_verify, hs::finished}, true},
      {"skip_certificate",
       [](Flight& f) { f.find(hs::certificate)->skip = true; },
       {hs::certificate_verify, hs::finished},
       true},
      {"skip_verify",
       [](Flight& f) { f.find(hs::certificate_verify)->skip = true; },
       {hs::certificate, hs::finished},
       true},
      {"skip_finished",
       [](Flight& f) { f.find(hs::finished)->skip = true; },
       {hs::certificate, hs::certificate_verify},
       false},
      {"erase_finished", erase_finished, {hs::certificate, hs::certificate_verify}, false},
      {"finished_first",
       [](Flight& f) { std::rotate(f.items.begin(), f.items.end() - 1, f.items.end()); },
       {hs::finished},  // after which the server reads under other keys
       true},
      {"repeat_verify",
       [](Flight& f) {
         FlightItem again = *f.find(hs::certificate_verify);
         again.source = Source::repeated;
         f.items.insert(f.items.end() - 1, again);
       },
       {hs::certificate, hs::certificate_verify, hs::certificate_verify, hs::finished},
       true},
      {"inject_hashed",
       [](Flight& f) {
         f.items.insert(f.items.begin() + 1, item(Kind::handshake, 99, {99, 0, 0, 1, 5}, Level::handshake));
       },
       {99, hs::certificate, hs::certificate_verify, hs::finished},
       true},
      {"inject_unhashed",
       [](Flight& f) {
         f.items.insert(f.items.begin() + 1, item(Kind::handshake, 99, {99, 0, 0, 1, 5}, Level::handshake));
         f.items[1].hashed = false;
       },
       {99, hs::certificate, hs::certificate_verify, hs::finished},
       false},
  };
  std::unique_ptr<crypto::Signer> signer = crypto::make_signer(credential(crypto::KeyKind::p256).key);
  const tls::ClientIdentity identity{.chain = &credential(crypto::KeyKind::p256).chain, .signer = signer.get()};
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.name);
    Hooks hooks;
    int answers = 0;
    hooks.flight = [&](Flight& flight) {
      if (flight.trigger != Flight::Trigger::message || flight.type != hs::finished) return;
      EXPECT_EQ(flight.occurrence, 1U);
      ASSERT_EQ(flight.items.size(), 4U);
      EXPECT_EQ(flight.items[0].kind, Kind::change_cipher_spec);
      ++answers;
      row.bend(flight);
    };
    FakeOptions options;
    options.ask_certificate = true;
    FakeServer server(options);
    ClientConfig config;
    Client client;
    client.start(config, {.identity = &identity, .editor = &hooks});
    pump(client, server);
    EXPECT_EQ(answers, 1);
    server.messages.erase(server.messages.begin());  // the ClientHello
    EXPECT_EQ(server.messages, row.got);
    EXPECT_EQ(server.finished, row.finished);
    EXPECT_EQ(client.state(), State::connected);
  }
}

TEST(Editor, Tls12FlightsArePlansToo) {
  struct Row {
    std::string_view name;
    std::function<void(Flight&)> bend;
    std::vector<uint8_t> got;
    State state;
  };
  const Row kRows[] = {
      {"honest", [](Flight&) {}, {hs::client_key_exchange, hs::finished}, State::connected},
      {"inject",
       [](Flight& f) { f.items.insert(f.items.begin(), item(Kind::handshake, 99, {99, 0, 0, 0}, Level::initial)); },
       {99, hs::client_key_exchange, hs::finished},
       State::connected},
      // The extended master secret covers what was sent up to ClientKeyExchange, whatever that was.
      {"repeat_exchange_later",
       [](Flight& f) {
         FlightItem again = *f.find(hs::client_key_exchange);
         again.source = Source::repeated;
         again.hashed = true;
         f.items.insert(f.items.begin() + 1, again);
         f.items[0].skip = true;
       },
       {hs::client_key_exchange, hs::finished},
       State::connected},
      {"skip_finished",
       [](Flight& f) { f.find(hs::finished)->skip = true; },
       {hs::client_key_exchange},
       State::handshaking},
      {"skip_ccs", [](Flight& f) { f.items[1].skip = true; }, {hs::client_key_exchange}, State::handshaking},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.name);
    Hooks hooks;
    hooks.flight = [&](Flight& flight) {
      if (flight.trigger == Flight::Trigger::message && flight.type == hs::server_hello_done) row.bend(flight);
    };
    FakeOptions options;
    options.version = TLS1_2;
    Play run(hooks, options);
    run.server.messages.erase(run.server.messages.begin());
    if (row.name == "skip_ccs") run.server.messages.resize(1);  // Finished without ChangeCipherSpec is noise to it
    EXPECT_EQ(run.server.messages, row.got);
    EXPECT_EQ(to_string(run.client.state()), to_string(row.state)) << story(run.client);
  }
}

// What the record part of an item does, seen as records on the wire.
TEST(Editor, RecordsOfAFlight) {
  struct Row {
    std::string_view name;
    std::function<void(FlightItem&)> bend;  // of the ClientHello
    std::function<void(ByteView hello, ByteView wire)> check;
  };
  const Row kRows[] = {
      {"fragment", [](FlightItem& i) { i.fragment = 50; },
       [](ByteView, ByteView wire) {
         EXPECT_EQ(to_hex(wire.first(5)), "1603010032");
         EXPECT_EQ(to_hex(wire.subspan(55, 5)), "1603010032");
       }},
      {"empty_records", [](FlightItem& i) { i.empty_records = 2; },
       [](ByteView, ByteView wire) { EXPECT_EQ(to_hex(wire.first(12)), "160301000016030100001603"); }},
      {"version", [](FlightItem& i) { i.record_version = 0x0909; },
       [](ByteView, ByteView wire) { EXPECT_EQ(to_hex(wire.first(3)), "160909"); }},
      {"type", [](FlightItem& i) { i.record_type = 99; }, [](ByteView, ByteView wire) { EXPECT_EQ(wire[0], 99); }},
      {"plaintext", [](FlightItem& i) { i.plaintext = Bytes{1, 2, 3}; },
       [](ByteView, ByteView wire) { EXPECT_EQ(to_hex(wire), "1603010003010203"); }},
      {"skip", [](FlightItem& i) { i.skip = true; }, [](ByteView, ByteView wire) { EXPECT_TRUE(wire.empty()); }},
      {"as_it_is", [](FlightItem&) {},
       [](ByteView hello, ByteView wire) { EXPECT_TRUE(equal(wire.subspan(5), hello)); }},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.name);
    Hooks hooks;
    Bytes hello;
    hooks.flight = [&](Flight& flight) {
      if (flight.trigger == Flight::Trigger::start) row.bend(flight.items.at(0));
    };
    hooks.encoded = [&](uint8_t, unsigned, Bytes& message) { hello = message; };
    ClientConfig config;
    Client client;
    client.start(config, {.editor = &hooks});
    row.check(hello, client.output());
  }
}

TEST(Editor, ProtectedRecords) {
  struct Row {
    std::string_view name;
    std::function<void(FlightItem&)> bend;  // of our Finished
    size_t num_records;
    size_t first_len;  // of its fragment
    bool finished;
  };
  const Row kRows[] = {
      {"honest", [](FlightItem&) {}, 1, 36 + 17, true},
      {"fragment", [](FlightItem& i) { i.fragment = 20; }, 2, 20 + 17, true},
      {"padding", [](FlightItem& i) { i.padding = 100; }, 1, 36 + 17 + 100, true},
      {"plaintext", [](FlightItem& i) { i.plaintext = Bytes{9, 9, 22}; }, 1, 3 + 16, false},
      {"sequence", [](FlightItem& i) { i.sequence = 5; }, 1, 36 + 17, false},
      {"plain", [](FlightItem& i) { i.level = Level::initial; }, 1, 36, false},
      {"wrong_level", [](FlightItem& i) { i.level = Level::application; }, 1, 36 + 17, false},
  };
  for (const auto& row : kRows) {
    SCOPED_TRACE(row.name);
    Hooks hooks;
    std::vector<size_t> lens;
    hooks.flight = [&](Flight& flight) {
      if (flight.trigger != Flight::Trigger::message) return;
      if (auto* finished = flight.find(hs::finished)) row.bend(*finished);
    };
    hooks.record = [&](const RecordContext& context, Bytes& record) {
      if (context.handshake_type != hs::finished) return;
      EXPECT_EQ(context.content_type, ct::handshake);
      EXPECT_EQ(context.fragment_index, lens.size());
      EXPECT_EQ(context.occurrence, 1U);
      lens.push_back(record.size() - 5);
    };
    Play run(hooks);
    ASSERT_EQ(lens.size(), row.num_records);
    EXPECT_EQ(lens[0], row.first_len);
    EXPECT_EQ(run.server.finished, row.finished);
  }
}

TEST(Editor, RecordHookSeesAndChangesRecords) {
  for (const bool drop : {false, true}) {
    Hooks hooks;
    hooks.record = [&](const RecordContext& context, Bytes& record) {
      if (context.handshake_type != hs::finished || context.level != Level::handshake) return;
      EXPECT_EQ(context.protected_len, 17U);
      EXPECT_EQ(context.index, 2U);  // after ClientHello and ChangeCipherSpec
      if (drop)
        record.clear();
      else
        record.back() ^= 1;
    };
    Play run(hooks);
    EXPECT_FALSE(run.server.finished);
    EXPECT_EQ(run.server.messages.size(), 1U);
    EXPECT_EQ(run.client.state(), State::connected);
  }
}

TEST(Editor, CoalescedMessagesShareARecord) {
  for (const bool coalesce : {false, true}) {
    Hooks hooks;
    std::vector<uint8_t> records;
    hooks.flight = [&](Flight& flight) {
      if (auto* certificate = flight.find(hs::certificate)) certificate->coalesce = coalesce;
    };
    hooks.record = [&](const RecordContext& context, Bytes&) {
      if (context.level == Level::handshake) records.push_back(context.handshake_type);
    };
    FakeOptions options;
    options.ask_certificate = true;
    Play run(hooks, options);
    EXPECT_TRUE(run.server.finished);
    EXPECT_EQ(records.size(), coalesce ? 1U : 2U);  // an empty Certificate and Finished
  }
}

// Keys change after a KeyUpdate even if what follows was to share its record.
TEST(Editor, NothingSharesARecordAcrossKeys) {
  const SslContext context;
  SslPeer peer(context);
  Hooks hooks;
  hooks.flight = [](Flight& flight) {
    if (auto* update = flight.find(hs::key_update)) update->coalesce = true;
  };
  ClientConfig config;
  Client client;
  client.start(config, {.editor = &hooks});
  pump(client, peer);
  EXPECT_TRUE(client.request_key_update(false));
  EXPECT_TRUE(exchange(client, peer)) << story(client, &peer);
}

TEST(Editor, SequenceGoesOnWhereItWas) {
  tls::RecordWriter writer;
  writer.reset(wire::Role::client, nullptr, nullptr, 0);
  const Bytes key(16, 1), iv(12, 2);
  writer.keys(Level::application).start_tls13_raw(crypto::Aead::aes_128_gcm, key, iv);
  FlightItem bent;
  bent.sequence = 9;
  const size_t first_len = writer.put(ct::application_data, Level::application, as_bytes("a"), bent, {}, 0x0303).len;
  writer.put(ct::application_data, Level::application, as_bytes("b"), {}, {}, 0x0303);
  crypto::RecordProtection opener;
  opener.start_tls13_raw(crypto::Aead::aes_128_gcm, key, iv);
  Bytes plain(100);
  crypto::Opened opened;
  opener.set_sequence(9);
  EXPECT_TRUE(opener.open(writer.output().first(first_len), plain, opened));
  opener.set_sequence(1);
  EXPECT_TRUE(opener.open(writer.output().subspan(first_len), plain, opened));
  EXPECT_EQ(as_text(opened.content), "b");
}

TEST(Editor, SegmentsAreHints) {
  Hooks hooks;
  hooks.flight = [](Flight& flight) {
    if (flight.trigger == Flight::Trigger::start) flight.items.at(0).segment = 100;
  };
  ClientConfig config;
  Client client;
  client.start(config, {.editor = &hooks});
  size_t total = client.output().size(), sent = 0;
  while (!client.output().empty()) {
    EXPECT_EQ(client.next_segment_len(), std::min<size_t>(100, total - sent));
    sent += client.next_segment_len();
    client.consume_output(client.next_segment_len());
  }
  EXPECT_EQ(sent, total);
  client.start(config);
  EXPECT_EQ(client.next_segment_len(), client.output().size());
}

// After any message of the server something can be injected, at the newest level there is.
TEST(Editor, InjectionAfterServerMessages) {
  Hooks hooks;
  hooks.flight = [](Flight& flight) {
    if (flight.trigger == Flight::Trigger::message && flight.type == hs::finished)
      flight.items.insert(flight.items.begin(), item(Kind::application_data, 0, to_bytes("early"), Level::application));
  };
  std::vector<uint64_t> application_records;
  hooks.record = [&](const RecordContext& context, Bytes&) {
    if (context.level == Level::application) application_records.push_back(context.index);
  };
  Play early(hooks);
  EXPECT_EQ(application_records, std::vector<uint64_t>{1});
  EXPECT_TRUE(early.server.received.empty());  // undecipherable for it at that time
  hooks = {};
  hooks.flight = [](Flight& flight) {
    if (flight.trigger == Flight::Trigger::message && flight.type == hs::encrypted_extensions)
      flight.items.push_back(item(Kind::application_data, 0, to_bytes("too early"), Level::application));
  };
  Play fallback(hooks);  // sent under the handshake keys: those of the level do not exist yet
  EXPECT_EQ(as_text(fallback.server.received), "too early");
  EXPECT_TRUE(fallback.server.finished);
}

TEST(Editor, SendAnythingLater) {
  for (const uint16_t version : {TLS1_2, TLS1_3}) {
    FakeOptions options;
    options.version = version;
    Hooks none;
    Play run(none, options);
    Flight flight;
    flight.items.push_back(item(Kind::record, ct::heartbeat, {1, 0, 0}, Level::application));
    flight.items.push_back(item(Kind::alert, 0, {1, 111}, Level::application));
    flight.items.push_back(item(Kind::application_data, 0, to_bytes("data"), Level::application));
    run.client.send(std::move(flight));
    pump(run.client, run.server);
    ASSERT_EQ(run.server.alerts.size(), 1U);
    EXPECT_EQ(run.server.alerts[0].description, 111);
    EXPECT_EQ(as_text(run.server.received), "data");
    run.client.send_alert(2, 80);
    pump(run.client, run.server);
    EXPECT_EQ(run.server.alerts.back(), (wire::Alert{2, 80}));
    EXPECT_EQ(run.client.state(), State::failed);
  }
}

// Early data: offered and sent by bending, with its keys; accepted by libssl.
TEST(Editor, EarlyData) {
  const SslContext context({.context = [](SSL_CTX* c) {
    SSL_CTX_set_max_early_data(c, 1000);
    SSL_CTX_set_options(c, SSL_OP_NO_ANTI_REPLAY);
  }});
  ClientConfig config;
  Client client;
  {
    SslPeer peer(context);
    client.start(config);
    pump(client, peer);
    ASSERT_FALSE(client.sessions().empty());
  }
  const tls::Session session = client.sessions().front();
  EXPECT_EQ(session.max_early_data, 1000U);
  Hooks hooks;
  hooks.message = [](uint8_t type, unsigned, wire::AnyMessage& message) {
    if (type == hs::client_hello) std::get<wire::ClientHello>(message).extensions.insert(0, ex::early_data, {});
  };
  hooks.flight = [](Flight& flight) {
    if (flight.trigger == Flight::Trigger::start)
      flight.items.push_back(item(Kind::application_data, 0, to_bytes("0-RTT"), Level::early));
  };
  SslPeer peer(context);
  client.start(config, {.resume = &session, .editor = &hooks});
  const Bytes hello = to_bytes(client.output());
  client.consume_output(hello.size());
  BIO_write(SSL_get_rbio(peer.get()), hello.data(), static_cast<int>(hello.size()));
  std::array<char, 100> buffer;
  size_t len = 0;
  ASSERT_EQ(SSL_read_early_data(peer.get(), buffer.data(), buffer.size(), &len), SSL_READ_EARLY_DATA_SUCCESS);
  EXPECT_EQ(std::string_view(buffer.data(), len), "0-RTT");
  client.input(peer.take_output());
  const Bytes answer = to_bytes(client.output());
  client.consume_output(answer.size());
  BIO_write(SSL_get_rbio(peer.get()), answer.data(), static_cast<int>(answer.size()));
  EXPECT_EQ(SSL_read_early_data(peer.get(), buffer.data(), buffer.size(), &len), SSL_READ_EARLY_DATA_FINISH);
  peer.input({});
  EXPECT_TRUE(exchange(client, peer)) << story(client, &peer);
}

}  // namespace
}  // namespace tlsproof::tls_test
