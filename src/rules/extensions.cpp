// Extensions in general: each where it may stand, once, well formed, and answered only where it was asked for.
#include <fmt/format.h>

#include <algorithm>
#include <bitset>

#include "seen.h"
#include "tables.h"
#include "tlsproof/base/error.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/wire/ext/index.h"

namespace tlsproof::rules {
namespace {

namespace e = registry::extension;
namespace hs = registry::handshake_type;
using registry::extension_name;
using verdict::Requirement;
using wire::ExtensionList;
using wire::ExtensionPlace;

// Where the extensions of a message stand; nullopt: it has none, or is of a version whose extensions are not judged.
std::optional<ExtensionPlace> place_of(const Handshake& h, const MessageRead& read) {
  if (read.message == nullptr) return std::nullopt;
  if (std::holds_alternative<wire::ClientHello>(*read.message)) return ExtensionPlace::client_hello;
  if (const auto* hello = read.as<wire::ServerHello>()) {
    if (hello->is_hello_retry_request()) return ExtensionPlace::hello_retry_request;
    const uint16_t version = as_tls_version(hello->selected_version());
    if (version == registry::version::TLS1_3) return ExtensionPlace::server_hello;
    if (version >= registry::version::SSL3 && version <= registry::version::TLS1_2)
      return ExtensionPlace::server_hello12;
    return std::nullopt;
  }
  if (!h.is_tls13()) return std::nullopt;
  if (std::holds_alternative<wire::EncryptedExtensions>(*read.message)) return ExtensionPlace::encrypted_extensions;
  if (std::holds_alternative<wire::CertificateRequest13>(*read.message)) return ExtensionPlace::certificate_request;
  if (std::holds_alternative<wire::NewSessionTicket13>(*read.message)) return ExtensionPlace::new_session_ticket;
  return std::nullopt;
}

// Calls visit(read, place, list) for every list of extensions of the handshake, those of certificates included.
template <class Visit>
void for_each_list(const Handshake& h, Visit&& visit) {
  for (const MessageRead& read : h.messages) {
    if (const auto place = place_of(h, read)) {
      visit(read, *place, *wire::extensions_of(*read.message));
    } else if (const auto* certificate = h.is_tls13() ? read.as<wire::Certificate13>() : nullptr) {
      thread_local ExtensionList entry;
      for (size_t i = 0; i < certificate->size(); ++i)
        if (!certificate->extension_blocks[i].empty() && certificate->extensions_of(i, entry))
          visit(read, ExtensionPlace::certificate, entry);
    }
  }
}

void well_placed(const Handshake& h, Breaches& out) {
  for_each_list(h, [&](const MessageRead& read, ExtensionPlace place, const ExtensionList& list) {
    for (size_t i = 0; i < list.size(); ++i)
      if (wire::may_stand(list.type(i), place) == false)
        out.add(read.direction, {read.event},
                fmt::format("{} in {}", extension_name(list.type(i)), wire::to_string(place)));
  });
}

void once(const Handshake& h, Breaches& out) {
  for_each_list(h, [&](const MessageRead& read, ExtensionPlace place, const ExtensionList& list) {
    std::bitset<65536>* many = nullptr;
    std::bitset<64> seen;  // those of IANA's first 64 types need no search
    for (size_t i = 0; i < list.size(); ++i) {
      const uint16_t type = list.type(i);
      bool repeated = false;
      if (type < seen.size()) {
        repeated = seen[type];
        seen.set(type);
      } else if (list.size() <= 64) {
        repeated = *list.index_of(type) != i;
      } else {  // a hostile list: as many as 16 thousand
        thread_local std::bitset<65536> types;
        if (many == nullptr) (many = &types)->reset();
        repeated = (*many)[type];
        many->set(type);
      }
      if (repeated)
        out.add(read.direction, {read.event},
                fmt::format("{} twice in {}", extension_name(type), wire::to_string(place)));
    }
  });
}

void well_formed(const Handshake& h, Breaches& out) {
  for_each_list(h, [&](const MessageRead& read, ExtensionPlace place, const ExtensionList& list) {
    for (size_t i = 0; i < list.size(); ++i) {
      const auto status = wire::check_extension(list.type(i), place, list.data(i), list.body_base(i));
      if (!status)
        out.add(read.direction, {read.event},
                fmt::format("{} in {}: {}", extension_name(list.type(i)), wire::to_string(place),
                            status.error().message()));
    }
  });
}

// What the client asked for in another way than by the extension of that number.
bool asked_otherwise(const Hello& hello, uint16_t type) {
  // RFC 5746 §3.6: the signalling suite asks for renegotiation_info.
  return type == e::renegotiation_info &&
         contains(hello.message->cipher_suites, registry::cipher_suite::TLS_EMPTY_RENEGOTIATION_INFO_SCSV);
}

void answers_of(const Handshake& h, const MessageRead& read, const ExtensionList& list, Breaches& out) {
  const Hello* asked = h.hello;
  const bool is_retry = &read == h.retry_read;
  if (is_retry) asked = h.first_hello;
  if (asked == nullptr) return;
  for (size_t i = 0; i < list.size(); ++i) {
    const uint16_t type = list.type(i);
    if (asked->has(type) || asked_otherwise(*asked, type) || registry::is_grease(type)) continue;
    // RFC 8446 §4.2: a HelloRetryRequest may bring a cookie that nobody asked for.
    if (is_retry && type == e::cookie) continue;
    out.add(kServer, {asked->event(), read.event},
            fmt::format("{} answers what the client did not send", extension_name(type)));
  }
}

void answers_asked(const Handshake& h, Breaches& out) {
  if (h.retry != nullptr) answers_of(h, *h.retry_read, h.retry->extensions, out);
  if (h.server_hello != nullptr) answers_of(h, *h.server_hello_read, h.server_hello->extensions, out);
  if (!h.is_tls13()) return;
  if (const auto* extensions = h.get<wire::EncryptedExtensions>(kServer))
    answers_of(h, *h.find(kServer, hs::encrypted_extensions), extensions->extensions, out);
}

// The extensions of a certificate answer those of the ClientHello, or of the CertificateRequest.
void certificate_answers_asked(const Handshake& h, Breaches& out) {
  const auto* request = h.get<wire::CertificateRequest13>(kServer);
  for (const MessageRead& read : h.messages) {
    const auto* certificate = read.as<wire::Certificate13>();
    if (certificate == nullptr) continue;
    const bool of_server = read.direction == kServer;
    // A certificate after the handshake answers another request.
    if (of_server ? h.hello == nullptr : request == nullptr || read.level == Level::application) continue;
    const ExtensionList& asked = of_server ? h.hello->message->extensions : request->extensions;
    thread_local ExtensionList entry;
    for (size_t i = 0; i < certificate->size(); ++i) {
      if (certificate->extension_blocks[i].empty() || !certificate->extensions_of(i, entry)) continue;
      for (size_t k = 0; k < entry.size(); ++k)
        if (!asked.has(entry.type(k)))
          out.add(read.direction,
                  {of_server ? h.hello->event() : h.find(kServer, hs::certificate_request)->event, read.event},
                  fmt::format("{} in a certificate entry, which was not asked for", extension_name(entry.type(k))));
    }
  }
}

void messages_decode(const Seen& seen, Breaches& out) {
  for (const Handshake& h : seen.handshakes)
    for (const MessageRead& read : h.messages)
      // What limits kept out of the Trace has no bytes to decode.
      if (read.message == nullptr && !seen.trace->content(seen.events()[read.event]).empty())
        out.add(read.direction, {read.event},
                fmt::format("{}: {}", registry::handshake_type_name(read.type), read.error.message()));
}

void no_grease(const Handshake& h, Breaches& out) {
  const auto check = [&](const MessageRead* read, uint16_t value, std::string_view what) {
    if (registry::is_grease(value)) out.add(kServer, {read->event}, fmt::format("chose {} {}", what, hex16(value)));
  };
  const auto check_hello = [&](const MessageRead* read, const wire::ServerHello& hello) {
    check(read, hello.selected_version(), "version");
    check(read, hello.cipher_suite, "cipher suite");
    for (size_t i = 0; i < hello.extensions.size(); ++i) check(read, hello.extensions.type(i), "extension");
  };
  if (h.retry != nullptr) {
    check_hello(h.retry_read, *h.retry);
    if (const auto share = typed<wire::ext::KeyShareRetry>(&h.retry->extensions))
      check(h.retry_read, share->selected_group, "group");
  }
  if (h.server_hello == nullptr) return;
  check_hello(h.server_hello_read, *h.server_hello);
  if (h.is_tls13()) {
    if (const auto share = typed<wire::ext::KeyShareServer>(&h.server_hello->extensions))
      check(h.server_hello_read, share->group, "group");
    if (const auto* verify = h.get<wire::CertificateVerify>(kServer))
      check(h.find(kServer, hs::certificate_verify), verify->algorithm, "signature scheme");
    if (const auto* extensions = h.get<wire::EncryptedExtensions>(kServer))
      for (size_t i = 0; i < extensions->extensions.size(); ++i)
        check(h.find(kServer, hs::encrypted_extensions), extensions->extensions.type(i), "extension");
  } else if (const auto* exchange = h.get<wire::ServerKeyExchangeEcdhe>(kServer)) {
    check(h.find(kServer, hs::server_key_exchange), exchange->named_curve, "group");
    if (exchange->signed_part.present)
      check(h.find(kServer, hs::server_key_exchange), exchange->signed_part.algorithm, "signature scheme");
  }
}

constexpr Rule kRules[] = {
    {.id = "messages/well_formed",
     .title = "Every handshake message can be decoded",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "6"}, Cite{5246, "7.2.2"}},
     .scope = kAnyButDrafts,
     .why = "A peer that cannot parse a message must end the connection with decode_error.",
     .check = messages_decode},
    {.id = "extensions/well_formed",
     .title = "Every extension has the form that its definition gives it in that message",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2"}, Cite{8446, "6"}, Cite{5246, "7.4.1.4"}},
     .scope = kAnyButDrafts,
     .why = "A peer that cannot parse an extension must end the connection with decode_error.",
     .check = in_each<well_formed>},
    {.id = "extensions/place",
     .title = "Every extension stands in a message in which it may",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2"}},
     .scope = kAnyButDrafts,
     .why = "A peer that knows the extension must abort with illegal_parameter.",
     .check = in_each<well_placed>},
    {.id = "extensions/once",
     .title = "No extension stands twice in one message",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2"}, Cite{5246, "7.4.1.4"}},
     .scope = {},
     .why = "Two of a kind can say two things, and each reader may believe another.",
     .check = in_each<once>},
    {.id = "extensions/asked_for",
     .title = "The server answers only extensions that the client sent",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.2"}, Cite{5246, "7.4.1.4"}},
     .scope = kAnyButDrafts,
     .why = "A client must abort with unsupported_extension.",
     .check = in_each<answers_asked>},
    {.id = "extensions/asked_for_in_certificate",
     .title = "Extensions of a certificate answer those of the ClientHello or CertificateRequest",
     .requirement = Requirement::must,
     .cites = {Cite{8446, "4.4.2"}},
     .scope = kTls13,
     .why = "What nobody asked for, nobody may know how to read.",
     .check = in_each<certificate_answers_asked>},
    {.id = "grease/never_chosen",
     .title = "A GREASE value is never chosen",
     .requirement = Requirement::must,
     .cites = {Cite{8701, "3.2"}, Cite{8701, "3.1"}},
     .scope = {},
     .why = "These values exist to find servers that choose what they do not know.",
     .check = in_each<no_grease>},
};

}  // namespace

std::span<const Rule> extension_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
