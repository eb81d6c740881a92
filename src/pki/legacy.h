// libcrypto with its legacy algorithms, apart from the default library context so that nothing else can ever use them.
#pragma once

#include <openssl/provider.h>

#include <optional>

#include "handles.h"
#include "tlsproof/base/error.h"

namespace tlsproof::pki {

class LegacyContext {
 public:
  // Fails (usage, naming `what` that needs it) when the provider's module is not installed.
  [[nodiscard]] static Result<LegacyContext> make(std::string_view what);
  [[nodiscard]] OSSL_LIB_CTX* native() const { return context_.get(); }

 private:
  using ProviderPtr = Handle<OSSL_PROVIDER, OSSL_PROVIDER_unload>;
  Handle<OSSL_LIB_CTX, OSSL_LIB_CTX_free> context_;  // outlives the providers
  ProviderPtr default_, legacy_;
};

}  // namespace tlsproof::pki
