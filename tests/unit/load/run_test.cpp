// A load against servers that behave: what is counted is what took place.
#include "tlsproof/load/run.h"

#include <gtest/gtest.h>

#include "tlsproof/registry/constants.h"
#include "unit/load/server.h"

namespace tlsproof::load_test {
namespace {

using load::Kind;
using load::Measurement;
using load::Phase;
using load::Plan;
using tls_test::PeerOptions;

Measurement run(const Plan& plan, const load::RunOptions& options = {}) {
  auto result = load::run_once(plan, options);
  EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().message());
  return result ? *result : Measurement();
}

uint64_t kinds(const Measurement& m, Kind asked, Kind got) {
  return m.kinds[static_cast<size_t>(asked)][static_cast<size_t>(got)];
}
uint64_t phase_count(const Measurement& m, Phase phase) {
  return m.phases[static_cast<size_t>(phase)].count();
}
std::string errors(const Measurement& m) {
  std::string text;
  for (const auto& [error, count] : m.errors)
    text += load::error_id(error) + " " + std::to_string(count.count) + " (" + count.example + ")\n";
  return text;
}

TEST(Load, CountsFullHandshakesExactly) {
  TlsServer tls;
  Server server(tls.serve());
  Plan plan = plan_for(server.address());
  plan.threads = 2;
  const Measurement m = run(plan);
  EXPECT_EQ(m.started, 40U);
  EXPECT_EQ(m.completed, 40U) << errors(m);
  EXPECT_EQ(kinds(m, Kind::full, Kind::full), 40U);
  for (const Phase phase : {Phase::connect, Phase::first_byte, Phase::finished})
    EXPECT_EQ(phase_count(m, phase), 40U) << load::to_text(phase);
  EXPECT_EQ(phase_count(m, Phase::confirmed), 0U);
  EXPECT_EQ(phase_count(m, Phase::lag), 0U);
  ASSERT_EQ(m.negotiated.size(), 1U);
  EXPECT_EQ(m.negotiated.begin()->first,
            (load::Negotiated{.version = registry::version::TLS1_3,
                              .cipher_suite = registry::cipher_suite::TLS_AES_128_GCM_SHA256,
                              .group = registry::group::x25519,
                              .signature_scheme = registry::signature_scheme::ecdsa_secp256r1_sha256}));
  EXPECT_EQ(m.threads.size(), 2U);
  EXPECT_GT(m.client_cpu_ns(), 0);
  EXPECT_GT(m.bytes_sent, 40U * 200);
  EXPECT_GT(m.bytes_received, 40U * 200);
  EXPECT_EQ(server.num_accepted(), 40U);
  EXPECT_LE(m.max_open, 4U);
  uint64_t in_seconds = 0;
  for (const auto& second : m.seconds) in_seconds += second.completed;
  EXPECT_EQ(in_seconds, 40U);
}

TEST(Load, EndsWithTheDuration) {
  TlsServer tls;
  Server server(tls.serve());
  Plan plan = plan_for(server.address());
  plan.count = 0;
  plan.duration_ns = 200'000'000;
  plan.warm_up_ns = 50'000'000;
  const Measurement m = run(plan);
  EXPECT_GT(m.completed, 0U) << errors(m);
  EXPECT_EQ(m.completed, m.started);
  EXPECT_LT(m.completed, server.num_accepted());  // the warm-up is not counted
  EXPECT_GE(m.duration_ns, plan.duration_ns);
  // What the warm-up had begun and the window saw completed counts for the rate; what came late does not.
  EXPECT_GE(m.window_ns, plan.duration_ns * 3 / 4);
  EXPECT_LE(m.window_ns, m.duration_ns + 50'000'000);
  EXPECT_GE(m.window_completed + m.completed_late, m.completed);
  EXPECT_LE(m.window_completed, server.num_accepted());
  EXPECT_DOUBLE_EQ(m.rate(), static_cast<double>(m.window_completed) * 1e9 / static_cast<double>(m.window_ns));
}

TEST(Load, VerificationModes) {
  using load::Verification;
  for (const auto mode : {Verification::full, Verification::cached, Verification::none, Verification::minimal}) {
    TlsServer tls;
    Server server(tls.serve());
    Plan plan = plan_for(server.address());
    plan.verification = mode;
    const Measurement m = run(plan);
    EXPECT_EQ(m.completed, 40U) << load::to_text(mode) << errors(m);
    ASSERT_EQ(m.negotiated.size(), 1U);
    EXPECT_EQ(m.negotiated.begin()->first.group,
              mode == Verification::minimal ? registry::group::secp256r1 : registry::group::x25519);
  }
}

TEST(Load, ReusedKeyShare) {
  TlsServer tls;
  Server server(tls.serve());
  Plan plan = plan_for(server.address());
  plan.reuse_key_share = true;
  EXPECT_EQ(run(plan).completed, 40U);
}

struct KindCase {
  const char* name;
  Kind asked, got;
  bool tls12 = false;
  std::function<void(SSL_CTX*)> context{};
};

TEST(Load, TheKindIsWhatTheServerDecided) {
  const auto no_tickets = [](SSL_CTX* c) { SSL_CTX_set_options(c, SSL_OP_NO_TICKET); };
  const auto nothing = [](SSL_CTX* c) {
    SSL_CTX_set_options(c, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(c, 0);
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  };
  const auto psk_ke = [](SSL_CTX* c) { SSL_CTX_set_options(c, SSL_OP_ALLOW_NO_DHE_KEX); };
  const std::vector<KindCase> cases = {
      {"psk", Kind::psk, Kind::psk, false, {}},
      {"psk, stateful", Kind::psk, Kind::psk, false, no_tickets},
      {"psk, none given", Kind::psk, Kind::full, false, nothing},
      {"psk_ke", Kind::psk_ke, Kind::psk_ke, false, psk_ke},
      {"psk_ke, not allowed", Kind::psk_ke, Kind::full, false, {}},
      {"ticket", Kind::ticket, Kind::ticket, true, {}},
      {"ticket, only ids", Kind::ticket, Kind::session_id, true, no_tickets},
      {"ticket, none given", Kind::ticket, Kind::full, true, nothing},
      {"id", Kind::session_id, Kind::session_id, true, no_tickets},
      {"id, none given", Kind::session_id, Kind::full, true, nothing},
  };
  for (const KindCase& c : cases) {
    PeerOptions options;
    options.context = c.context;
    TlsServer tls(std::move(options));
    Plan plan;
    {
      Server server(tls.serve());
      plan = plan_for(server.address());
      if (c.tls12) plan.client.versions = {registry::version::TLS1_2};
      plan.mix = {{c.asked, 1}};
      const Measurement m = run(plan);
      EXPECT_EQ(kinds(m, c.asked, c.got), 40U) << c.name << '\n' << errors(m);
      EXPECT_EQ(m.by_kind[static_cast<size_t>(c.got)].count(), 40U) << c.name;
    }
    EXPECT_EQ(tls.num_resumed.load(), c.got == Kind::full ? 0U : 40U) << c.name;
  }
}

const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

TEST(Load, EarlyData) {
  PeerOptions options;
  options.context = [](SSL_CTX* c) {
    SSL_CTX_set_max_early_data(c, 16384);
    SSL_CTX_set_options(c, SSL_OP_NO_ANTI_REPLAY);
  };
  TlsServer tls(std::move(options), kAnswer);
  tls.early = true;
  {
    Server server(tls.serve());
    Plan plan = plan_for(server.address());
    plan.mix = {{Kind::early_data, 1}};
    plan.http_request = to_bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const Measurement m = run(plan);
    EXPECT_EQ(kinds(m, Kind::early_data, Kind::early_data), 40U) << errors(m);
    EXPECT_EQ(m.early_data_accepted, 40U);
  }
  EXPECT_EQ(tls.num_early.load(), 40U);
}

// OpenSSL's protection against replays: each session once.
TEST(Load, SessionsThatAreGoodForOnce) {
  PeerOptions options;
  options.context = [](SSL_CTX* c) { SSL_CTX_set_max_early_data(c, 16384); };
  TlsServer tls(std::move(options), kAnswer);
  tls.early = true;
  Server server(tls.serve());
  Plan plan = plan_for(server.address());
  plan.arrivals.concurrency = 1;
  plan.mix = {{Kind::early_data, 1}};
  plan.http_request = to_bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const Measurement m = run(plan);
  EXPECT_EQ(m.completed, 40U) << errors(m);
  EXPECT_EQ(kinds(m, Kind::early_data, Kind::early_data), 38U);  // two in a row found out
  EXPECT_EQ(kinds(m, Kind::early_data, Kind::full), 2U);
}

TEST(Load, AnOutageIsNotForEver) {
  TlsServer tls;
  std::atomic<int> num{0};
  Server server([&](int fd) {
    if (num++ < 6)
      read_some(fd);
    else
      tls(fd);
  });
  Plan plan = plan_for(server.address());
  plan.arrivals.concurrency = 1;
  plan.mix = {{Kind::psk, 1}};
  const Measurement m = run(plan);
  EXPECT_EQ(m.num_failed(), 5U) << errors(m);  // one was there for its session, before
  EXPECT_EQ(kinds(m, Kind::psk, Kind::full), 1U);
  EXPECT_EQ(kinds(m, Kind::psk, Kind::psk), 34U);
}

TEST(Load, EarlyDataThatAreNotTakenAreSentAgain) {
  PeerOptions options;
  options.context = [](SSL_CTX* c) { SSL_CTX_set_max_early_data(c, 16384); };  // and nobody reads them
  TlsServer tls(std::move(options), kAnswer);
  Server server(tls.serve());
  Plan plan = plan_for(server.address());
  plan.mix = {{Kind::early_data, 1}};
  plan.http_request = to_bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const Measurement m = run(plan);
  EXPECT_EQ(m.completed, 40U) << errors(m);
  EXPECT_EQ(m.early_data_accepted, 0U);
  EXPECT_EQ(phase_count(m, Phase::confirmed), 40U);
}

TEST(Load, MixesAndServerNames) {
  TlsServer tls;
  Server server(tls.serve());
  Plan plan = plan_for(server.address());
  plan.mix = {{Kind::full, 3}, {Kind::psk, 1}};
  plan.server_names = {"server.test", "b.test"};
  plan.name = "server.test";
  const Measurement m = run(plan);
  EXPECT_EQ(m.completed, 40U) << errors(m);
  EXPECT_EQ(kinds(m, Kind::full, Kind::full), 30U);
  EXPECT_EQ(kinds(m, Kind::psk, Kind::psk), 10U);
}

TEST(Load, AConfirmedConnectionIsOneThatTheServerTook) {
  for (const bool tickets : {true, false})
    for (const auto close_by : {load::CloseBy::close_notify, load::CloseBy::fin, load::CloseBy::reset}) {
      PeerOptions options;
      if (!tickets) options.context = [](SSL_CTX* c) { SSL_CTX_set_num_tickets(c, 0); };
      TlsServer tls(std::move(options));
      {
        Server server(tls.serve());
        Plan plan = plan_for(server.address());
        plan.confirm = true;
        plan.close_by = close_by;
        const Measurement m = run(plan);
        EXPECT_EQ(m.completed, 40U) << load::to_text(close_by) << errors(m);
        EXPECT_EQ(phase_count(m, Phase::confirmed), 40U);
      }
      EXPECT_EQ(tls.num_accepted.load(), 40U);
    }
}

TEST(Load, ConfirmInTls12) {
  for (const Kind kind : {Kind::full, Kind::ticket}) {
    TlsServer tls;
    Server server(tls.serve());
    Plan plan = plan_for(server.address());
    plan.client.versions = {registry::version::TLS1_2};
    plan.mix = {{kind, 1}};
    plan.confirm = true;
    const Measurement m = run(plan);
    EXPECT_EQ(kinds(m, kind, kind), 40U) << errors(m);
    EXPECT_EQ(phase_count(m, Phase::confirmed), 40U);
  }
}

TEST(Load, ARefusedClientCertificateIsSeenByConfirmAlone) {
  for (const bool confirm : {false, true}) {
    PeerOptions options;
    options.require_certificate = true;
    TlsServer tls(std::move(options));
    Server server(tls.serve());
    Plan plan = plan_for(server.address());
    plan.confirm = confirm;
    const Measurement m = run(plan);
    EXPECT_EQ(m.completed, confirm ? 0U : 40U) << errors(m);
    if (confirm) {
      EXPECT_EQ(m.errors.at({load::ErrorKind::alert, registry::alert::certificate_required}).count, 40U) << errors(m);
    }
  }
}

TEST(Load, AClientCertificate) {
  PeerOptions options;
  options.require_certificate = true;
  TlsServer tls(std::move(options));
  Server server(tls.serve());
  Plan plan = plan_for(server.address());
  const auto& own = tls_test::credential(crypto::KeyKind::p256);
  plan.identity = std::make_shared<load::ClientKey>(load::ClientKey{.chain = own.chain, .key = own.key});
  plan.confirm = true;
  plan.threads = 2;
  const Measurement m = run(plan);
  EXPECT_EQ(m.completed, 40U) << errors(m);
  EXPECT_EQ(m.client_certificates_sent, 40U);
}

TEST(Load, ARequestAndItsAnswer) {
  TlsServer tls({}, kAnswer);
  Server server(tls.serve());
  Plan plan = plan_for(server.address());
  plan.http_request = to_bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const Measurement m = run(plan);
  EXPECT_EQ(m.completed, 40U) << errors(m);
  EXPECT_EQ(phase_count(m, Phase::confirmed), 40U);
}

TEST(Load, HelloRetryRequestsAreCounted) {
  PeerOptions options;
  options.groups = "P-384";
  TlsServer tls(std::move(options));
  Server server(tls.serve());
  const Measurement m = run(plan_for(server.address()));
  EXPECT_EQ(m.completed, 40U) << errors(m);
  EXPECT_EQ(m.hello_retry_requests, 40U);
}

TEST(Load, StarttlsBefore) {
  TlsServer tls;
  Server server([&](int fd) {
    write_all(fd, "220 mail ESMTP\r\n");
    read_some(fd);
    write_all(fd, "250-mail\r\n250 STARTTLS\r\n");
    read_some(fd);
    write_all(fd, "220 go\r\n");
    tls(fd);
  });
  Plan plan = plan_for(server.address());
  plan.prelude.protocol = app::Protocol::smtp;
  const Measurement m = run(plan);
  EXPECT_EQ(m.completed, 40U) << errors(m);
}

TEST(Load, TwoPlansInTurn) {
  TlsServer tls;
  Server server(tls.serve());
  Plan a = plan_for(server.address()), b = a;
  a.count = b.count = 5;
  b.verification = load::Verification::none;
  auto runs = load::run_interleaved(std::array{a, b}, 3, {});
  ASSERT_TRUE(runs.has_value());
  ASSERT_EQ(runs->size(), 2U);
  for (const auto& one : *runs) {
    ASSERT_EQ(one.repeats.size(), 3U);
    for (const auto& m : one.repeats) EXPECT_EQ(m.completed, 5U) << errors(m);
  }
  EXPECT_LT((*runs)[0].repeats[0].start_wall_ns, (*runs)[1].repeats[0].start_wall_ns);
  EXPECT_LT((*runs)[1].repeats[0].start_wall_ns, (*runs)[0].repeats[1].start_wall_ns);
}

}  // namespace
}  // namespace tlsproof::load_test
