// Certificates and CRLs from PEM and DER.
#include "tlsproof/x509/load.h"

#include <fmt/format.h>

#include <array>

#include "tlsproof/base/file.h"
#include "tlsproof/base/text.h"
#include "tlsproof/x509/der.h"

namespace tlsproof::x509 {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";

// RFC 4648 §4; white space is passed over, anything after the padding or of the wrong length is an error.
std::optional<Bytes> from_base64(std::string_view text) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  static constexpr std::array<int8_t, 256> kValues = [] {
    std::array<int8_t, 256> values{};
    values.fill(-1);
    for (size_t i = 0; i < kAlphabet.size(); ++i) values[static_cast<uint8_t>(kAlphabet[i])] = static_cast<int8_t>(i);
    return values;
  }();
  Bytes out;
  out.reserve(text.size() / 4 * 3);
  uint32_t bits = 0;
  size_t count = 0;
  size_t padding = 0;
  for (char c : text) {
    if (c == ' ' || c == '\n' || c == '\r' || c == '\t') continue;
    if (c == '=') {
      if (++padding > 2) return std::nullopt;
      continue;
    }
    const int8_t value = kValues[static_cast<uint8_t>(c)];
    if (value < 0 || padding != 0) return std::nullopt;
    bits = bits << 6 | static_cast<uint32_t>(value);
    if (++count % 4 == 0) {
      for (int shift = 16; shift >= 0; shift -= 8) out.push_back(static_cast<uint8_t>(bits >> shift));
      bits = 0;
    }
  }
  if ((count + padding) % 4 != 0 || count % 4 == 1) return std::nullopt;
  if (count % 4 >= 2) out.push_back(static_cast<uint8_t>(bits >> (count % 4 == 2 ? 4 : 10)));
  if (count % 4 == 3) out.push_back(static_cast<uint8_t>(bits >> 2));
  return out;
}

struct PemBlock {
  std::string_view label;
  std::string_view body;  // between the lines
  size_t line = 0;        // of BEGIN, from 1
  bool closed = false;
};

// RFC 7468 §2, liberally: a BEGIN line at the start of a line, up to its END line.
class PemScanner {
 public:
  explicit PemScanner(std::string_view text) : text_(text) {}

  std::optional<PemBlock> next() {
    for (;;) {
      const size_t at = text_.find(kBegin, at_);
      if (at == std::string_view::npos) return std::nullopt;
      const size_t label_at = at + kBegin.size();
      const size_t line_end = std::min(text_.find('\n', label_at), text_.size());
      const size_t label_end = text_.substr(0, line_end).find(kDashes, label_at);
      count_lines(at);
      at_ = line_end;
      if (label_end == std::string_view::npos || label_end - label_at > 64 ||
          (at > 0 && text_[at - 1] != '\n' && text_[at - 1] != '\r'))
        continue;
      PemBlock block{text_.substr(label_at, label_end - label_at), {}, line_, false};
      const size_t end = text_.find(kEnd, line_end);
      const size_t other = text_.find(kBegin, line_end);
      block.closed =
          end != std::string_view::npos && end < other && text_.substr(end + kEnd.size()).starts_with(block.label);
      if (block.closed) {
        block.body = text_.substr(line_end, end - line_end);
        count_lines(end);
        at_ = end + kEnd.size();
      }
      return block;
    }
  }

 private:
  void count_lines(size_t to) {
    for (; counted_ < to; ++counted_) line_ += size_t{text_[counted_] == '\n'};
  }
  std::string_view text_;
  size_t at_ = 0;
  size_t counted_ = 0;
  size_t line_ = 1;
};

bool is_certificate_label(std::string_view label) {
  return label == "CERTIFICATE" || label == "X509 CERTIFICATE" || label == "TRUSTED CERTIFICATE";
}
bool is_crl_label(std::string_view label) {
  return label == "X509 CRL";
}

// The first element alone: "TRUSTED CERTIFICATE" has libcrypto's own settings behind the certificate.
std::optional<Bytes> first_element(ByteView der) {
  ParseError error;
  DerReader reader(der, error);
  DerValue value;
  if (!reader.expect(der_tag::kSequence, value, "PEM")) return std::nullopt;
  return to_bytes(value.full);
}

std::string_view label_meaning(std::string_view label) {
  if (label.ends_with("PRIVATE KEY")) return "a private key";
  if (label == "PUBLIC KEY" || label == "RSA PUBLIC KEY") return "a public key";
  if (label.ends_with("CERTIFICATE REQUEST")) return "a certificate request (CSR)";
  if (is_certificate_label(label)) return "a certificate";
  if (is_crl_label(label)) return "a CRL";
  if (label == "PKCS7" || label == "CMS") return "a PKCS#7 bundle; unpack it with 'openssl pkcs7 -print_certs'";
  if (label.ends_with("PARAMETERS")) return "parameters of a key exchange";
  return {};
}

// The tags of the elements inside a SEQUENCE, at most eight.
std::vector<DerValue> children(ByteView der) {
  std::vector<DerValue> out;
  ParseError error;
  DerReader outer(der, error);
  DerReader inside = outer;
  DerValue value;
  if (!outer.enter(der_tag::kSequence, inside, "DER")) return out;
  while (out.size() < 8 && !inside.empty() && inside.any(value, "DER")) out.push_back(value);
  return out;
}

bool is_crl(ByteView der) {
  const std::vector<DerValue> outer = children(der);
  if (outer.size() != 3 || outer[0].tag != der_tag::kSequence || outer[2].tag != der_tag::kBitString) return false;
  std::vector<DerValue> list = children(outer[0].full);
  if (!list.empty() && list[0].tag == der_tag::kInteger) list.erase(list.begin());
  // RFC 5280 §5.1: signature, issuer, thisUpdate
  return list.size() >= 3 && list[0].tag == der_tag::kSequence && list[1].tag == der_tag::kSequence &&
         (list[2].tag == der_tag::kUtcTime || list[2].tag == der_tag::kGeneralizedTime);
}

// What a DER file that is not what was asked for is instead.
std::string_view der_meaning(ByteView der) {
  if (CertificateView::parse(der).readable) return "a certificate";
  if (is_crl(der)) return "a CRL";
  const std::vector<DerValue> parts = children(der);
  if (parts.empty()) return {};
  if (parts[0].tag == der_tag::kOid) return "a PKCS#7 bundle; unpack it with 'openssl pkcs7 -inform DER -print_certs'";
  if (parts.size() == 2 && parts[1].tag == der_tag::kOctetString) return "an encrypted private key";
  if (parts.size() == 2 && parts[1].tag == der_tag::kBitString) return "a public key";
  if (parts[0].tag == der_tag::kInteger && parts.size() >= 2) {
    const std::optional<int64_t> version = integer_value(parts[0].content);
    // RFC 7292 §4: PFX ::= SEQUENCE { version (3), authSafe ContentInfo, … }
    if (version == 3 && parts[1].tag == der_tag::kSequence)
      return "PKCS#12; take the certificate out with 'openssl pkcs12 -nokeys'";
    return "a private key";
  }
  if (parts.size() == 3 && parts[2].tag == der_tag::kBitString)
    return "a certificate request (CSR) or a damaged certificate";
  return {};
}

struct Wanted {
  std::string_view name;  // "certificate"
  bool (*label)(std::string_view);
  bool (*der)(ByteView);
};
constexpr Wanted kCertificate = {"certificate", is_certificate_label,
                                 [](ByteView der) { return CertificateView::parse(der).readable; }};
constexpr Wanted kCrl = {"CRL", is_crl_label, is_crl};

std::unexpected<Error> wrong_content(std::string_view what, const Wanted& wanted, std::string_view found) {
  if (found.empty()) return fail_usage(fmt::format("{} holds no {} (neither PEM nor DER)", what, wanted.name));
  return fail_usage(fmt::format("{} holds no {}: it is {}", what, wanted.name, found));
}

Result<std::vector<Bytes>> read_pem(std::string_view text, std::string_view what, const Wanted& wanted) {
  std::vector<Bytes> out;
  std::string_view found;
  PemScanner scanner(text);
  while (const std::optional<PemBlock> block = scanner.next()) {
    if (!wanted.label(block->label)) {
      if (found.empty()) found = label_meaning(block->label);
      continue;
    }
    if (!block->closed)
      return fail_usage(
          fmt::format("{}: the {} that begins in line {} has no END line", what, wanted.name, block->line));
    const std::optional<Bytes> raw = from_base64(block->body);
    std::optional<Bytes> der = raw ? first_element(*raw) : std::nullopt;
    if (!der)
      return fail_usage(fmt::format("{}: the {} that begins in line {} is damaged", what, wanted.name, block->line));
    out.push_back(std::move(*der));
  }
  if (out.empty()) return wrong_content(what, wanted, found);
  return out;
}

Result<std::vector<Bytes>> read_any(ByteView content, std::string_view what, const Wanted& wanted) {
  if (content.empty()) return fail_usage(fmt::format("{} is empty", what));
  if (as_text(content).find(kBegin) != std::string_view::npos && content[0] != der_tag::kSequence)
    return read_pem(as_text(content), what, wanted);
  if (wanted.der(content)) {
    std::vector<Bytes> out;
    out.push_back(to_bytes(content));
    return out;
  }
  return wrong_content(what, wanted, der_meaning(content));
}

std::string describe(std::string_view purpose, const std::string& path) {
  return fmt::format("the {} '{}'", purpose, escape_terminal(path));
}

std::vector<Certificate> to_certificates(std::vector<Bytes> ders) {
  std::vector<Certificate> out;
  out.reserve(ders.size());
  for (Bytes& der : ders) out.push_back(Certificate::parse(std::move(der)));
  return out;
}

}  // namespace

Result<std::vector<Certificate>> parse_certificates(ByteView content, std::string_view what) {
  TLSPROOF_TRY(std::vector<Bytes> ders, read_any(content, what, kCertificate));
  return to_certificates(std::move(ders));
}

// The file may be a key by mistake, or hold one beside the certificate: what is read of it is wiped.
Result<std::vector<Certificate>> load_certificates(const std::string& path, std::string_view purpose) {
  TLSPROOF_TRY(SecretBytes content, load_secret_file(path, purpose, kDefaultFileLimit));
  return parse_certificates(content.view(), describe(purpose, path));
}

std::vector<Certificate> parse_pem_certificates(ByteView content) {
  std::vector<Bytes> ders;
  PemScanner scanner(as_text(content));
  while (const std::optional<PemBlock> block = scanner.next()) {
    if (!is_certificate_label(block->label) || !block->closed) continue;
    const std::optional<Bytes> raw = from_base64(block->body);
    if (std::optional<Bytes> der = raw ? first_element(*raw) : std::nullopt) ders.push_back(std::move(*der));
  }
  return to_certificates(std::move(ders));
}

Result<std::vector<Bytes>> parse_crls(ByteView content, std::string_view what) {
  return read_any(content, what, kCrl);
}

Result<std::vector<Bytes>> load_crls(const std::string& path, std::string_view purpose) {
  TLSPROOF_TRY(SecretBytes content, load_secret_file(path, purpose, size_t{256} << 20));  // public CAs' CRLs are large
  return parse_crls(content.view(), describe(purpose, path));
}

std::string to_pem(ByteView der, std::string_view label) {
  std::string out = fmt::format("-----BEGIN {}-----\n", label);
  const std::string body = to_base64(der);
  for (size_t at = 0; at < body.size(); at += 64) out += body.substr(at, 64) + "\n";
  return out + fmt::format("-----END {}-----\n", label);
}

}  // namespace tlsproof::x509
