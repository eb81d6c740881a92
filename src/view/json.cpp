#include "tlsproof/view/json.h"

#include <fmt/format.h>

#include "stapled.h"
#include "tlsproof/base/json_text.h"
#include "tlsproof/registry/constants.h"
#include "tlsproof/view/ladder.h"
#include "tlsproof/x509/cache.h"
#include "tlsproof/x509/weaknesses.h"

namespace tlsproof::view {
namespace {

using trace::Direction;
using trace::Event;
using trace::MessageRead;

constexpr size_t kMaxCertificateTexts = 1024;
constexpr size_t kMaxCertificateBytes = size_t{4} << 20;  // of the certificates whose texts are kept, a role
constexpr size_t kMaxTextLen = 1024;                      // of a name that a peer chose

std::string_view side(Direction direction) {
  return direction == Direction::client_to_server ? "client" : "server";
}

std::string_view limited(std::string_view text) {
  return text.substr(0, kMaxTextLen);
}

// RFC 3339, with nanoseconds. The second is mostly the one of the handshake before.
void time_text(int64_t wall_ns, TimeText& out) {
  int64_t seconds = wall_ns / 1'000'000'000;
  int64_t rest = wall_ns % 1'000'000'000;
  if (rest < 0) {
    rest += 1'000'000'000;
    --seconds;
  }
  if (out.text.empty() || out.seconds != seconds) {
    out.seconds = seconds;
    out.text = format_utc(seconds);
    out.text.back() = '.';  // "Z"
    out.seconds_len = out.text.size();
    out.text += "000000000Z";
  }
  for (size_t i = 9; i-- > 0; rest /= 10) out.text[out.seconds_len + i] = static_cast<char>('0' + rest % 10);
}

void known(JsonText& json, std::string_view name, Known value) {
  json.key(name);
  if (value == Known::unknown)
    json.null();
  else
    json.boolean(value == Known::yes);
}

void endpoint(JsonText& json, std::string_view name, std::string_view address, const Passage::Side& counts) {
  const size_t colon = address.rfind(':');
  std::string_view ip = address.substr(0, colon);
  if (ip.starts_with('[') && ip.ends_with(']')) ip = ip.substr(1, ip.size() - 2);
  uint64_t port = 0;
  if (colon != std::string_view::npos)
    for (const char c : address.substr(colon + 1)) port = port * 10 + static_cast<uint64_t>(c - '0');
  json.key(name);
  json.begin_object();
  json.field("ip", ip);
  json.field("port", port);
  json.field("packets", counts.num_packets);
  json.field("bytes", counts.num_bytes);
  json.field("not_kept", counts.num_not_kept);
  json.field("retransmitted", counts.num_retransmitted);
  json.field("out_of_order", counts.num_out_of_order);
  json.field("missing", counts.num_missing);
  json.end_object();
}

void range(JsonText& json, const Event& event, uint64_t packet) {
  json.field("from", side(event.direction));
  json.field("time_ns", event.time_ns);
  json.field("offset", uint64_t{event.stream.offset});
  json.field("len", uint64_t{event.stream.len});
  if (packet != 0) json.field("packet", packet);
}

uint64_t packet_of(const Handshake& handshake, const Event& event) {
  return packet_at(*handshake.passage, event.direction, event.stream.offset);
}

std::string_view level_name(x509::WeaknessLevel level) {
  switch (level) {
    case x509::WeaknessLevel::must:
      return "must";
    case x509::WeaknessLevel::should:
      return "should";
    case x509::WeaknessLevel::note:
      return "note";
  }
  return "note";
}

void names(JsonText& json, const x509::CertificateView& view) {
  json.key("names");
  json.begin_array();
  size_t num = 0;
  if (view.subject_alt_names)
    for (const x509::GeneralName& name : *view.subject_alt_names)
      if (num++ < JsonLines::kMaxNames) json.string(name.escaped_text());
  json.end_array();
}

void date(JsonText& json, std::string_view name, const std::optional<int64_t>& seconds) {
  json.key(name);
  if (seconds)
    json.string(format_utc(*seconds));
  else
    json.null();
}

// Without the brace that begins it: what depends on the time of the handshake is written before.
std::string describe_certificate(const x509::CertificateView& view, bool is_server_leaf) {
  std::string out;
  JsonText json(out);
  json.field_hex("sha256", view.sha256());
  json.field_hex("spki_sha256", view.spki_sha256());
  json.field("subject", view.subject.escaped_text());
  json.field("issuer", view.issuer.escaped_text());
  json.field("serial", view.serial_hex());
  date(json, "not_before", view.not_before);
  date(json, "not_after", view.not_after);
  json.field("key", view.public_key.describe());
  json.field("key_bits", uint64_t{view.public_key.bits});
  json.field("signature_algorithm", view.signature_algorithm.name());
  json.field("ca", view.is_ca());
  json.field("self_issued", view.self_issued());
  if (view.sct_count) json.field("scts", uint64_t{*view.sct_count});
  names(json, view);
  if (is_server_leaf) {
    json.key("weaknesses");
    json.begin_array();
    for (const x509::Weakness& weakness : x509::find_weaknesses(view)) {
      json.begin_object();
      json.field("code", x509::weakness_name(weakness.code));
      json.field("level", level_name(weakness.level));
      json.field("detail", weakness.detail);
      json.end_object();
    }
    json.end_array();
  }
  json.end_object();
  return out;
}

void coverage(JsonText& json, const trace::Coverage& coverage) {
  json.key("coverage");
  json.begin_object();
  json.field("from_start", coverage.from_start);
  json.field("client_seen", coverage.client_seen);
  json.field("server_seen", coverage.server_seen);
  json.field("complete_streams", coverage.complete_streams);
  json.field("ended", coverage.ended);
  json.end_object();
}

void time_field(JsonText& json, std::string_view name, int64_t ns) {
  json.key(name);
  if (ns < 0)
    json.null();
  else
    json.integer(ns);
}

}  // namespace

const std::string& CodePointTexts::text(uint16_t value) {
  auto& page = pages_[value >> 8];
  if (!page) page = std::make_unique<Page>();
  std::string& text = (*page)[value & 0xff];
  if (text.empty()) {
    JsonText json(text);
    json.begin_object();
    json.field("id", uint64_t{value});
    json.field("name", registry::name(kind_, value));
    json.end_object();
  }
  return text;
}

const std::string& CodePointTexts::list_text(std::span<const uint16_t> values) {
  for (const List& list : lists_)
    if (std::ranges::equal(list.values, values) && !list.text.empty()) return list.text;
  List& list = lists_[next_list_++ % lists_.size()];
  list.values.assign(values.begin(), values.end());
  list.text.clear();
  JsonText json(list.text);
  json.begin_array();
  for (const uint16_t value : values) json.raw(text(value));
  json.end_array();
  return list.text;
}

JsonLines::JsonLines()
    : versions_(registry::Kind::version),
      suites_(registry::Kind::cipher_suite),
      extensions_(registry::Kind::extension),
      groups_(registry::Kind::group),
      schemes_(registry::Kind::signature_scheme),
      handshake_types_(registry::Kind::handshake_type),
      alerts_(registry::Kind::alert),
      alert_levels_(registry::Kind::alert_level),
      compressions_(registry::Kind::compression_method) {}
JsonLines::~JsonLines() = default;

void JsonLines::code_point(JsonText& json, std::string_view name, CodePointTexts& texts, uint16_t value) {
  json.key(name);
  if (value == 0)
    json.null();
  else
    json.raw(texts.text(value));
}

void JsonLines::code_points(JsonText& json, std::string_view name, CodePointTexts& texts,
                            std::span<const uint16_t> values) {
  if (values.size() > kMaxList) {
    cut_ = true;
    values = values.first(kMaxList);
  }
  json.key(name);
  json.raw(texts.list_text(values));
}

void JsonLines::connection(const Handshake& handshake, JsonText& json) {
  const Passage& passage = *handshake.passage;
  const trace::Trace& trace = handshake.trace();
  json.field("transport", trace::to_text(trace.transport()));
  json.field("layer", passage.layer);
  if (passage.network != 0) json.field("network", passage.network);
  time_text(passage.first_time_ns, start_);
  json.field("start", start_.text);
  json.field("start_ns", passage.first_time_ns);
  json.field("duration_ns", passage.last_time_ns - passage.first_time_ns);
  json.field("first_packet", passage.first_packet);
  json.field("last_packet", passage.last_packet);
  endpoint(json, "client", trace.local_address(), passage.client);
  endpoint(json, "server", trace.peer_address(), passage.server);
  json.field("client_known", passage.client_is_known);
  json.key("prelude");
  if (passage.prelude.empty())
    json.null();
  else
    json.string(passage.prelude);
  json.field("end", passage.end);
  json.field("keys", passage.had_keys);
  coverage(json, trace.coverage());
}

void JsonLines::choices(const Handshake& handshake, JsonText& json) {
  json.field("state", to_text(handshake.state));
  json.key("cause");
  if (handshake.cause.empty())
    json.null();
  else
    json.string(handshake.cause);
  json.key("sni");
  if (handshake.sni.empty())
    json.null();
  else
    json.string(limited(handshake.sni));
  json.key("alpn");
  if (handshake.alpn.empty())
    json.null();
  else
    json.string(handshake.alpn);
  code_point(json, "version", versions_, handshake.version);
  code_point(json, "cipher_suite", suites_, handshake.cipher_suite);
  code_point(json, "group", groups_, handshake.group);
  if (handshake.dh_bits != 0) json.field("dh_bits", handshake.dh_bits);
  code_point(json, "signature_scheme", schemes_, handshake.scheme);
  code_point(json, "client_signature_scheme", schemes_, handshake.client_scheme);
  json.field("resumption", to_text(handshake.resumption));
  json.field("early_data", to_text(handshake.early_data));
  json.field("hello_retry_request", handshake.hello_retry_request != nullptr);
  known(json, "client_certificate_asked", handshake.certificate_asked);
  known(json, "client_certificate_given", handshake.certificate_given);
  json.field("client_certificate_in_renegotiation", handshake.asked_in_renegotiation);
  json.field("ech_offered", handshake.ech_offered);
  json.field("ocsp_stapled", handshake.ocsp_stapled);
  json.key("ocsp");
  append_stapled(handshake, json);
  json.field("scts", uint64_t{handshake.num_scts});
  json.field("renegotiations", uint64_t{handshake.num_renegotiations});
  json.field("records_not_opened", uint64_t{handshake.num_unopened});
  json.key("times");
  json.begin_object();
  time_field(json, "client_hello_ns", handshake.client_hello_ns);
  time_field(json, "server_hello_ns", handshake.server_hello_ns);
  time_field(json, "done_ns", handshake.done_ns);
  json.field("round_trips", uint64_t{handshake.num_round_trips});
  json.end_object();
  json.key("fingerprints");
  json.begin_object();
  for (const auto& [name, value] : {std::pair<std::string_view, const std::string*>{"ja3", &handshake.fingerprints.ja3},
                                    {"ja3s", &handshake.fingerprints.ja3s},
                                    {"ja4", &handshake.fingerprints.ja4}}) {
    json.key(name);
    if (value->empty())
      json.null();
    else
      json.string(*value);
  }
  json.end_object();
}

void JsonLines::extension_types(const wire::ExtensionList& extensions, JsonText& json) {
  numbers_.clear();
  for (size_t i = 0; i < extensions.size(); ++i) numbers_.push_back(extensions.type(i));
  code_points(json, "extensions", extensions_, numbers_);
}

void JsonLines::offered(const wire::ClientHello& hello, JsonText& json) {
  const auto read = [&](auto& typed) {
    const auto status = hello.extensions.read_typed(typed);
    return status && *status;
  };
  json.begin_object();
  json.key("legacy_version");
  json.raw(versions_.text(hello.legacy_version));
  if (read(supported_versions_)) code_points(json, "versions", versions_, supported_versions_.versions);
  code_points(json, "cipher_suites", suites_, hello.cipher_suites);
  numbers_.assign(hello.legacy_compression_methods.begin(), hello.legacy_compression_methods.end());
  code_points(json, "compression_methods", compressions_, numbers_);
  extension_types(hello.extensions, json);
  if (read(supported_groups_)) code_points(json, "groups", groups_, supported_groups_.groups);
  if (read(signature_algorithms_)) code_points(json, "signature_schemes", schemes_, signature_algorithms_.schemes);
  json.field("session_id_len", uint64_t{hello.legacy_session_id.size()});
  json.field_hex("random", hello.random);
}

const std::string& JsonLines::certificate_text(const x509::Certificate& certificate, bool is_server_leaf) {
  CertificateTexts& texts = is_server_leaf ? server_leaves_ : others_;
  if (const auto found = texts.find(&certificate.view()); found != texts.end()) return found->second.text;
  CertificateText made{certificate, describe_certificate(*certificate, is_server_leaf)};
  size_t& num_bytes = is_server_leaf ? server_leaf_bytes_ : other_bytes_;
  const size_t len = x509::memory_of(*certificate) + made.text.size();
  if (texts.size() >= kMaxCertificateTexts || num_bytes + len > kMaxCertificateBytes) {
    texts.clear();
    num_bytes = 0;
  }
  num_bytes += len;
  return texts.emplace(&certificate.view(), std::move(made)).first->second.text;
}

void JsonLines::chain(std::span<const x509::Certificate> certificates, bool of_server, int64_t at_seconds,
                      JsonText& json) {
  json.begin_array();
  for (size_t i = 0; i < certificates.size(); ++i) {
    if (i == kMaxCertificates) {
      cut_ = true;
      break;
    }
    const x509::CertificateView& view = *certificates[i];
    json.begin_object();
    json.key("valid_then");  // by its dates
    if (!view.not_before || !view.not_after)
      json.null();
    else
      json.boolean(*view.not_before <= at_seconds && at_seconds <= *view.not_after);
    json.out() += ',';
    json.out() += certificate_text(certificates[i], of_server && i == 0);
    json.resume_after_object();
  }
  json.end_array();
}

void JsonLines::messages(const Handshake& handshake, JsonText& json) {
  const auto all = handshake.reading->messages();
  json.key("messages");
  json.begin_array();
  for (size_t i = 0; i < all.size(); ++i) {
    if (i == kMaxMessages) {
      cut_ = true;
      break;
    }
    const MessageRead& read = all[i];
    const Event& event = handshake.trace().events()[read.event];
    json.begin_object();
    json.key("type");
    json.raw(handshake_types_.text(read.type));
    json.field("level", wire::to_string(read.level));
    range(json, event, packet_of(handshake, event));
    json.field("message_len", uint64_t{handshake.trace().content(event).size()});
    if (read.message == nullptr) json.field("error", read.error.message());
    json.end_object();
  }
  json.end_array();
}

void JsonLines::alerts(const Handshake& handshake, JsonText& json) {
  json.key("alerts");
  json.begin_array();
  for (const AlertFact& alert : handshake.alerts) {
    const Event& event = handshake.trace().events()[alert.event];
    json.begin_object();
    json.key("level");
    json.raw(alert_levels_.text(alert.level));
    json.key("description");
    json.raw(alerts_.text(alert.description));
    json.field("encryption", wire::to_string(event.level));
    range(json, event, packet_of(handshake, event));
    json.end_object();
  }
  json.end_array();
}

ViolationsPlace JsonLines::append(const Handshake& handshake, std::string& out) {
  cut_ = false;
  JsonText json(out);
  connection(handshake, json);
  choices(handshake, json);
  json.key("offered");
  if (handshake.client_hello == nullptr) {
    json.null();
  } else {
    offered(*handshake.client_hello, json);
    json.key("alpn");
    json.begin_array();
    for (const std::string_view name : handshake.alpn_offered) json.string(name);
    json.end_array();
    json.end_object();
  }
  json.key("answered");
  if (handshake.server_hello == nullptr) {
    json.null();
  } else {
    json.begin_object();
    extension_types(handshake.server_hello->extensions, json);
    json.field_hex("random", handshake.server_hello->random);
    json.end_object();
  }
  const int64_t at_seconds = handshake.passage->first_time_ns / 1'000'000'000;
  json.key("certificates");
  chain(handshake.server_chain, true, at_seconds, json);
  json.key("client_certificates");
  chain(handshake.client_chain, false, at_seconds, json);
  messages(handshake, json);
  alerts(handshake, json);
  json.field("events_not_kept", handshake.trace().num_events_dropped());
  json.field("cut", cut_);
  json.key("violations");
  json.begin_array();
  const auto all = handshake.trace().events();
  for (const rules::Violation& violation : handshake.violations) {
    events_.clear();
    JsonText events(events_);
    for (const size_t event : violation.breach.events)
      if (event < all.size()) append_event(all[event], packet_of(handshake, all[event]), events);
    append_violation(violation, events_, json);
  }
  const ViolationsPlace place{.end = out.size(), .has_any = !handshake.violations.empty()};
  json.end_array();
  json.end_object();
  out += '\n';
  return place;
}

void append_json_line_begin(uint64_t number, std::string_view file, std::string& out) {
  JsonText json(out);
  json.begin_object();
  json.field("schema", "tlsproof-handshake/1");
  json.field("handshake", number);
  json.field("source", file);
  out += ',';
}

void append_event(const Event& event, uint64_t packet, JsonText& json) {
  json.begin_object();
  json.field("what", event_name(event));
  range(json, event, packet);
  json.end_object();
}

void append_violation(const rules::Violation& violation, std::string_view events, JsonText& json) {
  const rules::Rule& rule = *violation.rule;
  json.begin_object();
  json.field("rule", rule.id);
  json.field("requirement", verdict::to_text(rule.requirement));
  json.field("title", rule.title);
  json.key("cites");
  json.begin_array();
  for (const rules::Cite& cite : rule.cites)
    json.string(verdict::to_text(verdict::Citation{cite.rfc, std::string(cite.section)}));
  json.end_array();
  json.field("by", side(violation.breach.by));
  json.field("seen", violation.breach.seen);
  json.key("events");
  json.begin_array();
  if (!events.empty()) json.raw(events);
  json.end_array();
  json.end_object();
}

}  // namespace tlsproof::view
