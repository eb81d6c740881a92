// The ClientHello: built from the configuration, bent by the editor, remembered as it went out.
#include <algorithm>

#include "client_impl.h"
#include "tlsproof/registry/attributes.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::tls {

namespace alert = registry::alert;
namespace extension = registry::extension;
namespace version = registry::version;

namespace {

bool contains(const std::vector<uint16_t>& list, uint16_t value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// RFC 8701 §2: sixteen values, drawn by one byte.
uint16_t grease_value(uint8_t drawn) {
  const unsigned byte = (drawn & 0xf0u) | 0x0au;
  return static_cast<uint16_t>(byte << 8 | byte);
}

}  // namespace

// Whether an offered version can run the suite.
bool Client::Impl::usable_suite(uint16_t value) const {
  if (config->offer_verbatim) return true;
  const auto* info = registry::cipher_suite_info(value);
  if (info == nullptr) return true;  // SCSVs and unknown ones are the caller's business
  return std::any_of(config->versions.begin(), config->versions.end(), [&](uint16_t v) {
    if (v >= version::TLS1_3) return info->tls13;
    return !info->tls13 && (v == version::TLS1_2 || !info->tls12_only);
  });
}

bool Client::Impl::build_client_hello() {
  const auto& versions = config->versions;
  if (versions.empty()) return fail(Failure::Kind::local_error, std::nullopt, {}, "no version to offer");
  offers_tls13 = contains(versions, version::TLS1_3);
  ws.hello_owner = nullptr;  // nobody's until it is made
  ws.hello.legacy_version = 0;
  // RFC 8446 §4.1.2: legacy_version is 0x0303 where TLS 1.3 is offered; before, the highest version itself.
  for (uint16_t v : versions) ws.hello.legacy_version = std::max(ws.hello.legacy_version, std::min(v, version::TLS1_2));
  random->fill(ws.hello.random);
  ws.hello.legacy_session_id.clear();
  const bool old_session = setup.resume != nullptr && setup.resume->version == version::TLS1_2;
  if (old_session && !setup.resume->session_id.empty()) {
    ws.hello.legacy_session_id.assign(setup.resume->session_id.begin(), setup.resume->session_id.end());
  } else if ((offers_tls13 && config->middlebox_compatibility) || (old_session && !setup.resume->ticket.empty())) {
    // RFC 8446 appendix D.4; RFC 5077 §3.4: so that the server's echo tells that it resumed.
    ws.hello.legacy_session_id.resize(32);
    random->fill(ws.hello.legacy_session_id);
  }
  ws.hello.cipher_suites.clear();
  for (uint16_t value : config->cipher_suites)
    if (usable_suite(value)) ws.hello.cipher_suites.push_back(value);
  const bool offers_old = std::any_of(versions.begin(), versions.end(), [](uint16_t v) { return v < version::TLS1_3; });
  if (offers_old && config->renegotiation_info == ClientConfig::RenegotiationInfo::scsv)
    ws.hello.cipher_suites.push_back(registry::cipher_suite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
  ws.hello.legacy_compression_methods.assign(1, 0);
  ws.hello.has_extensions = true;
  ws.hello.extensions.clear();
  add_extensions();
  if (config->grease) add_grease();
  for (const auto& extra : config->extra_extensions) ws.hello.extensions.add(extra.type, extra.body);
  add_early_data();
  add_pre_shared_key();
  size_t place = 0;
  for (uint16_t wanted : config->extension_order)
    if (const auto at = ws.hello.extensions.index_of(wanted); at && *at >= place)
      ws.hello.extensions.move(*at, place++);
  // RFC 8446 §4.2.11: pre_shared_key stays last.
  if (const auto at = ws.hello.extensions.index_of(extension::pre_shared_key);
      at && *at + 1 != ws.hello.extensions.size())
    ws.hello.extensions.move(*at, ws.hello.extensions.size() - 1);
  return state != State::failed;
}

void Client::Impl::add_extensions() {
  auto& list = ws.hello.extensions;
  const auto& versions = config->versions;
  const bool offers_old = std::any_of(versions.begin(), versions.end(), [](uint16_t v) { return v < version::TLS1_3; });
  const auto u16s = [](const std::vector<uint16_t>& values) {
    return [&values](Writer& w) { wire::encode_u16_list16(values, w); };
  };
  if (!config->server_name.empty())  // RFC 6066 §3
    list.add_with(extension::server_name, [&](Writer& w) {
      w.prefixed16([&] {
        w.u8(registry::server_name_type::host_name);
        w.opaque16(as_bytes(config->server_name));
      });
    });
  if (offers_old && config->extended_master_secret) list.add(extension::extended_master_secret, {});
  if (offers_old && config->renegotiation_info == ClientConfig::RenegotiationInfo::extension)
    list.add_with(extension::renegotiation_info, [](Writer& w) { w.u8(0); });
  if (!config->groups.empty()) {
    list.add_with(extension::supported_groups, u16s(config->groups));
    if (offers_old)  // RFC 8422 §5.1.2: uncompressed
      list.add_with(extension::ec_point_formats, [](Writer& w) { w.opaque8({{0}}); });
  }
  if (offers_old && config->session_ticket) {
    const bool resume = setup.resume != nullptr && setup.resume->version == version::TLS1_2;
    list.add(extension::session_ticket, resume ? ByteView(setup.resume->ticket) : ByteView());
  }
  if (!config->alpn.empty())
    list.add_with(extension::application_layer_protocol_negotiation, [&](Writer& w) {
      w.prefixed16([&] {
        for (const auto& name : config->alpn) w.opaque8(as_bytes(name));
      });
    });
  if (config->status_request)  // RFC 6066 §8: ocsp, no responders, no extensions
    list.add_with(extension::status_request, [](Writer& w) {
      w.u8(registry::certificate_status_type::ocsp);
      w.u32(0);
    });
  if (!config->signature_schemes.empty())
    list.add_with(extension::signature_algorithms, u16s(config->signature_schemes));
  if (!config->signature_schemes_cert.empty())
    list.add_with(extension::signature_algorithms_cert, u16s(config->signature_schemes_cert));
  if (!offers_tls13) return;
  add_key_shares();
  list.add_with(extension::supported_versions, [&](Writer& w) { wire::encode_u16_list8(versions, w); });
  if (config->psk_key_exchange_modes)
    list.add_with(extension::psk_key_exchange_modes, [&](Writer& w) {
      namespace mode = registry::psk_key_exchange_mode;
      w.opaque8({{config->psk_mode == PskMode::psk_ke ? mode::psk_ke : mode::psk_dhe_ke}});
    });
  if (config->post_handshake_auth) list.add(extension::post_handshake_auth, {});
}

void Client::Impl::add_key_shares() {
  for (uint16_t group : config->key_share_groups) {
    Share share = take_share(group);
    if (share.key == nullptr) continue;
    shares.push_back(std::move(share));
    if (auto status = shares.back().key->generate(*random); !status) {
      fail(Failure::Kind::local_error, std::nullopt, {}, status.error().message());
      return;
    }
  }
  ws.hello.extensions.add_with(extension::key_share, [&](Writer& w) {
    w.prefixed16([&] {
      for (const auto& share : shares) {
        w.u16(share.group);
        w.opaque16(share.key->public_share());
      }
    });
  });
}

// RFC 8446 §4.2.10: early data go out under the version, suite and application protocol of the session; a server that
// would choose otherwise could not read them.
void Client::Impl::add_early_data() {
  const Session* resume = setup.resume;
  if (setup.early_data.empty() || resume == nullptr || resume->version != version::TLS1_3 || !offers_tls13) return;
  const auto* known = crypto::find_suite(resume->cipher_suite);
  if (known == nullptr || !known->tls13 || resume->ticket.empty() || resume->secret.empty()) return;
  if (setup.early_data.size() > resume->max_early_data || !contains(ws.hello.cipher_suites, resume->cipher_suite))
    return;
  const auto& alpn = config->alpn;
  if (!resume->alpn.empty() && std::find(alpn.begin(), alpn.end(), as_text(resume->alpn)) == alpn.end()) return;
  ws.hello.extensions.add(extension::early_data, {});
  early_data_offered = true;
}

// RFC 8446 §4.2.11. The binder is zeros here; patch_binder() fills it in once the rest of the message stands.
void Client::Impl::add_pre_shared_key() {
  const Session* resume = setup.resume;
  psk_offered = false;
  if (resume == nullptr || resume->version != version::TLS1_3 || !offers_tls13) return;
  const auto* psk_suite = crypto::find_suite(resume->cipher_suite);
  if (psk_suite == nullptr || resume->ticket.empty() || resume->secret.empty()) return;
  psk_offered = true;
  if (!psk_schedule) psk_schedule = std::make_unique<crypto::KeySchedule13>();
  psk_schedule->reset(psk_suite->hash);
  psk_schedule->early(resume->secret.view());
  // RFC 8446 §4.2.11.1: milliseconds since the ticket came, plus ticket_age_add, modulo 2^32.
  const auto age_ms = static_cast<uint32_t>((setup.clock->monotonic_ns() - resume->received_ns) / 1'000'000);
  const uint32_t obfuscated = resume->external ? 0 : age_ms + resume->age_add;
  ws.hello.extensions.add_with(extension::pre_shared_key, [&](Writer& w) {
    w.prefixed16([&] {
      w.opaque16(resume->ticket);
      w.u32(obfuscated);
    });
    w.prefixed16([&] {
      static constexpr std::array<uint8_t, crypto::kMaxHashLen> kZeros{};
      w.opaque8(ByteView(kZeros).first(crypto::hash_len(psk_suite->hash)));
    });
  });
}

// RFC 8701 §3.1: a client may offer reserved values, in every list where an unknown one must be ignored.
void Client::Impl::add_grease() {
  std::array<uint8_t, 6> drawn{};
  random->fill(drawn);
  auto& list = ws.hello.extensions;
  ws.hello.cipher_suites.insert(ws.hello.cipher_suites.begin(), grease_value(drawn[0]));
  const uint16_t group = grease_value(drawn[1]);
  const auto prepend = [&](uint16_t type, size_t len_len, ByteView what) {
    const auto at = list.index_of(type);
    if (!at || list.data(*at).size() < len_len) return;
    ws.scratch.assign(list.data(*at).begin() + static_cast<std::ptrdiff_t>(len_len), list.data(*at).end());
    list.set_with(*at, [&](Writer& w) {
      const auto body = [&] {
        w.bytes(what);
        w.bytes(ws.scratch);
      };
      if (len_len == 1)
        w.prefixed8(body);
      else
        w.prefixed16(body);
    });
  };
  const auto high = static_cast<uint8_t>(group >> 8);
  prepend(extension::supported_groups, 2, {{high, high}});
  prepend(extension::key_share, 2, {{high, high, 0, 1, 0}});
  const auto greased_version = static_cast<uint8_t>(grease_value(drawn[2]) >> 8);
  prepend(extension::supported_versions, 1, {{greased_version, greased_version}});
  const uint16_t first = grease_value(drawn[3]);
  uint16_t last = grease_value(drawn[4]);
  if (last == first) last = static_cast<uint16_t>(last ^ 0x1010);
  list.insert(0, first, {});
  list.add(last, {{0}});
}

// RFC 8446 §4.1.2: the same ClientHello but for the share, the cookie, early data and the pre-shared keys.
bool Client::Impl::rebuild_after_retry(std::optional<uint16_t> group, std::optional<ByteView> cookie) {
  ws.hello_owner = nullptr;
  auto& list = ws.hello.extensions;
  if (group) {
    give_back_shares();
    Share share = take_share(*group);
    crypto::KeyExchange* key = share.key;
    if (key == nullptr)
      return fail(
          Failure::Kind::unsupported_parameter, alert::handshake_failure, "RFC 8446 §4.1.4",
          "HelloRetryRequest asks for " + registry::group_name(*group) + ", which was offered but is not spoken here");
    shares.push_back(std::move(share));
    if (auto status = key->generate(*random); !status)
      return fail(Failure::Kind::local_error, alert::internal_error, {}, status.error().message());
    const auto write = [&](Writer& w) {
      w.prefixed16([&] {
        w.u16(*group);
        w.opaque16(key->public_share());
      });
    };
    if (const auto at = list.index_of(extension::key_share))
      list.set_with(*at, write);
    else
      list.add_with(extension::key_share, write);
  }
  list.erase_type(extension::early_data);
  list.erase_type(extension::pre_shared_key);
  list.erase_type(extension::cookie);
  if (cookie) list.add_with(extension::cookie, [&](Writer& w) { w.opaque16(*cookie); });
  // RFC 8446 §4.1.4: a PSK whose hash is not the suite's must go.
  if (psk_offered && suite->hash == psk_schedule->hash())
    add_pre_shared_key();
  else
    psk_offered = false;
  return true;
}

bool Client::Impl::make_client_hello(unsigned occurrence) {
  ws.message.clear();
  if (setup.editor == nullptr) {
    if (!wire::encode_message(ws.hello, ws.message))
      return fail(Failure::Kind::local_error, std::nullopt, {}, "the ClientHello does not fit into its length fields");
    patch_binder();
    note_offer();
    return true;
  }
  ws.edit = std::move(ws.hello);
  const auto kept = std::get<wire::ClientHello>(ws.edit);
  setup.editor->on_message(wire::ClientHello::kType, occurrence, ws.edit);
  static_cast<void>(wire::encode_message(ws.edit, ws.message));
  if (auto* edited = std::get_if<wire::ClientHello>(&ws.edit)) {
    ws.hello = std::move(*edited);
    patch_binder();
  } else {
    ws.hello = kept;  // the run goes on as if it had been sent
  }
  ws.scratch = ws.message;
  setup.editor->on_encoded(wire::ClientHello::kType, occurrence, ws.message);
  // What was offered is what went out, where it can be read.
  if (ws.message != ws.scratch && ws.message.size() > wire::kHandshakeHeaderLen &&
      ws.message[0] == wire::ClientHello::kType) {
    wire::ClientHello sent;
    if (wire::decode_all_into(ByteView(ws.message).subspan(wire::kHandshakeHeaderLen), sent))
      ws.hello = std::move(sent);
  }
  note_offer();
  return true;
}

// RFC 8446 §4.2.11.2: the binder covers the ClientHello up to the list of binders.
void Client::Impl::patch_binder() {
  const auto& list = ws.hello.extensions;
  if (!psk_offered || list.empty() || list.type(list.size() - 1) != extension::pre_shared_key) return;
  auto& psk = ws.offered_psk;
  if (!wire::decode_all_into(list.data(list.size() - 1), psk) || psk.binders.empty()) return;
  const ByteView binder = psk.binders[0];
  const bool open = std::all_of(binder.begin(), binder.end(), [](uint8_t b) { return b == 0; });
  const size_t len = crypto::hash_len(psk_schedule->hash());
  if (!open || binder.size() != len) return;
  const size_t begin = ws.message.size() - psk.binders_len();
  const auto hash = transcript.hash_with(psk_schedule->hash(), ByteView(ws.message).first(begin));
  psk_schedule->binder(setup.resume->external ? crypto::PskKind::external : crypto::PskKind::resumption, hash,
                       std::span(ws.message).subspan(begin + 3, len));
}

void Client::Impl::note_offer() {
  client_random = ws.hello.random;
  read_offer();
  const auto& versions = ws.offered_versions.versions;
  offers_tls13 = contains(versions, version::TLS1_3);
  offers_older =
      versions.empty() || std::any_of(versions.begin(), versions.end(), [](uint16_t v) { return v < version::TLS1_3; });
  ws.hello_owner = this;
  if (shared()) hello_bytes.assign(ws.message.begin(), ws.message.end());
}

// Another client of the workspace may have been at work since our ClientHello went out.
void Client::Impl::recall_offer() {
  if (ws.hello_owner == this || hello_bytes.size() < wire::kHandshakeHeaderLen) return;
  TLSPROOF_CHECK(wire::decode_all_into(ByteView(hello_bytes).subspan(wire::kHandshakeHeaderLen), ws.hello).has_value());
  read_offer();
  ws.hello_owner = this;
}

// Reads out of `hello` what later checks ask for.
void Client::Impl::read_offer() {
  const auto& list = ws.hello.extensions;
  const auto read = [&](auto& typed, auto& values) {
    const auto status = list.read_typed(typed);
    if (!status || !*status) values.clear();
  };
  read(ws.offered_versions, ws.offered_versions.versions);
  read(ws.offered_groups, ws.offered_groups.groups);
  read(ws.offered_schemes, ws.offered_schemes.schemes);
  read(ws.offered_psk, ws.offered_psk);
  read(ws.offered_psk_modes, ws.offered_psk_modes.modes);
  read(ws.offered_alpn, ws.offered_alpn.protocols);
}

bool Client::Impl::only_tls13_offered() const {
  return negotiated.version == 0 && offers_tls13 && !offers_older;
}

void Client::Impl::after_client_hello() {
  // RFC 8446 §4.2.10: keys for ClientSetup::early_data, or for whatever an editor sends who put the extension there.
  if (psk_offered && offered(extension::early_data) && num_sent.get(wire::ClientHello::kType) == 1) start_early_keys();
}

}  // namespace tlsproof::tls
