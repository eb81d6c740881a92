#include "thread_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "tlsproof/base/host_port.h"
#include "tlsproof/registry/constants.h"

namespace tlsproof::load {
namespace {

// A whole flight in one read: chains are a few KiB, records at most 16.
constexpr size_t kBufferLen = size_t{32} << 10;

uint16_t version_of(Kind kind) {
  switch (kind) {
    case Kind::full:
      return 0;
    case Kind::session_id:
    case Kind::ticket:
      return registry::version::TLS1_2;
    case Kind::psk:
    case Kind::psk_ke:
    case Kind::early_data:
      return registry::version::TLS1_3;
  }
  return 0;
}

}  // namespace

std::vector<std::string> server_names_of(const Plan& plan) {
  return plan.server_names.empty() ? std::vector<std::string>{plan.client.server_name} : plan.server_names;
}

std::string name_to_check(const Plan& plan, const std::string& server_name) {
  if (!plan.name.empty()) return plan.name;
  if (!server_name.empty()) return server_name;
  auto host = parse_host_port(plan.target);
  return host ? host->host : std::string();
}

Result<tls::ClientConfig> config_for(const Plan& plan, Kind kind, const std::string& server_name) {
  tls::ClientConfig config = plan.client;
  config.server_name = server_name;
  if (const uint16_t version = version_of(kind); version != 0) {
    if (std::ranges::find(config.versions, version) == config.versions.end())
      return fail_usage(fmt::format("kind '{}' is of TLS {}, which is not offered", to_text(kind),
                                    version == registry::version::TLS1_3 ? "1.3" : "1.2"));
    config.versions = {version};
  }
  config.session_ticket = config.session_ticket && kind != Kind::session_id;
  if (kind == Kind::ticket) config.session_ticket = true;
  if (version_of(kind) == registry::version::TLS1_3) config.psk_key_exchange_modes = true;
  if (kind == Kind::psk_ke) config.psk_mode = tls::PskMode::psk_ke;
  if (kind == Kind::early_data && plan.http_request.empty())
    return fail_usage("kind '0rtt' needs a request to send early");
  if (plan.verification == Verification::none || plan.verification == Verification::minimal)
    config.verify_peer_signature = false;
  if (plan.verification == Verification::minimal)
    config.groups = config.key_share_groups = {registry::group::secp256r1};
  return config;
}

BufferedRandom::~BufferedRandom() {
  wipe(page_);
}

void BufferedRandom::fill(std::span<uint8_t> out) {
  if (out.size() > page_.size()) return system_random().fill(out);
  if (page_.size() - used_ < out.size()) {
    system_random().fill(page_);
    used_ = 0;
  }
  const auto from = std::span(page_).subspan(used_, out.size());
  std::ranges::copy(from, out.begin());
  wipe(from);
  used_ += out.size();
}

ThreadState::ThreadState(const Plan& the_plan, const Clock& the_clock, net::Poller the_poller)
    : plan(&the_plan),
      clock(&the_clock),
      poller(std::move(the_poller)),
      buffer(kBufferLen),
      names(server_names_of(the_plan)),
      sessions(the_plan.addresses.size(), names.size()) {}

Result<std::unique_ptr<ThreadState>> ThreadState::make(const Plan& plan, const Clock& clock) {
  TLSPROOF_TRY(auto poller, net::Poller::make());
  std::unique_ptr<ThreadState> state(new ThreadState(plan, clock, std::move(poller)));
  for (const std::string& name : state->names) {
    state->names_to_check.push_back(name_to_check(plan, name));
    for (const MixPart& part : plan.mix) {
      TLSPROOF_TRY_VOID(state->add_config(part.kind, name));
      if (part.kind == Kind::psk_ke) TLSPROOF_TRY_VOID(state->add_config(Kind::psk, name));
    }
  }
  if (plan.identity) {
    state->signer = crypto::make_signer(plan.identity->key);
    state->identity = {&plan.identity->chain, state->signer.get()};
  }
  if (plan.verification == Verification::minimal)
    state->key_exchanges = std::make_unique<tls::KnownKeyExchanges>();
  else if (plan.reuse_key_share)
    state->key_exchanges = std::make_unique<tls::ReusedKeyExchanges>();
  return state;
}

// The next name's, unless the mix names the kind twice.
Status ThreadState::add_config(Kind kind, const std::string& name) {
  auto& of_kind = configs[static_cast<size_t>(kind)];
  if (of_kind.size() == names_to_check.size()) return {};
  TLSPROOF_TRY(auto config, config_for(*plan, kind, name));
  of_kind.push_back(std::move(config));
  return {};
}

ChainVerdict ThreadState::judge_chain(const ByteList& chain, size_t name) {
  if (!plan->anchors) return {};
  switch (plan->verification) {
    case Verification::none:
    case Verification::minimal:
      return {};
    case Verification::full:
      return validate_chain(chain, names_to_check[name], *plan->anchors, clock->wall_seconds());
    case Verification::cached:
      break;
  }
  return chains.check(chain, names_to_check[name], *plan->anchors, clock->wall_seconds());
}

}  // namespace tlsproof::load
