// TLS within QUIC (RFC 9001): what it takes away from TLS 1.3, and adds.
#include <fmt/format.h>

#include "seen.h"
#include "tables.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::rules {
namespace {

namespace e = registry::extension;
namespace hs = registry::handshake_type;
using verdict::Requirement;

constexpr uint16_t kDraftTransportParameters = 0xffa5;  // drafts of RFC 9001 before version 1 of QUIC

void only_tls13(const Handshake& h, Breaches& out) {
  if (h.first_hello != nullptr && h.first_hello->offers_below_tls13)
    out.add(kClient, {h.first_hello->event()}, "offers a version below TLS 1.3");
  if (h.server_hello != nullptr && h.is_below_tls13())
    out.add(kServer, {h.server_hello_read->event}, fmt::format("chose {}", version_text(h.raw_version)));
}

bool has_parameters(const wire::ExtensionList& list) {
  return list.has(e::quic_transport_parameters) || list.has(kDraftTransportParameters);
}

void transport_parameters(const Handshake& h, Breaches& out) {
  if (h.first_hello != nullptr && !has_parameters(h.first_hello->message->extensions))
    out.add(kClient, {h.first_hello->event()}, "no quic_transport_parameters");
  if (const auto* extensions = h.get<wire::EncryptedExtensions>(kServer))
    if (!has_parameters(extensions->extensions))
      out.add(kServer, {h.find(kServer, hs::encrypted_extensions)->event}, "no quic_transport_parameters");
}

void parameters_in_quic_alone(const Handshake& h, Breaches& out) {
  if (h.first_hello != nullptr && h.first_hello->has(e::quic_transport_parameters))
    out.add(kClient, {h.first_hello->event()}, "quic_transport_parameters outside QUIC");
}

void empty_session_id(const Handshake& h, Breaches& out) {
  if (h.first_hello != nullptr && !h.first_hello->message->legacy_session_id.empty())
    out.add(kClient, {h.first_hello->event()},
            fmt::format("a legacy_session_id of {} bytes", h.first_hello->message->legacy_session_id.size()));
}

void no_message_of_tcp(const Handshake& h, Breaches& out) {
  for (const MessageRead& read : h.messages)
    if (read.type == hs::end_of_early_data || read.type == hs::key_update)
      out.add(read.direction, {read.event}, fmt::format("sends {}", registry::handshake_type_name(read.type)));
}

void no_late_authentication(const Handshake& h, Breaches& out) {
  const MessageRead* finished = h.find(kServer, hs::finished);
  for (const MessageRead& read : h.messages)
    if (read.direction == kServer && read.type == hs::certificate_request && finished != nullptr &&
        read.event > finished->event)
      out.add(kServer, {finished->event, read.event}, "CertificateRequest after the handshake");
}

void early_data_size(const Handshake& h, Breaches& out) {
  for (const MessageRead& read : h.messages) {
    const auto* ticket = read.as<wire::NewSessionTicket13>();
    if (ticket == nullptr) continue;
    const auto size = ticket->extensions.get<wire::ext::EarlyDataTicket>();
    if (size && size->max_early_data_size != 0xffffffff)
      out.add(kServer, {read.event}, fmt::format("max_early_data_size is {}", size->max_early_data_size));
  }
}

void uses_alpn(const Handshake& h, Breaches& out) {
  if (h.first_hello != nullptr && !h.first_hello->has(e::application_layer_protocol_negotiation))
    out.add(kClient, {h.first_hello->event()}, "no application_layer_protocol_negotiation");
}

constexpr Scope kQuic{Scope::any_version, Scope::quic};

constexpr Rule kRules[] = {
    {.id = "quic/only_tls13",
     .title = "Within QUIC nothing below TLS 1.3 is offered or chosen",
     .requirement = Requirement::must,
     .cites = {Cite{9001, "4.2"}},
     .scope = kQuic,
     .why = "QUIC's keys come from the key schedule of TLS 1.3.",
     .check = in_each<only_tls13>},
    {.id = "quic/transport_parameters",
     .title = "Within QUIC both sides send quic_transport_parameters",
     .requirement = Requirement::must,
     .cites = {Cite{9001, "8.2"}},
     .scope = kQuic,
     .why = "A peer must close the connection with missing_extension otherwise.",
     .check = in_each<transport_parameters>},
    {.id = "quic/transport_parameters_in_quic_alone",
     .title = "quic_transport_parameters is sent within QUIC alone",
     .requirement = Requirement::must,
     .cites = {Cite{9001, "8.2"}},
     .scope = {Scope::any_version, Scope::tls | Scope::dtls},
     .why = "A server that knows the extension must abort with unsupported_extension.",
     .check = in_each<parameters_in_quic_alone>},
    {.id = "quic/empty_session_id",
     .title = "Within QUIC the client's legacy_session_id is empty",
     .requirement = Requirement::must,
     .cites = {Cite{9001, "8.4"}},
     .scope = kQuic,
     .why = "There are no middleboxes of TLS to please; servers take it for a PROTOCOL_VIOLATION.",
     .check = in_each<empty_session_id>},
    {.id = "quic/no_message_of_tcp",
     .title = "Within QUIC there are no EndOfEarlyData and KeyUpdate",
     .requirement = Requirement::must,
     .cites = {Cite{9001, "8.3"}, Cite{9001, "6"}},
     .scope = kQuic,
     .why = "QUIC's packets tell by themselves which keys protect them.",
     .check = in_each<no_message_of_tcp>},
    {.id = "quic/no_post_handshake_authentication",
     .title = "Within QUIC no certificate is requested after the handshake",
     .requirement = Requirement::must,
     .cites = {Cite{9001, "4.4"}},
     .scope = kQuic,
     .why = "Requests of many streams share a connection; nobody could say to which one the answer belongs.",
     .check = in_each<no_late_authentication>},
    {.id = "quic/early_data_size",
     .title = "A ticket within QUIC allows early data by max_early_data_size 0xffffffff",
     .requirement = Requirement::must,
     .cites = {Cite{9001, "4.6.1"}},
     .scope = kQuic,
     .why = "QUIC limits early data by its own flow control.",
     .check = in_each<early_data_size>},
    {.id = "quic/alpn",
     .title = "Within QUIC the client offers application protocols by ALPN",
     .requirement = Requirement::should,  // unless both sides agree in another way, which nobody can see
     .cites = {Cite{9001, "8.1"}},
     .scope = kQuic,
     .why = "A connection without an application protocol has no use.",
     .check = in_each<uses_alpn>},
};

}  // namespace

std::span<const Rule> quic_rules() {
  return kRules;
}

}  // namespace tlsproof::rules
