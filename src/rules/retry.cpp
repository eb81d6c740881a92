// HelloRetryRequest and the second ClientHello.
#include <fmt/format.h>

#include <algorithm>

#include "seen.h"
#include "tables.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::rules {
namespace {

namespace e = registry::extension;
using verdict::Requirement;

void asks_for_a_change(const Handshake& h, Breaches& out) {
  if (h.retry == nullptr || h.retry->extensions.has(e::key_share) || h.retry->extensions.has(e::cookie)) return;
  out.add(kServer, {h.retry_read->event}, "neither key_share nor cookie");
}

void has_version(const Handshake& h, Breaches& out) {
  if (h.retry != nullptr && !h.retry->extensions.has(e::supported_versions))
    out.add(kServer, {h.retry_read->event}, "no supported_versions");
}

void group_offered(const Handshake& h, Breaches& out) {
  if (h.retry == nullptr || h.first_hello == nullptr) return;
  const auto share = typed<wire::ext::KeyShareRetry>(&h.retry->extensions);
  if (share && !h.first_hello->groups.empty() && !contains(h.first_hello->groups, share->selected_group) &&
      !registry::is_grease(share->selected_group))
    out.add(kServer, {h.first_hello->event(), h.retry_read->event},
            fmt::format("asks for {}, which is not in supported_groups", registry::group_name(share->selected_group)));
}

void group_is_new(const Handshake& h, Breaches& out) {
  if (h.retry == nullptr || h.first_hello == nullptr) return;
  const auto share = typed<wire::ext::KeyShareRetry>(&h.retry->extensions);
  if (share && contains(h.first_hello->key_shares, share->selected_group))
    out.add(kServer, {h.first_hello->event(), h.retry_read->event},
            fmt::format("asks for {}, for which there was a share", registry::group_name(share->selected_group)));
}

void suite_offered(const Handshake& h, Breaches& out) {
  if (h.retry == nullptr || h.first_hello == nullptr || registry::is_grease(h.retry->cipher_suite)) return;
  if (!contains(h.first_hello->message->cipher_suites, h.retry->cipher_suite))
    out.add(kServer, {h.first_hello->event(), h.retry_read->event},
            fmt::format("chose {}, which was not offered", suite_name(h.retry->cipher_suite)));
}

void session_id_echo(const Handshake& h, Breaches& out) {
  if (h.retry == nullptr || h.first_hello == nullptr) return;
  if (!equal(h.retry->legacy_session_id_echo, h.first_hello->message->legacy_session_id))
    out.add(kServer, {h.first_hello->event(), h.retry_read->event},
            "legacy_session_id_echo is not the client's legacy_session_id");
}

void only_once(const Handshake& h, Breaches& out) {
  if (h.retry == nullptr) return;
  for (const MessageRead& read : h.messages) {
    const auto* hello = read.as<wire::ServerHello>();
    if (hello != nullptr && read.direction == kServer && hello->is_hello_retry_request() && &read != h.retry_read)
      out.add(kServer, {h.retry_read->event, read.event}, "a second HelloRetryRequest");
  }
}

void same_suite(const Handshake& h, Breaches& out) {
  if (h.retry == nullptr || h.server_hello == nullptr || h.retry->cipher_suite == h.server_hello->cipher_suite) return;
  out.add(kServer, {h.retry_read->event, h.server_hello_read->event},
          fmt::format("{} after {}", suite_name(h.server_hello->cipher_suite), suite_name(h.retry->cipher_suite)));
}

void same_version(const Handshake& h, Breaches& out) {
  if (h.retry == nullptr || h.server_hello == nullptr || !h.retry->extensions.has(e::supported_versions)) return;
  if (h.retry->selected_version() != h.raw_version)
    out.add(kServer, {h.retry_read->event, h.server_hello_read->event},
            fmt::format("{} after {}", version_text(h.raw_version), version_text(h.retry->selected_version())));
}

void same_group(const Handshake& h, Breaches& out) {
  if (h.retry == nullptr || !h.is_tls13()) return;
  const auto asked = typed<wire::ext::KeyShareRetry>(&h.retry->extensions);
  const auto share = typed<wire::ext::KeyShareServer>(h.server_extensions());
  if (asked && share && asked->selected_group != share->group)
    out.add(kServer, {h.retry_read->event, h.server_hello_read->event},
            fmt::format("a share of {} after asking for {}", registry::group_name(share->group),
                        registry::group_name(asked->selected_group)));
}

// ---- the second ClientHello

void cookie_echoed(const Handshake& h, Breaches& out) {
  if (h.second_hello == nullptr) return;
  const auto cookie = h.retry->extensions.find(e::cookie);
  const auto echo = h.second_hello->message->extensions.find(e::cookie);
  const std::vector<size_t> events{h.retry_read->event, h.second_hello->event()};
  if (cookie && !echo) out.add(kClient, events, "the cookie is missing");
  if (cookie && echo && !equal(*cookie, *echo)) out.add(kClient, events, "another cookie");
  if (!cookie && echo) out.add(kClient, events, "a cookie that the server did not send");
}

void no_cookie_at_first(const Handshake& h, Breaches& out) {
  if (h.first_hello != nullptr && h.first_hello->has(e::cookie) && h.is_first &&
      h.seen_to(kClient, h.first_hello->event()) && h.seen_to(kServer, h.first_hello->event()))
    out.add(kClient, {h.first_hello->event()}, "a cookie in the first ClientHello");
}

void share_as_asked(const Handshake& h, Breaches& out) {
  if (h.second_hello == nullptr || !h.second_hello->has_key_share) return;
  const auto asked = typed<wire::ext::KeyShareRetry>(&h.retry->extensions);
  if (!asked) return;
  const auto& shares = h.second_hello->key_shares;
  if (shares.size() != 1 || shares[0] != asked->selected_group)
    out.add(kClient, {h.retry_read->event, h.second_hello->event()},
            fmt::format("{} shares where one of {} was asked for", shares.size(),
                        registry::group_name(asked->selected_group)));
}

void no_early_data(const Handshake& h, Breaches& out) {
  if (h.second_hello != nullptr && h.second_hello->has(e::early_data))
    out.add(kClient, {h.retry_read->event, h.second_hello->event()}, "early_data in the second ClientHello");
}

// RFC 8446 §4.1.2: what the second ClientHello may add, drop or change. RFC 9849 §6.1.5: ECH encrypts again.
bool may_change(uint16_t type, bool asked_share) {
  return type == e::cookie || type == e::early_data || type == e::padding || type == e::pre_shared_key ||
         type == e::encrypted_client_hello || (type == e::key_share && asked_share);
}

// An extension of `a` that must stay as it is and is not so in `b`; nullopt: there is none.
std::optional<uint16_t> not_as_in(const wire::ExtensionList& a, const wire::ExtensionList& b, bool asked_share) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (may_change(a.type(i), asked_share)) continue;
    const auto other = b.find(a.type(i));
    if (!other || !equal(*a.find(a.type(i)), *other)) return a.type(i);
  }
  return std::nullopt;
}

// The types that must stay as they are, in their order.
std::vector<uint16_t> fixed_types(const wire::ExtensionList& list, bool asked_share) {
  std::vector<uint16_t> out;
  for (size_t i = 0; i < list.size(); ++i)
    if (!may_change(list.type(i), asked_share)) out.push_back(list.type(i));
  return out;
}

std::string changed_part(const wire::ClientHello& first, const wire::ClientHello& second, bool asked_share) {
  if (first.legacy_version != second.legacy_version) return "legacy_version";
  if (first.random != second.random) return "random";
  if (first.legacy_session_id != second.legacy_session_id) return "legacy_session_id";
  if (first.cipher_suites != second.cipher_suites) return "cipher_suites";
  if (first.legacy_compression_methods != second.legacy_compression_methods) return "legacy_compression_methods";
  const wire::ExtensionList& a = first.extensions;
  const wire::ExtensionList& b = second.extensions;
  if (const auto type = not_as_in(b, a, asked_share)) return registry::extension_name(*type);
  if (const auto type = not_as_in(a, b, asked_share)) return registry::extension_name(*type);
  const std::vector<uint16_t> before = fixed_types(a, asked_share), now = fixed_types(b, asked_share);
  if (before.size() != now.size()) return "the number of extensions";  // one stands there more often
  if (before != now) return "the order of the extensions";
  return {};
}

void changes_only_what_it_may(const Handshake& h, Breaches& out) {
  if (h.second_hello == nullptr || h.first_hello == nullptr) return;
  const std::string part =
      changed_part(*h.first_hello->message, *h.second_hello->message, h.retry->extensions.has(e::key_share));
  if (!part.empty())
    out.add(kClient, {h.first_hello->event(), h.second_hello->event()}, fmt::format("{} is not as before", part));
}

// A HelloRetryRequest is of TLS 1.3 whatever came after it: hence the scopes.
constexpr Rule kRules[] = {
    {.id = "retry/asks_for_a_change",
     .title = "A HelloRetryRequest asks for something: a key share or a cookie",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.4"}},
     .scope = kAnyButDrafts,
     .why = "A client must abort when the answer would be the same ClientHello again.",
     .check = in_each<asks_for_a_change>},
    {.id = "retry/supported_versions",
     .title = "A HelloRetryRequest has supported_versions",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.4"}},
     .scope = kAnyButDrafts,
     .why = "It fixes the version before the client goes on.",
     .check = in_each<has_version>},
    {.id = "retry/group_offered",
     .title = "The group that a HelloRetryRequest asks for is in supported_groups",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.8"}, Cite{8446, "4.1.4"}},
     .scope = kAnyButDrafts,
     .why = "A client must abort otherwise; it cannot make such a share.",
     .check = in_each<group_offered>},
    {.id = "retry/group_is_new",
     .title = "A HelloRetryRequest asks for a group for which the client sent no share",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.8"}, Cite{8446, "4.1.4"}},
     .scope = kAnyButDrafts,
     .why = "With a share at hand a round trip is wasted, and a client must abort.",
     .check = in_each<group_is_new>},
    {.id = "retry/cipher_suite_offered",
     .title = "The cipher suite of a HelloRetryRequest was offered",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.4"}},
     .scope = kAnyButDrafts,
     .why = "The client must check it before it goes on.",
     .check = in_each<suite_offered>},
    {.id = "retry/session_id_echo",
     .title = "A HelloRetryRequest echoes the client's legacy_session_id",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.4"}, Cite{8446, "4.1.3"}},
     .scope = {kAnyButDrafts.versions, Scope::tls | Scope::quic},
     .why = "A client must check it as it does in ServerHello.",
     .check = in_each<session_id_echo>},
    {.id = "retry/once",
     .title = "There is at most one HelloRetryRequest in a connection",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.4"}},
     .scope = kAnyButDrafts,
     .why = "A client must abort with unexpected_message on a second one.",
     .check = in_each<only_once>},
    {.id = "retry/same_cipher_suite",
     .title = "ServerHello has the cipher suite of the HelloRetryRequest",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.4"}},
     .scope = kAnyButDrafts,
     .why = "The hash of the first ClientHello was made with that suite's hash.",
     .check = in_each<same_suite>},
    {.id = "retry/same_version",
     .title = "ServerHello has the version of the HelloRetryRequest",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.4"}},
     .scope = kAnyButDrafts,
     .why = "A client must abort with illegal_parameter otherwise.",
     .check = in_each<same_version>},
    {.id = "retry/same_group",
     .title = "ServerHello's key share is of the group that the HelloRetryRequest asked for",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.8"}},
     .scope = kTls13,
     .why = "It is the one group for which the client has a key now.",
     .check = in_each<same_group>},
    {.id = "retry/cookie_echoed",
     .title = "The second ClientHello has the cookie of the HelloRetryRequest",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.2"}, Cite{8446, "4.1.2"}},
     .scope = kAnyButDrafts,
     .why = "A stateless server knows by it what it asked for.",
     .check = in_each<cookie_echoed>},
    {.id = "retry/no_cookie_at_first",
     .title = "The first ClientHello has no cookie extension",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.2"}},
     .scope = kAnyButDrafts,
     .why = "Cookies are not kept for later connections.",
     .check = in_each<no_cookie_at_first>},
    {.id = "retry/key_share_as_asked",
     .title = "The second ClientHello has one key share, of the group asked for",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.2"}, Cite{8446, "4.2.8"}},
     .scope = kAnyButDrafts,
     .why = "A server must check it and abort otherwise.",
     .check = in_each<share_as_asked>},
    {.id = "retry/no_early_data",
     .title = "The second ClientHello does not offer early data",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.2"}, Cite{8446, "4.2.10"}},
     .scope = kAnyButDrafts,
     .why = "A HelloRetryRequest has rejected them.",
     .check = in_each<no_early_data>},
    {.id = "retry/hello_unchanged",
     .title = "The second ClientHello changes only what a HelloRetryRequest allows",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.2"}},
     .scope = kAnyButDrafts,
     .why = "What the server has chosen by the first must hold for the second.",
     .check = in_each<changes_only_what_it_may>},
};

}  // namespace

std::span<const Rule> retry_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
