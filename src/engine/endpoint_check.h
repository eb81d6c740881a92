// One endpoint's way through a run: probe, plan, play, judge.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chain.h"
#include "client_crl.h"
#include "crash.h"
#include "tlsproof/engine/engine.h"
#include "tlsproof/engine/judge.h"
#include "tlsproof/engine/recipe.h"
#include "tlsproof/probe/probe.h"
#include "tlsproof/target/features.h"

namespace tlsproof::engine {

class EndpointCheck {
 public:
  // Loads what the endpoint's files hold. Borrows all of it.
  [[nodiscard]] static Result<std::unique_ptr<EndpointCheck>> make(const target::Endpoint& endpoint,
                                                                   const CheckOptions& options);

  // Resolves, connects a few times, and fills the features. An endpoint that cannot be reached is an outcome, not an
  // error.
  Status probe();
  // Certificates of CAs that this endpoint sent: they may explain another one's incomplete chain.
  [[nodiscard]] std::vector<x509::Certificate> issuers_seen() const;
  // Plays and judges; `known` are certificates from all endpoints of the run.
  Status check(const scenario::Library& library, std::vector<x509::Certificate> known, target::WaiverBook& waivers);

  // A failing environment ends this endpoint's way, not the run: what was judged stays, and the run says what is
  // missing.
  void keep_error(const Status& status) {
    if (!status && run_.error.empty()) run_.error = status.error().message();
  }
  [[nodiscard]] verdict::EndpointRun take_run() { return std::move(run_); }

 private:
  // An attempt that several cases may judge, with its repetitions.
  struct Played {
    Recipe recipe;
    bool exclusive = false;
    std::vector<session::AttemptResult> results;  // one a repetition; fewer after an interruption
    std::vector<size_t> attempts;                 // their indexes in run_.attempts
    std::vector<std::shared_ptr<EditLog>> logs;   // by repetition, where there are edits
    std::string error;                            // why it could not be planned
    std::string doubt;                            // why what was seen may be another connection's doing
  };
  // One repetition of what was played, or of a chain: what can be played again by itself.
  struct Place {
    size_t index = 0;  // into played_ or chains_
    size_t repetition = 0;
    bool is_chain = false;
    bool operator==(const Place&) const = default;
  };
  struct Connected {
    Place place;
    const session::AttemptResult* result = nullptr;
    size_t attempt = 0;  // index into run_.attempts
  };
  // What one repetition of a case says, and what proves it.
  struct Repetition {
    Judgement judgement;
    std::string outcome;   // how its last connection ended
    bool crashed = false;  // it brought the endpoint down
    std::vector<verdict::Evidence> evidence;
    int64_t duration_ns = 0;
  };
  struct PlannedCase {
    scenario::Case one;
    size_t played = 0;            // index into played_, unless there is a chain
    std::optional<size_t> chain;  // index into chains_: several connections
    // played_ of the faultless twin of a forged client.
    std::optional<size_t> twin;
    std::optional<std::string> skip;
    bool applies = true;   // skip: see Finding::applies
    bool unknown = false;  // skip: only because the probe could not tell, and so inconclusive
  };

  EndpointCheck(const target::Endpoint& endpoint, const CheckOptions& options, Material material);
  [[nodiscard]] bool stopped() const { return options_->stop != nullptr && options_->stop->load(); }
  size_t want(Recipe recipe, bool exclusive, std::string_view unique);
  // Plays what has been wanted and was not yet played.
  Status play(unsigned repeat);
  Status play_chains();
  // Plays, and enters what was played into the run; the results have the jobs' indexes.
  Result<std::vector<std::optional<Attempted>>> run_jobs(std::vector<session::Job> jobs);
  Status play_baseline_again();
  // One connection with nothing else in flight, `why` in its label; empty: interrupted.
  Result<std::optional<Attempted>> play_alone(const Recipe& recipe, const std::shared_ptr<EditLog>& log,
                                              std::string_view why);
  // `why` is added to every label.
  [[nodiscard]] ChainPlayer chain_player(std::string_view why);

  // ---- crash.cpp ----
  // Looks into it when the endpoint no longer accepted connections, in the attempts from this one on.
  void notice_crash(size_t first_attempt);
  // Plays again, alone, what may have brought the endpoint down and what came too late. Who brings it down again ends
  // as `crashed`; who could not be played again is doubted.
  void look_into_crash();
  std::vector<Replayed> replay(std::span<const Place> places);
  // Of everything that was played, each with its place; until something is played.
  [[nodiscard]] std::vector<Connected> all_connections() const;
  [[nodiscard]] bool accepts_connections() const;
  [[nodiscard]] bool comes_back() const;
  bool play_again(const Place& place);
  bool play_chain_again(Chain& chain, size_t repetition);
  void name_crasher(const Place& place);

  [[nodiscard]] Result<std::vector<scenario::Selected>> select(const scenario::Library& library) const;
  void set_material_features();
  void plan(std::span<const scenario::Selected> selected);
  void plan_case(const scenario::Case& one);
  void plan_references(const scenario::Case& one);
  void plan_twin(PlannedCase& planned);
  [[nodiscard]] std::optional<std::string> why_not_forged(const scenario::Case& one);
  verdict::Finding judge_case(const PlannedCase& planned, ChainBook& chains, const x509::TrustAnchors& strange);
  // What each repetition is worth, and where it is proved; empty when none was played, and then `finding` says why.
  std::vector<Repetition> judge_played(const PlannedCase& planned, const JudgeContext& context,
                                       verdict::Finding& finding);
  std::vector<Repetition> judge_chain(const PlannedCase& planned, const JudgeContext& context,
                                      verdict::Finding& finding);
  [[nodiscard]] Judgement judge_repetition(const PlannedCase& planned, const Played& played, size_t repetition,
                                           const JudgeContext& context) const;
  // ---- conclude.cpp: what several findings say together ----
  void conclude(target::WaiverBook& waivers);
  void distrust_certificates();
  void distrust_refusals();
  void compare_baselines();
  void conclude_client_auth();
  void conclude_verify_depth();
  void conclude_rules();  // rule_check.cpp
  void apply_waivers(target::WaiverBook& waivers);
  [[nodiscard]] const session::AttemptResult* reference(uint16_t version) const {
    return first_result(references_, version);
  }
  [[nodiscard]] const session::AttemptResult* first_result(const std::map<uint16_t, size_t>& played,
                                                           uint16_t version) const;
  void report(std::string_view step) const;

  const target::Endpoint* endpoint_;
  const CheckOptions* options_;
  Material material_;
  PlanMaker plans_;
  int64_t now_ = 0;  // seconds since 1970
  std::vector<CrlTrouble> crl_troubles_;
  std::vector<net::Address> addresses_;
  net::Endpoint net_endpoint_;
  target::Features features_;
  std::vector<Played> played_;
  std::map<std::string, size_t> played_by_key_;
  // version -> played_
  std::map<uint16_t, size_t> references_;        // the good client
  std::map<uint16_t, size_t> references_again_;  // once more
  std::map<uint16_t, size_t> open_pages_;        // a client without a certificate at the open host
  std::vector<size_t> probed_;                   // played_ of the probe
  std::vector<Chain> chains_;
  std::vector<PlannedCase> cases_;
  std::optional<Attempted> baseline_again_;
  std::optional<size_t> baseline_;  // played_ of the honest attempt that is played first and last
  bool away_ = false;               // it did not come back when last waited for
  verdict::EndpointRun run_;
};

}  // namespace tlsproof::engine
