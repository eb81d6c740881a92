#include "tlsproof/view/message.h"

#include <fmt/format.h>

#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/wire/ext/all.h"
#include "tlsproof/x509/certificate.h"

namespace tlsproof::view {
namespace {

using registry::Kind;
constexpr size_t kMaxListed = 6;  // of a list that the peer chose

std::string list_texts(const ByteList& items, const DescribeOptions& options) {
  std::string out;
  for (size_t i = 0; i < items.size() && i < kMaxListed; ++i) {
    if (i > 0) out += ' ';
    out += escape_terminal_limited(as_text(items[i]), options.max_text_len);
  }
  if (items.size() > kMaxListed) out += fmt::format(" … {} more", items.size() - kMaxListed);
  return out;
}

// "TLS 1.3 1.2": the word TLS once; GREASE is no version.
std::string list_versions(std::span<const uint16_t> versions) {
  std::string out;
  size_t num = 0;
  for (uint16_t value : versions) {
    if (registry::is_grease(value)) continue;
    if (num++ == kMaxListed) return out + " …";
    std::string name = registry::version_name(value);
    if (out.starts_with("TLS ") && name.starts_with("TLS ")) name = name.substr(4);
    if (!out.empty()) out += ' ';
    out += name;
  }
  return out;
}

// Collects the details of a message: "a, b, c".
class Details {
 public:
  void add(std::string text) {
    if (text.empty()) return;
    if (!out_.empty()) out_ += ", ";
    out_ += text;
  }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

struct Describer {
  const DescribeOptions& options;

  // An extension of type T: `then(value)` when it decodes; says so when it does not; nothing when there is none.
  template <class T, class Then>
  void with(const wire::ExtensionList& extensions, Details& details, Then&& then) const {
    T value;
    const auto status = extensions.read_typed(value);
    if (!status) return;
    if (*status)
      then(value);
    else
      details.add(fmt::format("{} does not decode", T::kName));
  }

  std::string operator()(const wire::RawMessage& m) const { return fmt::format("{} bytes", m.body.size()); }
  template <class T>
    requires std::is_empty_v<T>
  std::string operator()(const T&) const {
    return {};
  }
  std::string operator()(const wire::Finished&) const { return {}; }
  std::string operator()(const wire::MessageHash&) const { return {}; }
  std::string operator()(const wire::ClientKeyExchangeEcdhe&) const { return {}; }
  std::string operator()(const wire::ClientKeyExchangeDhe&) const { return {}; }
  std::string operator()(const wire::ClientKeyExchangeRsa&) const { return "RSA"; }

  std::string operator()(const wire::ClientHello& m) const {
    Details details;
    if (!m.extensions.has(registry::extension::supported_versions))
      details.add(registry::version_name(m.legacy_version));
    with<wire::ext::SupportedVersionsClient>(m.extensions, details,
                                             [&](const auto& e) { details.add(list_versions(e.versions)); });
    if (!m.extensions.has(registry::extension::server_name)) details.add("no sni");
    with<wire::ext::ServerName>(m.extensions, details, [&](const auto& e) {
      const auto host = e.host();
      details.add(host ? "sni " + escape_terminal_limited(*host, options.max_text_len) : "sni without a host name");
    });
    with<wire::ext::Alpn>(m.extensions, details,
                          [&](const auto& e) { details.add("alpn " + list_texts(e.protocols, options)); });
    if (m.extensions.has(registry::extension::pre_shared_key)) details.add("psk");
    if (m.extensions.has(registry::extension::early_data)) details.add("early data");
    if (m.extensions.has(registry::extension::cookie) || !m.legacy_cookie.empty()) details.add("cookie");
    return details.take();
  }
  std::string operator()(const wire::HelloVerifyRequest& m) const {
    return fmt::format("{}, cookie of {} bytes", registry::version_name(m.server_version), m.cookie.size());
  }

  std::string operator()(const wire::ServerHello& m) const {
    Details details;
    details.add(registry::version_name(m.selected_version()));
    details.add(registry::cipher_suite_name(m.cipher_suite));
    if (m.is_hello_retry_request()) {
      with<wire::ext::KeyShareRetry>(m.extensions, details, [&](const auto& e) {
        details.add("wants " + registry::group_name(e.selected_group));
      });
      if (m.extensions.has(registry::extension::cookie)) details.add("cookie");
      return details.take();
    }
    with<wire::ext::KeyShareServer>(m.extensions, details,
                                    [&](const auto& e) { details.add(registry::group_name(e.group)); });
    with<wire::ext::Alpn>(m.extensions, details,
                          [&](const auto& e) { details.add("alpn " + list_texts(e.protocols, options)); });
    if (m.extensions.has(registry::extension::pre_shared_key)) details.add("psk");
    return details.take();
  }

  std::string operator()(const wire::EncryptedExtensions& m) const {
    Details details;
    with<wire::ext::Alpn>(m.extensions, details,
                          [&](const auto& e) { details.add("alpn " + list_texts(e.protocols, options)); });
    if (m.extensions.has(registry::extension::early_data)) details.add("early data accepted");
    return details.take();
  }

  // The end entity's subject and how many certificates there are.
  std::string chain(const ByteList& certificates) const {
    if (certificates.empty()) return "no certificate";
    const x509::CertificateView leaf = x509::CertificateView::parse(certificates[0]);
    std::string subject = leaf.subject.empty() ? std::string(leaf.readable ? "empty subject" : "unreadable certificate")
                                               : leaf.subject.escaped_text(options.max_text_len);
    return fmt::format("{} ({} certificate{})", subject, certificates.size(), certificates.size() == 1 ? "" : "s");
  }
  std::string operator()(const wire::Certificate12& m) const { return chain(m.certificates); }
  std::string operator()(const wire::Certificate13& m) const { return chain(m.certificates); }

  std::string ca_names(const ByteList& names) const {
    if (names.empty()) return "no CA names";
    const auto first = x509::decode_name(names[0]);
    std::string text = first ? first->escaped_text(options.max_text_len) : "unreadable name";
    if (names.size() > 1) return fmt::format("{} CA names: {} …", names.size(), text);
    return "1 CA name: " + text;
  }
  std::string operator()(const wire::CertificateRequest12& m) const { return ca_names(m.certificate_authorities); }
  std::string operator()(const wire::CertificateRequest13& m) const {
    Details details;
    if (!m.extensions.has(registry::extension::certificate_authorities)) details.add("no CA names");
    with<wire::ext::CertificateAuthorities>(m.extensions, details,
                                            [&](const auto& e) { details.add(ca_names(e.authorities)); });
    return details.take();
  }

  std::string operator()(const wire::CertificateStatus& m) const {
    return fmt::format("{}, {} bytes", registry::name(Kind::certificate_status_type, m.status_type), m.response.size());
  }
  std::string operator()(const wire::CertificateVerify& m) const {
    return m.has_algorithm ? registry::signature_scheme_name(m.algorithm) : std::string();
  }
  std::string operator()(const wire::CompressedCertificate& m) const {
    return fmt::format("{}, {} bytes", registry::name(Kind::certificate_compression, m.algorithm),
                       m.uncompressed_length);
  }
  std::string signed_by(const wire::SignedPart& part) const {
    if (part.present && !part.has_algorithm) return "signed";
    return part.present ? registry::signature_scheme_name(part.algorithm) : "unsigned";
  }
  std::string operator()(const wire::ServerKeyExchangeEcdhe& m) const {
    return registry::group_name(m.named_curve) + ", " + signed_by(m.signed_part);
  }
  std::string operator()(const wire::ServerKeyExchangeDhe& m) const {
    return fmt::format("DHE {} bits, {}", m.dh_p.size() * 8, signed_by(m.signed_part));
  }
  std::string operator()(const wire::NewSessionTicket12& m) const {
    return fmt::format("valid {} s", m.ticket_lifetime_hint);
  }
  std::string operator()(const wire::NewSessionTicket13& m) const {
    return fmt::format("valid {} s", m.ticket_lifetime);
  }
  std::string operator()(const wire::KeyUpdate& m) const {
    return registry::name(Kind::key_update_request, m.request_update);
  }
};

}  // namespace

std::string describe_message(const wire::AnyMessage& message, const DescribeOptions& options) {
  std::string name = wire::message_name(message);
  const std::string details = std::visit(Describer{options}, message);
  return details.empty() ? name : name + "  " + details;
}

}  // namespace tlsproof::view
