// What a ClientHello must hold, whatever the answer is.
#include <fmt/format.h>

#include <algorithm>

#include "seen.h"
#include "tables.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::rules {
namespace {

namespace e = registry::extension;
namespace version_of = registry::version;
using verdict::Requirement;

// A rule on one ClientHello as a rule on the connection: each that was seen.
template <void (*check)(const Hello&, Breaches&)>
void in_each_hello(const Seen& seen, Breaches& out) {
  for (const Handshake& h : seen.handshakes) {
    if (h.first_hello != nullptr) check(*h.first_hello, out);
    const Hello* second = h.second_hello != nullptr ? h.second_hello : h.hello;
    if (second != nullptr && second != h.first_hello) check(*second, out);
  }
}

void legacy_version(const Hello& hello, Breaches& out) {
  if (hello.offers_tls13 && as_tls_version(hello.message->legacy_version) != version_of::TLS1_2)
    out.add(kClient, {hello.event()}, fmt::format("legacy_version is 0x{:04x}", hello.message->legacy_version));
}

void version_field(const Hello& hello, Breaches& out) {
  if (hello.has_versions || hello.has(e::supported_versions)) return;
  if (as_tls_version(hello.message->legacy_version) == version_of::TLS1_3)
    out.add(kClient, {hello.event()}, "TLS 1.3 in the version field, without supported_versions");
}

void null_compression(const Hello& hello, Breaches& out) {
  const Bytes& methods = hello.message->legacy_compression_methods;
  if (std::ranges::find(methods, 0) == methods.end())
    out.add(kClient, {hello.event()}, fmt::format("compression methods {} without null", to_hex(methods)));
}

void only_null_compression(const Hello& hello, Breaches& out) {
  const Bytes& methods = hello.message->legacy_compression_methods;
  if (hello.offers_tls13 && !(methods.size() == 1 && methods[0] == 0))
    out.add(kClient, {hello.event()}, fmt::format("compression methods {}", to_hex(methods)));
}

void psk_last(const Hello& hello, Breaches& out) {
  const auto index = hello.message->extensions.index_of(e::pre_shared_key);
  if (index && *index + 1 != hello.message->extensions.size())
    out.add(kClient, {hello.event()},
            fmt::format("{} stands behind pre_shared_key",
                        registry::extension_name(hello.message->extensions.type(*index + 1))));
}

void psk_modes(const Hello& hello, Breaches& out) {
  if (hello.has(e::pre_shared_key) && !hello.has(e::psk_key_exchange_modes))
    out.add(kClient, {hello.event()}, "pre_shared_key without psk_key_exchange_modes");
}

void binders(const Hello& hello, Breaches& out) {
  if (hello.has_psk && hello.psk_identities.size() != hello.psk_binder_lens.size())
    out.add(kClient, {hello.event()},
            fmt::format("{} identities, {} binders", hello.psk_identities.size(), hello.psk_binder_lens.size()));
}

void early_data_with_psk(const Hello& hello, Breaches& out) {
  if (hello.has(e::early_data) && !hello.has(e::pre_shared_key))
    out.add(kClient, {hello.event()}, "early_data without pre_shared_key");
}

void mandatory_extensions(const Hello& hello, Breaches& out) {
  if (!hello.offers_tls13 || hello.has(e::pre_shared_key)) return;
  for (const uint16_t type : {e::signature_algorithms, e::supported_groups})
    if (!hello.has(type))
      out.add(kClient, {hello.event()}, fmt::format("neither {} nor pre_shared_key", registry::extension_name(type)));
}

void groups_and_shares(const Hello& hello, Breaches& out) {
  if (!hello.offers_tls13 || hello.has(e::supported_groups) == hello.has(e::key_share)) return;
  out.add(kClient, {hello.event()},
          hello.has(e::key_share) ? "key_share without supported_groups" : "supported_groups without key_share");
}

void shares_in_groups(const Hello& hello, Breaches& out) {
  if (hello.groups.empty()) return;
  for (const uint16_t group : hello.key_shares)
    if (!contains(hello.groups, group))
      out.add(kClient, {hello.event()},
              fmt::format("a share of {}, which is not in supported_groups", registry::group_name(group)));
}

void shares_differ(const Hello& hello, Breaches& out) {
  for (size_t i = 1; i < hello.key_shares.size(); ++i)
    if (contains(std::span(hello.key_shares).first(i), hello.key_shares[i]))
      out.add(kClient, {hello.event()}, fmt::format("two shares of {}", registry::group_name(hello.key_shares[i])));
}

void shares_in_order(const Hello& hello, Breaches& out) {
  auto from = hello.groups.begin();
  for (const uint16_t group : hello.key_shares) {
    if (!contains(hello.groups, group)) return;  // that is another rule's
    const auto found = std::find(from, hello.groups.end(), group);
    if (found == hello.groups.end()) {
      out.add(kClient, {hello.event()},
              fmt::format("the share of {} comes after that of a group that supported_groups lists behind it",
                          registry::group_name(group)));
      return;
    }
    from = found;
  }
}

void point_formats(const Hello& hello, Breaches& out) {
  const auto list = typed<wire::ext::EcPointFormats>(&hello.message->extensions);
  if (list && std::ranges::find(list->formats, registry::ec_point_format::uncompressed) == list->formats.end())
    out.add(kClient, {hello.event()}, fmt::format("point formats {} without uncompressed", to_hex(list->formats)));
}

void padding_is_zero(const Hello& hello, Breaches& out) {
  const auto padding = hello.message->extensions.find(e::padding);
  if (padding && std::ranges::any_of(*padding, [](uint8_t byte) { return byte != 0; }))
    out.add(kClient, {hello.event()}, "padding that is not zero");
}

bool is_ip_literal(std::string_view host) {
  if (host.find(':') != std::string_view::npos) return true;
  size_t dots = 0;
  for (const char c : host) {
    if (c != '.' && (c < '0' || c > '9')) return false;
    dots += c == '.' ? 1 : 0;
  }
  return dots == 3;
}

void server_name(const Hello& hello, Breaches& out) {
  const auto name = typed<wire::ext::ServerName>(&hello.message->extensions);
  if (!name) return;
  const auto host = name->host();
  const auto tell = [&](std::string_view what) {
    out.add(kClient, {hello.event()}, fmt::format("\"{}\" {}", escape_terminal_limited(*host, 80), what));
  };
  if (std::ranges::count(name->types, registry::server_name_type::host_name) > 1)
    out.add(kClient, {hello.event()}, "two names of the type host_name");
  if (!host) return;
  if (is_ip_literal(*host))
    tell("is an IP address");
  else if (host->ends_with('.'))
    tell("ends with a dot");
  else if (std::ranges::any_of(*host, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
    tell("is not ASCII");
}

void size_limit(const Hello& hello, Breaches& out) {
  const auto limit = typed<wire::ext::RecordSizeLimit>(&hello.message->extensions);
  if (!limit) return;
  const size_t most = wire::kMaxPlaintext + (hello.offers_below_tls13 && !hello.offers_tls13 ? 0 : 1);
  if (limit->limit < 64 || limit->limit > most)
    out.add(kClient, {hello.event()}, fmt::format("a record_size_limit of {}", limit->limit));
}

void fragment_length(const Hello& hello, Breaches& out) {
  const auto length = typed<wire::ext::MaxFragmentLength>(&hello.message->extensions);
  if (length && registry::find(registry::Kind::max_fragment_length, length->code) == nullptr)
    out.add(kClient, {hello.event()}, fmt::format("a max_fragment_length of code {}", length->code));
}

void renegotiation_signal(const Hello& hello, Breaches& out) {
  if (!hello.offers_below_tls13 || hello.has(e::renegotiation_info)) return;
  if (!contains(hello.message->cipher_suites, registry::cipher_suite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV))
    out.add(kClient, {hello.event()}, "neither renegotiation_info nor TLS_EMPTY_RENEGOTIATION_INFO_SCSV");
}

constexpr Rule kRules[] = {
    {.id = "client_hello/legacy_version",
     .title = "A ClientHello that offers TLS 1.3 has legacy_version 0x0303 (DTLS: 0xfefd)",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.2"}, Cite{9147, "5.3"}},
     .scope = kAnything,
     .why = "Servers and middleboxes that do not know TLS 1.3 read this field.",
     .check = in_each_hello<legacy_version>},
    {.id = "client_hello/version_field",
     .title = "TLS 1.3 is offered in supported_versions alone",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.1"}},
     .scope = kAnything,
     .why = "The version field stopped at TLS 1.2, since servers fail on higher ones.",
     .check = in_each_hello<version_field>},
    {.id = "client_hello/null_compression",
     .title = "The compression methods include null",
     .requirement = Requirement::must,
     .cites = {Cite{5246, "7.4.1.2"}},
     .scope = kAnyOverRecords,
     .why = "So both sides always have a method in common.",
     .check = in_each_hello<null_compression>},
    {.id = "client_hello/only_null_compression",
     .title = "A ClientHello that offers TLS 1.3 lists null compression alone",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.1.2"}},
     .scope = kAnything,
     .why = "Compression gives secrets away (CRIME); a TLS 1.3 server must refuse any other list.",
     .check = in_each_hello<only_null_compression>},
    {.id = "client_hello/pre_shared_key_last",
     .title = "pre_shared_key is the last extension of the ClientHello",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.11"}},
     .scope = kAnyButDrafts,
     .why = "The binders authenticate what stands before them.",
     .check = in_each_hello<psk_last>},
    {.id = "client_hello/psk_key_exchange_modes",
     .title = "A client that offers pre_shared_key sends psk_key_exchange_modes",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.9"}},
     .scope = kAnyButDrafts,
     .why = "A server must abort the handshake without it.",
     .check = in_each_hello<psk_modes>},
    {.id = "client_hello/psk_binders",
     .title = "There is one binder for each PSK identity",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.11"}},
     .scope = kAnyButDrafts,
     .why = "A binder proves that the client holds the PSK.",
     .check = in_each_hello<binders>},
    {.id = "client_hello/early_data_with_psk",
     .title = "A client that offers early data offers a PSK",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.10"}},
     .scope = kAnyButDrafts,
     .why = "Early data are protected by keys of the PSK.",
     .check = in_each_hello<early_data_with_psk>},
    {.id = "client_hello/mandatory_extensions",
     .title = "A TLS 1.3 ClientHello without pre_shared_key has signature_algorithms and supported_groups",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "9.2"}},
     .scope = kAnything,
     .why = "A server that gets neither must abort with missing_extension.",
     .check = in_each_hello<mandatory_extensions>},
    {.id = "client_hello/groups_with_key_share",
     .title = "A TLS 1.3 ClientHello has both supported_groups and key_share, or neither",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "9.2"}},
     .scope = kAnything,
     .why =
         "A share says little without the groups it was chosen from; an empty key_share asks for a HelloRetryRequest.",
     .check = in_each_hello<groups_and_shares>},
    {.id = "client_hello/key_share_in_groups",
     .title = "Every key share is of a group in supported_groups",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.8"}},
     .scope = kAnything,
     .why = "A server may check it and abort with illegal_parameter.",
     .check = in_each_hello<shares_in_groups>},
    {.id = "client_hello/key_share_once",
     .title = "There is at most one key share of a group",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.8"}},
     .scope = kAnything,
     .why = "A server may check it and abort with illegal_parameter.",
     .check = in_each_hello<shares_differ>},
    {.id = "client_hello/key_share_order",
     .title = "Key shares stand in the order of supported_groups",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2.8"}},
     .scope = kAnything,
     .why = "The order tells the client's preference.",
     .check = in_each_hello<shares_in_order>},
    {.id = "client_hello/point_formats",
     .title = "ec_point_formats includes uncompressed",
     .requirement = Requirement::must,
     .cites = {Cite{8422, "5.1.2"}},
     .scope = kAnyOverRecords,
     .why = "It is the one format that every implementation has.",
     .check = in_each_hello<point_formats>},
    {.id = "client_hello/padding",
     .title = "The padding extension is all zero",
     .requirement = Requirement::must,
     .cites = {Cite{7685, "3"}},
     .scope = kAnything,
     .why = "Anything else in it could be a hidden channel.",
     .check = in_each_hello<padding_is_zero>},
    {.id = "client_hello/server_name",
     .title = "server_name is one DNS name in ASCII without a trailing dot, and no IP address",
     .requirement = Requirement::must,
     .cites = {Cite{6066, "3"}},
     .scope = kAnything,
     .why = "Servers choose certificate and site by this name, byte for byte.",
     .check = in_each_hello<server_name>},
    {.id = "client_hello/record_size_limit",
     .title = "record_size_limit is at least 64 and at most the largest record of the versions offered",
     .requirement = Requirement::must,
     .cites = {Cite{8449, "4"}},
     .scope = kAnything,
     .why = "A server must treat smaller values as fatal.",
     .check = in_each_hello<size_limit>},
    {.id = "client_hello/max_fragment_length",
     .title = "max_fragment_length is one of the four codes for 2^9 to 2^12 bytes",
     .requirement = Requirement::must,
     .cites = {Cite{6066, "4"}},
     .scope = kAnything,
     .why = "A server must abort on any other value.",
     .check = in_each_hello<fragment_length>},
    {.id = "client_hello/renegotiation_signal",
     .title = "A client of TLS 1.2 or below sends renegotiation_info or TLS_EMPTY_RENEGOTIATION_INFO_SCSV",
     .requirement = Requirement::must,
     .cites = {Cite{5746, "3.4"}, Cite{5746, "3.5"}},
     .scope = kAnyOverRecords,
     .why = "Without it an attacker can splice the client's handshake into a session of its own.",
     .check = in_each_hello<renegotiation_signal>},
};

}  // namespace

std::span<const Rule> hello_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
