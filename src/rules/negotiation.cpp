// What the server chooses must be among what the client offered, and right for the version.
#include <fmt/format.h>

#include <algorithm>

#include "seen.h"
#include "tables.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::rules {
namespace {

namespace cs = registry::cipher_suite;
namespace e = registry::extension;
namespace hs = registry::handshake_type;
namespace version_of = registry::version;
using registry::CipherMode;
using registry::is_grease;
using verdict::Requirement;

// The events that decide what a ServerHello may say: the ClientHello and the answer.
std::vector<size_t> both(const Handshake& h) {
  if (h.hello == nullptr) return {h.server_hello_read->event};
  return {h.hello->event(), h.server_hello_read->event};
}

void version_offered(const Handshake& h, Breaches& out) {
  if (h.server_hello == nullptr || h.hello == nullptr || is_grease(h.raw_version)) return;
  const uint16_t legacy = h.hello->message->legacy_version;
  // RFC 8446 §4.2.1: with supported_versions the list alone counts; without it the version field is the highest
  // (RFC 5246 §7.4.1.3), and TLS 1.3 cannot be meant.
  const bool offered = h.hello->has_versions ? contains(h.hello->versions, h.raw_version)
                                             : h.version <= std::min(as_tls_version(legacy), version_of::TLS1_2);
  if (offered || h.hello->has(e::supported_versions) != h.hello->has_versions) return;
  out.add(kServer, both(h),
          h.hello->has_versions
              ? fmt::format("chose {}, which is not in supported_versions", version_text(h.raw_version))
              : fmt::format("chose {} of a client that offers up to {}", version_text(h.raw_version),
                            version_text(legacy)));
}

void legacy_version(const Handshake& h, Breaches& out) {
  if (h.server_hello == nullptr || as_tls_version(h.server_hello->legacy_version) == version_of::TLS1_2) return;
  out.add(kServer, {h.server_hello_read->event},
          fmt::format("legacy_version is 0x{:04x}", h.server_hello->legacy_version));
}

void suite_offered(const Handshake& h, Breaches& out) {
  if (h.server_hello == nullptr || h.hello == nullptr || is_grease(h.server_hello->cipher_suite)) return;
  if (contains(h.hello->message->cipher_suites, h.server_hello->cipher_suite)) return;
  out.add(kServer, both(h), fmt::format("chose {}, which was not offered", suite_name(h.server_hello->cipher_suite)));
}

void suite_fits_version(const Handshake& h, Breaches& out) {
  if (h.suite == nullptr || h.version == 0) return;
  const bool fits =
      h.suite->tls13 == h.is_tls13() && !(h.suite->tls12_only && h.is_below_tls13() && h.version < version_of::TLS1_2);
  if (!fits)
    out.add(kServer, {h.server_hello_read->event},
            fmt::format("chose {} for {}", h.suite->name, version_text(h.raw_version)));
}

void suite_is_no_signal(const Handshake& h, Breaches& out) {
  if (h.server_hello != nullptr && registry::is_scsv(h.server_hello->cipher_suite))
    out.add(kServer, {h.server_hello_read->event}, fmt::format("chose {}", suite_name(h.server_hello->cipher_suite)));
}

void compression(const Handshake& h, Breaches& out) {
  if (h.server_hello == nullptr || h.hello == nullptr) return;
  const uint8_t method = h.server_hello->legacy_compression_method;
  const Bytes& offered = h.hello->message->legacy_compression_methods;
  if (std::ranges::find(offered, method) == offered.end())
    out.add(kServer, both(h), fmt::format("chose compression method {}, which was not offered", method));
}

void compression_null(const Handshake& h, Breaches& out) {
  if (h.server_hello != nullptr && h.server_hello->legacy_compression_method != 0)
    out.add(kServer, {h.server_hello_read->event},
            fmt::format("legacy_compression_method is {}", h.server_hello->legacy_compression_method));
}

void session_id_echo(const Handshake& h, Breaches& out) {
  if (h.server_hello == nullptr || h.hello == nullptr) return;
  if (!equal(h.server_hello->legacy_session_id_echo, h.hello->message->legacy_session_id))
    out.add(kServer, both(h), "legacy_session_id_echo is not the client's legacy_session_id");
}

void sentinel_absent(const Handshake& h, Breaches& out) {
  if (h.is_tls13() && h.server_hello->downgrade() != wire::Downgrade::none)
    out.add(kServer, {h.server_hello_read->event}, "random ends with the downgrade sentinel");
}

// Whether the sentinel of this handshake tells a client that offers more that somebody has cut its offer.
bool tells_of_downgrade(const Handshake& h) {
  if (h.server_hello == nullptr || h.hello == nullptr || !h.is_below_tls13()) return false;
  const wire::Downgrade sentinel = h.server_hello->downgrade();
  if (sentinel == wire::Downgrade::none) return false;
  // RFC 8446 §4.1.3: a TLS 1.3 client that gets TLS 1.2 or below checks both values.
  if (h.hello->offers_tls13) return true;
  // A TLS 1.2 client, that gets less, the one of TLS 1.1; that is a SHOULD, and another rule.
  return false;
}

void client_stops_on_sentinel(const Handshake& h, Breaches& out) {
  if (!tells_of_downgrade(h)) return;
  for (const uint8_t type : {hs::client_key_exchange, hs::finished})
    if (const MessageRead* went_on = h.find(kClient, type)) {
      out.add(kClient, {h.server_hello_read->event, went_on->event},
              fmt::format("offered TLS 1.3, was answered {} with the downgrade sentinel, and went on",
                          version_text(h.raw_version)));
      return;
    }
}

void fallback_refused(const Handshake& h, Breaches& out) {
  if (h.server_hello == nullptr || h.hello == nullptr || !h.is_below_tls13()) return;
  if (!contains(h.hello->message->cipher_suites, cs::TLS_FALLBACK_SCSV)) return;
  // The sentinel says that the server supports more than the client's highest version.
  const wire::Downgrade sentinel = h.server_hello->downgrade();
  const bool supports_more = (sentinel == wire::Downgrade::to_tls12 && !h.hello->offers_tls13) ||
                             (sentinel == wire::Downgrade::to_tls11_or_below && !h.hello->offers_tls13 &&
                              as_tls_version(h.hello->message->legacy_version) < version_of::TLS1_2);
  if (supports_more)
    out.add(kServer, both(h), "goes on with a fallback, though its sentinel says that it supports more");
}

// The answer to ALPN, and where it stands.
std::optional<wire::ext::Alpn> alpn_answer(const Handshake& h, const MessageRead*& read) {
  if (h.is_tls13()) {
    const auto* extensions = h.get<wire::EncryptedExtensions>(kServer);
    read = h.find(kServer, hs::encrypted_extensions);
    return extensions == nullptr ? std::nullopt : extensions->extensions.get<wire::ext::Alpn>();
  }
  read = h.server_hello_read;
  return typed<wire::ext::Alpn>(h.server_extensions());
}

void one_alpn(const Handshake& h, Breaches& out) {
  const MessageRead* read = nullptr;
  const auto answer = alpn_answer(h, read);
  if (answer && answer->protocols.size() != 1)
    out.add(kServer, {read->event}, fmt::format("{} protocols", answer->protocols.size()));
}

void alpn_offered(const Handshake& h, Breaches& out) {
  const MessageRead* read = nullptr;
  const auto answer = alpn_answer(h, read);
  if (!answer || h.hello == nullptr || h.hello->alpn.empty()) return;
  for (size_t i = 0; i < answer->protocols.size(); ++i) {
    const ByteView chosen = answer->protocols[i];
    bool offered = false;
    for (size_t k = 0; k < h.hello->alpn.size(); ++k) offered |= equal(chosen, h.hello->alpn[k]);
    if (!offered)
      out.add(kServer, {h.hello->event(), read->event},
              fmt::format("chose \"{}\"", escape_terminal_limited(as_text(chosen), 80)));
  }
}

void encrypt_then_mac(const Handshake& h, Breaches& out) {
  if (h.server_hello == nullptr || h.suite == nullptr || !h.server_hello->extensions.has(e::encrypt_then_mac)) return;
  // GOST's suites are stream ciphers with a MAC of their own: RFC 7366 speaks of the block ciphers of CBC mode.
  if (h.suite->mode != CipherMode::cbc)
    out.add(kServer, {h.server_hello_read->event}, fmt::format("encrypt_then_mac with {}", h.suite->name));
}

void server_point_formats(const Handshake& h, Breaches& out) {
  const auto list = typed<wire::ext::EcPointFormats>(h.server_extensions());
  if (list && std::ranges::find(list->formats, registry::ec_point_format::uncompressed) == list->formats.end())
    out.add(kServer, {h.server_hello_read->event}, fmt::format("point formats {}", to_hex(list->formats)));
}

void fragment_length_echo(const Handshake& h, Breaches& out) {
  const MessageRead* read = nullptr;
  const auto answer = typed<wire::ext::MaxFragmentLength>(h.answers(read));
  if (!answer || h.hello == nullptr) return;
  const auto asked = typed<wire::ext::MaxFragmentLength>(&h.hello->message->extensions);
  if (asked && asked->code != answer->code)
    out.add(kServer, {h.hello->event(), read->event},
            fmt::format("code {} answers code {}", answer->code, asked->code));
}

void one_size_limit(const Handshake& h, Breaches& out) {
  const MessageRead* read = nullptr;
  const wire::ExtensionList* list = h.answers(read);
  if (list != nullptr && list->has(e::max_fragment_length) && list->has(e::record_size_limit))
    out.add(kServer, {read->event}, "both record_size_limit and max_fragment_length");
}

void server_size_limit(const Handshake& h, Breaches& out) {
  const MessageRead* read = nullptr;
  const auto limit = typed<wire::ext::RecordSizeLimit>(h.answers(read));
  const size_t most = wire::kMaxPlaintext + (h.is_tls13() ? 1 : 0);
  if (limit && (limit->limit < 64 || limit->limit > most))
    out.add(kServer, {read->event}, fmt::format("a record_size_limit of {}", limit->limit));
}

constexpr Rule kRules[] = {
    {.id = "server_hello/version_offered",
     .title = "The server chooses a version that the client offered",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.1"}, Cite{5246, "7.4.1.3"}},
     .scope = {Scope::before_tls13 | Scope::tls13 | Scope::tls13_draft, Scope::any_carrier},
     .why = "A client that is answered in another version must end the connection.",
     .check = in_each<version_offered>},
    {.id = "server_hello/legacy_version",
     .title = "ServerHello.legacy_version of TLS 1.3 is 0x0303",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.3"}},
     .scope = kTls13,
     .why = "Middleboxes look at this field; the version itself stands in supported_versions.",
     .check = in_each<legacy_version>},
    {.id = "server_hello/cipher_suite_offered",
     .title = "The server chooses a cipher suite that the client offered",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.3"}, Cite{5246, "7.4.1.3"}},
     .scope = {},
     .why = "A client that is given another suite must end the connection.",
     .check = in_each<suite_offered>},
    {.id = "server_hello/cipher_suite_fits_version",
     .title = "The cipher suite chosen is one of the version chosen",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "B.4"}, Cite{5246, "A.5"}, Cite{5288, "4"}},
     .scope = {Scope::before_tls13 | Scope::tls13, Scope::any_carrier},
     .why = "Suites of TLS 1.3 mean nothing before it, and AEAD suites need the PRF and records of TLS 1.2.",
     .check = in_each<suite_fits_version>},
    {.id = "server_hello/cipher_suite_is_no_signal",
     .title = "A signalling value is never chosen as the cipher suite",
     .requirement = Requirement::must,
     .cites = {Cite{5746, "3.3"}, Cite{7507, "2"}},
     .scope = {},
     .why = "TLS_EMPTY_RENEGOTIATION_INFO_SCSV and TLS_FALLBACK_SCSV name no cipher.",
     .check = in_each<suite_is_no_signal>},
    {.id = "server_hello/compression_offered",
     .title = "The server chooses a compression method that the client offered",
     .requirement = Requirement::must,
     .cites = {Cite{5246, "7.4.1.3"}},
     .scope = kBelow13OverRecords,
     .why = "Both sides must agree on how records are compressed.",
     .check = in_each<compression>},
    {.id = "server_hello/compression_null",
     .title = "ServerHello.legacy_compression_method of TLS 1.3 is 0",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.3"}},
     .scope = kTls13,
     .why = "TLS 1.3 has no compression, since it gives secrets away (CRIME).",
     .check = in_each<compression_null>},
    {.id = "server_hello/session_id_echo",
     .title = "A TLS 1.3 server echoes the client's legacy_session_id",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.3"}},
     .scope = {Scope::tls13, Scope::tls | Scope::quic},
     .why = "A client that gets another value must abort with illegal_parameter.",
     .check = in_each<session_id_echo>},
    {.id = "server_hello/no_sentinel_in_tls13",
     .title = "The random of a TLS 1.3 ServerHello does not end with the downgrade sentinel",
     .requirement = Requirement::should,
     .cites = {Cite{8446, "4.1.3"}},
     .scope = kTls13,
     .why = "The sentinel says that TLS 1.3 was not negotiated; by chance it stands there once in 2^64 handshakes.",
     .check = in_each<sentinel_absent>},
    {.id = "downgrade/client_stops",
     .title = "A client that offered TLS 1.3 ends a handshake whose ServerHello has the downgrade sentinel",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.3"}},
     .scope = kBelow13OverRecords,
     .why = "The sentinel of a server that supports more tells that somebody has cut the client's offer.",
     .check = in_each<client_stops_on_sentinel>},
    {.id = "downgrade/fallback_refused",
     .title = "A server that supports more refuses a ClientHello with TLS_FALLBACK_SCSV",
     .requirement = Requirement::must,
     .cites = {Cite{7507, "3"}},
     .scope = kBelow13OverRecords,
     .why = "The client fell back because a first try failed; with this server it need not have.",
     .check = in_each<fallback_refused>},
    {.id = "alpn/one_protocol",
     .title = "The server's ALPN answer names exactly one protocol",
     .requirement = Requirement::must,
     .cites = {Cite{7301, "3.1"}},
     .scope = {Scope::before_tls13 | Scope::tls13, Scope::any_carrier},
     .why = "The answer is a choice.",
     .check = in_each<one_alpn>},
    {.id = "alpn/offered",
     .title = "The server chooses an application protocol that the client offered",
     .requirement = Requirement::must,
     .cites = {Cite{7301, "3.2"}},
     .scope = {Scope::before_tls13 | Scope::tls13, Scope::any_carrier},
     .why = "Otherwise both sides speak past each other as soon as the handshake is done.",
     .check = in_each<alpn_offered>},
    {.id = "encrypt_then_mac/only_with_cbc",
     .title = "A server answers encrypt_then_mac only with a CBC cipher suite",
     .requirement = Requirement::must,
     .cites = {Cite{7366, "3"}},
     .scope = kBelow13OverRecords,
     .why = "Stream and AEAD suites have no separate MAC to turn around.",
     .check = in_each<encrypt_then_mac>},
    {.id = "server_hello/point_formats",
     .title = "The server's ec_point_formats includes uncompressed",
     .requirement = Requirement::must,
     .cites = {Cite{8422, "5.2"}},
     .scope = kBelow13OverRecords,
     .why = "It is the one format that every implementation has.",
     .check = in_each<server_point_formats>},
    {.id = "max_fragment_length/same",
     .title = "The server's max_fragment_length is the one that the client asked for",
     .requirement = Requirement::must,
     .cites = {Cite{6066, "4"}},
     .scope = {Scope::before_tls13 | Scope::tls13, Scope::any_carrier},
     .why = "The client asked because it has no room for more.",
     .check = in_each<fragment_length_echo>},
    {.id = "record_size_limit/alone",
     .title = "A server that answers record_size_limit does not answer max_fragment_length",
     .requirement = Requirement::must,
     .cites = {Cite{8449, "5"}},
     .scope = {Scope::before_tls13 | Scope::tls13, Scope::any_carrier},
     .why = "A client must abort when it gets both.",
     .check = in_each<one_size_limit>},
    {.id = "record_size_limit/value",
     .title = "The server's record_size_limit is at least 64 and at most the largest record of the version",
     .requirement = Requirement::must,
     .cites = {Cite{8449, "4"}},
     .scope = {Scope::before_tls13 | Scope::tls13, Scope::any_carrier},
     .why = "Smaller values are a fatal error, larger ones are kept for later versions.",
     .check = in_each<server_size_limit>},
};

}  // namespace

std::span<const Rule> negotiation_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
