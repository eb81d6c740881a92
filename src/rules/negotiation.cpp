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

constexpr Scope kTls13{Scope::tls13, Scope::any_carrier};
constexpr Scope kBelow{Scope::before_tls13, Scope::tls | Scope::dtls};

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
     .scope = kBelow,
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
};

}  // namespace

std::span<const Rule> negotiation_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
