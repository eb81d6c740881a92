#include "tlsproof/probe/probe.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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
bool refused(const Seen& seen) {
  switch (seen.result->outcome.kind) {
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

void conclude_version(uint16_t version, std::span<const Seen> seen, target::Features& features) {
  const std::string name = target::version_feature(version);
  const Seen* refusal = nullptr;
  const Seen* unheard = nullptr;  // came to no end that tells
  bool any = false;
  for (const Seen& one : seen) {
    if (one.wanted.version != version) continue;
    any = true;
    if (spoke(one)) return features.set(name, Answer::yes, "negotiated");
    if (refused(one))
      refusal = &one;
    else
      unheard = &one;
  }
  if (!any) return;
  if (refusal != nullptr && unheard == nullptr)
    features.set(name, Answer::no, verdict::describe(refusal->result->outcome));
  else
    features.set(name, Answer::unknown, "could not be told: " + verdict::describe(unheard->result->outcome));
}

void conclude_key_type(KeyType type, std::string_view name, std::span<const Seen> seen, target::Features& features) {
  const Seen* last = nullptr;
  const Seen* unheard = nullptr;
  for (const Seen& one : seen) {
    if (one.wanted.key_type != type) continue;
    last = &one;
    if (!one.result->peer_chain.empty()) {
      const auto key = x509::decode_public_key(x509::find_spki(one.result->peer_chain.front()));
      const bool is_rsa = key.kind == x509::KeyKind::rsa || key.kind == x509::KeyKind::rsa_pss;
      if (is_rsa == (type == KeyType::rsa) && (is_rsa || key.kind == x509::KeyKind::ec))
        return features.set(name, Answer::yes, fmt::format("its certificate has a key of type {}", key.describe()));
    }
    if (!refused(one) && one.result->peer_chain.empty()) unheard = &one;
  }
  if (last == nullptr) return;
  if (unheard == nullptr)
    features.set(name, Answer::no, verdict::describe(last->result->outcome));
  else
    features.set(name, Answer::unknown, "could not be told: " + verdict::describe(unheard->result->outcome));
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
    if (one.result->outcome.http_status != 0)
      return features.set("http", Answer::yes, fmt::format("answered with status {}", one.result->outcome.http_status));
  }
}

bool unreachable(std::span<const Seen> seen, std::string& why) {
  for (const Seen& one : seen) {
    if (one.result->outcome.kind != Outcome::Kind::unreachable) return false;
    if (why.empty()) why = one.result->outcome.detail;
  }
  return !seen.empty();
}

}  // namespace tlsproof::probe
