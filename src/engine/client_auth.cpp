#include "tlsproof/engine/client_auth.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tlsproof/app/nginx.h"

namespace tlsproof::engine {

using target::ClientAuth;
using verdict::Outcome;
using verdict::Verdict;

namespace {

struct TableRow {
  ClientAuth declared;
  Knock knock;
  std::string_view wanted;
  Verdict accepted;
  Verdict refused;
};

// Design §5, "declared × seen". What a good certificate or a fault means where none is asked for (declared `none`) is
// judged by rule_requested; here it only informs.
constexpr std::array kTable = {
    TableRow{ClientAuth::none, Knock::good, "no objection", Verdict::info, Verdict::fail},
    TableRow{ClientAuth::none, Knock::none, "accepted: client authentication is declared none", Verdict::pass,
             Verdict::fail},
    TableRow{ClientAuth::none, Knock::untrusted, "nothing in particular: client authentication is declared none",
             Verdict::info, Verdict::info},
    TableRow{ClientAuth::none, Knock::faulty, "nothing in particular: client authentication is declared none",
             Verdict::info, Verdict::info},
    TableRow{ClientAuth::optional, Knock::good, "accepted", Verdict::pass, Verdict::fail},
    TableRow{ClientAuth::optional, Knock::none, "accepted: client authentication is declared optional", Verdict::pass,
             Verdict::fail},
    TableRow{ClientAuth::optional, Knock::untrusted, "refused: a certificate that is sent must be good", Verdict::fail,
             Verdict::pass},
    TableRow{ClientAuth::optional, Knock::faulty, "refused: a certificate that is sent must be good", Verdict::fail,
             Verdict::pass},
    TableRow{ClientAuth::required, Knock::good, "accepted", Verdict::pass, Verdict::fail},
    TableRow{ClientAuth::required, Knock::none, "refused: client authentication is declared required", Verdict::fail,
             Verdict::pass},
    TableRow{ClientAuth::required, Knock::untrusted, "refused: client authentication is declared required",
             Verdict::fail, Verdict::pass},
    TableRow{ClientAuth::required, Knock::faulty, "refused: client authentication is declared required", Verdict::fail,
             Verdict::pass},
    TableRow{ClientAuth::unverified, Knock::good, "accepted", Verdict::pass, Verdict::fail},
    TableRow{ClientAuth::unverified, Knock::none, "accepted: the application judges", Verdict::pass, Verdict::info},
    TableRow{ClientAuth::unverified, Knock::untrusted, "nothing in particular: the application judges whom to trust",
             Verdict::info, Verdict::info},
    TableRow{ClientAuth::none, Knock::odd, "nothing in particular: client authentication is declared none",
             Verdict::info, Verdict::info},
    TableRow{ClientAuth::optional, Knock::odd, "accepted: the certificate is valid", Verdict::pass, Verdict::fail},
    TableRow{ClientAuth::required, Knock::odd, "accepted: the certificate is valid", Verdict::pass, Verdict::fail},
    TableRow{ClientAuth::unverified, Knock::odd, "accepted: the certificate is valid", Verdict::pass, Verdict::fail},
    TableRow{ClientAuth::unverified, Knock::faulty, "refused: only trust is left to the application", Verdict::fail,
             Verdict::pass},
};

// nginx's own answers say which rule they come from, whatever the good client got.
bool is_refusal_page(const session::AttemptResult& result) {
  const auto answer = app::recognise_nginx_answer(result.outcome.http_status, result.response_body);
  return answer == app::NginxAnswer::no_certificate || answer == app::NginxAnswer::certificate_error ||
         result.outcome.http_status == 495 || result.outcome.http_status == 496;
}

// These speak of the server's state or of the request, not of the client: a rate limit refuses nobody's certificate.
bool speaks_of_the_server(int status) {
  return status >= 500 || status == 408 || status == 421 || status == 425 || status == 429;
}

Acceptance over_http(const session::AttemptResult& result, const session::AttemptResult* reference) {
  using Kind = Acceptance::Kind;
  using Where = Acceptance::Where;
  const int status = result.outcome.http_status;
  if (is_refusal_page(result)) return {Kind::refused, Where::http, {}};
  if (speaks_of_the_server(status))
    return {Kind::unclear, Where::http, fmt::format("HTTP {} speaks of the server's state, not of the client", status)};
  // Only a good client that was let in is a measure.
  if (reference != nullptr && reference->outcome.http_status != 0 &&
      classify(*reference, nullptr).kind == Kind::accepted) {
    if (status == reference->outcome.http_status) return {Kind::accepted, Where::nowhere, {}};
    return {Kind::refused, Where::http, fmt::format("the good client gets HTTP {}", reference->outcome.http_status)};
  }
  if (status >= 200 && status < 400) return {Kind::accepted, Where::nowhere, {}};
  if (status == 401 || status == 403 || status == 400)
    return {
        Kind::unclear, Where::http,
        fmt::format("HTTP {} may refuse the client or only the page; --http-path can name a page that a good client "
                    "may see, and --client-cert or --client-ca give a good client to compare with",
                    status)};
  return {Kind::accepted, Where::nowhere, {}};  // the application was reached and spoke of something else
}

// The answers of other services. Each says by itself whether it serves; what its refusal means shows by comparing.
Acceptance over_service(const session::AttemptResult& result, const session::AttemptResult* reference) {
  using Kind = Acceptance::Kind;
  using Where = Acceptance::Where;
  const app::Reply& reply = result.outcome.reply;
  switch (reply.sign) {
    case app::Sign::accepted:
      return {Kind::accepted, Where::nowhere, {}};
    case app::Sign::certificate:
      return {Kind::refused, Where::application, {}};
    case app::Sign::busy:
      return {Kind::unclear, Where::application,
              fmt::format("{} speaks of the server's state, not of the client", reply.text)};
    case app::Sign::none:
      return {Kind::unclear, Where::nowhere, verdict::describe(result.outcome)};
    case app::Sign::refused:
      break;
  }
  if (reference != nullptr && reference->outcome.reply.sign == app::Sign::accepted)
    return {Kind::refused, Where::application, fmt::format("the good client gets {}", reference->outcome.reply.text)};
  // Who was not asked for a certificate is not refused for one.
  if (result.server_flight_complete && result.certificate_request.count == 0)
    return {Kind::accepted, Where::nowhere, {}};
  return {Kind::unclear, Where::application,
          fmt::format("{} may refuse the client or only what it asked for; --client-cert or --client-ca give a good "
                      "client to compare with, and --app-user a user of PostgreSQL or MySQL who may log in",
                      reply.text)};
}

}  // namespace

std::string_view to_text(Acceptance::Where where) {
  switch (where) {
    case Acceptance::Where::nowhere:
      return "nowhere";
    case Acceptance::Where::handshake:
      return "in the handshake";
    case Acceptance::Where::after_handshake:
      return "after the handshake was complete for the client";
    case Acceptance::Where::http:
      return "over HTTP, after a complete handshake";
    case Acceptance::Where::application:
      return "by the application, after a complete handshake";
  }
  return {};
}

Acceptance classify(const session::AttemptResult& result, const session::AttemptResult* reference) {
  using Kind = Acceptance::Kind;
  const Outcome& outcome = result.outcome;
  const auto where = outcome.handshake_complete ? Acceptance::Where::after_handshake : Acceptance::Where::handshake;
  switch (outcome.kind) {
    case Outcome::Kind::completed:
      if (outcome.http_status != 0) return over_http(result, reference);
      if (outcome.reply.sign != app::Sign::none) return over_service(result, reference);
      return {Kind::accepted, Acceptance::Where::nowhere, {}};
    case Outcome::Kind::alert:
    case Outcome::Kind::close_notify:
    case Outcome::Kind::eof:
    case Outcome::Kind::reset:
      return {Kind::refused, where, {}};
    case Outcome::Kind::no_objection:
      if (!outcome.app.empty()) return over_service(result, reference);
      return {Kind::unclear, Acceptance::Where::nowhere, "no objection came, but no sign of acceptance either"};
    case Outcome::Kind::waited:
    case Outcome::Kind::hang:
      return {Kind::unclear, Acceptance::Where::nowhere,
              "the server neither accepted nor refused before the time was over"};
    case Outcome::Kind::crashed:
    case Outcome::Kind::plain_text:
    case Outcome::Kind::peer_violation:
    case Outcome::Kind::unreachable:
    case Outcome::Kind::no_tls:
    case Outcome::Kind::local_failure:
      break;
  }
  return {Kind::failed, Acceptance::Where::nowhere, verdict::describe(outcome)};
}

Knock knock_of(const scenario::Identity& identity, scenario::ClientAuthExpected expected) {
  // nginx's optional_no_ca forgives X509_V_ERR 18 to 21 and 27: who issued it, not what it says
  // (ngx_ssl_verify_error_optional).
  // It says 20 of a chain beyond ssl_verify_depth as well.
  static constexpr std::array<std::string_view, 4> kTrust = {"wrong_ca", "self_signed", "missing_intermediate",
                                                             "too_deep"};
  switch (identity.kind) {
    case scenario::Identity::Kind::automatic:
    case scenario::Identity::Kind::none:
      return Knock::none;
    case scenario::Identity::Kind::good:
    case scenario::Identity::Kind::another:
      return Knock::good;
    case scenario::Identity::Kind::fault:
      break;
  }
  if (identity.fault == "wrong_key") return Knock::no_key;
  if (expected == scenario::ClientAuthExpected::accepted) return Knock::odd;
  return std::ranges::find(kTrust, identity.fault) != kTrust.end() ? Knock::untrusted : Knock::faulty;
}

Ruling rule(ClientAuth declared, Knock knock, bool accepted, verdict::Requirement requirement) {
  if (knock == Knock::no_key)
    return {accepted ? Verdict::fail : Verdict::pass,
            "refused: the client cannot prove that the certificate is its own"};
  for (const TableRow& row : kTable)
    if (row.declared == declared && row.knock == knock) {
      const Verdict verdict = accepted ? row.accepted : row.refused;
      return {verdict == Verdict::fail ? broken(requirement) : verdict, std::string(row.wanted)};
    }
  return {Verdict::info, "nothing: what the server should do is not declared (--client-auth)"};
}

Ruling rule_requested(ClientAuth declared, bool requested) {
  switch (declared) {
    case ClientAuth::unknown:
      return {Verdict::info, "nothing: what the server should do is not declared (--client-auth)"};
    case ClientAuth::none:
      return {requested ? Verdict::fail : Verdict::pass,
              "no CertificateRequest: client authentication is declared none"};
    case ClientAuth::optional:
    case ClientAuth::required:
    case ClientAuth::unverified:
      break;
  }
  return {requested ? Verdict::pass : Verdict::fail,
          fmt::format("a CertificateRequest: client authentication is declared {}", target::to_text(declared))};
}

}  // namespace tlsproof::engine
