// Client authentication: what was seen, and the verdict by what is declared (the table of the design).
#pragma once

#include <optional>
#include <string>

#include "tlsproof/engine/judgement.h"
#include "tlsproof/target/target.h"

namespace tlsproof::engine {

// What the server made of a client, apart from what anybody wanted.
struct Acceptance {
  enum class Kind : uint8_t {
    accepted,  // with a positive sign: application data that a good client also gets, or a clean close_notify exchange
    refused,   // by an alert, a close, a reset, or an answer from inside that differs from the good client's
    unclear,   // neither can be said; `why` tells the reason
    failed,    // there was no attempt to speak of
  };
  enum class Where : uint8_t { nowhere, handshake, after_handshake, http, application };
  Kind kind = Kind::unclear;
  Where where = Where::nowhere;  // refused: enforced where
  std::string why;
};
[[nodiscard]] std::string_view to_text(
    Acceptance::Where where);  // "in the handshake", "after the handshake", "over HTTP"

// Refused by what is spoken inside TLS, which had let the client in.
[[nodiscard]] constexpr bool is_inside(Acceptance::Where where) {
  return where == Acceptance::Where::http || where == Acceptance::Where::application;
}

// `reference`: what the good client got, as the measure for answers from inside; null when there is none, or for the
// good client itself.
[[nodiscard]] Acceptance classify(const session::AttemptResult& result, const session::AttemptResult* reference);

// Who knocks.
enum class Knock : uint8_t {
  good,
  none,
  untrusted,  // a fault of trust, which a server that leaves the judgement to its application lets pass
  faulty,     // any other fault of the certificate
  odd,        // a certificate that is valid, if unusual: the scenario wants it accepted
  no_key,     // CertificateVerify does not fit: never acceptable, whatever is declared (RFC 8446 §4.4.3)
};
// `expected`: what the scenario has to say of a forged certificate.
[[nodiscard]] Knock knock_of(const scenario::Identity& identity,
                             scenario::ClientAuthExpected expected = scenario::ClientAuthExpected::refused);

// The verdict for accepting or refusing, and the sentence that says what was wanted.
struct Ruling {
  verdict::Verdict verdict = verdict::Verdict::info;
  std::string wanted;
};
// What is wrong is a `fail`, or less where the scenario only recommends.
[[nodiscard]] Ruling rule(target::ClientAuth declared, Knock knock, bool accepted,
                          verdict::Requirement requirement = verdict::Requirement::must);
// The same for whether a certificate is asked for at all.
[[nodiscard]] Ruling rule_requested(target::ClientAuth declared, bool requested);

}  // namespace tlsproof::engine
