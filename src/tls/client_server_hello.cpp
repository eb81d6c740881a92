// ServerHello and HelloRetryRequest: version, suite, extensions, and where the handshake goes from there.
#include <fmt/format.h>

#include <algorithm>

#include "client_impl.h"
#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::tls {

namespace alert = registry::alert;
namespace extension = registry::extension;
namespace version = registry::version;
using wire::ExtensionPlace;

namespace {

bool contains(const std::vector<uint16_t>& list, uint16_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

bool Client::Impl::check_extensions(const wire::ExtensionList& list, ExtensionPlace place, std::string_view what,
                                    bool responses) {
  for (uint16_t value : ws.seen_list) ws.seen_extensions.reset(value);
  ws.seen_list.clear();
  for (size_t i = 0; i < list.size(); ++i) {
    const uint16_t value = list.type(i);
    const auto name = [&] { return registry::extension_name(value); };
    // RFC 8446 §4.2, RFC 5246 §7.4.1.4: no two of the same type.
    if (ws.seen_extensions.test(value))
      return violation(alert::illegal_parameter, "RFC 8446 §4.2",
                       fmt::format("{} has two {} extensions", what, name()));
    ws.seen_extensions.set(value);
    ws.seen_list.push_back(value);
    bool asked = !responses || offered(value);
    // RFC 8446 §4.1.4: the cookie is the one that needs no offer.
    if (place == ExtensionPlace::hello_retry_request && value == extension::cookie) asked = true;
    // RFC 5746 §3.6: the SCSV stands for an empty renegotiation_info.
    if (place == ExtensionPlace::server_hello12 && value == extension::renegotiation_info)
      asked = asked || contains(ws.hello.cipher_suites, registry::cipher_suite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
    // RFC 8446 §4.2, RFC 5246 §7.4.1.4: an answer to what was not asked.
    if (!asked)
      return violation(alert::unsupported_extension,
                       place == ExtensionPlace::server_hello12 ? "RFC 5246 §7.4.1.4" : "RFC 8446 §4.2",
                       fmt::format("{} has the extension {}, which was not offered", what, name()));
    // RFC 8446 §4.2: known, but not in this message.
    if (const auto allowed = wire::may_stand(value, place); allowed && !*allowed)
      return violation(alert::illegal_parameter, "RFC 8446 §4.2",
                       fmt::format("{} has the extension {}, which may not stand there", what, name()));
    if (auto status = wire::check_extension(value, place, list.data(i), list.body_base(i)); !status)
      return undecodable(status.error());
  }
  return true;
}

bool Client::Impl::take_alpn(const wire::ExtensionList& list) {
  if (!list.read_typed(ws.alpn_in)) return true;
  // RFC 7301 §3.1: exactly one, and one of those offered.
  if (ws.alpn_in.protocols.size() != 1)
    return violation(alert::illegal_parameter, "RFC 7301 §3.1", "the server chose more than one application protocol");
  const ByteView chosen = ws.alpn_in.protocols[0];
  for (size_t i = 0; i < ws.offered_alpn.protocols.size(); ++i) {
    if (!equal(ws.offered_alpn.protocols[i], chosen)) continue;
    negotiated.alpn.assign(chosen.begin(), chosen.end());
    return true;
  }
  return violation(alert::illegal_parameter, "RFC 7301 §3.1",
                   "the server chose an application protocol that was not offered");
}

bool Client::Impl::on_server_hello(const Incoming& in) {
  if (!decode_into(in, ws.server_hello)) return false;
  if (!choose_version()) return false;
  // RFC 8446 §4.1.3: the length of the echo and the lack of compression hold for every version.
  if (ws.server_hello.legacy_compression_method != 0)
    return violation(alert::illegal_parameter, "RFC 8446 §4.1.3",
                     fmt::format("ServerHello chooses the compression method {}, which was not offered",
                                 ws.server_hello.legacy_compression_method));
  if (is13()) {
    // RFC 8446 §4.1.3: legacy_session_id_echo repeats ours.
    if (!equal(ws.server_hello.legacy_session_id_echo, ws.hello.legacy_session_id))
      return violation(alert::illegal_parameter, "RFC 8446 §4.1.3", "ServerHello does not echo our session id");
  }
  if (!check_suite()) return false;
  if (!is13()) return on_server_hello12(in);
  return ws.server_hello.is_hello_retry_request() ? on_hello_retry_request(in) : on_server_hello13(in);
}

bool Client::Impl::choose_version() {
  wire::ext::SupportedVersionsServer selected;
  if (const auto status = ws.server_hello.extensions.read_typed(selected); status && !*status)
    return undecodable(status->error());
  const bool by_extension = ws.server_hello.extensions.has(extension::supported_versions);
  const uint16_t chosen = by_extension ? selected.selected_version : ws.server_hello.legacy_version;
  const auto name = [&] { return registry::version_name(chosen); };
  const uint16_t before = negotiated.version;
  negotiated.version = chosen;
  if (by_extension) {
    // RFC 8446 §4.2: not without our supported_versions.
    if (!offered(extension::supported_versions))
      return violation(alert::unsupported_extension, "RFC 8446 §4.2",
                       "ServerHello has supported_versions, which was not offered");
    // RFC 8446 §4.2.1: TLS 1.3 or newer only, and one that was offered.
    if (chosen < version::TLS1_3 || registry::is_grease(chosen) || !contains(ws.offered_versions.versions, chosen))
      return violation(
          alert::illegal_parameter, "RFC 8446 §4.2.1",
          fmt::format("supported_versions of ServerHello chooses {}, which may not be chosen there", name()));
    // RFC 8446 §4.1.3.
    if (ws.server_hello.legacy_version != version::TLS1_2)
      return violation(
          alert::illegal_parameter, "RFC 8446 §4.1.3",
          fmt::format("ServerHello.legacy_version is {} instead of 0x0303", hex16(ws.server_hello.legacy_version)));
  } else {
    const bool asked = offered(extension::supported_versions) ? contains(ws.offered_versions.versions, chosen)
                                                              : chosen <= ws.hello.legacy_version && chosen >= 0x0300;
    // RFC 8446 §4.2.1, RFC 5246 appendix E.1.
    if (!asked || chosen >= version::TLS1_3)
      return violation(alert::protocol_version, "RFC 8446 §4.2.1",
                       fmt::format("ServerHello answers with {}, which was not offered", name()));
  }
  if (before != 0 && before != chosen)
    return violation(alert::illegal_parameter, "RFC 8446 §4.1.4",
                     fmt::format("ServerHello answers with {} after a HelloRetryRequest for TLS 1.3", name()));
  // RFC 8446 §4.1.3: the mark of a server that could do better.
  const auto mark = ws.server_hello.downgrade();
  if ((offers_tls13 && chosen <= version::TLS1_2 && mark != wire::Downgrade::none) ||
      (ws.hello.legacy_version == version::TLS1_2 && chosen < version::TLS1_2 &&
       mark == wire::Downgrade::to_tls11_or_below))
    return violation(alert::illegal_parameter, "RFC 8446 §4.1.3",
                     fmt::format("ServerHello.random says that the connection was downgraded to {}", name()));
  if (chosen != version::TLS1_3 && chosen != version::TLS1_2) {
    negotiated.cipher_suite = ws.server_hello.cipher_suite;
    return fail(Failure::Kind::unsupported_version_answered, alert::protocol_version, "RFC 8996 §4",
                fmt::format("the server accepts {}", name()));
  }
  return true;
}

bool Client::Impl::check_suite() {
  const uint16_t chosen = ws.server_hello.cipher_suite;
  const auto name = [&] { return registry::cipher_suite_name(chosen); };
  // RFC 8446 §4.1.3, RFC 5246 §7.4.1.3; GREASE and SCSVs are no suites (RFC 8701 §3.1).
  if (!contains(ws.hello.cipher_suites, chosen) || registry::is_grease(chosen) || registry::is_scsv(chosen))
    return violation(alert::illegal_parameter, is13() ? "RFC 8446 §4.1.3" : "RFC 5246 §7.4.1.3",
                     fmt::format("ServerHello chooses {}, which was not offered", name()));
  const auto* info = registry::cipher_suite_info(chosen);
  if (info != nullptr && info->tls13 != is13())
    return violation(alert::illegal_parameter, "RFC 8446 appendix B.4",
                     fmt::format("ServerHello chooses {} with {}", name(), registry::version_name(negotiated.version)));
  // RFC 8446 §4.1.4: the suite of the HelloRetryRequest stays.
  if (negotiated.hello_retry_request && chosen != negotiated.cipher_suite)
    return violation(alert::illegal_parameter, "RFC 8446 §4.1.4",
                     "ServerHello changes the suite of the HelloRetryRequest");
  negotiated.cipher_suite = chosen;
  suite = crypto::find_suite(chosen);
  const bool ours = suite != nullptr && info != nullptr && (is13() || info->kx == registry::KeyExchange::ecdhe);
  if (ours) return true;
  return fail(Failure::Kind::unsupported_parameter, alert::handshake_failure, {},
              fmt::format("the server accepts {}, which was offered but is not spoken here", name()));
}

bool Client::Impl::on_hello_retry_request(const Incoming& in) {
  // RFC 8446 §4.1.4: at most one.
  if (negotiated.hello_retry_request)
    return violation(alert::unexpected_message, "RFC 8446 §4.1.4", "a second HelloRetryRequest");
  if (!check_extensions(ws.server_hello.extensions, ExtensionPlace::hello_retry_request, "HelloRetryRequest", true))
    return false;
  wire::ext::KeyShareRetry wanted;
  const bool has_group = ws.server_hello.extensions.read_typed(wanted).has_value();
  const bool has_cookie = ws.server_hello.extensions.read_typed(ws.cookie_in).has_value();
  if (has_group) {
    // RFC 8446 §4.2.8: a group of ours, and one for which we sent no share.
    const uint16_t group = wanted.selected_group;
    if (!contains(ws.offered_groups.groups, group) || registry::is_grease(group))
      return violation(
          alert::illegal_parameter, "RFC 8446 §4.2.8",
          fmt::format("HelloRetryRequest asks for {}, which was not offered", registry::group_name(group)));
    ws.offered_shares.clear();
    static_cast<void>(ws.hello.extensions.read_typed(ws.offered_shares));
    if (ws.offered_shares.find(group))
      return violation(alert::illegal_parameter, "RFC 8446 §4.2.8",
                       fmt::format("HelloRetryRequest asks for {}, whose share was sent", registry::group_name(group)));
    negotiated.group = group;
  } else if (!has_cookie) {
    // RFC 8446 §4.1.4: it must change something.
    return violation(alert::illegal_parameter, "RFC 8446 §4.1.4", "HelloRetryRequest would change nothing");
  }
  negotiated.hello_retry_request = true;
  write_level = wire::Level::initial;  // RFC 8446 §4.1.2: early data end here, and are lost
  transcript.fold(suite->hash);
  transcript.add(in.raw);
  plan_compatibility_ccs();
  plan_message(registry::handshake_type::client_hello, wire::Level::initial);
  return rebuild_after_retry(has_group ? std::optional(wanted.selected_group) : std::nullopt,
                             has_cookie ? std::optional(ByteView(ws.cookie_in.cookie)) : std::nullopt);
}

bool Client::Impl::on_server_hello13(const Incoming& in) {
  const auto& list = ws.server_hello.extensions;
  if (!check_extensions(list, ExtensionPlace::server_hello, "ServerHello", true)) return false;
  wire::ext::PreSharedKeyServer psk;
  if (list.read_typed(psk)) {
    // RFC 8446 §4.2.11: one of our identities, with its hash.
    if (!psk_offered || psk.selected_identity >= ws.offered_psk.identities.size() ||
        suite->hash != psk_schedule->hash())
      return violation(alert::illegal_parameter, "RFC 8446 §4.2.11",
                       "ServerHello chooses a pre-shared key that was not offered");
    negotiated.resumed = true;
    psk_identity = psk.selected_identity;
  }
  const bool has_share = list.read_typed(ws.server_share).has_value();
  const auto offered_mode = [&](uint8_t mode) {
    return std::find(ws.offered_psk_modes.modes.begin(), ws.offered_psk_modes.modes.end(), mode) !=
           ws.offered_psk_modes.modes.end();
  };
  namespace mode = registry::psk_key_exchange_mode;
  if (has_share) {
    // RFC 8446 §4.2.9: with psk_ke the server must not send a key_share.
    if (negotiated.resumed && offered_mode(mode::psk_ke) && !offered_mode(mode::psk_dhe_ke))
      return violation(alert::illegal_parameter, "RFC 8446 §4.2.9",
                       "ServerHello has a key_share, but psk_ke alone was offered");
    const auto share =
        std::find_if(shares.begin(), shares.end(), [&](const Share& s) { return s.group == ws.server_share.group; });
    const auto name = [&] { return registry::group_name(ws.server_share.group); };
    // RFC 8446 §4.2.8: a group whose share we sent; after a HelloRetryRequest, the one it named.
    if (share == shares.end() ||
        (negotiated.hello_retry_request && negotiated.group != 0 && negotiated.group != ws.server_share.group))
      return violation(alert::illegal_parameter, "RFC 8446 §4.2.8",
                       fmt::format("ServerHello has a share of {}, for which we sent none", name()));
    if (const auto derived = share->key->derive(ws.server_share.key, shared_secret); !derived) {
      if (derived.error() == crypto::KexError::internal)
        return fail(Failure::Kind::local_error, alert::internal_error, {}, "the key exchange failed");
      return violation(alert::illegal_parameter, "RFC 8446 §4.2.8.2",
                       fmt::format("the server's {} share: {}", name(), crypto::to_string(derived.error())));
    }
    negotiated.group = ws.server_share.group;
    give_back_shares();
  } else if (!negotiated.resumed || !offered_mode(mode::psk_ke)) {
    // RFC 8446 §9.2: a handshake without psk_ke needs a share.
    return violation(alert::missing_extension, "RFC 8446 §9.2", "ServerHello has no key_share");
  } else {
    shared_secret.clear();
    give_back_shares();
    negotiated.group = 0;
  }
  // RFC 8446 §5.1: keys change here.
  if (assembler.pending_len() != 0)
    return violation(alert::unexpected_message, "RFC 8446 §5.1",
                     "more handshake bytes follow ServerHello in its record");
  transcript.start(suite->hash);
  transcript.add(in.raw);
  schedule13.reset(suite->hash);
  if (negotiated.resumed)
    schedule13.early(setup.resume->secret.view());
  else
    schedule13.early();
  schedule13.handshake(shared_secret.view(), transcript.hash());
  shared_secret.clear();
  tell_secret(trace::SecretLabel::client_handshake_traffic_secret, schedule13.client_handshake().view());
  tell_secret(trace::SecretLabel::server_handshake_traffic_secret, schedule13.server_handshake().view());
  reader.keys().start_tls13(suite->aead, suite->hash, schedule13.server_handshake());
  reader.set_level(wire::Level::handshake);
  writer.keys(wire::Level::handshake).start_tls13(suite->aead, suite->hash, schedule13.client_handshake());
  write_level = wire::Level::handshake;
  expecting = Expecting::encrypted_extensions;
  return true;
}

bool Client::Impl::on_server_hello12(const Incoming& in) {
  give_back_shares();
  server_random = ws.server_hello.random;
  session_id12 = ws.server_hello.legacy_session_id_echo;
  status_promised = ws.server_hello.extensions.has(extension::status_request);
  transcript.keep();
  transcript.start(suite->hash);
  transcript.add(in.raw);
  schedule12.reset(suite->hash);
  if (!check_extensions(ws.server_hello.extensions, ExtensionPlace::server_hello12, "ServerHello", true)) return false;
  if (!read_server_extensions12()) return false;
  const auto& echo = ws.server_hello.legacy_session_id_echo;
  // RFC 5246 §7.4.1.3: our session id means that the session is resumed.
  negotiated.resumed = !echo.empty() && equal(echo, ws.hello.legacy_session_id);
  if (!negotiated.resumed) {
    expecting = Expecting::certificate12;
    return true;
  }
  if (!check_resumption12()) return false;
  schedule12.set_master(setup.resume->secret.view());
  if (!ensure_keys12()) return false;
  transcript.forget_kept();
  expecting = negotiated.ticket_promised ? Expecting::ticket12 : Expecting::change_cipher_spec12;
  return true;
}

bool Client::Impl::read_server_extensions12() {
  const auto& list = ws.server_hello.extensions;
  negotiated.extended_master_secret = list.has(extension::extended_master_secret);
  negotiated.ticket_promised = list.has(extension::session_ticket);
  negotiated.server_name_acknowledged = list.has(extension::server_name);
  if (const auto body = list.find(extension::renegotiation_info)) {
    // RFC 5746 §3.4: empty in a first handshake.
    if (body->size() != 1 || (*body)[0] != 0)
      return violation(alert::handshake_failure, "RFC 5746 §3.4", "renegotiation_info of ServerHello is not empty");
    negotiated.renegotiation_info = true;
  }
  // RFC 8422 §5.2: uncompressed points must be among them.
  if (const auto body = list.find(extension::ec_point_formats))
    if (std::find(body->begin() + 1, body->end(), uint8_t{0}) == body->end())
      return violation(alert::illegal_parameter, "RFC 8422 §5.2", "ec_point_formats of ServerHello lacks uncompressed");
  return take_alpn(list);
}

bool Client::Impl::check_resumption12() {
  const Session* session = setup.resume;
  if (session == nullptr || session->version != version::TLS1_2)
    return violation(alert::illegal_parameter, "RFC 8446 §4.1.3",
                     "ServerHello echoes a session id that stands for no session");
  // RFC 5246 §7.4.1.3: a resumed session keeps its suite.
  if (session->cipher_suite != negotiated.cipher_suite)
    return violation(alert::illegal_parameter, "RFC 5246 §7.4.1.3", "the resumed session changes its cipher suite");
  // RFC 7627 §5.3: and whether it has the extended master secret.
  if (session->extended_master_secret != negotiated.extended_master_secret)
    return violation(alert::handshake_failure, "RFC 7627 §5.3",
                     session->extended_master_secret ? "the resumed session lost its extended master secret"
                                                     : "the resumed session gained an extended master secret");
  return true;
}

}  // namespace tlsproof::tls
