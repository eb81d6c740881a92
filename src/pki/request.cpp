#include "tlsproof/pki/request.h"

#include <fmt/format.h>
#include <openssl/pem.h>

#include "handles.h"
#include "tlsproof/base/file.h"
#include "tlsproof/base/text.h"
#include "tlsproof/x509/certificate.h"
#include "tlsproof/x509/name_check.h"

namespace tlsproof::pki {
namespace {

constexpr size_t kMaxRequestLen = size_t{1} << 20;

// The DER inside the first CERTIFICATE REQUEST block (or NEW CERTIFICATE REQUEST, as some write it), else `content`
// itself.
Result<Bytes> find_request(ByteView content, std::string_view what) {
  if (content.size() > kMaxRequestLen)
    return fail_usage(fmt::format("the {} is longer than {} bytes", what, kMaxRequestLen));
  if (as_text(content).find("-----BEGIN ") == std::string_view::npos) return to_bytes(content);
  Handle<BIO, BIO_free> bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
  TLSPROOF_CHECK(bio != nullptr);
  std::string seen;
  for (;;) {
    char *label = nullptr, *header = nullptr;
    uint8_t* data = nullptr;
    long len = 0;
    if (PEM_read_bio(bio.get(), &label, &header, &data, &len) != 1) break;
    Bytes der(data, data + len);
    const std::string block(label);
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<size_t>(len));
    if (block == PEM_STRING_X509_REQ || block == PEM_STRING_X509_REQ_OLD) return der;
    if (seen.empty()) seen = block;
  }
  crypto::clear_openssl_errors();
  if (seen.empty()) return fail_usage(fmt::format("the {} is damaged PEM", what));
  return fail_usage(fmt::format("the {} holds no certification request (PKCS#10); it has a {}", what,
                                escape_terminal_limited(seen, 60)));
}

std::optional<AlternativeName> take_name(const GENERAL_NAME* name) {
  int type = 0;
  const auto* value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(name, &type));
  using Kind = AlternativeName::Kind;
  if (type != GEN_DNS && type != GEN_EMAIL && type != GEN_URI && type != GEN_IPADD) return std::nullopt;
  const ByteView bytes(ASN1_STRING_get0_data(value), static_cast<size_t>(ASN1_STRING_length(value)));
  // What the request says is checked like what a user says: a NUL inside a DNS name is an old trick to get a
  // certificate for somebody else.
  const std::string text = type == GEN_IPADD ? x509::ip_text(bytes) : std::string(as_text(bytes));
  const std::string_view prefix = type == GEN_DNS     ? "dns:"
                                  : type == GEN_EMAIL ? "email:"
                                  : type == GEN_URI   ? "uri:"
                                                      : "ip:";
  auto checked = parse_alternative_name(std::string(prefix) + text);
  if (!checked || (type == GEN_IPADD && checked->kind != Kind::ip)) return std::nullopt;
  return *checked;
}

}  // namespace

Result<SigningRequest> parse_signing_request(ByteView content, std::string_view what) {
  TLSPROOF_TRY(Bytes der, find_request(content, what));
  const uint8_t* at = der.data();
  X509ReqPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(der.size())));
  if (!request || at != der.data() + der.size()) {
    crypto::clear_openssl_errors();
    return fail_usage(fmt::format("the {} is not a certification request (PKCS#10)", what));
  }
  auto key = crypto::PublicKey::decode(to_der<i2d_X509_PUBKEY>(X509_REQ_get_X509_PUBKEY(request.get())));
  if (!key) return fail_usage(fmt::format("the {} has a public key that is {}", what, crypto::to_string(key.error())));
  const int verified = X509_REQ_verify(request.get(), key->native());
  crypto::clear_openssl_errors();
  if (verified != 1)
    return fail_usage(
        fmt::format("the {} is not signed by the key it is for: it was changed, or whoever made it does not "
                    "hold that key",
                    what));
  SigningRequest out{.key = std::move(*key),
                     .subject_der = to_der<i2d_X509_NAME>(X509_REQ_get_subject_name(request.get()))};
  out.subject_empty = X509_NAME_entry_count(X509_REQ_get_subject_name(request.get())) == 0;
  Handle<X509_EXTENSIONS, [](X509_EXTENSIONS* list) { sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free); }>
      extensions(X509_REQ_get_extensions(request.get()));
  GeneralNamesPtr names(
      static_cast<GENERAL_NAMES*>(X509V3_get_d2i(extensions.get(), NID_subject_alt_name, nullptr, nullptr)));
  crypto::clear_openssl_errors();
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    if (auto name = take_name(sk_GENERAL_NAME_value(names.get(), i)))
      out.names.push_back(std::move(*name));
    else
      ++out.num_other_names;
  }
  return out;
}

Result<SigningRequest> load_signing_request(const std::string& path) {
  constexpr std::string_view kPurpose = "certification request";
  TLSPROOF_TRY(Bytes content, load_file(path, kPurpose, kMaxRequestLen));
  return parse_signing_request(content, fmt::format("{} '{}'", kPurpose, escape_terminal(path)));
}

}  // namespace tlsproof::pki
