// What is played on one connection, as scenarios say it; equal recipes are played once and judged by all who asked for
// them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tlsproof/base/random.h"
#include "tlsproof/engine/edits.h"
#include "tlsproof/engine/material.h"
#include "tlsproof/scenario/scenario.h"
#include "tlsproof/session/plan.h"

namespace tlsproof::engine {

struct Recipe {
  uint16_t version = 0;  // 0: no TLS (plain HTTP)
  scenario::ClientSetup client;
  scenario::Identity identity;
  const std::vector<scenario::Edit>* edits = nullptr;  // borrowed; null or empty: an honest run

  // Equal texts mean equal attempts. Bent ones are never shared: `unique` keeps them apart.
  [[nodiscard]] std::string key(std::string_view unique) const;
  // "expired client certificate, RSA only, TLS 1.3".
  [[nodiscard]] std::string label() const;
};

// The HTTP request that the endpoint is sent, or another virtual host at its address. Fails (usage) when the path or
// host could not stand in a request.
[[nodiscard]] Result<std::string> make_request(
    const target::Endpoint& endpoint, scenario::ClientSetup::HttpHost host = scenario::ClientSetup::HttpHost::target);

// Makes plans for one endpoint. Identities are forged once each.
class PlanMaker {
 public:
  // Borrows all of it. `now` is seconds since 1970.
  PlanMaker(const target::Endpoint& endpoint, const Material& material, int64_t now, RandomSource& random)
      : endpoint_(&endpoint), material_(&material), now_(now), random_(&random) {}

  // An identity that is there at all: given, or to be forged.
  [[nodiscard]] bool has_identity() const { return material_->identity || material_->client_ca; }
  // `automatic` becomes good or none; what is forged stays as it is.
  [[nodiscard]] Recipe settle(Recipe recipe) const;
  // Forges it now, if there is anything to forge. Fails (usage) when the CA, its CRLs or the request do not allow it.
  [[nodiscard]] Status prepare(const scenario::Identity& identity);
  // Intermediates in the chain of an identity that was prepared; 0 for one without a certificate.
  [[nodiscard]] size_t num_intermediates(const scenario::Identity& identity) const;
  // Of these, the ones beyond the client CA's own.
  [[nodiscard]] size_t num_forged_intermediates(const scenario::Identity& identity) const;
  // A faultless certificate of the same name and length of chain, as far as it is another one than the good client's:
  // who refuses that one refuses not the fault. Nullopt where the good client itself is the measure.
  [[nodiscard]] std::optional<scenario::Identity> faultless_twin(const scenario::Identity& identity);
  // Fails (usage or environment) when an identity cannot be forged or an edit cannot be applied.
  [[nodiscard]] Result<session::Plan> make(const Recipe& recipe, const std::shared_ptr<EditLog>& log);

 private:
  Result<std::shared_ptr<session::Credentials>> credentials(const scenario::Identity& identity);
  Result<pki::Identity> forge(const scenario::Identity& identity) const;

  const target::Endpoint* endpoint_;
  const Material* material_;
  int64_t now_;
  RandomSource* random_;
  std::map<std::string, std::shared_ptr<session::Credentials>> forged_;
};

}  // namespace tlsproof::engine
