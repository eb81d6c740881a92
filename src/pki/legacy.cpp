#include "legacy.h"

#include <fmt/format.h>

namespace tlsproof::pki {

Result<LegacyContext> LegacyContext::make(std::string_view what) {
  LegacyContext out;
  out.context_.reset(OSSL_LIB_CTX_new());
  TLSPROOF_CHECK(out.context_ != nullptr);
  out.default_.reset(OSSL_PROVIDER_load(out.context_.get(), "default"));
  out.legacy_.reset(OSSL_PROVIDER_load(out.context_.get(), "legacy"));
  crypto::clear_openssl_errors();
  if (!out.default_ || !out.legacy_)
    return fail_usage(
        fmt::format("{} needs OpenSSL's legacy provider, whose module (legacy.so) is not installed", what));
  return out;
}

}  // namespace tlsproof::pki
