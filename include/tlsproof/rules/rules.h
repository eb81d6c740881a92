// What any handshake must satisfy, whoever made or recorded it. A rule looks at a Trace that has been read, and names
// the events that break it. Rules say nothing about what was not seen: see trace::Coverage.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/trace/reading.h"
#include "tlsproof/verdict/verdict.h"
#include "tlsproof/x509/certificate.h"

namespace tlsproof::rules {

// What rules look at.
struct Facts {
  const trace::Reading* reading = nullptr;
  // Of the first Certificate of each side, end entity first; empty: none was seen.
  std::span<const x509::Certificate> server_chain, client_chain;
};

struct Cite {
  uint16_t rfc = 0;
  std::string_view section;  // a literal
};

// Up to four, kept in place so that a table of rules needs no memory of its own.
class Cites {
 public:
  template <class... More>
  constexpr Cites(Cite first, More... more) : cites_{first, more...}, size_(1 + sizeof...(more)) {
    static_assert(sizeof...(more) < 4);
  }
  [[nodiscard]] constexpr const Cite* begin() const { return cites_.data(); }
  [[nodiscard]] constexpr const Cite* end() const { return cites_.data() + size_; }
  [[nodiscard]] constexpr size_t size() const { return size_; }
  [[nodiscard]] constexpr const Cite& operator[](size_t i) const { return cites_[i]; }

 private:
  std::array<Cite, 4> cites_;
  size_t size_;
};

// Where a rule applies: bits of versions, and of what carries the handshake.
struct Scope {
  enum Version : uint8_t {
    undecided = 1,     // no ServerHello was seen
    before_tls13 = 2,  // SSL 3.0 to TLS 1.2, and DTLS 1.0 and 1.2
    tls13 = 4,         // TLS 1.3, DTLS 1.3
    tls13_draft = 8,   // what came before RFC 8446 with its own version number
    any_version = undecided | before_tls13 | tls13 | tls13_draft,
  };
  enum Carrier : uint8_t { tls = 1, dtls = 2, quic = 4, any_carrier = tls | dtls | quic };
  uint8_t versions = any_version;
  uint8_t carriers = any_carrier;
  // "TLS 1.3 over TCP, QUIC".
  [[nodiscard]] std::string text() const;
};

struct Seen;  // Facts, sorted by handshake: src/rules/seen.h

// One breach in one place.
struct Breach {
  trace::Direction by = trace::Direction::client_to_server;  // who broke it
  std::vector<size_t> events;                                // indexes into the Trace: the ones that decide
  std::string seen;  // one line, escaped, as after "by the server:": "chose 0x1301, which was not offered"
};

// Where a rule puts what it finds; bounded, so that a hostile peer cannot make a report without end.
class Breaches {
 public:
  static constexpr size_t kMaxPerRule = 8;
  void add(trace::Direction by, std::vector<size_t> events, std::string seen);
  [[nodiscard]] std::span<const Breach> all() const { return breaches_; }
  [[nodiscard]] size_t num_left_out() const { return num_left_out_; }
  void clear();

 private:
  std::vector<Breach> breaches_;
  size_t num_left_out_ = 0;
};

struct Rule {
  std::string_view id;     // "server_hello/cipher_suite_offered": stable
  std::string_view title;  // what must hold: "The server chooses a cipher suite that the client offered"
  verdict::Requirement requirement = verdict::Requirement::must;
  Cites cites;
  Scope scope;
  std::string_view why;  // why it matters
  void (*check)(const Seen& seen, Breaches& out) = nullptr;
};

// Every rule, in the order of reports: by what they look at. Ids are unique.
[[nodiscard]] std::span<const Rule> all_rules();
[[nodiscard]] const Rule* find_rule(std::string_view id);

struct Violation {
  const Rule* rule = nullptr;  // never null, never destroyed
  Breach breach;
};
// Appends what is broken, in the order of all_rules(). Any number of threads may judge, each its own Facts.
// `fresh`, where it is given, gets what must not come again in another connection (repeats.h), appended: four at most.
struct FreshValue;
void judge(const Facts& facts, std::vector<Violation>& out, std::vector<FreshValue>* fresh = nullptr);

}  // namespace tlsproof::rules
