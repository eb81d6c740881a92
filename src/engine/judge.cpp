#include "tlsproof/engine/judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "depth.h"
#include "kept_out.h"
#include "tlsproof/app/nginx.h"
#include "tlsproof/base/text.h"
#include "tlsproof/engine/client_auth.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::engine {

using scenario::ClientAuthExpected;
using scenario::Expect;
using verdict::Outcome;
using verdict::Verdict;
using wire::Direction;

namespace {

namespace handshake = registry::handshake_type;

Judgement with_ending(Judgement out, const session::AttemptResult& result) {
  out.events = ending_events(result);
  return out;
}

// Nothing was learnt: the connection failed before it could tell.
Judgement not_run(std::string wanted, const session::AttemptResult& result) {
  Judgement out = judged(Verdict::error, std::move(wanted), verdict::describe(result.outcome));
  out.reason = verdict::describe(result.outcome);
  return with_ending(std::move(out), result);
}

bool did_not_run(const Outcome& outcome) {
  return outcome.kind == Outcome::Kind::unreachable || outcome.kind == Outcome::Kind::no_tls ||
         (outcome.kind == Outcome::Kind::local_failure && outcome.version == 0);
}

bool refused(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::alert:
    case Outcome::Kind::close_notify:
    case Outcome::Kind::eof:
    case Outcome::Kind::reset:
      return true;
    default:
      return false;
  }
}

// A server may want to see the request before it asks for a certificate, as Apache does for a <Location>: in TLS 1.2 by
// renegotiating, in TLS 1.3 only of those who offer post_handshake_auth (RFC 8446 §4.6.2). We do neither.
bool wants_to_renegotiate(const session::AttemptResult& result) {
  return !message_event(result, Direction::server_to_client, handshake::hello_request).empty();
}

Judgement not_renegotiated(std::string wanted, std::string seen, const session::AttemptResult& result) {
  Judgement out = undecided(std::move(wanted), std::move(seen),
                            "the server asks for a new handshake once it has read the request, maybe for a client "
                            "certificate; renegotiation is not played; --http-path can name a page that needs none");
  out.events = message_event(result, Direction::server_to_client, handshake::hello_request);
  return out;
}

std::string_view service(const Outcome& outcome) {
  return outcome.app.empty() ? std::string_view("HTTP") : std::string_view(outcome.app);
}

bool asks_something(const target::Endpoint& endpoint) {
  return endpoint.app.protocol != app::Protocol::none;
}

// As far as TLS tells the client was let in; what it asked for was not understood, or it was not to ask: Node closes on
// a bad certificate no differently in TLS 1.3.
bool closed_on_request(const Outcome& outcome, const JudgeContext& context) {
  return refused(outcome) && outcome.kind != Outcome::Kind::alert && outcome.handshake_complete &&
         outcome.phase == verdict::Phase::after_finished && asks_something(*context.endpoint);
}

Judgement judge_completes(const scenario::Case& one, const session::AttemptResult& result,
                          const JudgeContext& context) {
  const std::string wanted = "the handshake completes and application data is exchanged";
  const Outcome& outcome = result.outcome;
  const std::string seen = verdict::describe(outcome);
  if (outcome.kind == Outcome::Kind::completed) {
    Judgement out = judged(Verdict::pass, wanted, seen);
    if (app::recognise_nginx_answer(outcome.http_status, result.response_body) == app::NginxAnswer::no_certificate)
      out.notes.push_back("the page wants a client certificate; --client-cert and --client-key give one");
    if (outcome.reply.sign == app::Sign::certificate)
      out.notes.push_back("the application wants a client certificate; --client-cert and --client-key give one");
    return with_ending(std::move(out), result);
  }
  if (outcome.kind == Outcome::Kind::no_objection && !outcome.app.empty())
    return with_ending(undecided(wanted, seen,
                                 fmt::format("the handshake was complete, but nothing came that {} says; --app names "
                                             "what the server speaks",
                                             outcome.app)),
                       result);
  if (outcome.kind == Outcome::Kind::no_objection)
    return with_ending(undecided(wanted, seen,
                                 "the handshake was complete, but no application data and no clean close came; "
                                 "--http-path can name a page that answers"),
                       result);
  // Finished on both sides, and closed on the request: most likely a service that speaks no HTTP.
  const bool asked_in_vain = outcome.client_certificate_requested && !outcome.client_certificate_sent;
  if (closed_on_request(outcome, context) && !asked_in_vain)
    return with_ending(
        undecided(wanted, seen,
                  fmt::format("the server closed on the {0} request; --app names what it speaks, if not {0}",
                              service(outcome))),
        result);
  if (refused(outcome) && outcome.client_certificate_requested && !outcome.client_certificate_sent &&
      !context.has_identity) {
    Judgement out = judged(Verdict::skip, wanted, seen);
    out.reason =
        "the server wants a client certificate; give --client-cert and --client-key, or --client-ca and "
        "--client-ca-key";
    return with_ending(std::move(out), result);
  }
  if (refused(outcome) && wants_to_renegotiate(result)) return not_renegotiated(wanted, seen, result);
  return with_ending(judged(broken(one.scenario->requirement), wanted, seen), result);
}

// Design §5: the right alert or a close is a pass, another alert a warning, anything else a failure.
Judgement judge_abort(const scenario::Case& one, const session::AttemptResult& result) {
  const Expect& expect = one.play->expect;
  const std::string wanted = scenario::describe(expect);
  const Outcome& outcome = result.outcome;
  Judgement out = judged(broken(one.scenario->requirement), wanted, verdict::describe(outcome));
  switch (outcome.kind) {
    case Outcome::Kind::alert:
      out.verdict = expect.alerts.empty() || std::ranges::find(expect.alerts, outcome.alert) != expect.alerts.end()
                        ? Verdict::pass
                        : Verdict::warn;
      break;
    case Outcome::Kind::close_notify:
    case Outcome::Kind::eof:
    case Outcome::Kind::reset:
      out.verdict = Verdict::pass;
      out.notes.push_back("closed without the alert (RFC 8446 §6.2: sending it is a SHOULD)");
      break;
    case Outcome::Kind::waited:
      if (expect.waited_allowed) out.verdict = Verdict::pass;
      break;
    default:
      break;
  }
  return with_ending(std::move(out), result);
}

Judgement judge_refused(const scenario::Case& one, const session::AttemptResult& result) {
  const Outcome& outcome = result.outcome;
  const bool waited = outcome.kind == Outcome::Kind::waited && one.play->expect.waited_allowed;
  return with_ending(judged(refused(outcome) || waited ? Verdict::pass : broken(one.scenario->requirement),
                            scenario::describe(one.play->expect), verdict::describe(outcome)),
                     result);
}

Judgement judge_version(const scenario::Case& one, const session::AttemptResult& result) {
  const Outcome& outcome = result.outcome;
  const std::string wanted = fmt::format("{} is not spoken", registry::version_name(one.play->version));
  if (outcome.version != 0) {
    Judgement out = judged(broken(one.scenario->requirement), wanted,
                           fmt::format("the server answered with {}", registry::version_name(outcome.version)));
    out.events = message_event(result, Direction::server_to_client, handshake::server_hello);
    return out;
  }
  if (refused(outcome)) {
    Judgement out = judged(Verdict::pass, wanted, verdict::describe(outcome));
    if (outcome.kind == Outcome::Kind::alert && outcome.alert != registry::alert::protocol_version)
      out.notes.push_back("protocol_version (70) would tell the client why (RFC 5246 appendix E.1)");
    return with_ending(std::move(out), result);
  }
  if (outcome.kind == Outcome::Kind::hang || outcome.kind == Outcome::Kind::waited)
    return with_ending(undecided(wanted, verdict::describe(outcome),
                                 "the server neither answered nor refused before the time was over"),
                       result);
  return with_ending(undecided(wanted, verdict::describe(outcome), verdict::describe(outcome)), result);
}

Judgement judge_server_name(const session::AttemptResult& result, const JudgeContext& context) {
  const std::string wanted = "nothing in particular; this shows what such clients get";
  if (!result.peer_chain.empty()) {
    const ChainFacts& facts = context.chains->facts(result.peer_chain);
    const x509::NameCheck names = x509::check_name(*facts.chain.front(), "tlsproof-control.invalid");
    std::string list;
    for (const std::string& name : names.names) list += (list.empty() ? "" : ", ") + name;
    Judgement out =
        judged(Verdict::info, wanted,
               fmt::format("a certificate for {}", list.empty() ? facts.chain.front()->escaped_title() : list));
    out.events = message_event(result, Direction::server_to_client, handshake::certificate);
    return out;
  }
  if (refused(result.outcome))
    return with_ending(judged(Verdict::info, wanted, verdict::describe(result.outcome)), result);
  return with_ending(undecided(wanted, verdict::describe(result.outcome), "neither a certificate nor a refusal came"),
                     result);
}

Judgement judge_plain_http(const scenario::Case& one, const session::AttemptResult& result) {
  const std::string wanted = "no content: an error, a redirect, an alert or a close";
  const Outcome& outcome = result.outcome;
  const ByteView answer = result.trace ? result.trace->stream(Direction::server_to_client) : ByteView();
  Judgement out = judged(Verdict::pass, wanted, verdict::describe(outcome));
  if (outcome.http_status != 0) {
    out.seen = fmt::format("HTTP {} in the clear{}", outcome.http_status,
                           outcome.http_reason.empty() ? "" : ": " + outcome.http_reason);
    if (outcome.http_status < 300) out.verdict = broken(one.scenario->requirement);
    if (outcome.http_status >= 300 && outcome.http_status < 400)
      out.notes.push_back("a redirect in the clear can be changed on its way");
    return with_ending(std::move(out), result);
  }
  if (answer.size() >= 7 && answer[0] == registry::content_type::alert && answer[1] == 3) {
    out.seen = fmt::format("a TLS alert: {}", registry::alert_name(answer[6]));
    return with_ending(std::move(out), result);
  }
  if (answer.empty()) {
    if (outcome.kind == Outcome::Kind::hang || outcome.kind == Outcome::Kind::waited)
      out.seen = "nothing until the time was over";
    return with_ending(std::move(out), result);
  }
  out = undecided(wanted,
                  fmt::format("{} bytes in the clear that are neither HTTP nor TLS: '{}'", answer.size(),
                              escape_terminal_limited(as_text(answer.first(std::min<size_t>(answer.size(), 64))), 64)),
                  "what the server says in the clear is not HTTP; whether it is content cannot be told");
  return with_ending(std::move(out), result);
}

Judgement judge_requested(const session::AttemptResult& result, const JudgeContext& context) {
  const bool requested = result.certificate_request.count > 0;
  const Ruling ruling = rule_requested(context.endpoint->client_auth, requested);
  if (!requested && !result.server_flight_complete)
    return with_ending(
        undecided(ruling.wanted, verdict::describe(result.outcome), "the server's flight did not come to its end"),
        result);
  std::string seen = requested ? "a CertificateRequest came" : "no CertificateRequest came";
  if (!requested && wants_to_renegotiate(result)) {
    seen = "no CertificateRequest in the handshake, and a HelloRequest after it";
    if (ruling.verdict != Verdict::info) return not_renegotiated(ruling.wanted, std::move(seen), result);
  }
  Judgement out = judged(ruling.verdict, ruling.wanted, std::move(seen));
  if (ruling.verdict == Verdict::fail && !requested && result.outcome.http_status == 403)
    out.notes.push_back(
        "HTTP 403: a server that asks for a certificate only for some pages asks those who offer post_handshake_auth, "
        "which is not played");
  out.events = message_event(result, Direction::server_to_client,
                             requested ? handshake::certificate_request : handshake::server_hello);
  return out;
}

Judgement judge_ca_names(const session::AttemptResult& result, const JudgeContext& context) {
  const std::string wanted = "the names of the CAs whose certificates are accepted";
  const auto& request = result.certificate_request;
  if (request.count == 0)
    return with_ending(undecided(wanted, "no CertificateRequest", "this connection was not asked for a certificate"),
                       result);
  std::string names;
  bool ours = false;
  for (size_t i = 0; i < request.authorities.size(); ++i) {
    const auto name = x509::decode_name(request.authorities[i]);
    if (i < 8) names += (i == 0 ? "" : "; ") + (name ? name->escaped_text(80) : std::string("(unreadable)"));
    for (const x509::NameView& own : context.client_ca_names)
      if (equal(request.authorities[i], own.der)) ours = true;
  }
  if (request.authorities.size() > 8) names += fmt::format("; and {} more", request.authorities.size() - 8);
  Judgement out = judged(Verdict::info, wanted, names.empty() ? "none: any certificate may be sent" : names);
  if (!request.authorities.empty() && !context.client_ca_names.empty() && !ours) {
    out.verdict = Verdict::warn;
    out.notes.push_back(fmt::format(
        "the client CA at hand, {}, is not among them: clients that choose by these names will not offer its "
        "certificates",
        context.client_ca_names.front().escaped_text(80)));
  }
  out.events = message_event(result, Direction::server_to_client, handshake::certificate_request);
  return out;
}

Judgement judge_schemes(const scenario::Case& one, const session::AttemptResult& result) {
  const std::string wanted = "no scheme with MD5 or SHA-1";
  const auto& request = result.certificate_request;
  if (request.count == 0)
    return with_ending(undecided(wanted, "no CertificateRequest", "this connection was not asked for a certificate"),
                       result);
  std::string all;
  std::string weak;
  for (uint16_t scheme : request.signature_schemes) {
    const std::string name = registry::signature_scheme_name(scheme);
    all += (all.empty() ? "" : ", ") + name;
    const unsigned hash = scheme >> 8;  // TLS 1.2's pairs: 1 is MD5, 2 is SHA-1 (RFC 5246 §7.4.1.4.1)
    if (hash == 1 || hash == 2) weak += (weak.empty() ? "" : ", ") + name;
  }
  Judgement out =
      judged(weak.empty() ? Verdict::pass : broken(one.scenario->requirement), wanted, weak.empty() ? all : weak);
  out.events = message_event(result, Direction::server_to_client, handshake::certificate_request);
  return out;
}

// Who refuses everybody proves nothing by refusing the bad ones: why this refusal is none, or nullopt.
std::optional<Judgement> doubt_refusal(const Ruling& ruling, Knock knock, const Acceptance& acceptance,
                                       const session::AttemptResult& result, const JudgeContext& context) {
  const std::string seen = verdict::describe(result.outcome);
  const session::AttemptResult* reference = context.reference;
  // But decrypt_error is said of CertificateVerify alone, certificate_required of no certificate (RFC 8446 §6.2), and
  // so each is proof by itself.
  const bool is_proof = result.outcome.kind == Outcome::Kind::alert &&
                        ((knock == Knock::no_key && result.outcome.alert == registry::alert::decrypt_error) ||
                         (knock == Knock::none && result.outcome.alert == registry::alert::certificate_required));
  if (is_proof || knock == Knock::good || !context.has_identity) return std::nullopt;
  const Acceptance good = reference != nullptr ? classify(*reference, nullptr) : Acceptance();
  // A good client that only the application did not please was let in by TLS: then a refusal by TLS is one.
  const bool let_in = good.kind == Acceptance::Kind::accepted ||
                      (good.kind == Acceptance::Kind::unclear && is_inside(good.where) && !is_inside(acceptance.where));
  const bool says_why =
      app::recognise_nginx_answer(result.outcome.http_status, result.response_body) != app::NginxAnswer::other ||
      result.outcome.reply.sign == app::Sign::certificate;
  if (!let_in && !(says_why && good.kind == Acceptance::Kind::unclear))
    return undecided(ruling.wanted, seen,
                     good.kind == Acceptance::Kind::refused && !closed_on_request(reference->outcome, context)
                         ? "the good client certificate is refused too, so that this refusal proves nothing"
                         : "no good client was seen to be let in, so that this refusal proves nothing");
  // The same for what differs beside the fault: the name, which may not be known there; what stands above the leaf,
  // which may be refused for its number, or because no CRL speaks of it.
  std::string why;
  const bool twin_refused =
      context.twin != nullptr && classify(*context.twin, reference).kind == Acceptance::Kind::refused;
  if (twin_refused && context.num_forged_intermediates > 0)
    why = fmt::format(
        "a good chain with as many intermediates ({}) is refused too, so that this refusal says nothing "
        "of the fault: see mtls/depth",
        context.num_intermediates);
  else if (twin_refused)
    why =
        "a certificate without any fault, forged under the client CA, is refused too, so that this refusal says "
        "nothing of "
        "the fault: the server goes by more than the CA";
  else if (context.twin == nullptr && context.num_forged_intermediates > 0 && context.crls_are_checked)
    why =
        "the server is said to use CRLs, and none speaks of the intermediate CAs that are forged for this: chains "
        "through them are refused anyway (OpenSSL error 3)";
  if (why.empty()) return std::nullopt;
  Judgement out = judged(Verdict::skip, ruling.wanted, seen);
  out.reason = why;
  return out;
}

// What stands in the way of any verdict on who was let in; nullopt when nothing does.
std::optional<Judgement> doubt_knock(const Ruling& ruling, Knock knock, const Acceptance& acceptance,
                                     const session::AttemptResult& result, const JudgeContext& context) {
  const std::string seen = verdict::describe(result.outcome);
  const bool accepted = acceptance.kind == Acceptance::Kind::accepted;
  if (acceptance.kind == Acceptance::Kind::unclear) return undecided(ruling.wanted, seen, acceptance.why);
  if (knock != Knock::none && result.server_flight_complete && result.certificate_request.count == 0)
    return undecided(ruling.wanted, seen, "no certificate was asked for on this connection, so that none was shown");
  if (knock != Knock::none && result.client_certificate == tls::ClientCertificate::sent_unfitting)
    return undecided(ruling.wanted, seen,
                     "the certificate's key fits no signature scheme that the server asked for, so that it may be "
                     "refused for that alone");
  // Without a request nginx has not judged the client yet.
  const bool is_wrong = ruling.verdict == Verdict::fail || ruling.verdict == Verdict::warn;
  if (accepted && !asks_something(*context.endpoint) && is_wrong)
    return undecided(ruling.wanted, seen,
                     "the server may judge the client only at its first request, and none was sent (--app none)");
  if (accepted) return std::nullopt;
  if (wants_to_renegotiate(result)) return not_renegotiated(ruling.wanted, seen, result);
  const session::AttemptResult* reference = knock == Knock::good ? nullptr : context.reference;
  const bool measured = reference != nullptr && classify(*reference, nullptr).kind == Acceptance::Kind::accepted;
  if (!measured && closed_on_request(result.outcome, context))
    return undecided(ruling.wanted, seen,
                     fmt::format("the server closed on the {} request, for the certificate or because it speaks no {} "
                                 "(--app names what it speaks){}",
                                 service(result.outcome), service(result.outcome),
                                 context.has_identity ? "" : "; a good client would tell"));
  return doubt_refusal(ruling, knock, acceptance, result, context);
}

Judgement judge_knock(const scenario::Case& one, const scenario::Identity& played, const session::AttemptResult& result,
                      const JudgeContext& context) {
  const ClientAuthExpected expected = one.play->expect.client_auth;
  const Knock knock = knock_of(played, expected);
  const session::AttemptResult* reference = knock == Knock::good ? nullptr : context.reference;
  const Acceptance acceptance = classify(result, reference);
  const bool accepted = acceptance.kind == Acceptance::Kind::accepted;
  const Ruling ruling = expected == ClientAuthExpected::depth
                            ? rule_depth(*context.endpoint, context.num_intermediates, accepted)
                            : rule(context.endpoint->client_auth, knock, accepted, one.scenario->requirement);
  if (acceptance.kind == Acceptance::Kind::failed) return not_run(ruling.wanted, result);
  auto doubt = doubt_knock(ruling, knock, acceptance, result, context);
  const std::string seen = verdict::describe(result.outcome);
  const std::string_view verb = accepted ? "accepted" : "refused";
  const bool says_so = seen.starts_with(verb);  // "refused after the handshake with alert …"
  Judgement out = doubt ? std::move(*doubt)
                        : judged(ruling.verdict, ruling.wanted, says_so ? seen : fmt::format("{}: {}", verb, seen));
  if (!doubt) {
    if (!accepted) out.notes.push_back(fmt::format("enforced {}", to_text(acceptance.where)));
    if (!acceptance.why.empty()) out.notes.push_back(acceptance.why);
  }
  // A list that turns everybody away explains what else would be a riddle.
  if (acceptance.kind == Acceptance::Kind::refused && out.verdict != Verdict::pass)
    out.notes.insert(out.notes.end(), context.crl_troubles.begin(), context.crl_troubles.end());
  return out.events.empty() ? with_ending(std::move(out), result) : out;
}

Judgement judge_client_auth(const scenario::Case& one, const scenario::Identity& played,
                            const session::AttemptResult& result, const JudgeContext& context) {
  switch (one.play->expect.client_auth) {
    case ClientAuthExpected::requested:
      return judge_requested(result, context);
    case ClientAuthExpected::ca_names:
      return judge_ca_names(result, context);
    case ClientAuthExpected::signature_schemes:
      return judge_schemes(one, result);
    case ClientAuthExpected::kept_out:
      return judge_kept_out(one, result, context);
    case ClientAuthExpected::told:
      return judge_told(one, result, context);
    case ClientAuthExpected::accepted:
    case ClientAuthExpected::refused:
    case ClientAuthExpected::depth:
      break;
  }
  return judge_knock(one, played, result, context);
}

Judgement judge_chain(const scenario::Case& one, const session::AttemptResult& result, const JudgeContext& context) {
  if (result.peer_chain.empty()) {
    const std::string seen = verdict::describe(result.outcome);
    return with_ending(undecided("a certificate", seen, "no certificate was seen: " + seen), result);
  }
  const ChainFacts& facts = context.chains->facts(result.peer_chain);
  Judgement out = one.play->expect.kind == Expect::Kind::control
                      ? judge_control(one.play->control, facts, context.chains->terms(), *context.strange_anchors)
                      : judge_certificate(one.play->expect.certificate, facts, context.chains->terms(),
                                          broken(one.scenario->requirement));
  out.events = message_event(result, Direction::server_to_client, handshake::certificate);
  return out;
}

}  // namespace

Judgement judge(const scenario::Case& one, const scenario::Identity& played, const session::AttemptResult& result,
                const JudgeContext& context) {
  const Expect& expect = one.play->expect;
  // Whatever was asked, and whatever came before: an endpoint that anybody can bring down holds nothing.
  if (result.outcome.kind == Outcome::Kind::crashed)
    return with_ending(judged(Verdict::fail, scenario::describe(expect), verdict::describe(result.outcome)), result);
  if (did_not_run(result.outcome)) return not_run(scenario::describe(expect), result);
  const bool needs_our_part = expect.kind == Expect::Kind::completes || expect.kind == Expect::Kind::abort ||
                              expect.kind == Expect::Kind::refused || expect.kind == Expect::Kind::ignored;
  if (result.outcome.kind == Outcome::Kind::local_failure && needs_our_part)
    return not_run(scenario::describe(expect), result);
  switch (expect.kind) {
    case Expect::Kind::completes:
      return judge_completes(one, result, context);
    case Expect::Kind::abort:
      return judge_abort(one, result);
    case Expect::Kind::refused:
      return judge_refused(one, result);
    case Expect::Kind::client_auth:
      return judge_client_auth(one, played, result, context);
    case Expect::Kind::certificate:
    case Expect::Kind::control:
      return judge_chain(one, result, context);
    case Expect::Kind::version_refused:
      return judge_version(one, result);
    case Expect::Kind::server_name_told:
      return judge_server_name(result, context);
    case Expect::Kind::plain_http_refused:
      return judge_plain_http(one, result);
    case Expect::Kind::ignored:
      return judge_completes(one, result, context);
    case Expect::Kind::rules_hold:
      // Every connection counts, this one too: conclude_rules() says what they show.
      return undecided(scenario::describe(expect), verdict::describe(result.outcome),
                       "no connection in this version got as far as a ServerHello");
    case Expect::Kind::answers:
      break;
  }
  Judgement out = judged(Verdict::skip, scenario::describe(expect), {});
  out.reason = fmt::format("this version of tlsproof cannot judge 'expect: {}' yet", scenario::to_text(expect.kind));
  return out;
}

}  // namespace tlsproof::engine
