// One table for many handshakes: what was chosen how often, what failed and why, which rules were broken.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "tlsproof/view/handshake.h"

namespace tlsproof::view {

// What is counted of one handshake: plain values that outlive it. Memory is used again.
struct SummaryRow {
  trace::Transport transport = trace::Transport::tls;
  State state = State::unknown;
  Resumption resumption = Resumption::none;
  EarlyData early_data = EarlyData::none;
  Known certificate_asked = Known::unknown, certificate_given = Known::unknown;
  bool hello_retry_request = false;
  bool ech_offered = false;
  bool has_hello = false;  // a ClientHello was seen
  bool answered = false;   // a ServerHello was
  bool had_keys = false;
  bool whole = false;  // see trace::Coverage
  uint16_t version = 0, cipher_suite = 0, group = 0, scheme = 0;
  uint32_t dh_bits = 0;
  int64_t handshake_ns = -1;  // from the ClientHello to the last Finished; negative: not seen
  std::string cause, prelude, alpn, ja3, ja4;
  std::vector<const rules::Rule*> rules;  // each once
};
void summarise(const Handshake& handshake, SummaryRow& out);

struct SummaryOptions {
  size_t width = 80;
  bool unicode = true;
  bool colour = false;
  size_t top = 10;  // rows of the lists that have no natural end
};

class Summary {
 public:
  void add(const SummaryRow& row);
  [[nodiscard]] uint64_t num_handshakes() const { return num_; }
  // Lines with their line breaks; everything that a peer chose is escaped.
  [[nodiscard]] std::string render(const SummaryOptions& options) const;
  // The same as one JSON object, every count of every list up to kMaxKeys.
  [[nodiscard]] std::string json() const;

  // Different texts that are counted in one list; more are counted together as others.
  static constexpr size_t kMaxKeys = 10'000;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  struct Texts {
    std::unordered_map<std::string, uint64_t, Hash, std::equal_to<>> counts;
    uint64_t others = 0;
    void add(std::string_view text);
  };
  using Numbers = std::unordered_map<uint32_t, uint64_t>;
  struct Line {
    std::string name;
    uint64_t count = 0;
  };
  struct List {
    std::string_view title, key;
    std::vector<Line> lines;  // the most frequent first; equal ones by name
  };
  [[nodiscard]] std::vector<List> lists() const;

  uint64_t num_ = 0;
  std::map<trace::Transport, uint64_t> transports_;
  uint64_t states_[3]{};
  uint64_t resumptions_[5]{};
  uint64_t early_data_[4]{};
  uint64_t asked_ = 0, given_ = 0, retries_ = 0, ech_ = 0, unanswered_ = 0, without_hello_ = 0, with_keys_ = 0,
           not_whole_ = 0, with_findings_ = 0;
  Numbers versions_, suites_, groups_, schemes_, dh_bits_;
  Texts causes_, preludes_, alpns_, ja3s_, ja4s_;
  std::map<const rules::Rule*, uint64_t> rules_;
  std::vector<uint64_t> log_times_;  // handshake_ns in buckets so narrow that three digits of it are true
  uint64_t num_times_ = 0;
  int64_t longest_ns_ = 0;
};

}  // namespace tlsproof::view
