// What is to be known of a server's chain, worked out once for each distinct chain, and the certificate checks on it.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tlsproof/engine/judgement.h"
#include "tlsproof/x509/validate.h"
#include "tlsproof/x509/weaknesses.h"

namespace tlsproof::engine {

struct ChainFacts {
  std::vector<x509::Certificate> chain;  // as sent
  x509::ChainAnalysis analysis;
  x509::Validation validation;             // at the run's time, for the endpoint's name
  std::vector<x509::Weakness> weaknesses;  // of the leaf
};

// What the chains of one endpoint are measured by.
struct ChainTerms {
  x509::TrustAnchors anchors = x509::TrustAnchors::none();
  std::vector<Bytes> crls;
  std::string name;  // that the certificate must be for
  int64_t now = 0;   // seconds since 1970
  int min_days_left = 14;
  bool public_trust = false;  // the anchors are the system's: the rules for public CAs apply to what they issued
  // Certificates met elsewhere in this run: they tell a missing intermediate from an unknown CA and are never trusted.
  std::vector<x509::Certificate> known;
};

class ChainBook {
 public:
  explicit ChainBook(ChainTerms terms) : terms_(std::move(terms)) {}
  // `chain` must not be empty. Borrows until the book's end.
  [[nodiscard]] const ChainFacts& facts(std::span<const Bytes> chain);
  [[nodiscard]] const ChainTerms& terms() const { return terms_; }

 private:
  ChainTerms terms_;
  std::map<std::string, ChainFacts> facts_;
};

// The check on a chain. `broken` is the verdict when it does not hold (by the scenario's requirement).
[[nodiscard]] Judgement judge_certificate(scenario::CertificateCheck check, const ChainFacts& facts,
                                          const ChainTerms& terms, verdict::Verdict broken);

// Whether our own verifier finds the fault that the control gives it, beside what it found before.
[[nodiscard]] Judgement judge_control(scenario::Control control, const ChainFacts& facts, const ChainTerms& terms,
                                      const x509::TrustAnchors& strange_anchors);

}  // namespace tlsproof::engine
