#include "replay.h"

#include <fmt/format.h>

#include "tlsproof/base/host_port.h"
#include "tlsproof/base/text.h"

namespace tlsproof::load {
namespace {

using verdict::Outcome;

// Classes come from what the server does, so their number is its to choose.
constexpr size_t kMaxReplays = 24;

bool worth_replaying(ErrorKind kind) {
  return kind != ErrorKind::no_ports && kind != ErrorKind::no_descriptors && kind != ErrorKind::no_memory;
}

// What the replay does otherwise than the connection that failed: " (without its 0-RTT data)", or "".
std::string differences(const Plan& plan, const FirstFailure& first) {
  std::string text;
  const auto add = [&](std::string_view what) { text += fmt::format("{}{}", text.empty() ? " (" : ", ", what); };
  if (first.asked == Kind::early_data && first.session) add("without its 0-RTT data");
  if (plan.verification == Verification::minimal || plan.reuse_key_share) add("with a fresh key share");
  if (!plan.sources.empty()) add("from another local address");
  return text.empty() ? text : text + ")";
}

Result<session::Job> make_job(const Plan& plan, const ErrorClass& error, const FirstFailure& first) {
  const std::string server_name = server_names_of(plan)[first.name];
  session::Job job;
  // As ThreadState::config() has it.
  const Kind kind = first.asked == Kind::psk_ke && !first.session ? Kind::psk : first.asked;
  TLSPROOF_TRY(job.plan.client, config_for(plan, kind, server_name));
  job.plan.label = error_id(error);
  if (plan.identity) {
    job.plan.credentials = std::make_shared<session::Credentials>();
    job.plan.credentials->chain = plan.identity->chain;
    job.plan.credentials->signer = crypto::make_signer(plan.identity->key);
  }
  job.plan.resume = first.session;
  job.plan.app = plan.prelude;
  job.plan.app.ask = !plan.http_request.empty();
  job.plan.app.request = std::string(as_text(plan.http_request));
  job.plan.timeouts = {
      .connect = plan.timeouts.connect, .handshake = plan.timeouts.handshake, .request = plan.timeouts.confirm};
  if (auto endpoint = parse_host_port(plan.target)) job.endpoint = *endpoint;
  job.addresses = {plan.addresses[first.address]};
  return job;
}

// Whether it failed again: a completed handshake is what the class says it was not.
bool failed_again(const Plan& plan, const ErrorClass& error, const FirstFailure& first,
                  const session::AttemptResult& result) {
  if (error.kind == ErrorKind::certificate && !result.peer_chain.empty() && plan.anchors) {
    ByteList chain;
    for (const Bytes& der : result.peer_chain) chain.push_back(der);
    return !validate_chain(chain, name_to_check(plan, server_names_of(plan)[first.name]), *plan.anchors,
                           system_clock().wall_seconds())
                .holds;
  }
  const int status = result.outcome.http_status;
  if (status != 0) return status < 200 || status >= 400;
  return result.outcome.kind != Outcome::Kind::completed && result.outcome.kind != Outcome::Kind::no_objection;
}

}  // namespace

void replay_failures(const Plan& plan, const RunOptions& options, const std::map<ErrorClass, FirstFailure>& first,
                     std::map<ErrorClass, ErrorCount>& errors) {
  std::vector<session::Job> jobs;
  std::vector<ErrorClass> classes;
  for (auto& [error, count] : errors) {
    const auto found = first.find(error);
    if (error.kind == ErrorKind::not_begun) {
      count.replay_text = "not played again: there was no connection";
    } else if (error.kind == ErrorKind::early_data_lost) {
      count.replay_text = "not played again: a replay sends no 0-RTT data";
    } else if (found == first.end() || !worth_replaying(error.kind)) {
      count.replay_text = "not played again: it was for want of resources on this machine";
    } else if (jobs.size() >= kMaxReplays) {
      count.replay_text = "not played again: there were too many classes of errors";
    } else if (auto job = make_job(plan, error, found->second); job) {
      jobs.push_back(std::move(*job));
      classes.push_back(error);
    } else {
      count.replay_text = "not played again: " + job.error().message();
    }
  }
  if (jobs.empty()) return;
  session::RunOptions how;
  how.clock = options.clock;
  how.secrets = options.secrets;
  how.stop = options.stop;
  auto results = session::run_jobs(std::move(jobs), how);
  for (size_t i = 0; i < classes.size(); ++i) {
    ErrorCount& count = errors.at(classes[i]);
    if (!results) {
      count.replay_text = "not played again: " + results.error().message();
    } else if (!(*results)[i]) {
      count.replay_text = "not played again: interrupted";
    } else if (session::AttemptResult& result = *(*results)[i];
               failed_again(plan, classes[i], first.at(classes[i]), result)) {
      count.replay = std::make_shared<const session::AttemptResult>(std::move(result));
      count.replay_text = fmt::format("played again with a trace{}: {}", differences(plan, first.at(classes[i])),
                                      verdict::describe(count.replay->outcome));
    } else {
      count.replay_text = "played again" + differences(plan, first.at(classes[i])) + ", it did not fail";
    }
  }
}

}  // namespace tlsproof::load
