#include "endpoint_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tlsproof/base/text.h"
#include "tlsproof/crypto/hash.h"
#include "tlsproof/engine/client_auth.h"
#include "tlsproof/net/resolver.h"

namespace tlsproof::engine {

using scenario::Expect;
using target::Answer;
using target::ClientAuth;
using verdict::Finding;
using verdict::Outcome;
using verdict::Verdict;

namespace {

Recipe recipe_of(const scenario::Case& one, const scenario::Connection& connection) {
  Recipe recipe;
  recipe.version = one.play->version;
  recipe.client = connection.client;
  recipe.identity = connection.identity;
  recipe.edits = connection.edits.empty() ? nullptr : &connection.edits;
  return recipe;
}

verdict::Attempt to_attempt(std::string label, const session::AttemptResult& result) {
  verdict::Attempt attempt{std::move(label), result.outcome, result.trace, {}};
  for (const Bytes& der : result.peer_chain)
    attempt.peer_certificates.push_back(to_hex(crypto::digest(crypto::HashAlgorithm::sha256, der).view()));
  return attempt;
}

// An honest handshake in a version that the endpoint is declared to speak is played even where the probe saw it
// refused: that is the finding.
std::vector<std::string> needs_of(const scenario::Case& one, const target::Endpoint& endpoint) {
  std::vector<std::string> needs = one.play->needs;
  if (one.play->expect.kind == Expect::Kind::completes &&
      std::ranges::find(endpoint.versions, one.play->version) != endpoint.versions.end())
    std::erase(needs, target::version_feature(one.play->version));
  return needs;
}

// False when the endpoint was seen not to have one of these, and nobody could give it, or has no need to: then there is
// nothing to test.
bool applies(std::span<const std::string> needs, const target::Features& features) {
  return std::ranges::none_of(needs, [&](const std::string& need) {
    const target::FeatureInfo* info = target::feature_info(need);
    return info != nullptr && (info->remedy.empty() || info->only_if_named) && features.get(need).answer == Answer::no;
  });
}

// True when all that is missing is knowledge: the endpoint may well have it, and would then have been tested.
bool is_unknown(std::span<const std::string> needs, const target::Features& features) {
  return std::ranges::all_of(needs, [&](const std::string& need) {
    const target::FeatureInfo* info = target::feature_info(need);
    const Answer answer = features.get(need).answer;
    return answer == Answer::yes || (answer == Answer::unknown && info != nullptr && info->remedy.empty());
  });
}

// Whether what came is read against what the good client got.
bool is_measured(const scenario::Play& play) {
  return play.expect.kind == Expect::Kind::client_auth ||
         std::ranges::any_of(play.connections, [](const scenario::Connection& one) {
           return one.expect && one.expect->kind == Expect::Kind::client_auth;
         });
}

}  // namespace

EndpointCheck::EndpointCheck(const target::Endpoint& endpoint, const CheckOptions& options, Material material)
    : endpoint_(&endpoint),
      options_(&options),
      material_(std::move(material)),
      plans_(endpoint, material_, options.clock->wall_seconds(), *options.random),
      now_(options.clock->wall_seconds()),
      crl_troubles_(
          lint_client_crls(material_.client_crls, material_.client_ca ? &*material_.client_ca : nullptr, now_)) {
  run_.label = endpoint.label;
  run_.address = endpoint.address.text();
  run_.line = endpoint.line;
  run_.server_name = endpoint.sni();
  run_.declared_client_auth = std::string(target::to_text(endpoint.client_auth));
}

Result<std::unique_ptr<EndpointCheck>> EndpointCheck::make(const target::Endpoint& endpoint,
                                                           const CheckOptions& options) {
  if (const auto request = make_request(endpoint); !request)
    return fail_usage(fmt::format("{}: {}", escape_terminal(endpoint.label), request.error().message()));
  TLSPROOF_TRY(Material material, load_material(endpoint));
  return std::unique_ptr<EndpointCheck>(new EndpointCheck(endpoint, options, std::move(material)));
}

void EndpointCheck::report(std::string_view step) const {
  if (options_->progress) options_->progress(fmt::format("{}: {}", endpoint_->label, step));
}

size_t EndpointCheck::want(Recipe recipe, bool exclusive, std::string_view unique) {
  recipe = plans_.settle(std::move(recipe));
  const std::string key = recipe.key(unique);
  auto [found, is_new] = played_by_key_.emplace(key, played_.size());
  if (is_new)
    played_.push_back(Played{.recipe = std::move(recipe),
                             .exclusive = exclusive,
                             .results = {},
                             .attempts = {},
                             .logs = {},
                             .error = {},
                             .doubt = {}});
  else if (exclusive)
    played_[found->second].exclusive = true;
  return found->second;
}

Status EndpointCheck::play(unsigned repeat) {
  std::vector<session::Job> jobs;
  std::vector<size_t> owners;
  for (size_t i = 0; i < played_.size(); ++i) {
    Played& played = played_[i];
    for (size_t n = played.results.size(); n < repeat && played.error.empty(); ++n) {
      auto log = std::make_shared<EditLog>();
      auto plan = plans_.make(played.recipe, log);
      if (!plan) {
        played.error = plan.error().message();
        break;
      }
      played.logs.push_back(log);
      jobs.push_back({std::move(*plan), net_endpoint_, addresses_, played.exclusive});
      owners.push_back(i);
    }
  }
  const size_t num_before = run_.attempts.size();
  TLSPROOF_TRY(auto results, run_jobs(std::move(jobs)));
  for (size_t i = 0; i < results.size(); ++i) {
    if (!results[i]) continue;
    Played& played = played_[owners[i]];
    played.attempts.push_back(results[i]->attempt);
    played.results.push_back(std::move(results[i]->result));
  }
  if (baseline_) notice_crash(num_before);
  return {};
}

Result<std::vector<std::optional<Attempted>>> EndpointCheck::run_jobs(std::vector<session::Job> jobs) {
  session::RunOptions run_options;
  run_options.max_in_flight = options_->jobs;
  run_options.clock = options_->clock;
  run_options.secrets = options_->secrets;
  run_options.stop = options_->stop;
  const size_t num_jobs = jobs.size();
  size_t num_done = 0;
  run_options.on_done = [&](size_t) { report(fmt::format("{} of {} connections", ++num_done, num_jobs)); };
  std::vector<std::string> labels;
  for (const session::Job& job : jobs) labels.push_back(job.plan.label);
  TLSPROOF_TRY(auto results, session::run_jobs(std::move(jobs), run_options));
  std::vector<std::optional<Attempted>> out(results.size());
  for (size_t i = 0; i < results.size(); ++i) {
    if (!results[i]) continue;
    if (run_.peer_address.empty()) run_.peer_address = results[i]->trace->peer_address();
    run_.attempts.push_back(to_attempt(labels[i], *results[i]));
    out[i] = Attempted{std::move(*results[i]), run_.attempts.size() - 1};
  }
  return out;
}

Result<std::optional<Attempted>> EndpointCheck::play_alone(const Recipe& recipe, const std::shared_ptr<EditLog>& log,
                                                           std::string_view why) {
  TLSPROOF_TRY(auto plan, plans_.make(recipe, log));
  plan.label += fmt::format(" ({})", why);
  std::vector<session::Job> jobs;
  jobs.push_back({std::move(plan), net_endpoint_, addresses_, true});
  TLSPROOF_TRY(auto results, run_jobs(std::move(jobs)));
  return std::move(results.front());
}

ChainPlayer EndpointCheck::chain_player(std::string_view why) {
  ChainPlayer player;
  player.make_job = [this, why](session::Plan plan, bool exclusive) {
    if (!why.empty()) plan.label += fmt::format(" ({})", why);
    return session::Job{std::move(plan), net_endpoint_, addresses_, exclusive};
  };
  player.run = [this](std::vector<session::Job> jobs) { return run_jobs(std::move(jobs)); };
  return player;
}

Status EndpointCheck::play_chains() {
  const size_t num_before = run_.attempts.size();
  const Status played = engine::play_chains(chains_, options_->repeat, plans_, chain_player({}));
  notice_crash(num_before);
  return played;
}

Status EndpointCheck::probe() {
  const HostPort& address = endpoint_->connect_address();
  net_endpoint_ = {address.host, address.port};
  auto addresses = net::resolve(net_endpoint_, static_cast<int>(endpoint_->timeouts.connect / 1'000'000));
  if (!addresses) {
    run_.unreachable = true;
    run_.error = addresses.error().message();
    return {};
  }
  addresses_ = std::move(*addresses);
  std::vector<probe::Wanted> wanted = probe::wanted_connections(options_->versions);
  for (const probe::Wanted& one : wanted) {
    Recipe recipe;
    recipe.version = one.version;
    recipe.client.key_type = one.key_type;
    probed_.push_back(want(std::move(recipe), false, {}));
  }
  TLSPROOF_TRY_VOID(play(1));
  std::vector<probe::Seen> seen;
  for (size_t i = 0; i < probed_.size(); ++i)
    if (!played_[probed_[i]].results.empty()) seen.push_back({wanted[i], &played_[probed_[i]].results.front()});
  for (size_t index : probed_)
    if (!played_[index].error.empty()) return fail_usage(played_[index].error);
  if (probe::unreachable(seen, run_.error)) {
    run_.unreachable = true;
    return {};
  }
  probe::conclude(seen, features_);
  for (size_t i = 0; i < seen.size() && !baseline_; ++i)
    if (seen[i].result->outcome.version == seen[i].wanted.version) baseline_ = probed_[i];
  set_material_features();
  for (const auto& [name, feature] : features_.known())
    run_.features.push_back({std::string(name), std::string(target::to_text(feature->answer)), feature->why});
  return {};
}

void EndpointCheck::set_material_features() {
  if (material_.client_ca)
    features_.set("client_ca.key", Answer::yes, "given");
  else
    features_.set("client_ca.key", Answer::no, "no client CA with its key was given");
  if (material_.client_crls.empty())
    features_.set("client_crl", Answer::no, "no CRL of the clients was given");
  else
    features_.set("client_crl", Answer::yes, "given");
  if (plans_.has_identity())
    features_.set("client_identity", Answer::yes, material_.identity ? "given" : "forged under the client CA");
  else
    features_.set("client_identity", Answer::no, "no client certificate was given");
  const bool named = !endpoint_->sni().empty();
  features_.set("server_name", named ? Answer::yes : Answer::no, named ? "given" : "no name was given");
  const std::pair<std::string_view, const std::string*> hosts[] = {
      {"virtual_host.open", &endpoint_->virtual_hosts.open}, {"virtual_host.mutual", &endpoint_->virtual_hosts.mutual}};
  for (const auto& [feature, name] : hosts)
    features_.set(feature, name->empty() ? Answer::no : Answer::yes,
                  name->empty() ? "no such name was given" : "given");
  // Where nothing is known of the service, HTTP is still worth a try.
  const app::Protocol protocol = endpoint_->app.protocol;
  if (protocol != app::Protocol::http) features_.set("http", Answer::no, "declared");
  if (protocol == app::Protocol::http || protocol == app::Protocol::none)
    features_.set("app.http", Answer::yes, "no other service is declared");
  else
    features_.set("app.http", Answer::no, fmt::format("it speaks {} (--app)", app::protocol_info(protocol).title));
}

std::vector<x509::Certificate> EndpointCheck::issuers_seen() const {
  std::vector<x509::Certificate> issuers;
  std::set<std::string> known;  // of Bytes, g++ 12 warns at -O3
  auto add = [&](const Bytes& der) {
    if (known.size() < 64 && known.emplace(as_text(der)).second)
      issuers.push_back(x509::Certificate::parse(ByteView(der)));
  };
  for (const Played& played : played_)
    for (const auto& result : played.results)
      for (size_t i = 1; i < result.peer_chain.size() && i < 16; ++i) add(result.peer_chain[i]);
  if (material_.client_ca)
    for (const auto& certificate : material_.client_ca->certificates()) add(to_bytes(certificate.der()));
  return issuers;
}

Result<std::vector<scenario::Selected>> EndpointCheck::select(const scenario::Library& library) const {
  std::vector<std::string> words = endpoint_->suites.empty() ? options_->words : endpoint_->suites;
  if (words.empty()) {
    words = {"oneway"};
    // Design §6: mtls where it is declared or asked for, also where a declared CertificateRequest does not come.
    const bool declared = endpoint_->client_auth != ClientAuth::unknown;
    if (declared || features_.has("client_auth.requested")) words.emplace_back("mtls");
  }
  return library.select(words);
}

void EndpointCheck::plan_case(const scenario::Case& one) {
  PlannedCase planned{.one = one, .played = 0, .chain = {}, .twin = {}, .skip = {}, .applies = true, .unknown = false};
  if (one.scenario->we_are != scenario::Role::client) {
    planned.skip = "we would be the server here; this command plays the client";
  } else if (one.play->expect.indistinguishable) {
    planned.skip = "this version of tlsproof cannot compare the cases of a matrix yet";
  } else if (auto missing = features_.missing(needs_of(one, *endpoint_))) {
    planned.skip = *missing;
    planned.applies = applies(needs_of(one, *endpoint_), features_);
    planned.unknown = planned.applies && is_unknown(needs_of(one, *endpoint_), features_);
  } else if (auto why = why_not_forged(one)) {
    planned.skip = std::move(why);
  } else {
    if (one.play->connections.size() > 1) {
      Chain chain{.one = one, .recipes = {}, .runs = {}, .error = {}, .doubt = {}};
      for (const scenario::Connection& connection : one.play->connections)
        chain.recipes.push_back(plans_.settle(recipe_of(one, connection)));
      planned.chain = chains_.size();
      chains_.push_back(std::move(chain));
    } else {
      planned.played = want(recipe_of(one, one.play->connections.front()), one.scenario->exclusive, one.id());
    }
    plan_references(one);
    plan_twin(planned);
  }
  cases_.push_back(std::move(planned));
}

// What this client CA cannot certify, or these CRLs do not list, cannot be tested with them.
std::optional<std::string> EndpointCheck::why_not_forged(const scenario::Case& one) {
  // A CA that is out of its dates certifies nothing at all: that is an error, and every attempt says so.
  if (!material_.client_ca || !material_.client_ca->check_valid_at(now_)) return std::nullopt;
  for (const scenario::Connection& connection : one.play->connections) {
    if (connection.identity.kind != scenario::Identity::Kind::fault) continue;
    if (const Status made = plans_.prepare(connection.identity); !made && made.error().kind == Error::Kind::usage)
      return made.error().message();
  }
  return std::nullopt;
}

// Who refuses a good client for its name, a good chain for its length, or because no CRL speaks of its CAs, proves
// nothing by refusing a bad one.
void EndpointCheck::plan_twin(PlannedCase& planned) {
  if (planned.chain || !is_measured(*planned.one.play)) return;
  auto twin = plans_.faultless_twin(played_[planned.played].recipe.identity);
  if (!twin) return;
  Recipe good;
  good.version = planned.one.play->version;
  good.identity = std::move(*twin);
  planned.twin = want(std::move(good), false, {});
}

void EndpointCheck::plan_references(const scenario::Case& one) {
  const uint16_t version = one.play->version;
  if (!is_measured(*one.play)) return;
  Recipe good;
  good.version = version;
  good.identity.kind = scenario::Identity::Kind::good;
  if (plans_.has_identity() && !references_.contains(version)) references_[version] = want(good, false, {});
  // Whether somebody was let in by another way is told by pages.
  const Expect& expect = one.play->expect;
  if (expect.kind != Expect::Kind::client_auth || expect.client_auth != scenario::ClientAuthExpected::kept_out) return;
  if (plans_.has_identity() && !references_again_.contains(version)) {
    references_again_[version] = played_.size();
    played_.push_back({.recipe = plans_.settle(good),
                       .exclusive = false,
                       .results = {},
                       .attempts = {},
                       .logs = {},
                       .error = {},
                       .doubt = {}});
  }
  if (!endpoint_->virtual_hosts.open.empty() && !open_pages_.contains(version)) {
    Recipe open;
    open.version = version;
    open.client.server_name = scenario::ClientSetup::ServerName::open_host;
    open.client.http_host = scenario::ClientSetup::HttpHost::open_host;
    open.identity.kind = scenario::Identity::Kind::none;
    open_pages_[version] = want(std::move(open), false, {});
  }
}

void EndpointCheck::plan(std::span<const scenario::Selected> selected) {
  for (const scenario::Selected& one : selected)
    for (const scenario::Case& a_case : scenario::expand(*one.scenario))
      if (one.wants(a_case)) {
        const uint16_t version = a_case.play->version;
        // --tls narrows what is spoken; what must be refused is not spoken.
        const bool narrowed = !options_->versions.empty() &&
                              a_case.play->expect.kind != Expect::Kind::version_refused &&
                              !a_case.play->connections.front().client.plain_http &&
                              std::ranges::find(options_->versions, version) == options_->versions.end();
        if (!narrowed) plan_case(a_case);
      }
}

const session::AttemptResult* EndpointCheck::first_result(const std::map<uint16_t, size_t>& played,
                                                          uint16_t version) const {
  const auto found = played.find(version);
  if (found == played.end() || played_[found->second].results.empty()) return nullptr;
  return &played_[found->second].results.front();
}

Judgement EndpointCheck::judge_repetition(const PlannedCase& planned, const Played& played, size_t repetition,
                                          const JudgeContext& context) const {
  Judgement out = judge(planned.one, played.recipe.identity, played.results[repetition], context);
  const Outcome& outcome = played.results[repetition].outcome;
  doubt_edits(*played.logs[repetition], outcome, out);
  if (!played.doubt.empty() && outcome.kind != Outcome::Kind::crashed && decides(out.verdict)) {
    out.verdict = Verdict::inconclusive;
    out.reason = played.doubt;
  }
  return out;
}

std::vector<EndpointCheck::Repetition> EndpointCheck::judge_played(const PlannedCase& planned,
                                                                   const JudgeContext& context, Finding& finding) {
  const Played& played = played_[planned.played];
  std::vector<Repetition> out;
  for (size_t n = 0; n < played.results.size(); ++n) {
    const Outcome& outcome = played.results[n].outcome;
    Judgement judgement = judge_repetition(planned, played, n, context);
    out.push_back({.judgement = judgement,
                   .outcome = verdict::describe(outcome),
                   .crashed = outcome.kind == Outcome::Kind::crashed,
                   .evidence = {{played.attempts[n], judgement.events}},
                   .duration_ns = outcome.total_ns});
  }
  if (out.empty()) finding.reason = played.error;
  return out;
}

std::vector<EndpointCheck::Repetition> EndpointCheck::judge_chain(const PlannedCase& planned,
                                                                  const JudgeContext& context, Finding& finding) {
  const Chain& chain = chains_[*planned.chain];
  std::vector<Repetition> out;
  for (const ChainRun& run : chain.runs) {
    if (run.connections.empty() || !chain.error.empty()) continue;
    Repetition one;
    one.judgement = judge_chain_run(chain, run, context);
    one.crashed = std::ranges::any_of(run.connections, [](const ChainRun::Connection& connection) {
      return connection.attempted.result.outcome.kind == Outcome::Kind::crashed;
    });
    if (!chain.doubt.empty() && !one.crashed && decides(one.judgement.verdict)) {
      one.judgement.verdict = Verdict::inconclusive;
      one.judgement.reason = chain.doubt;
    }
    for (const ChainRun::Connection& connection : run.connections) {
      const session::AttemptResult& result = connection.attempted.result;
      one.duration_ns += result.outcome.total_ns;
      one.outcome = verdict::describe(result.outcome);
      one.evidence.push_back({connection.attempted.attempt, ending_events(result)});
    }
    // What was judged stands first; the way there follows.
    std::ranges::rotate(one.evidence, std::prev(one.evidence.end()));
    out.push_back(std::move(one));
  }
  if (out.empty()) finding.reason = chain.error;
  return out;
}

Finding EndpointCheck::judge_case(const PlannedCase& planned, ChainBook& chains, const x509::TrustAnchors& strange) {
  const scenario::Scenario& source = *planned.one.scenario;
  Finding finding;
  finding.scenario = source.id;
  finding.case_id = planned.one.play->suffix;
  finding.title = planned.one.play->title;
  finding.requirement = source.requirement;
  finding.cites = source.cites;
  finding.tags = source.tags;
  finding.why = source.why;
  finding.fix = source.fix;
  if (options_->replay) finding.replay = fmt::format("{} '{}'", options_->replay(*endpoint_), finding.id());
  finding.wanted = scenario::describe(planned.one.play->expect);
  if (planned.skip) {
    finding.verdict = planned.unknown ? Verdict::inconclusive : Verdict::skip;
    finding.reason = *planned.skip;
    finding.applies = planned.applies;
    return finding;
  }
  JudgeContext context;
  context.endpoint = endpoint_;
  context.chains = &chains;
  context.strange_anchors = &strange;
  context.reference = reference(planned.one.play->version);
  context.reference_again = first_result(references_again_, planned.one.play->version);
  context.open_page = first_result(open_pages_, planned.one.play->version);
  context.has_identity = plans_.has_identity();
  if (!planned.chain) {
    const scenario::Identity& identity = played_[planned.played].recipe.identity;
    context.num_intermediates = plans_.num_intermediates(identity);
    context.num_forged_intermediates = plans_.num_forged_intermediates(identity);
  }
  if (planned.twin && !played_[*planned.twin].results.empty()) context.twin = &played_[*planned.twin].results.front();
  context.crls_are_checked = !material_.client_crls.empty();
  for (const CrlTrouble& trouble : crl_troubles_)
    if (trouble.refuses_all) context.crl_troubles.push_back(trouble.text);
  if (material_.client_ca) {
    for (const x509::Certificate& certificate : material_.client_ca->certificates()) {
      context.client_ca_names.push_back(certificate->subject);
      context.client_ca_names.push_back(certificate->issuer);
    }
  }

  std::vector<Repetition> repetitions =
      planned.chain ? judge_chain(planned, context, finding) : judge_played(planned, context, finding);
  if (repetitions.empty()) {
    finding.verdict = Verdict::error;
    if (finding.reason.empty()) finding.reason = "interrupted before it was played";
    return finding;
  }
  // Once is enough: it was seen twice, with others in flight and alone. Which others could be played again says
  // nothing.
  const auto deadly = std::ranges::find(repetitions, true, &Repetition::crashed);
  const bool crashed = deadly != repetitions.end();
  if (crashed) std::ranges::rotate(repetitions, deadly);
  Judgement& first = repetitions.front().judgement;
  std::map<std::string, size_t> distribution;
  bool disagree = false;
  for (Repetition& one : repetitions) {
    const Verdict again = one.judgement.verdict;
    ++distribution[fmt::format("{}: {}", verdict::to_text(again), one.outcome)];
    if (!crashed && again != first.verdict && (decides(again) || decides(first.verdict))) disagree = true;
    std::ranges::move(one.evidence, std::back_inserter(finding.evidence));
    finding.duration_ns += one.duration_ns;
  }
  if (distribution.size() > 1)
    for (const auto& [what, count] : distribution)
      finding.repeats.push_back(fmt::format("{} of {}: {}", count, repetitions.size(), what));
  finding.verdict = disagree ? Verdict::inconclusive : first.verdict;
  finding.reason = disagree ? "the repetitions disagree" : std::move(first.reason);
  finding.applies = first.applies;
  if (!first.wanted.empty()) finding.wanted = std::move(first.wanted);
  finding.seen = std::move(first.seen);
  finding.notes = std::move(first.notes);
  if (finding.verdict == Verdict::pass || finding.verdict == Verdict::info) finding.fix.clear();
  return finding;
}

Status EndpointCheck::play_baseline_again() {
  if (!baseline_ || stopped()) return {};
  TLSPROOF_TRY(auto again, play_alone(played_[*baseline_].recipe, std::make_shared<EditLog>(), "again, at the end"));
  baseline_again_ = std::move(again);
  return {};
}

Status EndpointCheck::check(const scenario::Library& library, std::vector<x509::Certificate> known,
                            target::WaiverBook& waivers) {
  TLSPROOF_TRY(auto selected, select(library));
  if (run_.unreachable || !run_.error.empty()) return {};
  plan(selected);
  // What was played is judged even when the environment fails later.
  keep_error(play(options_->repeat));
  keep_error(play_chains());
  keep_error(play_baseline_again());
  if (baseline_again_ && baseline_again_->result.outcome.kind == Outcome::Kind::unreachable) {
    look_into_crash();
    baseline_again_.reset();
    keep_error(play_baseline_again());
  }

  ChainTerms terms;
  terms.anchors = material_.anchors;
  terms.crls = material_.crls;
  terms.name = endpoint_->name();
  terms.now = now_;
  terms.min_days_left = endpoint_->min_days_left;
  terms.public_trust = endpoint_->trust.paths.empty() && endpoint_->trust.system;
  terms.known = std::move(known);
  ChainBook chains(std::move(terms));
  const pki::Validity validity{now_ - 86'400, now_ + 86'400};
  TLSPROOF_TRY(auto strange_key, crypto::PrivateKey::generate(crypto::KeyKind::p256));
  TLSPROOF_TRY(auto strange_ca, pki::Authority::make_root(pki::authority_spec({{"CN", "tlsproof control"}}, validity),
                                                          std::move(strange_key), *options_->random));
  const std::vector<x509::Certificate> strangers = {strange_ca.certificate()};
  const x509::TrustAnchors strange = x509::TrustAnchors::from_certificates(strangers, "a strange CA");
  for (const PlannedCase& planned : cases_) run_.findings.push_back(judge_case(planned, chains, strange));
  conclude(waivers);
  return {};
}

}  // namespace tlsproof::engine
