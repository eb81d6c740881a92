#include "keylog_parse.h"

#include <algorithm>

namespace tlsproof::trace {
namespace {

constexpr std::array<int8_t, 256> make_digits() {
  std::array<int8_t, 256> digits{};
  digits.fill(-1);
  for (int i = 0; i < 10; ++i) digits[static_cast<size_t>('0' + i)] = static_cast<int8_t>(i);
  for (int i = 0; i < 6; ++i)
    digits[static_cast<size_t>('a' + i)] = digits[static_cast<size_t>('A' + i)] = static_cast<int8_t>(10 + i);
  return digits;
}
constexpr std::array<int8_t, 256> kDigits = make_digits();

// `out` has half as many bytes as `hex` digits.
bool read_hex(std::string_view hex, std::span<uint8_t> out) {
  int bad = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = kDigits[static_cast<uint8_t>(hex[2 * i])], low = kDigits[static_cast<uint8_t>(hex[2 * i + 1])];
    bad |= high | low;
    out[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return bad >= 0;
}

// The next word; words stand one blank apart (draft-ietf-tls-keylogfile §2), more are forgiven.
std::string_view take_word(std::string_view& text) {
  const size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  const std::string_view word = text.substr(0, text.find_first_of(" \t"));
  text.remove_prefix(word.size());
  return word;
}

bool find_label(std::string_view name, SecretLabel& out) {
  // What QUIC stacks wrote before RFC 9001.
  if (constexpr std::string_view kQuic = "QUIC_"; name.starts_with(kQuic)) name.remove_prefix(kQuic.size());
  for (int i = 0; i <= static_cast<int>(SecretLabel::exporter_secret); ++i) {
    out = static_cast<SecretLabel>(i);
    if (secret_label_name(out) == name) return true;
  }
  return false;
}

// Labels that are known, and of no use to who only looks on: premaster secrets by what was sent encrypted (they need
// the message; the master secret of the same connection stands in a CLIENT_RANDOM line of its own where the program is
// not very old), later generations, which follow from the first, and the secrets of Encrypted ClientHello.
bool is_unused(std::string_view label) {
  return label == "RSA" || label == "PMS_CLIENT_RANDOM" || label.starts_with("ECH_") ||
         label.starts_with("CLIENT_TRAFFIC_SECRET_") || label.starts_with("SERVER_TRAFFIC_SECRET_");
}

KeyLogLine::Kind broken(KeyLogLine& line, std::string_view why) {
  line.why = why;
  return KeyLogLine::Kind::broken;
}

}  // namespace

KeyLogLine::Kind parse_key_log_line(std::string_view text, KeyLogLine& out) {
  using Kind = KeyLogLine::Kind;
  if (text.ends_with('\r')) text.remove_suffix(1);
  if (text.ends_with('\\')) text.remove_suffix(1);  // as secrets blocks have it that were pasted from a shell
  const std::string_view label = take_word(text);
  if (label.empty() || label.starts_with('#')) return Kind::nothing;
  if (!find_label(label, out.label)) return is_unused(label) ? Kind::unused : broken(out, "no label of a key log");
  const std::string_view random = take_word(text), secret = take_word(text);
  if (random.size() != 2 * out.client_random.size())
    return broken(out, "the client random is not 64 hexadecimal digits");
  if (!read_hex(random, out.client_random)) return broken(out, "the client random is no hexadecimal number");
  if (secret.empty()) return broken(out, "there is no secret");
  // A master secret has 48 bytes (RFC 5246 §8.1), the others as many as a hash.
  const bool fits = out.label == SecretLabel::client_random
                        ? secret.size() == 96
                        : secret.size() % 2 == 0 && secret.size() >= 32 && secret.size() <= 2 * out.secret.size();
  if (!fits) return broken(out, "the secret does not have the length of one");
  out.secret_len = secret.size() / 2;
  if (!read_hex(secret, std::span(out.secret).first(out.secret_len)))
    return broken(out, "the secret is no hexadecimal number");
  if (!take_word(text).empty()) return broken(out, "more follows the secret");
  return Kind::secret;
}

}  // namespace tlsproof::trace
