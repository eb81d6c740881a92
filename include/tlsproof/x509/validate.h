// Whether a certificate chain holds (RFC 5280 §6, done by libcrypto), with every reason why not instead of the first
// one; and what is to be said about the list of certificates as the peer sent it.
#pragma once

#include "tlsproof/x509/anchors.h"
#include "tlsproof/x509/name_check.h"

namespace tlsproof::x509 {

enum class ProblemCode : uint8_t {
  expired,
  not_yet_valid,
  self_signed_leaf,
  unknown_ca,            // the path ends at a certificate, or at an issuer not sent, that no anchor stands for
  missing_intermediate,  // the issuer was not sent and is no anchor: see Problem::presumed
  bad_signature,
  wrong_purpose,
  not_a_ca,
  path_length_exceeded,
  name_constraint_violated,
  revoked,
  crl_missing,
  crl_expired,
  crl_not_yet_valid,
  crl_invalid,  // signature, issuer, scope or format of a CRL
  weak_key,
  weak_signature,
  name_mismatch,
  unknown_critical_extension,
  invalid_extension,  // malformed, or twice
  chain_too_long,
  undecodable,  // libcrypto or we cannot read the certificate or its key
  no_certificate,
  other,
};

struct ProblemInfo {
  ProblemCode code;
  std::string_view name;   // stable, snake_case, the enumerator's own: "expired"
  std::string_view title;  // "The certificate has expired"
  std::string_view why;    // what it means and what to do, one or two sentences
  std::string_view cite;   // "RFC 5280 §6.1.3"
};
[[nodiscard]] std::span<const ProblemInfo> problem_table();  // one row per code, in the order of the enum
[[nodiscard]] const ProblemInfo& problem_info(ProblemCode code);
[[nodiscard]] std::string_view problem_name(ProblemCode code);
[[nodiscard]] std::optional<ProblemCode> problem_from_name(std::string_view name);

struct Problem {
  ProblemCode code = ProblemCode::other;
  int depth = -1;                     // in the path that was built: 0 is the leaf; -1: none in particular
  std::optional<size_t> certificate;  // index into what the peer sent; nullopt for an anchor or none in particular
  std::string detail;                 // one sentence with names and dates, safe to show
  int openssl_code = 0;               // X509_V_ERR_…; 0 when libcrypto stopped before, or does not look at this
  std::string openssl_text;           // "certificate has expired"
  // One of several explanations of another problem in the list, not a failure of its own. A leaf whose issuer is
  // unknown is `unknown_ca`, and it may be that an intermediate was not sent: then `missing_intermediate` stands beside
  // it, presumed unless shown by `ValidateOptions::known_intermediates` (which then clears `unknown_ca`).
  bool presumed = false;
};

enum class Purpose : uint8_t { server, client, any };

struct ValidateOptions {
  int64_t time = 0;  // seconds since 1970 at which the chain must hold
  Purpose purpose = Purpose::server;
  // Most intermediates between leaf and anchor (nginx and OpenSSL count so).
  int max_intermediates = 16;
  // As OpenSSL's: 2 refuses keys and signatures under 112 bits (RSA < 2048, SHA-1); 0 accepts everything.
  int security_level = 2;
  // Any anchor ends a path, self-signed or not (as curl and Go have it; plain OpenSSL wants a root).
  bool partial_chain = true;
  enum class Revocation : uint8_t { when_crls_given, off, leaf, chain } revocation = Revocation::when_crls_given;
  std::vector<Bytes> crls;  // DER
  // A DNS name or an IP address that the leaf must be for; empty: not looked at.
  std::string name;
  // Certificates known from elsewhere: never trusted and never used for the verdict, only to tell a missing
  // intermediate from an unknown CA.
  std::vector<Certificate> known_intermediates;
};

struct Validation {
  std::vector<Problem> problems;  // by depth, then code; each (code, certificate) once
  // Leaf first, as far as it could be built, with the anchor at its end when one was found.
  std::vector<Certificate> path;
  bool anchored = false;  // the path ends at an anchor
  // What the name check saw, when a name was asked for. A name found only in the common name is *no* problem here:
  // clients differ.
  std::optional<NameCheck> name;

  // No problem at all; presumed ones never stand alone.
  [[nodiscard]] bool ok() const { return problems.empty(); }
  [[nodiscard]] bool has(ProblemCode code) const;
  [[nodiscard]] const Problem* find(ProblemCode code) const;
};

// Certificates beyond this many are not looked at (chain_too_long says so).
inline constexpr size_t kMaxChain = 256;

// `sent`: the leaf first, then whatever the peer sent. Never throws, never fails: all that is wrong is in the result.
[[nodiscard]] Validation validate(std::span<const Certificate> sent, const TrustAnchors& anchors,
                                  const ValidateOptions& options);

// Whether `issuer` certified `subject`: names, key identifiers where both have them, and the signature.
[[nodiscard]] bool certifies(const CertificateView& issuer, const CertificateView& subject);

// What the peer's list looks like, whatever its validity.
struct ChainAnalysis {
  size_t num_sent = 0;
  size_t leaf = 0;         // the index of the certificate that looks like the leaf
  bool leaf_first = true;  // RFC 8446 §4.4.2, RFC 5246 §7.4.2: the sender's certificate must come first
  bool in_order = true;    // each certificate certifies the one before it
  std::optional<size_t> first_out_of_order;  // the first one that does not
  std::vector<size_t> path;                  // from the leaf upwards through certificates that were sent
  enum class End : uint8_t {
    anchor_sent,     // the last of the path is an anchor
    anchor_issued,   // an anchor certifies the last of the path: the usual, right end
    self_signed,     // it is self-signed and no anchor
    issuer_unknown,  // its issuer was neither sent nor is it an anchor
    cycle,           // it was issued by one that is in the path already
    none,            // nothing was sent, or the leaf is unreadable
  } end = End::none;
  bool complete = false;            // anchor_sent or anchor_issued: nobody needs a certificate from elsewhere
  std::vector<size_t> duplicates;   // byte for byte an earlier one
  std::vector<size_t> superfluous;  // related to the path, but not in it (cross certificates, a second path)
  std::vector<size_t> unrelated;    // neither certify nor are certified by anything in the path
  std::vector<size_t> undecodable;
  std::optional<size_t> root;  // a self-signed certificate besides the leaf: harmless, but wasted bytes
  std::string missing_issuer;  // issuer_unknown: its name, safe to show
};
[[nodiscard]] ChainAnalysis analyse_chain(std::span<const Certificate> sent, const TrustAnchors& anchors);

}  // namespace tlsproof::x509
