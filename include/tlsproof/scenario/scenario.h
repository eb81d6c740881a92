// Scenarios: the honest run of one role plus edits, and what must come of it. Typed, complete, and checked when they
// are read.
//
// The language is explained in scenarios/README.md. Everything here is plain data that outlives the text it came from.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/config/node.h"
#include "tlsproof/scenario/edit.h"
#include "tlsproof/scenario/value.h"
#include "tlsproof/verdict/verdict.h"

namespace tlsproof::scenario {

enum class KeyType : uint8_t { any, rsa, ecdsa };

struct ClientSetup {
  enum class ServerName : uint8_t {
    target,       // the endpoint's own
    none,         // no server_name extension
    unknown,      // a name that no server has: one label of random letters under .invalid (RFC 2606)
    open_host,    // target::VirtualHosts::open
    mutual_host,  // target::VirtualHosts::mutual
    literal,
  };
  enum class HttpHost : uint8_t { target, open_host, mutual_host };  // the same names
  ServerName server_name = ServerName::target;
  std::string server_name_literal;  // these very bytes
  HttpHost http_host = HttpHost::target;
  KeyType key_type = KeyType::any;  // restricts signature_algorithms, so that the server picks that certificate
  std::vector<uint16_t> versions;   // offered; empty: only the case's
  bool plain_http = false;          // speaks HTTP without TLS
  bool request = true;  // sends the HTTP request once the handshake is complete, where the endpoint has http
  bool operator==(const ClientSetup&) const = default;
};

// What we present when asked for a certificate.
struct Identity {
  enum class Kind : uint8_t {
    automatic,  // the file does not say: the endpoint's identity, else one made by its client CA, else none
    none,       // an empty Certificate
    good,       // like automatic, but there must be one
    another,    // a second good one, of another subject, forged under the client CA
    fault,      // forged under the client CA with this fault
  };
  Kind kind = Kind::automatic;
  std::string fault;  // one of known_faults()
  // Fault too_deep: intermediates between leaf and root; unset: the fault's own number.
  std::optional<size_t> intermediates = {};
  bool operator==(const Identity&) const = default;
};
// Names of faults that an identity may have.
[[nodiscard]] std::span<const std::string_view> known_faults();

// A fault that is given to our own verifier; the server is not judged by it.
enum class Control : uint8_t { none, wrong_ca, wrong_name, shifted_clock };
[[nodiscard]] std::string_view to_text(Control control);

enum class ClientAuthExpected : uint8_t {
  accepted,
  refused,
  requested,
  ca_names,
  signature_schemes,
  kept_out,  // whoever comes this way does not get what a good client gets at the front door
  told,      // info: accepted or refused, resumed or not
  depth,     // accepted as far as the declared verify_depth goes, refused beyond
};
enum class CertificateCheck : uint8_t {
  chain_complete,  // every issuer up to an anchor is sent (the root may be missing)
  chain_in_order,  // each certifies the one before
  chain_valid,     // a path to an anchor validates
  name_matches,
  not_expired,  // within its dates now
  days_left,    // at least the target's min_days_left
  version_3,
  has_san,
  key_strength,
  signature_strength,
  extended_key_usage,  // serverAuth
  lifetime,            // not over-long
};
[[nodiscard]] std::string_view to_text(ClientAuthExpected expected);
[[nodiscard]] std::string_view to_text(CertificateCheck check);

// One condition on a field of the message that answers.
struct Condition {
  enum class Test : uint8_t { equals, any_of, none_of, contains, present };
  std::string field;
  Test test = Test::equals;
  Value value;          // equals, contains: the value; any_of, none_of: a list
  bool present = true;  // Test::present
};

struct Expect {
  enum class Kind : uint8_t {
    completes,         // handshake complete and application data exchanged
    abort,             // the peer refuses, with one of `alerts` if it sends one
    answers,           // the peer sends `message`, and all of `where` hold
    refused,           // however
    ignored,           // goes on as if what we bent had not been there
    client_auth,       // read against what the target declares
    certificate,       // of the server
    version_refused,   // none of the versions that ClientSetup offers is negotiated
    server_name_told,  // info: which certificate, or which alert, the name brings
    plain_http_refused,
    rules_hold,  // the RFC rules of any handshake, on every connection of the run in this version
    control,     // our verifier objects for the control's reason beside the normal ones
  };
  Kind kind = Kind::completes;
  std::vector<uint8_t> alerts;  // abort: AlertDescription values; empty: any alert
  MessageRef message;           // answers
  std::vector<Condition> where;
  ClientAuthExpected client_auth = ClientAuthExpected::accepted;
  CertificateCheck certificate = CertificateCheck::chain_valid;
  bool waited_allowed = false;     // `waited: allowed`: silence until we half-close is no failure
  bool indistinguishable = false;  // all cases of the matrix must look the same from outside
};
[[nodiscard]] std::string_view to_text(Expect::Kind kind);  // the key in the file: "client_auth", "server_name"
// For a person: "refused by alert illegal_parameter or decode_error", "client certificate refused".
[[nodiscard]] std::string describe(const Expect& expect);

// One connection of a scenario.
struct Connection {
  ClientSetup client;
  Identity identity;
  std::vector<Edit> edits;
  std::string save_session;      // keeps its session under this name
  std::string resume;            // resumes the one saved under this name by an earlier connection
  std::optional<Expect> expect;  // of this connection alone; the last one is judged by Play::expect
};

// What is done and expected with one version and one choice of the matrix.
struct Play {
  uint16_t version = 0;  // the one to negotiate; offered alone unless the client says otherwise
  std::string title;     // the scenario's, with the variables' values
  std::string suffix;    // "[tls=1.3,method=64]", stable; "" when the scenario has only one play
  std::vector<std::pair<std::string, std::string>>
      variables;  // name -> value as case ids show it, in the matrix's order
  // Names of target::feature_infos(): what the file says, with the version's own added ("version.tls1_3", unless there
  // is no TLS or the version is to be refused), and "client_auth.requested" made that of the version.
  std::vector<std::string> needs;
  Control control = Control::none;
  std::vector<Connection> connections;  // at least one
  Expect expect;
  std::vector<Edit> broken;  // edits of the other role: the peer that this scenario must catch
};

struct Scenario {
  std::string id;     // path under scenarios/ without ".yaml": "mtls/expired"
  std::string title;  // variables in angle brackets: "A client that offers <version> is refused"
  std::string why;
  std::string fix;
  verdict::Requirement requirement = verdict::Requirement::info;
  std::vector<verdict::Citation> cites;
  std::vector<std::string> tags;
  Role we_are = Role::client;
  std::vector<uint16_t> versions;  // played with each, in this order; at least one
  bool exclusive = false;          // run alone
  std::vector<std::pair<std::string, std::vector<std::string>>> matrix;  // name -> values as case ids show them
  std::vector<Play> plays;  // versions outermost, then each choice of the matrix; at least one
  config::Where where;
};

inline constexpr size_t kMaxPlays = 4096;

// One play of a scenario. Borrows the scenario.
struct Case {
  const Scenario* scenario = nullptr;
  const Play* play = nullptr;
  [[nodiscard]] std::string id() const { return scenario->id + play->suffix; }
};
// Every play. Only those with one of `versions` (code points) when that is not empty.
[[nodiscard]] std::vector<Case> expand(const Scenario& scenario, std::span<const uint16_t> versions = {});

// Reads one scenario. `id` as in Scenario; `file` is what messages call the text. Fails at the first thing that is
// wrong with "file:line:column: message" (Error::Kind::usage).
[[nodiscard]] Result<Scenario> parse_scenario(std::string_view yaml, const std::string& file, std::string id);

}  // namespace tlsproof::scenario
