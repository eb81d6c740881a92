#include "tlsproof/report/json.h"

#include <algorithm>
#include <set>

#include "conclusion.h"
#include "json_head.h"
#include "safe.h"
#include "tlsproof/base/json.h"
#include "tlsproof/registry/code_point.h"
#include "tlsproof/view/ladder.h"

namespace tlsproof::report {
namespace {

using verdict::Attempt;
using verdict::EndpointRun;
using verdict::Finding;
using verdict::Outcome;

constexpr size_t kMaxHexBytes = 256;  // of one event

class CheckJson {
 public:
  explicit CheckJson(const Style& style) : fail_on_(style.fail_on) {}

  [[nodiscard]] std::string write(const verdict::CheckRun& run) {
    begin_document(json_, kCheckSchema, run);
    json_.field("start_ns", run.start_wall_ns);
    json_.field("duration_ns", run.duration_ns);
    json_.field("interrupted", run.interrupted);
    text("target_file", run.target_file);
    text("baseline", run.baseline);
    summary(verdict::count(run), conclude(run, fail_on_));
    json_.key("endpoints");
    json_.begin_array();
    for (const EndpointRun& endpoint_run : run.endpoints) endpoint(endpoint_run);
    json_.end_array();
    json_.end_object();
    return std::string(json_.text()) + "\n";
  }

 private:
  void text(std::string_view name, std::string_view value) { json_.field(name, make_safe(value, kMaxJsonText)); }
  void texts(std::string_view name, const std::vector<std::string>& values) {
    json_.key(name);
    json_.begin_array();
    for (const std::string& value : values) json_.string(make_safe(value, kMaxJsonText));
    json_.end_array();
  }
  void number(std::string_view name, uint64_t value) { json_.field(name, value); }

  void summary(const verdict::Counts& counts, Conclusion conclusion) {
    json_.key("summary");
    json_.begin_object();
    json_.field("conclusion", conclusion_name(conclusion));
    number("pass", counts.pass);
    number("fail", counts.fail);
    number("warn", counts.warn);
    number("info", counts.info);
    number("skip", counts.skip);
    number("not_applicable", counts.not_applicable);
    number("inconclusive", counts.inconclusive);
    number("error", counts.error);
    number("waived", counts.waived);
    number("known", counts.known);
    json_.end_object();
  }

  void endpoint(const EndpointRun& run) {
    json_.begin_object();
    text("label", run.label);
    text("address", run.address);
    number("line", run.line);
    text("peer_address", run.peer_address);
    text("server_name", run.server_name);
    text("declared_client_auth", run.declared_client_auth);
    json_.field("unreachable", run.unreachable);
    text("error", run.error);
    summary(verdict::count(run), conclude(run, fail_on_));
    texts("notes", run.notes);
    texts("fixed", run.fixed);
    json_.key("features");
    json_.begin_array();
    for (const verdict::FeatureSeen& feature : run.features) {
      json_.begin_object();
      text("name", feature.name);
      text("state", feature.state);
      text("why", feature.why);
      json_.end_object();
    }
    json_.end_array();
    json_.key("findings");
    json_.begin_array();
    for (const Finding& one : run.findings) finding(one, run);
    json_.end_array();
    json_.key("attempts");
    json_.begin_array();
    const std::vector<std::set<size_t>> proving = proving_events(run);
    for (size_t i = 0; i < run.attempts.size(); ++i) attempt(run.attempts[i], proving[i]);
    json_.end_array();
    json_.end_object();
  }

  void finding(const Finding& f, const EndpointRun& run) {
    json_.begin_object();
    text("id", f.id());
    text("scenario", f.scenario);
    text("case", f.case_id);
    text("title", f.title);
    json_.field("requirement", verdict::to_text(f.requirement));
    json_.field("verdict", verdict::to_text(f.verdict));
    json_.field("applies", f.applies);
    json_.field("waived", f.waived);
    json_.field("known", f.known);
    json_.key("cites");
    json_.begin_array();
    for (const verdict::Citation& cite : f.cites) {
      json_.begin_object();
      json_.field("rfc", static_cast<uint32_t>(cite.rfc));
      text("section", cite.section);
      text("text", verdict::to_text(cite));
      json_.end_object();
    }
    json_.end_array();
    texts("tags", f.tags);
    text("wanted", f.wanted);
    text("seen", f.seen);
    text("why", f.why);
    text("fix", f.fix);
    text("reason", f.reason);
    texts("notes", f.notes);
    texts("repeats", f.repeats);
    text("replay", f.replay);
    json_.field("duration_ns", f.duration_ns);
    json_.key("evidence");
    json_.begin_array();
    for (const verdict::Evidence& one : f.evidence) evidence(one, run);
    json_.end_array();
    json_.end_object();
  }

  // Only what exists is pointed to, so that a reader may follow every index.
  void evidence(const verdict::Evidence& e, const EndpointRun& run) {
    if (e.attempt >= run.attempts.size()) return;
    const trace::Trace* trace = run.attempts[e.attempt].trace.get();
    json_.begin_object();
    number("attempt", e.attempt);
    json_.key("events");
    json_.begin_array();
    for (size_t index : e.events) {
      if (trace != nullptr && index < trace->events().size()) json_.unsigned_integer(index);
    }
    json_.end_array();
    json_.end_object();
  }

  // For each attempt the events that findings point to.
  static std::vector<std::set<size_t>> proving_events(const EndpointRun& run) {
    std::vector<std::set<size_t>> events(run.attempts.size());
    for (const Finding& f : run.findings) {
      for (const verdict::Evidence& e : f.evidence) {
        if (e.attempt < events.size()) events[e.attempt].insert(e.events.begin(), e.events.end());
      }
    }
    return events;
  }

  void attempt(const Attempt& a, const std::set<size_t>& events) {
    json_.begin_object();
    text("label", a.label);
    text("evidence", a.evidence);
    outcome(a.outcome);
    texts("peer_certificates", a.peer_certificates);
    json_.key("trace");
    if (a.trace == nullptr)
      json_.null();
    else
      trace_part(*a.trace, events);
    json_.end_object();
  }

  void outcome(const Outcome& o) {
    json_.key("outcome");
    json_.begin_object();
    json_.field("kind", verdict::to_text(o.kind));
    json_.field("phase", verdict::to_text(o.phase));
    text("description", verdict::describe(o));
    json_.field("handshake_complete", o.handshake_complete);
    const bool has_alert = o.kind == Outcome::Kind::alert;
    code("alert", has_alert, o.alert, registry::alert_name(o.alert));
    code("our_alert", o.alert_sent_by_us, o.our_alert, registry::alert_name(o.our_alert));
    json_.field("http_status", o.http_status);
    text("http_reason", o.http_reason);
    text("app", o.app);
    json_.field("app_status", o.reply.status);
    text("app_reply", o.reply.text);
    text("detail", o.detail);
    code("version", o.version != 0, o.version, registry::version_name(o.version));
    code("cipher_suite", o.cipher_suite != 0, o.cipher_suite, registry::cipher_suite_name(o.cipher_suite));
    code("group", o.group != 0, o.group, registry::group_name(o.group));
    code("signature_scheme", o.signature_scheme != 0, o.signature_scheme,
         registry::signature_scheme_name(o.signature_scheme));
    text("alpn", o.alpn);
    json_.field("resumed", o.resumed);
    json_.field("hello_retry_request", o.hello_retry_request);
    json_.field("client_certificate_requested", o.client_certificate_requested);
    json_.field("client_certificate_sent", o.client_certificate_sent);
    json_.field("connect_ns", o.connect_ns);
    json_.field("handshake_ns", o.handshake_ns);
    json_.field("total_ns", o.total_ns);
    json_.end_object();
  }
  // {"value": 4865, "name": "TLS_AES_128_GCM_SHA256"}, or null while unknown.
  void code(std::string_view name, bool is_known, uint32_t value, const std::string& value_name) {
    json_.key(name);
    if (!is_known) return json_.null();
    json_.begin_object();
    json_.field("value", value);
    json_.field("name", value_name);
    json_.end_object();
  }

  void trace_part(const trace::Trace& t, const std::set<size_t>& events) {
    json_.begin_object();
    text("local_address", t.local_address());
    text("peer_address", t.peer_address());
    json_.field("start_ns", t.start_wall_ns());
    number("client_to_server_bytes", t.num_bytes(trace::Direction::client_to_server));
    number("server_to_client_bytes", t.num_bytes(trace::Direction::server_to_client));
    number("num_events", t.events().size());
    number("num_events_dropped", t.num_events_dropped());
    json_.key("events");  // those that findings point to
    json_.begin_array();
    for (size_t index : events) {
      if (index < t.events().size()) event(t, index);
    }
    json_.end_array();
    json_.end_object();
  }

  void event(const trace::Trace& t, size_t index) {
    const trace::Event& e = t.events()[index];
    json_.begin_object();
    number("index", index);
    json_.field("time_ns", e.time_ns);
    json_.field("direction",
                e.direction == trace::Direction::client_to_server ? "client_to_server" : "server_to_client");
    json_.field("level", wire::to_string(e.level));
    text("name", view::event_name(e));
    text("text", view::describe_event(t, index));
    number("offset", e.stream.offset);
    number("len", e.stream.len);
    const ByteView bytes = t.bytes_of(e);
    json_.field("hex", to_hex(bytes.first(std::min(bytes.size(), kMaxHexBytes))));
    json_.end_object();
  }

  JsonWriter json_;
  verdict::FailOn fail_on_;
};

}  // namespace

std::string write_json(const verdict::CheckRun& run, const Style& style) {
  return CheckJson(style).write(run);
}

}  // namespace tlsproof::report
