#include "tlsproof/engine/certificates.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tlsproof/base/clock.h"

namespace tlsproof::engine {

using scenario::CertificateCheck;
using scenario::Control;
using verdict::Verdict;
using x509::ProblemCode;
using x509::WeaknessCode;

namespace {

constexpr int64_t kDay = 86'400;

// Problems that another check has for itself, so that one fault gives one finding.
constexpr std::array kJudgedElsewhere = {ProblemCode::expired, ProblemCode::not_yet_valid, ProblemCode::name_mismatch,
                                         ProblemCode::weak_key, ProblemCode::weak_signature};

std::string problem_text(const x509::Problem& problem) {
  return fmt::format("{}: {}", x509::problem_name(problem.code), problem.detail);
}

std::string join_lines(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "; ") + part;
  return out;
}

std::string title(const x509::Certificate& certificate) {
  return certificate->escaped_title();
}

Judgement judge_complete(const ChainFacts& facts, const ChainTerms& terms, Verdict bad) {
  using End = x509::ChainAnalysis::End;
  const std::string wanted = "every certificate up to one that a trust anchor issued is sent";
  const auto& analysis = facts.analysis;
  const std::string count =
      fmt::format("{} certificate{} sent", facts.chain.size(), facts.chain.size() == 1 ? "" : "s");
  switch (analysis.end) {
    case End::anchor_sent:
    case End::anchor_issued: {
      Judgement out = judged(Verdict::pass, wanted, fmt::format("{}; the path ends at a trust anchor", count));
      return out;
    }
    case End::self_signed:
      return judged(Verdict::pass, wanted, fmt::format("{}; the path ends at a self-signed one", count));
    case End::issuer_unknown: {
      const std::string seen =
          fmt::format("{}; the issuer of the last one on the path, {}, was not sent and is no trust anchor", count,
                      analysis.missing_issuer);
      if (const x509::Problem* missing = facts.validation.find(ProblemCode::missing_intermediate);
          missing && !missing->presumed) {
        Judgement out = judged(bad, wanted, seen);
        out.notes.push_back(
            "with that intermediate, known from elsewhere in this run, the path reaches a trust anchor");
        return out;
      }
      return undecided(wanted, seen,
                       fmt::format("either an intermediate is missing or the root is not among the trust anchors ({}); "
                                   "oneway/chain_valid tells what that means for clients",
                                   terms.anchors.description()));
    }
    case End::cycle:
      return judged(bad, wanted, "the certificates sent certify each other in a circle");
    case End::none:
      return judged(bad, wanted, "no readable certificate was sent");
  }
  return {};
}

Judgement judge_order(const ChainFacts& facts, Verdict bad) {
  const auto& analysis = facts.analysis;
  std::vector<std::string> faults;
  if (!analysis.leaf_first)
    faults.push_back(fmt::format("the server's own certificate comes as number {}", analysis.leaf + 1));
  if (!analysis.in_order && analysis.first_out_of_order)
    faults.push_back(fmt::format("certificate {}, {}, does not certify the one before it",
                                 *analysis.first_out_of_order + 1, title(facts.chain[*analysis.first_out_of_order])));
  for (size_t i : analysis.duplicates) faults.push_back(fmt::format("certificate {} is sent twice", i + 1));
  for (size_t i : analysis.unrelated)
    faults.push_back(fmt::format("certificate {}, {}, has nothing to do with the path", i + 1, title(facts.chain[i])));
  for (size_t i : analysis.superfluous)
    faults.push_back(fmt::format("certificate {}, {}, is not on the path", i + 1, title(facts.chain[i])));
  Judgement out = judged(
      faults.empty() ? Verdict::pass : bad,
      "the server's own certificate first, each next one certifying the one before, no others",
      faults.empty()
          ? fmt::format("{} in order", facts.chain.size() == 1 ? "one certificate"
                                                               : fmt::format("{} certificates", facts.chain.size()))
          : join_lines(faults));
  if (analysis.root)
    out.notes.push_back("the root is sent too: harmless, but every client has it or does not trust it");
  return out;
}

Judgement judge_valid(const ChainFacts& facts, const ChainTerms& terms, Verdict bad) {
  const std::string wanted =
      fmt::format("a path to a trust anchor ({}) holds for a TLS server", terms.anchors.description());
  std::vector<std::string> faults;
  std::vector<std::string> notes;
  for (const x509::Problem& problem : facts.validation.problems) {
    // The other checks look at what was sent; an expired root that was not is this one's to tell.
    const bool elsewhere = std::ranges::find(kJudgedElsewhere, problem.code) != kJudgedElsewhere.end() &&
                           (problem.certificate || problem.code == ProblemCode::name_mismatch);
    if (elsewhere) continue;
    if (problem.presumed)
      notes.push_back("perhaps " + problem_text(problem));
    else
      faults.push_back(problem_text(problem));
  }
  Judgement out = judged(faults.empty() ? Verdict::pass : bad, wanted, join_lines(faults));
  if (faults.empty()) {
    std::string path;
    for (const auto& certificate : facts.validation.path)
      path += (path.empty() ? "" : " <- ") + certificate->subject.escaped_text(60);
    out.seen = path.empty() ? "it holds" : path;
  }
  out.notes = std::move(notes);
  return out;
}

Judgement judge_name(const ChainFacts& facts, const ChainTerms& terms, Verdict bad) {
  const x509::NameCheck check = x509::check_name(*facts.chain.front(), terms.name);
  const std::string wanted = fmt::format("a certificate for {}", terms.name);
  Judgement out;
  switch (check.match) {
    case x509::NameMatch::matches_san:
      return judged(Verdict::pass, wanted,
                    fmt::format("{}{}", check.matched, check.by_wildcard ? " (a wildcard)" : ""));
    case x509::NameMatch::matches_common_name_only:
      out = judged(Verdict::warn, wanted, fmt::format("only the common name fits ({})", check.matched));
      out.notes.push_back("OpenSSL, curl, GnuTLS and Node take it; Go, rustls and browsers do not (RFC 9525 §2)");
      return out;
    case x509::NameMatch::bad_reference:
      return undecided(wanted, check.message(terms.name), "what was asked for is neither a DNS name nor an IP address");
    case x509::NameMatch::mismatch:
    case x509::NameMatch::no_name:
      break;
  }
  out = judged(bad, wanted, check.message(terms.name));
  if (!check.hint.empty()) out.notes.push_back(check.hint);
  return out;
}

Judgement judge_dates(const ChainFacts& facts, const ChainTerms& terms, Verdict bad) {
  std::vector<std::string> faults;
  std::vector<std::string> off_path;
  for (size_t i = 0; i < facts.chain.size(); ++i) {
    const auto& view = *facts.chain[i];
    // Beside the path an old certificate costs bytes and breaks nothing; chain_in_order tells of it.
    const bool on_path =
        i == 0 || facts.analysis.path.empty() || std::ranges::find(facts.analysis.path, i) != facts.analysis.path.end();
    auto& list = on_path ? faults : off_path;
    if (!view.not_before || !view.not_after)
      list.push_back(fmt::format("{}: its dates cannot be read", title(facts.chain[i])));
    else if (terms.now > *view.not_after)
      list.push_back(fmt::format("{} ended at {}", title(facts.chain[i]), format_utc(*view.not_after)));
    else if (terms.now < *view.not_before)
      list.push_back(fmt::format("{} begins at {}", title(facts.chain[i]), format_utc(*view.not_before)));
  }
  const auto& leaf = *facts.chain.front();
  Judgement out = judged(
      faults.empty() ? Verdict::pass : bad, fmt::format("every certificate is valid at {}", format_utc(terms.now)),
      faults.empty() ? fmt::format("{} to {}", format_utc(*leaf.not_before), format_utc(*leaf.not_after))
                     : join_lines(faults));
  for (const std::string& text : off_path) out.notes.push_back("beside the path: " + text);
  return out;
}

Judgement judge_days_left(const ChainFacts& facts, const ChainTerms& terms, Verdict bad) {
  const std::string wanted = fmt::format("at least {} days until the first certificate ends", terms.min_days_left);
  std::optional<int64_t> first;
  const x509::Certificate* which = nullptr;
  for (const auto& certificate : facts.chain)
    if (certificate->not_after && (!first || *certificate->not_after < *first))
      first = certificate->not_after, which = &certificate;
  if (!first) return undecided(wanted, "no date could be read", "the dates of the certificates cannot be read");
  const int64_t left = *first - terms.now;
  const std::string seen =
      left >= 0 ? fmt::format("{} days left: {} ends at {}", left / kDay, title(*which), format_utc(*first))
                : fmt::format("{} ended {} days ago, at {}", title(*which), -left / kDay, format_utc(*first));
  if (left < 0) {  // one fault, one finding
    Judgement out = judged(Verdict::skip, wanted, seen);
    out.reason = "it has ended already: oneway/not_expired judges that";
    out.applies = false;
    return out;
  }
  return judged(left >= terms.min_days_left * kDay ? Verdict::pass : bad, wanted, seen);
}

Judgement judge_version(const ChainFacts& facts, Verdict bad) {
  std::vector<std::string> faults;
  for (const auto& certificate : facts.chain)
    if (certificate->version != 3)
      faults.push_back(fmt::format("{} is of version {}", title(certificate), certificate->version));
  return judged(faults.empty() ? Verdict::pass : bad, "X.509 version 3",
                faults.empty() ? "version 3" : join_lines(faults));
}

Judgement judge_san(const ChainFacts& facts, Verdict bad) {
  const auto& leaf = *facts.chain.front();
  size_t num_names = 0;
  if (leaf.subject_alt_names)
    num_names = static_cast<size_t>(std::ranges::count_if(*leaf.subject_alt_names, [](const x509::GeneralName& name) {
      return name.kind == x509::GeneralName::Kind::dns || name.kind == x509::GeneralName::Kind::ip;
    }));
  return judged(num_names > 0 ? Verdict::pass : bad, "a subjectAltName with the host's names",
                num_names > 0 ? fmt::format("{} name{}", num_names, num_names == 1 ? "" : "s")
                              : fmt::format("none; the subject is {}", leaf.subject.escaped_text(80)));
}

// RFC 9325 §4.5, NIST SP 800-57: less than 112 bits of security.
bool is_weak(const x509::PublicKeyView& key) {
  switch (key.kind) {
    case x509::KeyKind::rsa:
    case x509::KeyKind::rsa_pss:
    case x509::KeyKind::dsa:
    case x509::KeyKind::dh:
      return key.bits < 2048;
    case x509::KeyKind::ec:
      return key.bits != 0 && key.bits < 224;
    default:
      return false;
  }
}

Judgement judge_keys(const ChainFacts& facts, Verdict bad) {
  std::vector<std::string> faults;
  for (const auto& certificate : facts.chain)
    if (is_weak(certificate->public_key))
      faults.push_back(fmt::format("{}: {}", title(certificate), certificate->public_key.describe()));
  return judged(faults.empty() ? Verdict::pass : bad, "keys of at least 112 bits of security (RSA 2048, EC 224)",
                faults.empty() ? facts.chain.front()->public_key.describe() : join_lines(faults));
}

Judgement judge_signatures(const ChainFacts& facts, Verdict bad) {
  std::vector<std::string> faults;
  for (const auto& certificate : facts.chain) {
    // A root is trusted for its key, not for its signature (RFC 8446 §4.4.2.2).
    if (certificate->self_issued() && facts.chain.size() > 1) continue;
    const std::string_view hash = certificate->signature_algorithm.hash;
    if (hash == "MD5" || hash == "SHA1" || hash == "MD2")
      faults.push_back(
          fmt::format("{} is signed with {}", title(certificate), certificate->signature_algorithm.name()));
  }
  return judged(faults.empty() ? Verdict::pass : bad, "signatures with SHA-256 or better",
                faults.empty() ? facts.chain.front()->signature_algorithm.name() : join_lines(faults));
}

Judgement judge_purpose(const ChainFacts& facts, Verdict bad) {
  const auto& usage = facts.chain.front()->extended_key_usage;
  const std::string wanted = "extendedKeyUsage with serverAuth";
  if (!usage) return judged(bad, wanted, "no extendedKeyUsage: good for any purpose");
  std::string names;
  for (const x509::Oid& oid : *usage) names += (names.empty() ? "" : ", ") + oid.name_or_text();
  const auto has = [&](std::string_view wanted_oid) {
    return std::ranges::any_of(*usage, [&](const x509::Oid& oid) { return oid == wanted_oid; });
  };
  if (has(x509::kServerAuth)) return judged(Verdict::pass, wanted, names);
  // RFC 5280 §4.2.1.12: when the extension is there, the certificate MUST only be used for a purpose it names.
  if (has(x509::kAnyExtendedKeyUsage)) return judged(bad, wanted, names);
  return judged(Verdict::fail, wanted, names.empty() ? "an empty list" : names);
}

Judgement judge_lifetime(const ChainFacts& facts, Verdict bad) {
  constexpr int64_t kMostDays = 825;  // Apple's systems refuse more, whoever issued the certificate
  const auto& leaf = *facts.chain.front();
  const std::string wanted = fmt::format("at most {} days: some clients refuse more, also from private CAs", kMostDays);
  if (!leaf.not_before || !leaf.not_after)
    return undecided(wanted, "no dates", "the dates of the certificate cannot be read");
  const int64_t seconds = *leaf.not_after - *leaf.not_before;
  const std::string seen = fmt::format("{} days", (seconds + kDay - 1) / kDay);
  Judgement out = judged(seconds > kMostDays * kDay ? bad : Verdict::pass, wanted, seen);
  for (const x509::Weakness& weakness : facts.weaknesses) {
    if (weakness.code == WeaknessCode::dates_reversed) out.verdict = bad;
    if (weakness.code == WeaknessCode::dates_reversed || weakness.code == WeaknessCode::lifetime_long)
      out.notes.emplace_back(x509::weakness_info(weakness.code).title);
  }
  return out;
}

}  // namespace

const ChainFacts& ChainBook::facts(std::span<const Bytes> chain) {
  std::string key;
  for (const Bytes& der : chain) key += fmt::format("{}:", der.size()) + std::string(as_text(der));
  if (auto found = facts_.find(key); found != facts_.end()) return found->second;
  ChainFacts facts;
  for (const Bytes& der : chain) facts.chain.push_back(x509::Certificate::parse(ByteView(der)));
  facts.analysis = x509::analyse_chain(facts.chain, terms_.anchors);
  x509::ValidateOptions options;
  options.time = terms_.now;
  options.crls = terms_.crls;
  options.name = terms_.name;
  options.known_intermediates = terms_.known;
  facts.validation = x509::validate(facts.chain, terms_.anchors, options);
  facts.weaknesses =
      x509::find_weaknesses(*facts.chain.front(), {.public_trust = terms_.public_trust && facts.validation.anchored});
  return facts_.emplace(std::move(key), std::move(facts)).first->second;
}

Judgement judge_certificate(CertificateCheck check, const ChainFacts& facts, const ChainTerms& terms, Verdict bad) {
  if (!facts.chain.front()->readable) {  // what cannot be read has no fault, and proves nothing
    const auto& problems = facts.chain.front()->problems;
    return judged(Verdict::fail, "a certificate",
                  problems.empty() ? "the certificate cannot be read"
                                   : "the certificate cannot be read: " + problems.front().message());
  }
  switch (check) {
    case CertificateCheck::chain_complete:
      return judge_complete(facts, terms, bad);
    case CertificateCheck::chain_in_order:
      return judge_order(facts, bad);
    case CertificateCheck::chain_valid:
      return judge_valid(facts, terms, bad);
    case CertificateCheck::name_matches:
      return judge_name(facts, terms, bad);
    case CertificateCheck::not_expired:
      return judge_dates(facts, terms, bad);
    case CertificateCheck::days_left:
      return judge_days_left(facts, terms, bad);
    case CertificateCheck::version_3:
      return judge_version(facts, bad);
    case CertificateCheck::has_san:
      return judge_san(facts, bad);
    case CertificateCheck::key_strength:
      return judge_keys(facts, bad);
    case CertificateCheck::signature_strength:
      return judge_signatures(facts, bad);
    case CertificateCheck::extended_key_usage:
      return judge_purpose(facts, bad);
    case CertificateCheck::lifetime:
      return judge_lifetime(facts, bad);
  }
  return {};
}

Judgement judge_control(Control control, const ChainFacts& facts, const ChainTerms& terms,
                        const x509::TrustAnchors& strange_anchors) {
  x509::ValidateOptions options;
  options.time = terms.now;
  options.crls = terms.crls;
  options.name = terms.name;
  std::vector<ProblemCode> wanted_codes;
  std::string what;
  const x509::TrustAnchors* anchors = &terms.anchors;
  switch (control) {
    case Control::none:
      break;
    case Control::wrong_ca:
      anchors = &strange_anchors;
      options.crls.clear();
      wanted_codes = {ProblemCode::unknown_ca, ProblemCode::self_signed_leaf};
      what = "with strange trust anchors";
      break;
    case Control::wrong_name:
      options.name = "tlsproof-control.invalid";
      wanted_codes = {ProblemCode::name_mismatch};
      what = "for the name tlsproof-control.invalid";
      break;
    case Control::shifted_clock:
      for (const auto& certificate : facts.chain)
        if (certificate->not_after) options.time = std::max(options.time, *certificate->not_after + kDay);
      wanted_codes = {ProblemCode::expired};
      what = "at " + format_utc(options.time);
      break;
  }
  const std::string wanted =
      fmt::format("{}, our verifier finds {} beside what it found before", what,
                  x509::problem_name(wanted_codes.empty() ? ProblemCode::other : wanted_codes.front()));
  if (facts.validation.has(ProblemCode::undecodable)) {
    // Nothing can be validated about it: chain_valid fails for that, and the verifier is not to blame.
    Judgement out = judged(Verdict::skip, wanted, "libcrypto cannot read the certificate");
    out.reason = "libcrypto cannot read the certificate: oneway/chain_valid judges that";
    return out;
  }
  const x509::Validation bent = x509::validate(facts.chain, *anchors, options);
  std::string found;
  std::vector<ProblemCode> told;
  for (const x509::Problem& problem : bent.problems) {
    if (problem.presumed || std::ranges::find(told, problem.code) != told.end()) continue;
    told.push_back(problem.code);
    found += (found.empty() ? "" : ", ") + std::string(x509::problem_name(problem.code));
  }
  const std::string seen = found.empty() ? "nothing" : found;
  if (std::ranges::none_of(wanted_codes, [&](ProblemCode code) { return bent.has(code); }))
    return undecided(wanted, seen,
                     "our own verifier did not see the fault it was given: no certificate verdict here can be trusted");
  for (const x509::Problem& before : facts.validation.problems) {
    const bool by_leaf =
        before.depth == 0 && (before.code == ProblemCode::expired || before.code == ProblemCode::name_mismatch ||
                              before.code == ProblemCode::wrong_purpose || before.code == ProblemCode::weak_key);
    if (by_leaf && control != Control::shifted_clock && !bent.has(before.code))
      return undecided(wanted, seen,
                       fmt::format("our own verifier no longer sees {}: no certificate verdict here can be trusted",
                                   x509::problem_name(before.code)));
  }
  return judged(Verdict::info, wanted, seen);
}

}  // namespace tlsproof::engine
