// Judges one case by what was seen on its connection.
#pragma once

#include "tlsproof/engine/certificates.h"
#include "tlsproof/engine/judgement.h"
#include "tlsproof/target/target.h"

namespace tlsproof::engine {

// What a judge needs beside the attempt. Everything is borrowed.
struct JudgeContext {
  const target::Endpoint* endpoint = nullptr;
  ChainBook* chains = nullptr;
  const x509::TrustAnchors* strange_anchors = nullptr;  // for the control wrong_ca
  // What the good client got in this version; null when there is no good client.
  const session::AttemptResult* reference = nullptr;
  // The same once more, to tell pages that change; and what a client without a certificate gets from the open host.
  // Null when they were not played.
  const session::AttemptResult* reference_again = nullptr;
  const session::AttemptResult* open_page = nullptr;
  // In a scenario of several connections: the first of them, where it shows how a client is refused; null otherwise.
  const session::AttemptResult* refusal = nullptr;
  bool has_identity = false;  // there is a good client certificate
  // What the faultless twin of a forged client got; null where the good client is the measure.
  const session::AttemptResult* twin = nullptr;
  size_t num_intermediates = 0;           // in the chain that we presented
  size_t num_forged_intermediates = 0;    // of these, CAs made for this alone, of which no CRL speaks
  bool crls_are_checked = false;          // the server is said to use CRLs
  std::vector<std::string> crl_troubles;  // of those CRLs: why they make a server refuse every client
  std::vector<x509::NameView>
      client_ca_names;  // of the CA that our client certificates come from, and of those above it
};

// `played` is the identity that was really used (settled). Never fails: what cannot be judged is inconclusive or error,
// with its reason.
[[nodiscard]] Judgement judge(const scenario::Case& one, const scenario::Identity& played,
                              const session::AttemptResult& result, const JudgeContext& context);

}  // namespace tlsproof::engine
