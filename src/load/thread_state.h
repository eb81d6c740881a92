// What the connections of one thread share: made once, used by each in turn, seen by no other thread.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "chain_cache.h"
#include "session_pool.h"
#include "tlsproof/load/plan.h"
#include "tlsproof/net/poller.h"
#include "tlsproof/tls/client.h"
#include "tlsproof/tls/key_exchanges.h"

namespace tlsproof::load {

// The kernel's random numbers, fetched in pages; what was given away is wiped.
class BufferedRandom final : public RandomSource {
 public:
  ~BufferedRandom() override;
  void fill(std::span<uint8_t> out) override;

 private:
  std::array<uint8_t, 4096> page_{};
  size_t used_ = sizeof page_;
};

class ThreadState {
 public:
  // Borrows plan and clock. Fails when the environment does, or the plan cannot be played (usage).
  [[nodiscard]] static Result<std::unique_ptr<ThreadState>> make(const Plan& plan, const Clock& clock);

  [[nodiscard]] int64_t now_ns() const { return clock->monotonic_ns(); }
  // `resumes`: with a session. Without one psk_ke is as psk: a server that does without (EC)DHE for nobody gives no
  // ticket to who would take nothing else.
  [[nodiscard]] const tls::ClientConfig& config(Kind kind, size_t name, bool resumes) const {
    return configs[static_cast<size_t>(kind == Kind::psk_ke && !resumes ? Kind::psk : kind)][name];
  }
  [[nodiscard]] size_t num_names() const { return names.size(); }
  // The chain that the server showed, judged as Plan::verification has it.
  [[nodiscard]] ChainVerdict judge_chain(const ByteList& chain, size_t name);

  const Plan* plan = nullptr;
  const Clock* clock = nullptr;
  net::Poller poller;
  BufferedRandom random;
  tls::Workspace workspace;                 // of all clients of the thread: an open connection holds little
  Bytes buffer;                             // what is received passes through it
  std::vector<std::string> names;           // server names, at least one, "" for none
  std::vector<std::string> names_to_check;  // what the chain must be for, by name
  std::array<std::vector<tls::ClientConfig>, kNumKinds> configs;  // of the kinds in the mix, by name
  std::unique_ptr<crypto::Signer> signer;
  tls::ClientIdentity identity;
  std::unique_ptr<tls::KeyExchangeProvider> key_exchanges;  // null: fresh ones
  ChainCache chains;
  SessionPool sessions;

 private:
  ThreadState(const Plan& plan, const Clock& clock, net::Poller poller);
  Status add_config(Kind kind, const std::string& name);
};

// What a connection of this kind offers; usage errors say why the plan's configuration cannot.
[[nodiscard]] Result<tls::ClientConfig> config_for(const Plan& plan, Kind kind, const std::string& server_name);
// Plan::server_names, or the one of Plan::client.
[[nodiscard]] std::vector<std::string> server_names_of(const Plan& plan);
// What the chain of a connection to that name must be for.
[[nodiscard]] std::string name_to_check(const Plan& plan, const std::string& server_name);

}  // namespace tlsproof::load
