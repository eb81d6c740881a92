#include "tlsproof/wire/ext/index.h"

#include <algorithm>

#include "tlsproof/wire/ext/all.h"

namespace tlsproof::wire {
namespace {

using enum ExtensionPlace;
namespace e = registry::extension;

template <class T>
Parsed<void> check_as(ByteView body, size_t base) {
  thread_local T scratch;  // so that checking allocates nothing once it has grown
  return decode_all_into(body, scratch, base);
}

// The name of the extension and of its form here; the decoder is that of the same struct.
#define FORM(Struct, place, reference)                                                        \
  ExtensionForm {                                                                             \
    ext::Struct::kType, place, ext::Struct::kName, #Struct, reference, &check_as<ext::Struct> \
  }
#define RAW(name, place, reference)               \
  ExtensionForm {                                 \
    e::name, place, #name, "", reference, nullptr \
  }

// RFC 8446 §4.2, the table of that section, and for TLS 1.2 and later extensions the documents that define them.
constexpr ExtensionForm kForms[] = {
    FORM(ServerName, client_hello, "RFC 6066 §3"),
    FORM(ServerNameAck, server_hello12, "RFC 6066 §3"),
    FORM(ServerNameAck, encrypted_extensions, "RFC 6066 §3"),
    FORM(MaxFragmentLength, client_hello, "RFC 6066 §4"),
    FORM(MaxFragmentLength, server_hello12, "RFC 6066 §4"),
    FORM(MaxFragmentLength, encrypted_extensions, "RFC 6066 §4"),
    FORM(StatusRequest, client_hello, "RFC 6066 §8"),
    FORM(StatusRequestAck, server_hello12, "RFC 6066 §8"),
    FORM(StatusResponse, certificate, "RFC 8446 §4.4.2.1"),
    FORM(StatusRequestAck, certificate_request, "RFC 8446 §4.4.2.1"),
    FORM(CertTypes, client_hello, "RFC 6091 §3.1"),
    FORM(CertType, server_hello12, "RFC 6091 §3.1"),
    FORM(SupportedGroups, client_hello, "RFC 8446 §4.2.7"),
    FORM(SupportedGroups, encrypted_extensions, "RFC 8446 §4.2.7"),
    FORM(EcPointFormats, client_hello, "RFC 8422 §5.1.2"),
    FORM(EcPointFormats, server_hello12, "RFC 8422 §5.2"),
    FORM(SignatureAlgorithms, client_hello, "RFC 8446 §4.2.3"),
    FORM(SignatureAlgorithms, certificate_request, "RFC 8446 §4.2.3"),
    RAW(use_srtp, client_hello, "RFC 5764 §4.1.1"),
    RAW(use_srtp, server_hello12, "RFC 5764 §4.1.1"),
    RAW(use_srtp, encrypted_extensions, "RFC 8446 §4.2"),
    FORM(Heartbeat, client_hello, "RFC 6520 §2"),
    FORM(Heartbeat, server_hello12, "RFC 6520 §2"),
    FORM(Heartbeat, encrypted_extensions, "RFC 8446 §4.2"),
    FORM(Alpn, client_hello, "RFC 7301 §3.1"),
    FORM(Alpn, server_hello12, "RFC 7301 §3.1"),
    FORM(Alpn, encrypted_extensions, "RFC 8446 §4.2"),
    RAW(status_request_v2, client_hello, "RFC 6961 §2.2"),
    RAW(status_request_v2, server_hello12, "RFC 6961 §2.2"),
    FORM(SctRequest, client_hello, "RFC 6962 §3.3.1"),
    FORM(SctList, server_hello12, "RFC 6962 §3.3"),
    FORM(SctList, certificate, "RFC 8446 §4.2"),
    FORM(SctRequest, certificate_request, "RFC 8446 §4.2"),
    FORM(ClientCertificateTypes, client_hello, "RFC 7250 §3"),
    FORM(ClientCertificateType, server_hello12, "RFC 7250 §3"),
    FORM(ClientCertificateType, encrypted_extensions, "RFC 8446 §4.2"),
    FORM(ServerCertificateTypes, client_hello, "RFC 7250 §3"),
    FORM(ServerCertificateType, server_hello12, "RFC 7250 §3"),
    FORM(ServerCertificateType, encrypted_extensions, "RFC 8446 §4.2"),
    FORM(Padding, client_hello, "RFC 7685 §3"),
    FORM(EncryptThenMac, client_hello, "RFC 7366 §2"),
    FORM(EncryptThenMac, server_hello12, "RFC 7366 §2"),
    FORM(ExtendedMasterSecret, client_hello, "RFC 7627 §5.1"),
    FORM(ExtendedMasterSecret, server_hello12, "RFC 7627 §5.1"),
    FORM(CompressCertificate, client_hello, "RFC 8879 §3"),
    FORM(CompressCertificate, certificate_request, "RFC 8879 §3"),
    FORM(RecordSizeLimit, client_hello, "RFC 8449 §4"),
    FORM(RecordSizeLimit, server_hello12, "RFC 8449 §4"),
    FORM(RecordSizeLimit, encrypted_extensions, "RFC 8449 §4"),
    FORM(DelegatedCredentialRequest, client_hello, "RFC 9345 §4.1.1"),
    FORM(DelegatedCredential, certificate, "RFC 9345 §4.1.1"),
    FORM(DelegatedCredentialRequest, certificate_request, "RFC 9345 §4.1.2"),
    FORM(SessionTicket, client_hello, "RFC 5077 §3.2"),
    FORM(SessionTicketAck, server_hello12, "RFC 5077 §3.2"),
    FORM(PreSharedKeyClient, client_hello, "RFC 8446 §4.2.11"),
    FORM(PreSharedKeyServer, server_hello, "RFC 8446 §4.2.11"),
    FORM(EarlyData, client_hello, "RFC 8446 §4.2.10"),
    FORM(EarlyData, encrypted_extensions, "RFC 8446 §4.2.10"),
    FORM(EarlyDataTicket, new_session_ticket, "RFC 8446 §4.2.10"),
    FORM(SupportedVersionsClient, client_hello, "RFC 8446 §4.2.1"),
    FORM(SupportedVersionsServer, server_hello, "RFC 8446 §4.2.1"),
    FORM(SupportedVersionsServer, hello_retry_request, "RFC 8446 §4.2.1"),
    FORM(Cookie, client_hello, "RFC 8446 §4.2.2"),
    FORM(Cookie, hello_retry_request, "RFC 8446 §4.2.2"),
    FORM(PskKeyExchangeModes, client_hello, "RFC 8446 §4.2.9"),
    FORM(CertificateAuthorities, client_hello, "RFC 8446 §4.2.4"),
    FORM(CertificateAuthorities, certificate_request, "RFC 8446 §4.2.4"),
    RAW(oid_filters, certificate_request, "RFC 8446 §4.2.5"),
    FORM(PostHandshakeAuth, client_hello, "RFC 8446 §4.2.6"),
    FORM(SignatureAlgorithmsCert, client_hello, "RFC 8446 §4.2.3"),
    FORM(SignatureAlgorithmsCert, certificate_request, "RFC 8446 §4.2.3"),
    FORM(KeyShareClient, client_hello, "RFC 8446 §4.2.8"),
    FORM(KeyShareServer, server_hello, "RFC 8446 §4.2.8"),
    FORM(KeyShareRetry, hello_retry_request, "RFC 8446 §4.2.8"),
    FORM(QuicTransportParameters, client_hello, "RFC 9001 §8.2"),
    FORM(QuicTransportParameters, encrypted_extensions, "RFC 9001 §8.2"),
    FORM(ApplicationSettingsOld, client_hello, "draft-vvv-tls-alps §4"),
    FORM(ApplicationSettingsValueOld, encrypted_extensions, "draft-vvv-tls-alps §4"),
    FORM(ApplicationSettings, client_hello, "draft-vvv-tls-alps §4"),
    FORM(ApplicationSettingsValue, encrypted_extensions, "draft-vvv-tls-alps §4"),
    FORM(EncryptedClientHello, client_hello, "RFC 9849 §5"),
    FORM(EncryptedClientHelloRetry, hello_retry_request, "RFC 9849 §5"),
    FORM(EncryptedClientHelloConfigs, encrypted_extensions, "RFC 9849 §5"),
    FORM(RenegotiationInfo, client_hello, "RFC 5746 §3.2"),
    FORM(RenegotiationInfo, server_hello12, "RFC 5746 §3.2"),
};
#undef FORM
#undef RAW

constexpr bool before(const ExtensionForm& a, const ExtensionForm& b) {
  return a.type != b.type ? a.type < b.type : a.place < b.place;
}
static_assert(std::ranges::is_sorted(kForms, before), "find_extension_form searches by halves");

}  // namespace

std::string_view to_string(ExtensionPlace place) {
  switch (place) {
    case client_hello:
      return "ClientHello";
    case server_hello:
      return "ServerHello";
    case server_hello12:
      return "ServerHello (TLS 1.2)";
    case hello_retry_request:
      return "HelloRetryRequest";
    case encrypted_extensions:
      return "EncryptedExtensions";
    case certificate:
      return "Certificate";
    case certificate_request:
      return "CertificateRequest";
    case new_session_ticket:
      return "NewSessionTicket";
  }
  return "";
}

std::span<const ExtensionForm> extension_forms() {
  return kForms;
}

const ExtensionForm* find_extension_form(uint16_t type, ExtensionPlace place) {
  ExtensionForm key;
  key.type = type;
  key.place = place;
  const auto* form = std::ranges::lower_bound(kForms, key, before);
  return form != std::end(kForms) && form->type == type && form->place == place ? form : nullptr;
}

bool is_indexed_extension(uint16_t type) {
  return std::ranges::binary_search(kForms, type, {}, &ExtensionForm::type);
}

std::optional<bool> may_stand(uint16_t type, ExtensionPlace place) {
  if (!is_indexed_extension(type)) return std::nullopt;
  return find_extension_form(type, place) != nullptr;
}

Parsed<void> check_extension(uint16_t type, ExtensionPlace place, ByteView body, size_t base) {
  const ExtensionForm* form = find_extension_form(type, place);
  if (form == nullptr || form->check == nullptr) return {};
  return form->check(body, base);
}

}  // namespace tlsproof::wire
