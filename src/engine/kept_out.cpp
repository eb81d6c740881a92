#include "kept_out.h"

#include <fmt/format.h>

#include <algorithm>

#include "tlsproof/app/nginx.h"
#include "tlsproof/engine/client_auth.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::engine {

using scenario::ClientSetup;
using session::AttemptResult;
using verdict::Outcome;
using verdict::Verdict;

namespace {

constexpr std::string_view kNamePage = "--http-path can name a page that only this host has";

// An empty page is no proof of anything.
bool same_page(const AttemptResult& one, const AttemptResult* other) {
  return other != nullptr && one.outcome.http_status != 0 && one.outcome.http_status == other->outcome.http_status &&
         !one.response_body.empty() && equal(one.response_body, other->response_body);
}

bool is_success(int status) {
  return status >= 200 && status < 300;
}

// What an HTTP answer says of somebody who should be outside.
struct Reading {
  enum class Kind : uint8_t { in, out, unclear };
  Kind kind = Kind::unclear;
  std::string text;  // in: what it got; out: a note, may be empty; unclear: why
};

std::optional<Reading> read_refusal(const AttemptResult& result) {
  const int status = result.outcome.http_status;
  // RFC 9110 §15.5.20, and §7.4: the request came on a connection that is not for that host.
  if (status == 421) return Reading{Reading::Kind::out, "421 is the answer that RFC 9110 §15.5.20 has for this"};
  if (app::recognise_nginx_answer(status, result.response_body) != app::NginxAnswer::other)
    return Reading{Reading::Kind::out, {}};
  if (status >= 500 || status == 408 || status == 425 || status == 429)
    return Reading{Reading::Kind::unclear,
                   fmt::format("HTTP {} speaks of the server's state, not of the client", status)};
  return std::nullopt;
}

// At this host, where it is known what the good client gets.
Reading read_here(const AttemptResult& result, const JudgeContext& context) {
  using Kind = Reading::Kind;
  const AttemptResult& good = *context.reference;
  const int status = result.outcome.http_status;
  if (status >= 400 && status != good.outcome.http_status)
    return {Kind::out, fmt::format("the good client gets HTTP {}", good.outcome.http_status)};
  const bool is_good_page = same_page(result, &good);
  if (same_page(result, context.open_page)) {
    if (!is_good_page) return {Kind::out, "this is the page of the open host"};
    return {Kind::unclear, fmt::format("the open host has the same page as this one; {}", kNamePage)};
  }
  if (is_good_page && is_success(status)) return {Kind::in, "the page that the good client gets"};
  if (is_good_page)
    return {Kind::unclear, fmt::format("the good client gets HTTP {} too, but such a page may come from any host; {}",
                                       status, kNamePage)};
  if (!same_page(good, context.reference_again))
    return {Kind::unclear,
            fmt::format("the good client gets another page each time, so that pages cannot be compared; {}",
                        "--http-path can name one that stays the same")};
  return {Kind::unclear,
          fmt::format("HTTP {} with a page that is neither the good client's nor the open host's may come from either",
                      status)};
}

// At the other mutual host, whose good client we are not. Any status may come from behind the door there, 401 and 403
// too, unless it is the very answer with which this host has refused us before.
Reading read_there(const AttemptResult& result, const JudgeContext& context) {
  using Kind = Reading::Kind;
  const int status = result.outcome.http_status;
  const AttemptResult* refusal = context.refusal;
  if (status >= 400 && refusal != nullptr && refusal->outcome.http_status == status &&
      equal(result.response_body, refusal->response_body))
    return {Kind::out, "the answer with which that host refuses this client without any detour"};
  if (status >= 400)
    return {Kind::unclear, fmt::format("HTTP {} may come from behind the door; {}", status, kNamePage)};
  if (same_page(result, context.reference))
    return {Kind::unclear,
            "the page is that of the first host: either that one answers, or both have the same; "
            "--http-path can name one that differs"};
  if (same_page(result, context.open_page)) return {Kind::out, "this is the page of the open host"};
  return {Kind::in, "a page of the other host"};
}

// Refused by TLS, or spoken to by another service than HTTP.
Reading read_without_page(const AttemptResult& result, const Acceptance& acceptance) {
  using Kind = Reading::Kind;
  if (acceptance.kind == Acceptance::Kind::refused)
    return {Kind::out, fmt::format("enforced {}", to_text(acceptance.where))};
  if (result.outcome.reply.sign == app::Sign::accepted) return {Kind::in, "as the good client is"};
  if (!acceptance.why.empty()) return {Kind::unclear, acceptance.why};
  return {Kind::unclear, "the server may judge the client only at its first request, and none was answered"};
}

Reading read(const AttemptResult& result, const Acceptance& acceptance, bool here, const JudgeContext& context) {
  if (result.outcome.http_status == 0) return read_without_page(result, acceptance);
  if (const auto refusal = read_refusal(result)) return *refusal;
  return here ? read_here(result, context) : read_there(result, context);
}

// The session was made under another server name.
bool crosses_names(const scenario::Play& play) {
  const scenario::Connection& last = play.connections.back();
  return std::ranges::any_of(play.connections, [&](const scenario::Connection& one) {
    return one.save_session == last.resume && one.client.server_name != last.client.server_name;
  });
}

std::vector<std::string> resumption_notes(const scenario::Case& one, const AttemptResult& result) {
  const Outcome& outcome = result.outcome;
  if (one.play->connections.back().resume.empty() || outcome.version == 0) return {};
  if (!outcome.resumed) return {"the server did not resume the session: this is a handshake of its own"};
  std::vector<std::string> notes = {
      "a resumed session stands for the handshake that made it, its certificate and the verdict on it"};
  // RFC 8446 §4.2.11 has no such rule for TLS 1.3: the name is sent anew, and the server judges by it.
  if (outcome.version == registry::version::TLS1_2 && crosses_names(*one.play))
    notes.emplace_back("RFC 6066 §3 asks for a full handshake where the server name is another one than the session's");
  return notes;
}

Judgement finish(Judgement out, const scenario::Case& one, const AttemptResult& result) {
  out.events = ending_events(result);
  for (std::string& note : resumption_notes(one, result)) out.notes.push_back(std::move(note));
  return out;
}

bool is_let_in(const AttemptResult* good) {
  return good != nullptr && classify(*good, nullptr).kind == Acceptance::Kind::accepted;
}

}  // namespace

Judgement judge_kept_out(const scenario::Case& one, const AttemptResult& result, const JudgeContext& context) {
  const std::string wanted = scenario::describe(one.play->expect);
  const std::string seen = verdict::describe(result.outcome);
  const bool here = one.play->connections.back().client.http_host == ClientSetup::HttpHost::target;
  const Acceptance acceptance = classify(result, here ? context.reference : nullptr);
  Judgement out = judged(Verdict::pass, wanted, seen);
  if (acceptance.kind == Acceptance::Kind::failed) {
    out.verdict = Verdict::error;
    out.reason = acceptance.why;
    return finish(std::move(out), one, result);
  }
  // Who refuses everybody proves nothing by refusing this one.
  if (here && !is_let_in(context.reference))
    return finish(undecided(wanted, seen, "no good client was seen to be let in, so that this proves nothing"), one,
                  result);
  const Reading reading = read(result, acceptance, here, context);
  switch (reading.kind) {
    case Reading::Kind::in:
      out = judged(broken(one.scenario->requirement), wanted, fmt::format("let in: {}, {}", seen, reading.text));
      if (result.outcome.http_status != 0 && context.open_page == nullptr)
        out.notes.push_back("where an open host at this address has the same page, --open-host tells them apart");
      break;
    case Reading::Kind::out:
      out.seen = "kept out: " + seen;
      if (!reading.text.empty()) out.notes.push_back(reading.text);
      break;
    case Reading::Kind::unclear:
      out = undecided(wanted, seen, reading.text);
      break;
  }
  return finish(std::move(out), one, result);
}

Judgement judge_told(const scenario::Case& one, const AttemptResult& result, const JudgeContext& context) {
  const std::string wanted = scenario::describe(one.play->expect);
  const std::string seen = verdict::describe(result.outcome);
  const bool here = one.play->connections.back().client.http_host == ClientSetup::HttpHost::target;
  const Acceptance acceptance = classify(result, here ? context.reference : nullptr);
  Judgement out = judged(Verdict::info, wanted, seen);
  switch (acceptance.kind) {
    case Acceptance::Kind::accepted:
      out.seen = "accepted: " + seen;
      break;
    case Acceptance::Kind::refused:
      if (!seen.starts_with("refused")) out.seen = "refused: " + seen;
      out.notes.push_back(fmt::format("enforced {}", to_text(acceptance.where)));
      break;
    case Acceptance::Kind::unclear:
      // 421 is an answer to the host that was asked for, and nothing was expected.
      if (result.outcome.http_status == 0) out = undecided(wanted, seen, acceptance.why);
      break;
    case Acceptance::Kind::failed:
      out.verdict = Verdict::error;
      out.reason = acceptance.why;
      break;
  }
  return finish(std::move(out), one, result);
}

}  // namespace tlsproof::engine
