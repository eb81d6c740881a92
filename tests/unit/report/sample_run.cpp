#include "unit/report/sample_run.h"

#include "unit/view/trace_player.h"

namespace tlsproof::report {
namespace {

using trace::EventKind;
using trace::Level;
using trace::Trace;
using verdict::Attempt;
using verdict::Citation;
using verdict::EndpointRun;
using verdict::Finding;
using verdict::Outcome;
using verdict::Phase;
using verdict::Requirement;
using verdict::Verdict;
using view::TracePlayer;

constexpr auto kUp = TracePlayer::kUp;
constexpr auto kDown = TracePlayer::kDown;
constexpr int64_t kStart = 1'795'435'200LL * 1'000'000'000;  // 2026-11-23T12:00:00Z

struct Played {
  Attempt attempt;
  std::vector<size_t> deciding;
};

// A client with `certificate` (none: null) asks an mTLS server for a page and is answered `status_line`.
Played play_mtls(std::string label, const char* certificate, const std::string& status_line, int status) {
  ManualClock clock(kStart);
  auto trace = std::make_shared<Trace>(clock);
  TracePlayer play(*trace, clock);
  Played out;
  play.connect("127.0.0.1:51512", "127.0.0.1:8443");
  play.wait_us(95);
  play.message(kUp, Level::initial, TracePlayer::client_hello("secure.example.com", {0x0304}));
  play.wait_us(1430);
  play.server_flight13(true);
  play.wait_us(610);
  play.change_cipher_spec(kUp);
  play.message(kUp, Level::handshake, TracePlayer::certificate13(certificate));
  if (certificate != nullptr) {
    play.message(kUp, Level::handshake,
                 wire::CertificateVerify{registry::signature_scheme::ecdsa_secp256r1_sha256, Bytes(71, 0x52)});
  }
  play.message(kUp, Level::handshake, wire::Finished{Bytes(48, 0xf2)});
  play.data(kUp, "GET / HTTP/1.1\r\nHost: secure.example.com\r\nConnection: close\r\n\r\n");
  trace->on_event(EventKind::http_request, kUp, "GET / HTTP/1.1");
  play.wait_us(820);
  play.tickets13(2);
  play.wait_us(240);
  play.data(kDown, status_line + "\r\nContent-Length: 14\r\n\r\nHello, world.\r\n");
  trace->on_event(EventKind::http_response, kDown, status_line, static_cast<uint16_t>(status));
  out.deciding = {play.last() - 1, play.last()};
  play.alert(kDown, Level::application, 1, 0);
  trace->on_event(EventKind::end_of_stream, kDown);
  play.alert(kUp, Level::application, 1, 0);
  trace->on_event(EventKind::closed, kUp);

  Outcome& o = out.attempt.outcome;
  o.kind = Outcome::Kind::completed;
  o.phase = Phase::application;
  o.handshake_complete = true;
  o.http_status = status;
  o.http_reason = status_line;
  o.version = 0x0304;
  o.cipher_suite = 0x1302;
  o.group = 0x001d;
  o.signature_scheme = 0x0403;
  o.alpn = "http/1.1";
  o.client_certificate_requested = true;
  o.client_certificate_sent = certificate != nullptr;
  o.connect_ns = 180'000;
  o.handshake_ns = 2'315'000;
  o.total_ns = 3'375'000;
  out.attempt.label = std::move(label);
  out.attempt.peer_certificates = {std::string(64, '5')};
  out.attempt.trace = trace;
  return out;
}

Played play_refusal(std::string label) {
  ManualClock clock(kStart);
  auto trace = std::make_shared<Trace>(clock);
  TracePlayer play(*trace, clock);
  Played out;
  play.connect("127.0.0.1:51590", "127.0.0.1:8443");
  play.wait_us(95);
  play.message(kUp, Level::initial, TracePlayer::client_hello("secure.example.com", {0x0302, 0x0301}));
  play.wait_us(900);
  play.alert(kDown, Level::initial, 2, 40);
  out.deciding = {play.last()};
  trace->on_event(EventKind::reset, kDown);
  Outcome& o = out.attempt.outcome;
  o.kind = Outcome::Kind::alert;
  o.phase = Phase::handshake;
  o.alert = 40;
  o.connect_ns = 180'000;
  o.total_ns = 1'175'000;
  out.attempt.label = std::move(label);
  out.attempt.trace = trace;
  return out;
}

Finding finding(std::string scenario, std::string case_id, std::string title, Verdict verdict) {
  Finding f;
  f.scenario = std::move(scenario);
  f.case_id = std::move(case_id);
  f.title = std::move(title);
  f.verdict = verdict;
  f.requirement = Requirement::must;
  f.duration_ns = 3'400'000;
  f.replay = "tlsproof check --target demo.yaml '" + f.id() + "'";
  return f;
}

void add_both(EndpointRun& run, const Finding& one) {
  for (const char* version : {"[tls=1.2]", "[tls=1.3]"}) {
    Finding f = one;
    f.case_id = version;
    f.replay = "tlsproof check --target demo.yaml '" + f.id() + "'";
    run.findings.push_back(std::move(f));
  }
}

EndpointRun plain_endpoint() {
  EndpointRun run;
  run.label = "one-way";
  run.address = "www.example.com:443";
  run.line = 9;
  run.peer_address = "127.0.0.1:8441";
  run.server_name = "www.example.com";
  run.declared_client_auth = "none";
  run.features = {{"version.tls1_2", "yes", "ServerHello selected TLS 1.2"},
                  {"version.tls1_3", "yes", "ServerHello selected TLS 1.3"},
                  {"client_auth.requested", "no", "no CertificateRequest in TLS 1.2 or 1.3"}};
  run.attempts.push_back(play_mtls("default client, TLS 1.3", nullptr, "HTTP/1.1 200 OK", 200).attempt);
  add_both(run,
           finding("oneway/chain", "", "The chain is complete, in order, and leads to a trust anchor", Verdict::pass));
  add_both(run, finding("oneway/name", "", "The certificate is for this name", Verdict::pass));
  add_both(run, finding("oneway/validity", "", "The certificates are valid today, and for a while", Verdict::pass));
  run.findings.push_back(finding("oneway/old_versions", "", "TLS 1.1 and older are refused", Verdict::pass));
  Finding sni = finding("oneway/no_sni", "", "What a client without SNI gets", Verdict::info);
  sni.requirement = Requirement::info;
  sni.seen = "the certificate CN=secure.example.com, as with SNI";
  add_both(run, sni);
  return run;
}

Finding expired_accepted(const Played& played) {
  Finding f = finding("mtls/expired", "", "An expired client certificate is refused", Verdict::fail);
  f.cites = {{8446, "4.4.2.4"}, {5280, "6.1.3"}};
  f.tags = {"mtls", "certificate"};
  f.wanted =
      "refused, since this endpoint is declared to require client certificates: by an alert, a close, or an "
      "HTTP answer that differs from the good client's";
  f.seen = "HTTP/1.1 200 OK, the same answer as for the good client certificate";
  f.why =
      "An expired certificate is one that nobody watches any more. Whoever finds its key in an old backup or on a "
      "retired machine gets in.";
  f.fix =
      "In nginx: `ssl_verify_client on;` in the server block of this name, not optional_no_ca, and no error_page that "
      "maps 495 to a page with status 200.";
  f.evidence = {{1, played.deciding}};
  return f;
}

EndpointRun mtls_endpoint() {
  EndpointRun run;
  run.label = "mtls";
  run.address = "secure.example.com:8443";
  run.line = 14;
  run.peer_address = "127.0.0.1:8443";
  run.server_name = "secure.example.com";
  run.declared_client_auth = "required";
  run.features = {{"version.tls1_2", "yes", "ServerHello selected TLS 1.2"},
                  {"version.tls1_3", "yes", "ServerHello selected TLS 1.3"},
                  {"client_auth.requested", "yes", "CertificateRequest in TLS 1.2 and 1.3"},
                  {"client_ca.key", "no", "no client CA key was given"}};
  const Played good = play_mtls("good client certificate, TLS 1.3", view::kClientCertificate, "HTTP/1.1 200 OK", 200);
  const Played expired =
      play_mtls("expired client certificate, TLS 1.3", view::kClientCertificate, "HTTP/1.1 200 OK", 200);
  const Played old = play_refusal("a client of TLS 1.1 and 1.0");
  run.attempts = {good.attempt, expired.attempt, old.attempt, {}};
  run.attempts[1].evidence = "evidence/secure-001-expired-TLS-1.3.pcapng";
  run.attempts[3].label = "no client certificate, TLS 1.2";
  run.attempts[3].outcome.kind = Outcome::Kind::eof;
  run.attempts[3].outcome.phase = Phase::handshake;

  add_both(run, finding("mtls/good", "", "A good client certificate is accepted", Verdict::pass));
  add_both(run, finding("mtls/none", "", "A client without a certificate is refused", Verdict::pass));
  add_both(run, expired_accepted(expired));
  Finding alert = finding("oneway/old_versions", "", "TLS 1.1 and older are refused", Verdict::warn);
  alert.cites = {{8446, "4.2.1"}, {8446, "6.2"}};
  alert.wanted = "alert protocol_version (70)";
  alert.seen = "refused during the handshake with alert handshake_failure (40)";
  alert.why = "The refusal is right, but a client cannot tell from this alert that a newer version would work.";
  alert.evidence = {{2, old.deciding}};
  run.findings.push_back(alert);
  Finding flaky =
      finding("mtls/wrong_key", "[tls=1.2]", "A client that does not own its key is refused", Verdict::inconclusive);
  flaky.cites = {{5246, "7.4.8"}};
  flaky.wanted = "alert decrypt_error (51)";
  flaky.seen = "not the same each time";
  flaky.repeats = {"3 of 5: refused during the handshake with alert decrypt_error (51)",
                   "2 of 5: closed without an alert during the handshake"};
  flaky.reason = "five repeats disagree";
  flaky.evidence = {{3, {}}};
  run.findings.push_back(flaky);
  Finding broken =
      finding("mtls/missing_intermediate", "[tls=1.3]", "A chain without its intermediate is refused", Verdict::error);
  broken.reason = "the CA certificate client-ca.pem has pathlen 0: no intermediate can stand under it";
  run.findings.push_back(broken);
  const std::string need =
      "needs client_ca.key (a CA that the endpoint trusts for clients): no client CA key was given; "
      "give --client-ca and --client-ca-key";
  for (const char* scenario : {"mtls/not_yet_valid", "mtls/wrong_purpose", "mtls/revoked"}) {
    Finding skip = finding(scenario, "", "A bad client certificate is refused", Verdict::skip);
    skip.reason = need;
    add_both(run, skip);
  }
  Finding early =
      finding("mtls/early_data", "[tls=1.3]", "0-RTT data is not answered before the client is known", Verdict::skip);
  early.reason = "needs early_data (accepts 0-RTT data): NewSessionTicket without early_data";
  early.applies = false;
  run.findings.push_back(early);
  Finding waived = finding("oneway/days_left", "", "The certificate does not expire soon", Verdict::warn);
  waived.requirement = Requirement::should;
  waived.waived = true;
  waived.reason = "waiver oneway/days_left until 2026-12-31: renewal is ordered";
  run.findings.push_back(waived);
  Finding known = finding("oneway/lifetime", "", "The certificate is not issued for too long", Verdict::fail);
  known.requirement = Requirement::should;
  known.seen = "issued for 730 days";
  known.known = true;
  run.findings.push_back(known);
  run.notes = {"the waiver conformance/* was not used"};
  run.fixed = {"mtls/none[tls=1.2]"};
  return run;
}

EndpointRun dead_endpoint() {
  EndpointRun run;
  run.label = "staging";
  run.address = "staging.example.com:443";
  run.line = 19;
  run.server_name = "staging.example.com";
  run.unreachable = true;
  run.error = "192.0.2.10:443: Connection refused";
  return run;
}

}  // namespace

verdict::CheckRun make_sample_run() {
  verdict::CheckRun run;
  run.tool_version = "0.1.0";
  run.start_wall_ns = kStart;
  run.duration_ns = 412'000'000;
  run.target_file = "demo.yaml";
  run.baseline = "last-week.json";
  run.endpoints = {plain_endpoint(), mtls_endpoint(), dead_endpoint()};
  return run;
}

verdict::CheckRun make_hostile_run(const std::string& evil) {
  verdict::CheckRun run;
  run.tool_version = run.target_file = run.baseline = evil;
  EndpointRun& e = run.endpoints.emplace_back();
  e.label = e.address = e.peer_address = e.server_name = e.declared_client_auth = e.error = evil;
  e.features = {{evil, evil, evil}, {"version.tls1_3", "yes", evil}, {"client_auth.requested", evil, evil}};
  e.notes = e.fixed = {evil, evil};
  e.line = 7;

  ManualClock clock;
  auto trace = std::make_shared<Trace>(clock);
  TracePlayer play(*trace, clock);
  play.connect(evil, evil);
  play.message(kUp, Level::initial, TracePlayer::client_hello(evil.substr(0, 60'000), {}));
  trace->on_event(EventKind::http_request, kUp, evil);
  trace->on_event(EventKind::http_response, kDown, evil, 200);
  trace->on_event(EventKind::write_failed, kUp, evil);
  trace->on_event(EventKind::timed_out, kUp, evil);
  trace->on_event(EventKind::note, kUp, evil);
  trace->on_problem(kDown, Level::initial, evil, {});
  std::vector<size_t> all_events;
  for (size_t i = 0; i < trace->events().size() + 2; ++i) all_events.push_back(i);

  for (int kind = 0; kind <= static_cast<int>(Outcome::Kind::local_failure); ++kind) {
    Attempt& attempt = e.attempts.emplace_back();
    attempt.label = evil;
    attempt.outcome.kind = static_cast<Outcome::Kind>(kind);
    attempt.outcome.http_status = 200;
    attempt.outcome.http_reason = attempt.outcome.detail = attempt.outcome.alpn = evil;
    if (kind % 2 == 0) attempt.trace = trace;
  }
  for (int verdict = 0; verdict <= static_cast<int>(Verdict::error); ++verdict) {
    for (bool waived : {false, true}) {
      const bool is_first = e.findings.empty();
      Finding& f = e.findings.emplace_back();
      f.scenario = f.title = f.wanted = f.seen = f.why = f.fix = f.reason = f.replay = evil;
      f.case_id = "[tls=" + evil + "," + evil + "]";
      f.cites = {{8446, evil}};
      f.tags = f.notes = f.repeats = std::vector<std::string>(is_first ? 13 : 1, evil);
      f.verdict = static_cast<Verdict>(verdict);
      f.waived = waived;
      f.evidence = {{0, all_events}, {1, {0}}, {2, {7}}, {3, {}}, {99, {1}}};
    }
  }
  verdict::EndpointRun& unreachable = run.endpoints.emplace_back();
  unreachable.label = unreachable.address = unreachable.error = evil;
  unreachable.unreachable = true;
  return run;
}

}  // namespace tlsproof::report
