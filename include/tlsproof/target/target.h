// What is tested and what is expected of it: endpoints, trust, identities, declared behaviour, waivers. Plain data;
// files are named here and read by who needs them.
//
// The file format is explained in scenarios/README.md ("Target files"); scenarios/targets/ has examples.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/app/protocol.h"
#include "tlsproof/base/error.h"
#include "tlsproof/base/host_port.h"
#include "tlsproof/base/secret.h"
#include "tlsproof/target/waiver.h"

namespace tlsproof::target {

// What the endpoint is declared to do about client certificates.
enum class ClientAuth : uint8_t {
  unknown,
  none,        // never asks
  optional,    // asks; goes on without one, refuses a bad one
  required,    // asks; refuses none and bad ones
  unverified,  // asks; the application judges (nginx's optional_no_ca)
};
[[nodiscard]] std::string_view to_text(ClientAuth client_auth);  // "required"
[[nodiscard]] std::optional<ClientAuth> parse_client_auth(std::string_view text);
// The words of parse_client_auth, for messages.
[[nodiscard]] std::span<const std::string_view> client_auth_words();

// Where the passphrase of a key comes from. Never the passphrase itself.
struct PassphraseSource {
  enum class Kind : uint8_t { none, file, environment };
  Kind kind = Kind::none;
  std::string name;  // the path, or the variable
};
// Reads it; one line end at its end is dropped. Empty for none. Usage errors name the file or variable, never the
// content.
[[nodiscard]] Result<SecretBytes> load_passphrase(const PassphraseSource& source);

// A certificate (PEM or DER, its issuers after it) and its key, or a PKCS#12 with both.
struct KeyPair {
  std::string certificate_path;  // empty: there is none
  std::string key_path;          // empty: the key is in the certificate's file
  PassphraseSource passphrase;
  [[nodiscard]] bool empty() const { return certificate_path.empty(); }
};

struct Trust {
  bool system = true;              // the system's store
  std::vector<std::string> paths;  // files of anchors: PEM, DER or PKCS#12
  PassphraseSource passphrase;     // of those that are PKCS#12
  std::vector<std::string> crl_paths;
};

struct Http {
  std::string path = "/";
  std::string host;  // of the Host header; empty: Endpoint::name()
};

// Other virtual hosts that answer at the same address; empty where none is known.
struct VirtualHosts {
  std::string open;    // asks for no client certificate
  std::string mutual;  // requires one too, of another CA
};

// The service around and inside TLS.
struct App {
  app::Protocol protocol = app::Protocol::http;  // none: nothing is said, and "accepted" shows in other ways
  std::string user = "tlsproof";                 // postgres, mysql: who the client says it is
};

struct Timeouts {  // nanoseconds
  int64_t connect = 5'000'000'000;
  int64_t handshake = 5'000'000'000;
  int64_t request = 5'000'000'000;
  int64_t drain = 1'000'000'000;  // how long silence after our last word is listened to
};

struct Endpoint {
  std::string label;                   // unique in the target; by default HOST:PORT
  HostPort address;                    // as given: reports show it, and the name comes from it
  std::optional<HostPort> connect_to;  // where connections really go
  // What the SNI extension carries: unset: the host of `address` unless that is an IP address; "": none is sent.
  std::optional<std::string> server_name;
  App app;
  Http http;  // when `app` is http
  VirtualHosts virtual_hosts;
  ClientAuth client_auth = ClientAuth::unknown;
  // Versions that it is declared to speak, as code points, ascending. Empty: nothing is declared.
  std::vector<uint16_t> versions;
  Trust trust;
  KeyPair client_identity;  // the good client certificate
  KeyPair client_ca;        // the CA that forges client certificates; empty: faulty ones cannot be made
  std::vector<std::string> client_crl_paths;  // CRLs that the server uses for clients; empty: nothing is known of any
  // How many intermediates between a client's certificate and the root the server is declared to accept (nginx's
  // ssl_verify_depth). Unset: nothing is declared.
  std::optional<size_t> verify_depth;
  Timeouts timeouts;
  int min_days_left = 14;           // a certificate that ends sooner is a finding
  std::vector<std::string> suites;  // suites, ids, patterns; empty: the default ones
  std::string suites_where;         // "file:line:column" of them, escaped; empty when they come from no file
  uint32_t line = 0;                // where the target file describes it; 0: in none

  // The name sent in SNI, "" for none: RFC 6066 §3 allows DNS names only, so an IP address sends none.
  [[nodiscard]] std::string sni() const;
  // The name or address that the certificate must be for, and the default Host: server_name, else the host.
  [[nodiscard]] std::string name() const;
  // Where to connect.
  [[nodiscard]] const HostPort& connect_address() const { return connect_to ? *connect_to : address; }
};

inline constexpr size_t kMaxVerifyDepth = 100;

struct Target {
  std::vector<Endpoint> endpoints;  // at least one, labels unique
  std::vector<Waiver> waivers;
};

// 1 to 64 bytes without control characters.
[[nodiscard]] bool is_user_name(std::string_view text);

// An endpoint from HOST:PORT with everything else at its default.
[[nodiscard]] Result<Target> make_target(std::string_view host_port);

// Reads a target file. Paths in it are relative to its folder and come back usable from the current one. Keys are not
// followed and files named in it are not opened. Fails with "file:line:column: message".
[[nodiscard]] Result<Target> load_target_file(const std::string& path);
// The same from text; `folder` is put before relative paths ("" leaves them).
[[nodiscard]] Result<Target> parse_target(std::string_view yaml, const std::string& name, const std::string& folder);

// "1.3" -> 0x0304: "ssl3", "1.0" … "1.3", as files and the command line write versions.
[[nodiscard]] std::optional<uint16_t> parse_version(std::string_view text);
[[nodiscard]] std::string version_text(uint16_t version);  // "1.3"; hex for others
[[nodiscard]] std::span<const std::string_view> version_words();

}  // namespace tlsproof::target
