#include "tlsproof/probe/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tlsproof/registry/constants.h"
#include "tlsproof/x509/certificate.h"

namespace tlsproof::probe {

using scenario::KeyType;
using target::Answer;
using verdict::Outcome;

namespace {

constexpr std::array<uint16_t, 2> kVersions = {0x0304, 0x0303};

// The server went on with the version that was offered alone.
bool spoke(const Seen& seen) {
  return seen.result->outcome.version == seen.wanted.version;
}

// Refused, rather than not reached or not heard to the end.
bool refused(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::alert:
    case Outcome::Kind::close_notify:
    case Outcome::Kind::eof:
    case Outcome::Kind::reset:
    case Outcome::Kind::plain_text:
      return true;
    default:
      return false;
  }
}

// Alerts that can mean "not with this version" or "not with such a certificate". Others, and a connection that merely
// ends, may be a moment's failure.
bool is_telling(const Outcome& outcome) {
  namespace alert = registry::alert;
  return outcome.kind == Outcome::Kind::alert &&
         (outcome.alert == alert::protocol_version || outcome.alert == alert::handshake_failure ||
          outcome.alert == alert::insufficient_security || outcome.alert == alert::unsupported_certificate);
}

// What several connections that did not show a thing say about it together.
class Refusals {
 public:
  void add(const Outcome& outcome) {
    if (first_ == nullptr) first_ = &outcome;
    ++count_;
    if (!is_telling(outcome)) telling_ = false;
    if (outcome.kind != first_->kind || outcome.alert != first_->alert) alike_ = false;
    if (!refused(outcome) || (unclear_ == nullptr && !is_telling(outcome))) unclear_ = &outcome;
    if (!refused(outcome)) all_refused_ = false;
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  // All by telling alerts, or, where an end alone may count (`ends_count`), at least two that ended in the very same
  // way.
  [[nodiscard]] bool mean_no(bool ends_count) const {
    return all_refused_ && (telling_ || (ends_count && alike_ && count_ >= 2));
  }
  void set(std::string_view name, bool ends_count, target::Features& features) const {
    if (empty()) return;
    if (mean_no(ends_count)) return features.set(name, Answer::no, verdict::describe(*first_));
    features.set(name, Answer::unknown, "could not be told: " + verdict::describe(*unclear_));
  }

 private:
  const Outcome* first_ = nullptr;
  const Outcome* unclear_ = nullptr;
  size_t count_ = 0;
  bool telling_ = true;
  bool alike_ = true;
  bool all_refused_ = true;
};

void conclude_version(uint16_t version, std::span<const Seen> seen, target::Features& features) {
  const std::string name = target::version_feature(version);
  Refusals refusals;
  for (const Seen& one : seen) {
    if (one.wanted.version != version) continue;
    if (spoke(one)) return features.set(name, Answer::yes, "negotiated");
    refusals.add(one.result->outcome);
  }
  refusals.set(name, true, features);
}

void conclude_key_type(KeyType type, std::string_view name, std::span<const Seen> seen, target::Features& features) {
  Refusals refusals;
  bool another_shown = false;  // with this key type offered alone
  bool another_works = false;  // so that what failed here failed for the key type
  for (const Seen& one : seen) {
    if (one.wanted.key_type != type) {
      another_works |= !one.result->peer_chain.empty();
      continue;
    }
    if (one.result->peer_chain.empty()) {
      refusals.add(one.result->outcome);
      continue;
    }
    const auto key = x509::decode_public_key(x509::find_spki(one.result->peer_chain.front()));
    const bool is_rsa = key.kind == x509::KeyKind::rsa || key.kind == x509::KeyKind::rsa_pss;
    if (is_rsa == (type == KeyType::rsa) && (is_rsa || key.kind == x509::KeyKind::ec))
      return features.set(name, Answer::yes, fmt::format("its certificate has a key of type {}", key.describe()));
    another_shown = true;
  }
  if (refusals.empty() && another_shown) return features.set(name, Answer::no, "another kind of certificate came");
  refusals.set(name, another_works, features);
}

void conclude_client_auth(uint16_t version, std::span<const Seen> seen, target::Features& features) {
  const std::string name = target::client_auth_feature(version);
  for (const Seen& one : seen) {
    if (one.wanted.version != version) continue;
    if (one.result->certificate_request.count > 0) return features.set(name, Answer::yes, "CertificateRequest came");
    if (one.result->server_flight_complete)
      features.set(name, Answer::no, "the server's flight held no CertificateRequest");
  }
}

}  // namespace

std::vector<Wanted> wanted_connections(std::span<const uint16_t> allowed) {
  std::vector<Wanted> wanted;
  for (uint16_t version : kVersions) {
    if (!allowed.empty() && std::ranges::find(allowed, version) == allowed.end()) continue;
    wanted.push_back({version, KeyType::rsa});
    wanted.push_back({version, KeyType::ecdsa});
  }
  return wanted;
}

void conclude(std::span<const Seen> seen, target::Features& features) {
  for (uint16_t version : kVersions) {
    conclude_version(version, seen, features);
    conclude_client_auth(version, seen, features);
  }
  conclude_key_type(KeyType::rsa, "key_type.rsa", seen, features);
  conclude_key_type(KeyType::ecdsa, "key_type.ecdsa", seen, features);

  // Asked for at all, in either version.
  Answer requested = Answer::unknown;
  for (uint16_t version : kVersions)
    requested = std::max(requested, features.get(target::client_auth_feature(version)).answer);
  if (requested != Answer::unknown)
    features.set("client_auth.requested", requested,
                 requested == Answer::yes ? "CertificateRequest came" : "no CertificateRequest came");

  for (const Seen& one : seen) {
    if (one.result->outcome.reply.sign != app::Sign::none)
      return features.set("app.answers", Answer::yes, one.result->outcome.reply.text);
    if (one.result->outcome.http_status != 0)
      return features.set("http", Answer::yes, fmt::format("answered with status {}", one.result->outcome.http_status));
  }
}

bool unreachable(std::span<const Seen> seen, std::string& why) {
  for (const Seen& one : seen) {
    const Outcome& outcome = one.result->outcome;
    if (outcome.kind != Outcome::Kind::unreachable && outcome.kind != Outcome::Kind::no_tls) return false;
    if (why.empty()) why = outcome.kind == Outcome::Kind::no_tls ? verdict::describe(outcome) : outcome.detail;
  }
  return !seen.empty();
}

}  // namespace tlsproof::probe
