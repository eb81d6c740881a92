#include "tlsproof/target/target.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "tlsproof/base/file.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::target {
namespace {

constexpr std::string_view kClientAuth[] = {"unknown", "none", "optional", "required", "unverified"};

constexpr std::string_view kVersionWords[] = {"ssl3", "1.0", "1.1", "1.2", "1.3"};
constexpr uint16_t kVersions[] = {registry::version::SSL3, registry::version::TLS1_0, registry::version::TLS1_1,
                                  registry::version::TLS1_2, registry::version::TLS1_3};

}  // namespace

std::string_view to_text(ClientAuth client_auth) {
  return kClientAuth[static_cast<size_t>(client_auth)];
}
std::span<const std::string_view> client_auth_words() {
  return kClientAuth;
}

std::optional<ClientAuth> parse_client_auth(std::string_view text) {
  auto found = std::ranges::find(kClientAuth, text);
  if (found == std::end(kClientAuth)) return std::nullopt;
  return static_cast<ClientAuth>(found - std::begin(kClientAuth));
}

std::optional<uint16_t> parse_version(std::string_view text) {
  auto found = std::ranges::find(kVersionWords, text);
  if (found == std::end(kVersionWords)) return std::nullopt;
  return kVersions[found - std::begin(kVersionWords)];
}

std::string version_text(uint16_t version) {
  auto found = std::ranges::find(kVersions, version);
  return found == std::end(kVersions) ? hex16(version) : std::string(kVersionWords[found - std::begin(kVersions)]);
}

std::span<const std::string_view> version_words() {
  return kVersionWords;
}

std::string Endpoint::sni() const {
  if (server_name) return *server_name;
  // RFC 6066 §3: literal IPv4 and IPv6 addresses are not permitted in HostName.
  return is_ip_address(address.host) ? std::string() : address.host;
}

std::string Endpoint::name() const {
  return server_name && !server_name->empty() ? *server_name : address.host;
}

bool is_user_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::none_of(text, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7f;
  });
}

Result<Target> make_target(std::string_view host_port) {
  Endpoint endpoint;
  TLSPROOF_TRY(endpoint.address, parse_host_port(host_port));
  endpoint.label = endpoint.address.text();
  Target target;
  target.endpoints.push_back(std::move(endpoint));
  return target;
}

namespace {

// POSIX.1-2017, base definitions §8.1.
bool is_variable_name(std::string_view text) {
  auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !text.empty() && is_letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace

Result<SecretBytes> load_passphrase(const PassphraseSource& source) {
  switch (source.kind) {
    case PassphraseSource::Kind::none:
      return SecretBytes();
    case PassphraseSource::Kind::environment: {
      // Whoever wrote "$NAME" for NAME gave the passphrase itself: what is no name is not repeated.
      if (!is_variable_name(source.name))
        return fail_usage("the passphrase's variable: its name is wanted (letters, digits, _), not its value");
      const char* value = std::getenv(source.name.c_str());
      if (!value)
        return fail_usage(
            fmt::format("the environment has no variable '{}' with the passphrase", escape_terminal(source.name)));
      return SecretBytes(as_bytes(value));
    }
    case PassphraseSource::Kind::file:
      break;
  }
  TLSPROOF_TRY(SecretBytes content, load_secret_file(source.name, "passphrase file", 4096));
  ByteView text = content.view();
  if (!text.empty() && text.back() == '\n') text = text.first(text.size() - 1);
  if (!text.empty() && text.back() == '\r') text = text.first(text.size() - 1);
  return SecretBytes(text);
}

}  // namespace tlsproof::target
