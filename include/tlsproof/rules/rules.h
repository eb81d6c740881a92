// What any handshake must satisfy, whoever made or recorded it. A rule looks at a Trace that has been read, and names
// the events that break it. Rules say nothing about what was not seen: see trace::Coverage.
#pragma once

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

// One breach in one place.
struct Breach {
  trace::Direction by = trace::Direction::client_to_server;  // who broke it
  std::vector<size_t> events;                                // indexes into the Trace: the ones that decide
  std::string seen;                                          // one line, escaped: "chose 0x1301, which was not offered"
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
  std::span<const Cite> cites;
  std::string_view why;  // why it matters
  void (*check)(const Facts& facts, Breaches& out) = nullptr;
};

// Every rule, in the order of reports: by what they look at. Ids are unique.
[[nodiscard]] std::span<const Rule> all_rules();
[[nodiscard]] const Rule* find_rule(std::string_view id);

struct Violation {
  const Rule* rule = nullptr;  // never null, never destroyed
  Breach breach;
};
// Appends what is broken, in the order of all_rules().
void judge(const Facts& facts, std::vector<Violation>& out);

}  // namespace tlsproof::rules
