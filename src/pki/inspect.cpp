#include "tlsproof/pki/inspect.h"

#include <fmt/format.h>
#include <openssl/pem.h>

#include "handles.h"
#include "inspect_items.h"
#include "tlsproof/base/text.h"
#include "tlsproof/x509/crl.h"
#include "tlsproof/x509/load.h"

namespace tlsproof::pki {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";

class Inspector {
 public:
  Inspector(std::string_view what, const InspectOptions& options)
      : what_(what), options_(options), budget_(options.max_iterations) {}

  Result<Inspected> run(ByteView content) {
    if (content.empty()) return fail_usage(fmt::format("{} is empty", what_));
    if (is_pkcs12(content)) {
      TLSPROOF_TRY_VOID(pkcs12(content));
    } else if (content[0] != 0x30 && as_text(content).find(kBegin) != std::string_view::npos) {
      TLSPROOF_TRY_VOID(pem(content));
    } else {
      TLSPROOF_TRY_VOID(der(content));
    }
    if (out_.format != "PKCS#12") out_.weaknesses = inspect_chain(certificates_);
    if (num_damaged_ > 0)
      out_.weaknesses.push_back(
          {x509::WeaknessLevel::must, "damaged", fmt::format("{} of its PEM blocks cannot be decoded", num_damaged_)});
    return std::move(out_);
  }

 private:
  void add(InspectedItem item) {
    if (item.kind == ItemKind::certificate) certificates_.push_back(item.certificate);
    if (item.kind == ItemKind::private_key) out_.has_private_key = true;
    if (out_.items.size() < kMaxInspectedItems)
      out_.items.push_back(std::move(item));
    else
      ++out_.num_left_out;
  }

  Status pkcs12(ByteView content) {
    out_.format = "PKCS#12";
    TLSPROOF_TRY(auto items, inspect_pkcs12(content, what_, options_));
    for (InspectedItem& item : items) add(std::move(item));
    // What is locked may well be a key.
    if (items.size() == 1) out_.has_private_key = true;
    return {};
  }

  Status pem(ByteView content) {
    out_.format = "PEM";
    const std::string_view text = as_text(content);
    size_t num_begun = 0, num_read = 0;
    for (size_t at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at + 1)) ++num_begun;
    const Handle<BIO, BIO_free> bio(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
    TLSPROOF_CHECK(bio != nullptr);
    char *label = nullptr, *header = nullptr;
    uint8_t* data = nullptr;
    long len = 0;
    // A damaged block ends nothing: libcrypto goes on behind it.
    for (size_t i = 0; i < num_begun; ++i) {
      if (PEM_read_bio(bio.get(), &label, &header, &data, &len) != 1) continue;
      ++num_read;
      const std::string name(label), head(header);
      const SecretBytes block(ByteView(data, static_cast<size_t>(len)));
      OPENSSL_free(label);
      OPENSSL_free(header);
      OPENSSL_clear_free(data, static_cast<size_t>(len));
      if (auto status = pem_block(name, head, block.view()); !status) return status;
    }
    crypto::clear_openssl_errors();
    num_damaged_ = num_begun - num_read;
    if (num_read == 0) return fail_usage(fmt::format("{} is damaged: none of its PEM blocks can be decoded", what_));
    return {};
  }

  Status pem_block(const std::string& label, const std::string& header, ByteView der) {
    if (label == "CERTIFICATE" || label == "X509 CERTIFICATE") {
      add(inspect_certificate(x509::Certificate::parse(der), options_.now));
    } else if (label == "TRUSTED CERTIFICATE") {  // libcrypto's own settings stand behind it
      const auto found = x509::parse_pem_certificates(as_bytes(x509::to_pem(der, label)));
      add(inspect_certificate(found.empty() ? x509::Certificate::parse(der) : found.front(), options_.now));
    } else if (label.ends_with("CERTIFICATE REQUEST")) {
      add(inspect_request(der));
    } else if (label == "X509 CRL") {
      add(inspect_crl(der, options_.now));
    } else if (label == "PUBLIC KEY") {
      add(inspect_public_key(der));
    } else if (label.ends_with("PRIVATE KEY")) {
      const SecretBytes whole = one_block(label, header, der);
      TLSPROOF_TRY(InspectedItem item, inspect_private_key(whole.view(), label, header, der, what_, options_, budget_));
      add(std::move(item));
    } else {
      add({.kind = ItemKind::other, .title = escape_terminal_limited(label, 60)});
    }
    return {};
  }

  // A key's block by itself, as PrivateKey::load wants it.
  static SecretBytes one_block(const std::string& label, const std::string& header, ByteView der) {
    const Handle<BIO, BIO_free> bio(BIO_new(BIO_s_secmem()));
    char* text = nullptr;
    if (!bio || PEM_write_bio(bio.get(), label.c_str(), header.c_str(), der.data(), static_cast<long>(der.size())) <= 0)
      return {};
    const long len = BIO_get_mem_data(bio.get(), &text);
    return SecretBytes(ByteView(reinterpret_cast<const uint8_t*>(text), static_cast<size_t>(len)));
  }

  Status der(ByteView content) {
    out_.format = "DER";
    if (auto certificate = x509::Certificate::parse(content); certificate->readable) {
      add(inspect_certificate(certificate, options_.now));
    } else if (x509::CrlView::parse(content).readable) {
      add(inspect_crl(content, options_.now));
    } else if (parse_signing_request_quietly(content)) {
      add(inspect_request(content));
    } else if (crypto::PublicKey::decode(content)) {
      add(inspect_public_key(content));
    } else if (crypto::PrivateKey::is_encrypted(content) || crypto::PrivateKey::load(content, "key")) {
      TLSPROOF_TRY(InspectedItem item, inspect_private_key(content, "", "", content, what_, options_, budget_));
      add(std::move(item));
    } else {
      return fail_usage(fmt::format(
          "{} is neither PEM nor the DER of a certificate, request (CSR), CRL, key or PKCS#12, or it is damaged",
          what_));
    }
    return {};
  }

  static bool parse_signing_request_quietly(ByteView content) {
    const uint8_t* at = content.data();
    const X509ReqPtr request(d2i_X509_REQ(nullptr, &at, static_cast<long>(content.size())));
    crypto::clear_openssl_errors();
    return request && at == content.data() + content.size();
  }

  std::string_view what_;
  const InspectOptions& options_;
  uint64_t budget_;
  Inspected out_;
  std::vector<x509::Certificate> certificates_;
  size_t num_damaged_ = 0;
};

constexpr std::string_view kKindNames[] = {"certificate", "request", "crl",  "private_key",
                                           "public_key",  "pkcs12",  "other"};
constexpr std::string_view kKindTitles[] = {
    "certificate", "certificate request", "CRL", "private key", "public key", "PKCS#12", "other"};

}  // namespace

std::string_view item_kind_name(ItemKind kind) {
  return kKindNames[static_cast<size_t>(kind)];
}
std::string_view item_kind_title(ItemKind kind) {
  return kKindTitles[static_cast<size_t>(kind)];
}

Result<Inspected> inspect(ByteView content, std::string_view what, const InspectOptions& options) {
  auto out = Inspector(what, options).run(content);
  crypto::clear_openssl_errors();
  return out;
}

}  // namespace tlsproof::pki
