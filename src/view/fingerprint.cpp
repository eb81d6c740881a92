#include "tlsproof/view/fingerprint.h"

#include <algorithm>
#include <charconv>

#include "tlsproof/crypto/hash.h"
#include "tlsproof/crypto/md5.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::view {
namespace {

using registry::is_grease;
namespace extension = registry::extension;
namespace version = registry::version;

constexpr char kDigits[] = "0123456789abcdef";

void append_hex(std::string& out, ByteView bytes) {
  for (const uint8_t byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
}

void append_hex16(std::string& out, uint16_t value) {
  const uint8_t bytes[] = {static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value & 0xff)};
  append_hex(out, bytes);
}

void append_number(std::string& out, uint32_t value) {
  char digits[10];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

// "1-2-3", in order.
class Dashed {
 public:
  explicit Dashed(std::string& out) : out_(out) {}
  void add(uint32_t value) {
    if (!first_) out_ += '-';
    first_ = false;
    append_number(out_, value);
  }

 private:
  std::string& out_;
  bool first_ = true;
};

// The list of an extension; empty where it is not there or does not decode.
template <class T>
bool read(const wire::ExtensionList& extensions, T& out) {
  const auto status = extensions.read_typed(out);
  return status && *status;
}

// Newer than the other; the numbers of DTLS count down.
bool is_newer(uint16_t a, uint16_t b) {
  const bool dtls = (a >> 8) == 0xfe && (b >> 8) == 0xfe;
  return dtls ? a < b : a > b;
}

std::string_view version_mark(uint16_t value) {
  switch (value) {
    case version::TLS1_3:
      return "13";
    case version::TLS1_2:
      return "12";
    case version::TLS1_1:
      return "11";
    case version::TLS1_0:
      return "10";
    case version::SSL3:
      return "s3";
    case version::SSL2:
      return "s2";
    case 0xfeff:
      return "d1";
    case 0xfefd:
      return "d2";
    case 0xfefc:
      return "d3";
    default:
      return "00";
  }
}

char transport_mark(trace::Transport transport) {
  switch (transport) {
    case trace::Transport::dtls:
      return 'd';
    case trace::Transport::quic:
      return 'q';
    case trace::Transport::tls:
    case trace::Transport::ssl2:
      return 't';
  }
  return 't';
}

void append_two_digits(std::string& out, size_t number) {
  const size_t shown = std::min<size_t>(number, 99);
  out += kDigits[shown / 10];
  out += kDigits[shown % 10];
}

std::string md5_text(std::string_view text) {
  std::string out;
  append_hex(out, crypto::md5(as_bytes(text)));
  return out;
}
std::string short_hash(std::string_view text) {
  std::string out;
  append_hex(out, crypto::digest(crypto::HashAlgorithm::sha256, as_bytes(text)).view().first(6));
  return out;
}

void append_hex_list(std::string& out, std::span<const uint16_t> numbers) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) out += ',';
    append_hex16(out, numbers[i]);
  }
}

// By bytes, not by what a locale calls a letter.
bool is_alphanumeric(uint8_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

}  // namespace

std::string_view LatelyHashed::digest(std::string_view text, std::string (*hash)(std::string_view text)) {
  for (const Entry& entry : entries_)
    if (entry.text == text && !entry.digest.empty()) return entry.digest;
  Entry& entry = text.size() > kMaxLen ? longer_ : entries_[next_++ % entries_.size()];
  entry.digest = hash(text);
  if (text.size() <= kMaxLen) entry.text = text;
  return entry.digest;
}

// The first twelve digits of the SHA-256 of what is in text_; of an empty list twelve zeros, not the hash of nothing.
void Fingerprinter::append_short_hash(std::string& out) {
  out += text_.empty() ? "000000000000" : ja4_digests_.digest(text_, short_hash);
}

std::string_view Fingerprinter::ja3_text(const wire::ClientHello& hello) {
  text_.clear();
  append_number(text_, hello.legacy_version);
  text_ += ',';
  Dashed suites(text_);
  for (const uint16_t suite : hello.cipher_suites)
    if (!is_grease(suite)) suites.add(suite);
  text_ += ',';
  Dashed types(text_);
  for (size_t i = 0; i < hello.extensions.size(); ++i)
    if (!is_grease(hello.extensions.type(i))) types.add(hello.extensions.type(i));
  text_ += ',';
  Dashed groups(text_);
  if (read(hello.extensions, groups_))
    for (const uint16_t group : groups_.groups)
      if (!is_grease(group)) groups.add(group);
  text_ += ',';
  Dashed formats(text_);
  if (read(hello.extensions, formats_))
    for (const uint8_t format : formats_.formats) formats.add(format);
  return text_;
}

std::string_view Fingerprinter::ja3s_text(const wire::ServerHello& hello) {
  text_.clear();
  append_number(text_, hello.legacy_version);
  text_ += ',';
  append_number(text_, hello.cipher_suite);
  text_ += ',';
  Dashed types(text_);
  for (size_t i = 0; i < hello.extensions.size(); ++i) types.add(hello.extensions.type(i));
  return text_;
}

void Fingerprinter::append_alpn_mark(const wire::ClientHello& hello, std::string& out) {
  if (!read(hello.extensions, alpn_) || alpn_.protocols.empty() || alpn_.protocols[0].empty()) {
    out += "00";
    return;
  }
  const ByteView name = alpn_.protocols[0];
  const uint8_t first = name.front();
  const uint8_t last = name.back();
  if (is_alphanumeric(first) && is_alphanumeric(last)) {
    out += static_cast<char>(first);
    out += static_cast<char>(last);
    return;
  }
  // Otherwise the first and the last character of the whole name in hexadecimal.
  out += kDigits[first >> 4];
  out += kDigits[last & 15];
}

void Fingerprinter::ja4_versions_and_counts(const wire::ClientHello& hello, trace::Transport transport,
                                            std::string& out) {
  uint16_t newest = 0;
  if (read(hello.extensions, versions_))
    for (const uint16_t offered : versions_.versions)
      if (!is_grease(offered) && (newest == 0 || is_newer(offered, newest))) newest = offered;
  if (newest == 0) newest = hello.legacy_version;
  size_t num_suites = 0;
  for (const uint16_t suite : hello.cipher_suites) num_suites += is_grease(suite) ? 0U : 1U;
  size_t num_extensions = 0;
  for (size_t i = 0; i < hello.extensions.size(); ++i) num_extensions += is_grease(hello.extensions.type(i)) ? 0U : 1U;
  out += transport_mark(transport);
  out += version_mark(newest);
  out += hello.extensions.has(extension::server_name) ? 'd' : 'i';
  append_two_digits(out, num_suites);
  append_two_digits(out, num_extensions);
  append_alpn_mark(hello, out);
}

void Fingerprinter::ja4(const wire::ClientHello& hello, trace::Transport transport, std::string& out) {
  out.clear();
  ja4_versions_and_counts(hello, transport, out);

  numbers_.clear();
  for (const uint16_t suite : hello.cipher_suites)
    if (!is_grease(suite)) numbers_.push_back(suite);
  std::ranges::sort(numbers_);
  text_.clear();
  append_hex_list(text_, numbers_);
  out += '_';
  append_short_hash(out);

  // Which host is asked for and which protocol is wanted is told above; the rest is what the program is like.
  numbers_.clear();
  for (size_t i = 0; i < hello.extensions.size(); ++i) {
    const uint16_t type = hello.extensions.type(i);
    if (is_grease(type) || type == extension::server_name || type == extension::application_layer_protocol_negotiation)
      continue;
    numbers_.push_back(type);
  }
  std::ranges::sort(numbers_);
  text_.clear();
  append_hex_list(text_, numbers_);
  if (read(hello.extensions, schemes_)) {
    numbers_.clear();
    for (const uint16_t scheme : schemes_.schemes)
      if (!is_grease(scheme)) numbers_.push_back(scheme);
    if (!numbers_.empty()) {
      text_ += '_';
      append_hex_list(text_, numbers_);
    }
  }
  out += '_';
  append_short_hash(out);
}

void Fingerprinter::compute(const trace::Reading& reading, Fingerprints& out) {
  out.ja3.clear();
  out.ja3s.clear();
  out.ja4.clear();
  const trace::Transport transport = reading.trace().transport();
  if (transport == trace::Transport::ssl2) return;
  if (const trace::MessageRead* read = reading.first_client_hello()) {
    if (const auto* hello = read->as<wire::ClientHello>()) {
      out.ja3 = ja3_digests_.digest(ja3_text(*hello), md5_text);
      ja4(*hello, transport, out.ja4);
    }
  }
  if (const trace::MessageRead* read = reading.server_hello()) {
    if (const auto* hello = read->as<wire::ServerHello>()) out.ja3s = ja3s_digests_.digest(ja3s_text(*hello), md5_text);
  }
}

}  // namespace tlsproof::view
