#include "tlsproof/app/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "protocols.h"
#include "tlsproof/base/text.h"

namespace tlsproof::app {
namespace {

struct Row {
  ProtocolInfo info;
  Makers makers;
};

constexpr auto kRows = std::to_array<Row>({
    {{Protocol::none, "none", "nothing", ""}, {nullptr, nullptr}},
    {{Protocol::http, "http", "HTTP", ""}, {nullptr, http_talk}},
    {{Protocol::smtp, "smtp", "SMTP", "STARTTLS (RFC 3207)"}, {smtp_prelude, smtp_talk}},
    {{Protocol::smtps, "smtps", "SMTP", ""}, {nullptr, smtps_talk}},
    {{Protocol::imap, "imap", "IMAP", "STARTTLS (RFC 9051 §6.2.1)"}, {imap_prelude, imap_talk}},
    {{Protocol::imaps, "imaps", "IMAP", ""}, {nullptr, imaps_talk}},
    {{Protocol::pop3, "pop3", "POP3", "STLS (RFC 2595 §4)"}, {pop3_prelude, pop3_talk}},
    {{Protocol::pop3s, "pop3s", "POP3", ""}, {nullptr, pop3s_talk}},
    {{Protocol::ldap, "ldap", "LDAP", "StartTLS (RFC 4511 §4.14)"}, {ldap_prelude, ldap_talk}},
    {{Protocol::ldaps, "ldaps", "LDAP", ""}, {nullptr, ldap_talk}},
    {{Protocol::ftp, "ftp", "FTP", "AUTH TLS (RFC 4217 §4)"}, {ftp_prelude, ftp_talk}},
    {{Protocol::ftps, "ftps", "FTP", ""}, {nullptr, ftps_talk}},
    {{Protocol::xmpp, "xmpp", "XMPP", "STARTTLS (RFC 6120 §5)"}, {xmpp_prelude, xmpp_talk}},
    {{Protocol::xmpps, "xmpps", "XMPP", ""}, {nullptr, xmpp_talk}},
    {{Protocol::postgres, "postgres", "PostgreSQL", "SSLRequest"}, {postgres_prelude, postgres_talk}},
    {{Protocol::mysql, "mysql", "MySQL", "SSLRequest"}, {mysql_prelude, mysql_talk}},
    {{Protocol::redis, "redis", "Redis", ""}, {nullptr, redis_talk}},
});

constexpr auto kInfos = [] {
  std::array<ProtocolInfo, kRows.size()> out = {};
  for (size_t i = 0; i < out.size(); ++i) out[i] = kRows[i].info;
  return out;
}();
constexpr auto kNames = [] {
  std::array<std::string_view, kRows.size()> out = {};
  for (size_t i = 0; i < out.size(); ++i) out[i] = kRows[i].info.name;
  return out;
}();
constexpr bool in_order() {
  for (size_t i = 0; i < kRows.size(); ++i)
    if (static_cast<size_t>(kRows[i].info.protocol) != i) return false;
  return true;
}
static_assert(in_order());

}  // namespace

const Makers& makers_of(Protocol protocol) {
  return kRows[static_cast<size_t>(protocol)].makers;
}

std::span<const ProtocolInfo> protocols() {
  return kInfos;
}
const ProtocolInfo& protocol_info(Protocol protocol) {
  return kInfos[static_cast<size_t>(protocol)];
}
std::span<const std::string_view> protocol_names() {
  return kNames;
}

std::optional<Protocol> parse_protocol(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return kInfos[static_cast<size_t>(found - kNames.begin())].protocol;
}

std::string unknown_protocol(std::string_view name) {
  std::string text = fmt::format("there is no protocol '{}'", escape_terminal_limited(name, 40));
  if (const auto like = did_you_mean(name, kNames)) text += fmt::format("; did you mean '{}'?", *like);
  text += text.ends_with('?') ? " There are: " : "; there are: ";
  for (size_t i = 0; i < kNames.size(); ++i) text += fmt::format("{}{}", i == 0 ? "" : ", ", kNames[i]);
  return text;
}

std::string_view services_that_greet_so(ByteView first_bytes) {
  const std::string_view text = as_text(first_bytes);
  if (text.starts_with("220 ") || text.starts_with("220-")) return "smtp or ftp";
  if (text.starts_with("* OK")) return "imap";
  if (text.starts_with("+OK")) return "pop3";
  // MySQL: a packet of up to 255 bytes, the first one, of protocol version 10.
  if (first_bytes.size() > 4 && first_bytes[1] == 0 && first_bytes[2] == 0 && first_bytes[3] == 0 &&
      first_bytes[4] == 10)
    return "mysql";
  return {};
}

}  // namespace tlsproof::app
