// `expect:` of a scenario file, and its words for a person.
#include <fmt/format.h>

#include <algorithm>

#include "parse.h"
#include "tlsproof/base/text.h"
#include "tlsproof/registry/code_point.h"

namespace tlsproof::scenario {
namespace {

using config::Entry;
using config::Fields;
using config::Node;

constexpr std::string_view kTests[] = {"is", "any_of", "none_of", "contains", "present"};
constexpr size_t kNumClientAuth = 8;
constexpr size_t kNumChecks = 12;

template <class Enum, size_t N>
Result<Enum> one_word(const Node& node, std::string_view what) {
  std::string_view words[N];
  for (size_t i = 0; i < N; ++i) words[i] = to_text(static_cast<Enum>(i));
  TLSPROOF_TRY(size_t index, node.one_of(words, what));
  return static_cast<Enum>(index);
}

Status only_word(const Node& node, std::string_view word, std::string_view what) {
  const std::string_view words[] = {word};
  TLSPROOF_TRY([[maybe_unused]] size_t index, node.one_of(words, what));
  return {};
}

Result<Condition> read_condition(const Entry& entry) {
  Condition out;
  out.field = entry.key;
  const Node& node = entry.value;
  if (!node.is_map() || node.find("hex")) {
    TLSPROOF_TRY(out.value, parse_value(node));
    return out;
  }
  TLSPROOF_TRY(Fields fields, Fields::open(node, "a condition", kTests));
  TLSPROOF_TRY(const Entry* test, fields.exactly_one(kTests));
  out.test = static_cast<Condition::Test>(std::ranges::find(kTests, std::string_view(test->key)) - std::begin(kTests));
  if (out.test == Condition::Test::present) {
    TLSPROOF_TRY(out.present, test->value.boolean());
    return out;
  }
  if (out.test == Condition::Test::any_of || out.test == Condition::Test::none_of) {
    TLSPROOF_TRY(auto list, test->value.list());
    if (list.empty()) return test->value.error(fmt::format("'{}' has nothing to compare with", test->key));
  }
  TLSPROOF_TRY(out.value, parse_value(test->value));
  return out;
}

Status read_answers(const Node& node, Role we_are, Expect& out) {
  TLSPROOF_TRY(Fields fields, Fields::open(node, "'answers'", {"message", "where"}));
  TLSPROOF_TRY(const Node* message, fields.require("message"));
  const Role peer = we_are == Role::client ? Role::server : Role::client;
  TLSPROOF_TRY(out.message, parse_message_ref(*message, peer));
  if (out.message.sender != peer)
    return message->error(fmt::format("{} is ours: the answer is a message of the peer", message->describe()));
  const Node* where = fields.find("where");
  if (!where) return {};
  TLSPROOF_TRY(auto entries, where->map());
  if (entries.empty()) return where->error("'where' has no condition");
  auto type = handshake_type(out.message.message);
  if (!type) return where->error(fmt::format("{} is no handshake message: it has no fields", message->describe()));
  for (const Entry& entry : entries) {
    TLSPROOF_TRY_VOID(check_field(*type, FieldAction::remove, entry.key, {}, entry.where));
    TLSPROOF_TRY(Condition one, read_condition(entry));
    out.where.push_back(std::move(one));
  }
  return {};
}

Status read_abort(const Node& node, Expect& out) {
  TLSPROOF_TRY(auto list, node.list());
  if (list.empty()) return node.error("'abort' names no alert; for a refusal in any way write 'refused: true'");
  for (const Node& item : list) {
    TLSPROOF_TRY(uint8_t alert, parse_alert(item));
    if (std::ranges::find(out.alerts, alert) != out.alerts.end())
      return item.error(fmt::format("alert {} is there twice", item.describe()));
    out.alerts.push_back(alert);
  }
  return {};
}

Status read_kind(const Entry& entry, Role we_are, Expect& out) {
  const Node& node = entry.value;
  using Kind = Expect::Kind;
  out.kind = static_cast<Kind>(std::ranges::find(expect_words(), std::string_view(entry.key)) - expect_words().begin());
  switch (out.kind) {
    case Kind::completes:
    case Kind::refused:
    case Kind::ignored:
      return demand_true(node);
    case Kind::abort:
      return read_abort(node, out);
    case Kind::answers:
      return read_answers(node, we_are, out);
    case Kind::client_auth: {
      TLSPROOF_TRY(out.client_auth, (one_word<ClientAuthExpected, kNumClientAuth>(node, "client_auth")));
      return {};
    }
    case Kind::certificate: {
      TLSPROOF_TRY(out.certificate, (one_word<CertificateCheck, kNumChecks>(node, "certificate check")));
      return {};
    }
    case Kind::version_refused:
      return only_word(node, "refused", "expectation of the version");
    case Kind::server_name_told:
      return only_word(node, "told", "expectation of the server name");
    case Kind::plain_http_refused:
      return only_word(node, "refused", "expectation of plain HTTP");
    case Kind::rules_hold:
      return only_word(node, "hold", "expectation of the rules");
    case Kind::control:
      break;
  }
  return {};
}

std::string describe_alerts(const Expect& expect) {
  std::string text;
  for (size_t i = 0; i < expect.alerts.size(); ++i) {
    if (i > 0) text += i + 1 == expect.alerts.size() ? " or " : ", ";
    text += registry::alert_name(expect.alerts[i]);
  }
  return text;
}

std::string describe(const Condition& condition) {
  std::string field = escape_terminal(condition.field);
  switch (condition.test) {
    case Condition::Test::equals:
      return fmt::format("{} is {}", field, to_text(condition.value));
    case Condition::Test::any_of:
      return fmt::format("{} is one of {}", field, to_text(condition.value));
    case Condition::Test::none_of:
      return fmt::format("{} is none of {}", field, to_text(condition.value));
    case Condition::Test::contains:
      return fmt::format("{} contains {}", field, to_text(condition.value));
    case Condition::Test::present:
      break;
  }
  return fmt::format("{} is {}", field, condition.present ? "there" : "absent");
}

std::string describe_kind(const Expect& expect) {
  using Kind = Expect::Kind;
  switch (expect.kind) {
    case Kind::completes:
      return "the handshake completes and application data flows";
    case Kind::abort:
      return fmt::format("refused, by alert {} if by any", describe_alerts(expect));
    case Kind::answers: {
      std::vector<std::string> conditions;
      for (const Condition& condition : expect.where) conditions.push_back(describe(condition));
      std::string text = fmt::format("answered with {}", to_text(expect.message));
      return conditions.empty() ? text : fmt::format("{} in which {}", text, join(conditions, " and "));
    }
    case Kind::refused:
      return "refused, in whatever way";
    case Kind::ignored:
      return "ignored: the handshake completes as if it had not been sent";
    case Kind::client_auth: {
      constexpr std::string_view kTexts[kNumClientAuth] = {
          "the client certificate is accepted",
          "the client is refused",
          "a client certificate is asked for as declared",
          "the acceptable CAs are named in the CertificateRequest",
          "the CertificateRequest asks for safe signature schemes",
          "not let in: what a good client gets is not for whoever comes this way",
          "nothing in particular: this shows what such a client gets",
          "accepted as far as the declared verify_depth goes, and no further"};
      return std::string(kTexts[static_cast<size_t>(expect.client_auth)]);
    }
    case Kind::certificate: {
      constexpr std::string_view kTexts[kNumChecks] = {"the chain is sent complete",
                                                       "each certificate certifies the one before it",
                                                       "the chain is valid to a trust anchor",
                                                       "the certificate names the host",
                                                       "every certificate is within its dates",
                                                       "the certificate does not end soon",
                                                       "the certificate has version 3",
                                                       "the certificate has a subjectAltName",
                                                       "the keys are strong enough",
                                                       "the signatures are strong enough",
                                                       "the certificate is for TLS servers",
                                                       "the certificate's lifetime is not over-long"};
      return std::string(kTexts[static_cast<size_t>(expect.certificate)]);
    }
    case Kind::version_refused:
      return "no version that was offered is negotiated";
    case Kind::server_name_told:
      return "told which certificate, or which alert, the name brings";
    case Kind::plain_http_refused:
      return "plain HTTP gets no content";
    case Kind::rules_hold:
      return "no rule of the RFCs is broken";
    case Kind::control:
      break;
  }
  return "our own verifier objects for the control's reason beside the normal ones";
}

}  // namespace

Result<Expect> parse_expect(const Node& node, Role we_are) {
  std::vector<std::string_view> keys(expect_words().begin(), expect_words().end());
  keys.insert(keys.end(), {"waited", "indistinguishable"});
  TLSPROOF_TRY(Fields fields, Fields::open(node, "'expect'", keys));
  TLSPROOF_TRY(const Entry* kind, fields.exactly_one(expect_words()));
  Expect out;
  TLSPROOF_TRY_VOID(read_kind(*kind, we_are, out));
  if (const Node* waited = fields.find("waited")) {
    TLSPROOF_TRY_VOID(only_word(*waited, "allowed", "word for 'waited'"));
    out.waited_allowed = true;
  }
  if (const Node* same = fields.find("indistinguishable")) {
    TLSPROOF_TRY_VOID(demand_true(*same));
    out.indistinguishable = true;
  }
  return out;
}

std::string describe(const Expect& expect) {
  std::string text = describe_kind(expect);
  if (expect.waited_allowed) text += "; waiting in silence is allowed";
  if (expect.indistinguishable) text += "; all cases look the same from outside";
  return text;
}

}  // namespace tlsproof::scenario
