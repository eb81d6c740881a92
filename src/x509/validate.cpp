// Path validation: libcrypto with a callback that writes everything down and goes on, then our own passes over what it
// does not reach, then the words.
#include "tlsproof/x509/validate.h"

#include <fmt/format.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <tuple>

#include "chain.h"
#include "parse.h"
#include "tlsproof/base/clock.h"
#include "tlsproof/base/text.h"
#include "verify_codes.h"

namespace tlsproof::x509 {
namespace {

struct Recorded {
  int code = 0;
  int depth = 0;
};

// One run of libcrypto.
struct Run {
  std::vector<Recorded> errors;
  std::vector<Certificate> path;
  int trust_error = 0;
  bool anchored = false;
  bool stopped = false;  // before signatures and dates were looked at
};

int record_and_go_on(int ok, X509_STORE_CTX* context) noexcept {
  constexpr size_t kMaxRecorded = 4096;
  auto* errors = static_cast<std::vector<Recorded>*>(X509_STORE_CTX_get_app_data(context));
  if (ok == 0 && errors->size() < kMaxRecorded)
    errors->push_back({X509_STORE_CTX_get_error(context), X509_STORE_CTX_get_error_depth(context)});
  // Building the path gives up with an older error instead of its own while one is set.
  X509_STORE_CTX_set_error(context, X509_V_OK);
  return 1;
}

// The CRLs of one validation, read once.
struct Crls {
  CrlStackPtr stack{sk_X509_CRL_new_null()};
};

class Validator {
 public:
  Validator(std::span<const Certificate> sent, const TrustAnchors& anchors, const ValidateOptions& options)
      : pool_(sent.first(std::min(sent.size(), kMaxChain))),
        num_sent_(sent.size()),
        anchors_(anchors),
        options_(options) {}

  Validation run() {
    if (num_sent_ > kMaxChain) {
      add(ProblemCode::chain_too_long, -1, std::nullopt,
          fmt::format("{} certificates were sent; only the first {} are looked at", num_sent_, kMaxChain));
    }
    if (pool_.size() == 0) {
      add(ProblemCode::no_certificate, -1, std::nullopt, "no certificate was sent");
      return finish();
    }
    report_unreadable();
    read_crls();
    build();
    check_keys();
    check_extensions();
    check_dates();
    check_depth();
    check_weak_signatures();
    check_leaf();
    return finish();
  }

 private:
  void add(ProblemCode code, int depth, std::optional<size_t> certificate, std::string detail, int openssl_code = 0) {
    for (const Problem& problem : out_.problems)
      if (problem.code == code && problem.depth == depth && problem.certificate == certificate) return;
    Problem problem;
    problem.code = code;
    problem.depth = depth;
    problem.certificate = certificate;
    problem.detail = std::move(detail);
    problem.openssl_code = openssl_code;
    if (openssl_code != 0) problem.openssl_text = X509_verify_cert_error_string(openssl_code);
    out_.problems.push_back(std::move(problem));
  }

  [[nodiscard]] std::optional<size_t> index_of(const Certificate& certificate) const {
    for (size_t i = 0; i < pool_.size(); ++i)
      if (pool_.certificate(i) == certificate) return i;
    return std::nullopt;
  }

  void report_unreadable() {
    for (size_t i = 0; i < pool_.size(); ++i) {
      if (pool_.x509(i) != nullptr) continue;
      const std::vector<FieldProblem>& problems = pool_.view(i).problems;
      std::string why = !problems.empty() ? problems.front().message() : pool_.why_unreadable(i);
      if (why.empty()) why = "libcrypto does not read it";
      add(ProblemCode::undecodable, i == 0 ? 0 : -1, i,
          fmt::format("certificate {} of the list cannot be read: {}", i, why));
    }
  }

  void read_crls() {
    for (size_t i = 0; i < options_.crls.size(); ++i) {
      const Bytes& der = options_.crls[i];
      const uint8_t* at = der.data();
      CrlPtr crl(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
      const std::string why = drain_errors();
      if (crl == nullptr) {
        add(ProblemCode::crl_invalid, -1, std::nullopt,
            fmt::format("CRL {} of those given cannot be read: {}", i, why));
      } else if (sk_X509_CRL_push(crls_.stack.get(), crl.get()) > 0) {
        (void)crl.release();
      }
    }
  }

  void set_parameters(X509_VERIFY_PARAM* parameters, Purpose purpose) const {
    unsigned long flags = 0;
    using enum ValidateOptions::Revocation;
    const bool when_given = options_.revocation == when_crls_given && !options_.crls.empty();
    if (options_.revocation == leaf) flags |= X509_V_FLAG_CRL_CHECK;
    if (options_.revocation == chain || when_given) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    if (options_.partial_chain) flags |= X509_V_FLAG_PARTIAL_CHAIN;
    X509_VERIFY_PARAM_set_flags(parameters, flags);
    X509_VERIFY_PARAM_set_time(parameters, static_cast<time_t>(options_.time));
    // libcrypto's own limit makes a path too long look like one without an issuer; ours is judged afterwards.
    X509_VERIFY_PARAM_set_depth(parameters, static_cast<int>(kMaxChain));
    X509_VERIFY_PARAM_set_auth_level(parameters, options_.security_level);
    if (purpose == Purpose::server) X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_SERVER);
    if (purpose == Purpose::client) X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT);
  }

  // libcrypto's own of a certificate of the pool or the path: reading one costs more than checking its signature.
  X509* native(const Certificate& certificate) {
    if (const std::optional<size_t> index = index_of(certificate)) return pool_.x509(*index);
    for (const auto& [known, x509] : others_)
      if (known == certificate) return x509.get();
    return others_.emplace_back(certificate, to_x509(certificate.der())).second.get();
  }

  // The other way round.
  Certificate certificate_of(X509* x509) {
    for (size_t i = 0; i < pool_.size(); ++i)
      if (pool_.x509(i) == x509) return pool_.certificate(i);
    for (const auto& [known, other] : others_)
      if (other.get() == x509) return known;
    X509_up_ref(x509);
    return others_.emplace_back(from_x509(x509), X509Ptr(x509)).first;
  }

  Run run_libcrypto(X509* leaf, Purpose purpose, std::span<const X509Ptr> more = {}) {
    Run run;
    const X509ListPtr untrusted(sk_X509_new_null());
    const StoreContextPtr context(X509_STORE_CTX_new());
    TLSPROOF_CHECK(untrusted != nullptr && context != nullptr);
    for (size_t i = 0; i < pool_.size(); ++i)
      if (pool_.x509(i) != nullptr && pool_.x509(i) != leaf && !pool_.is_duplicate(i))
        sk_X509_push(untrusted.get(), pool_.x509(i));
    for (const X509Ptr& certificate : more)
      if (certificate != nullptr) sk_X509_push(untrusted.get(), certificate.get());
    if (X509_STORE_CTX_init(context.get(), anchors_.impl().store.get(), leaf, untrusted.get()) != 1) {
      (void)drain_errors();
      return run;
    }
    set_parameters(X509_STORE_CTX_get0_param(context.get()), purpose);
    X509_STORE_CTX_set0_crls(context.get(), crls_.stack.get());
    X509_STORE_CTX_set_app_data(context.get(), &run.errors);
    X509_STORE_CTX_set_verify_cb(context.get(), record_and_go_on);
    const int result = X509_verify_cert(context.get());
    const STACK_OF(X509)* chain = X509_STORE_CTX_get0_chain(context.get());
    for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i)
      run.path.push_back(certificate_of(sk_X509_value(chain, i)));
    // Some failures end the run without going through the callback.
    const int last = X509_STORE_CTX_get_error(context.get());
    const bool known = std::ranges::any_of(run.errors, [&](const Recorded& error) { return error.code == last; });
    if (result <= 0 && last != X509_V_OK && !known)
      run.errors.push_back({last, X509_STORE_CTX_get_error_depth(context.get())});
    for (const Recorded& error : run.errors)
      if (run.trust_error == 0 && is_trust_error(error.code)) run.trust_error = error.code;
    run.anchored = run.trust_error == 0 && !run.path.empty() && anchors_.contains(*run.path.back());
    run.stopped = result <= 0;
    (void)drain_errors();
    return run;
  }

  // libcrypto takes no issuer for a certificate whose extensions are malformed, and no malformed one for an issuer.
  // Where the signature shows that it is the issuer all the same, the path is built on from there: there may be more to
  // say further up.
  void build() {
    Purpose purpose = options_.purpose;
    std::optional<size_t> start = pool_.x509(0) != nullptr ? std::optional<size_t>(0) : std::nullopt;
    std::vector<bool> used(pool_.size(), false);
    if (!start) out_.path.push_back(pool_.certificate(0));
    while (start) {
      used[*start] = true;
      const size_t base = out_.path.size();
      Run run = run_libcrypto(pool_.x509(*start), purpose);
      if (run.path.empty()) run.path.push_back(pool_.certificate(*start));
      for (const Certificate& certificate : run.path) {
        out_.path.push_back(certificate);
        if (const std::optional<size_t> index = index_of(certificate)) used[*index] = true;
      }
      out_.anchored = run.anchored;
      stopped_ = stopped_ || run.stopped;
      for (const Recorded& error : run.errors) record(error, base, run);
      if (out_.anchored || add_passed_over_anchor()) return;
      start = passed_over_issuer(used);
      if (!start) return explain_no_anchor(run.trust_error);
      const CertificateView& issuer = pool_.view(*start);
      if (!issuer.is_ca() || (issuer.key_usage && !issuer.key_usage->has(KeyUsage::key_cert_sign)))
        add(ProblemCode::not_a_ca, static_cast<int>(out_.path.size()), start, not_a_ca_text(issuer),
            X509_V_ERR_INVALID_CA);
      purpose = Purpose::any;
    }
  }

  std::optional<size_t> passed_over_issuer(const std::vector<bool>& used) {
    const std::optional<size_t> top = index_of(out_.path.back());
    if (!top) return std::nullopt;
    for (size_t i = 0; i < pool_.size(); ++i)
      if (!used[i] && pool_.x509(i) != nullptr && pool_.certifies(i, *top)) return i;
    return std::nullopt;
  }

  bool add_passed_over_anchor() {
    const Certificate top = out_.path.back();
    if (!has_invalid_extensions(top)) return false;
    for (const Certificate& anchor : anchors_.find_by_subject(top->issuer.der)) {
      if ((!options_.partial_chain && !anchor->self_issued()) || !certifies(*anchor, *top)) continue;
      out_.path.push_back(anchor);
      out_.anchored = true;
      return true;
    }
    return false;
  }

  bool has_invalid_extensions(const Certificate& certificate) {
    X509* const x509 = native(certificate);
    const bool invalid = x509 != nullptr && (X509_get_extension_flags(x509) & EXFLAG_INVALID) != 0;
    (void)drain_errors();
    return invalid;
  }

  void record(const Recorded& error, size_t base, const Run& run) {
    if (is_trust_error(error.code)) return;  // explain_no_anchor says it
    const ProblemCode code = problem_code_of(error.code);
    const bool has_certificate = error.depth >= 0 && static_cast<size_t>(error.depth) < run.path.size();
    // RFC 5280 §4.1.2.5: the period includes both its ends; libcrypto leaves the last second out.
    if (code == ProblemCode::expired && has_certificate &&
        options_.time == run.path[static_cast<size_t>(error.depth)]->not_after)
      return;
    // Nobody revokes an anchor: without a CRL for it nothing is missing.
    if (code == ProblemCode::crl_missing && run.anchored && static_cast<size_t>(error.depth) + 1 == run.path.size())
      return;
    const Certificate certificate = has_certificate ? run.path[static_cast<size_t>(error.depth)] : Certificate();
    const int depth = has_certificate ? static_cast<int>(base) + error.depth : -1;
    add(code, depth, has_certificate ? index_of(certificate) : std::nullopt,
        describe(code, error.code, certificate, depth), error.code);
  }

  static std::string not_a_ca_text(const CertificateView& certificate) {
    const std::string_view why = !certificate.basic_constraints ? "it has no basicConstraints"
                                 : !certificate.is_ca()         ? "basicConstraints says so"
                                                                : "keyUsage lacks keyCertSign";
    return fmt::format("{} issued the certificate below it, but is not a CA's: {}", certificate.escaped_title(), why);
  }

  [[nodiscard]] std::string describe(ProblemCode code, int openssl_code, const Certificate& certificate,
                                     int depth) const {
    const std::string who = certificate.der().empty() ? std::string("the chain") : certificate->escaped_title();
    switch (code) {
      case ProblemCode::expired:
        return expiry_text(certificate, who);
      case ProblemCode::not_yet_valid:
        return start_text(certificate, who);
      case ProblemCode::bad_signature:
        return fmt::format("the signature of {} was not made by the key of its issuer{}", who,
                           certificate->signature_algorithm.oid != certificate->tbs_signature_algorithm.oid
                               ? ", and it names two different signature algorithms"
                               : "");
      case ProblemCode::wrong_purpose:
        return purpose_text(certificate, who, depth);
      case ProblemCode::not_a_ca:
        return not_a_ca_text(*certificate);
      case ProblemCode::weak_key:
        return fmt::format("{} has a key of {}", who, certificate->public_key.describe());
      case ProblemCode::weak_signature:
        return fmt::format("{} is signed with {}", who, certificate->signature_algorithm.name());
      case ProblemCode::unknown_critical_extension:
        return critical_text(certificate, who);
      case ProblemCode::revoked:
        return fmt::format("{}, serial {}, is in its issuer's CRL", who, certificate->serial_hex());
      case ProblemCode::crl_missing:
        return fmt::format("none of the CRLs is for {}", who);
      default:
        return fmt::format("{}: {}", who, X509_verify_cert_error_string(openssl_code));
    }
  }

  static std::string days_text(int64_t seconds) {
    const int64_t days = seconds / 86400;
    if (days == 0) return "less than a day";
    return days == 1 ? "1 day" : fmt::format("{} days", days);
  }
  [[nodiscard]] std::string expiry_text(const Certificate& certificate, const std::string& who) const {
    if (!certificate->not_after) return fmt::format("{} has expired", who);
    return fmt::format("{} expired at {}, {} before the time of the check", who, format_utc(*certificate->not_after),
                       days_text(options_.time - *certificate->not_after));
  }
  [[nodiscard]] std::string start_text(const Certificate& certificate, const std::string& who) const {
    if (!certificate->not_before) return fmt::format("{} is not valid yet", who);
    return fmt::format("{} is valid from {}, {} after the time of the check", who, format_utc(*certificate->not_before),
                       days_text(*certificate->not_before - options_.time));
  }

  [[nodiscard]] std::string purpose_text(const Certificate& certificate, const std::string& who, int depth) const {
    const std::string_view role = options_.purpose == Purpose::client ? "TLS clients" : "TLS servers";
    std::vector<std::string> allowed;
    if (certificate->extended_key_usage) {
      for (const Oid& oid : *certificate->extended_key_usage) {
        if (allowed.size() == 8) break;
        allowed.push_back(oid.name_or_text());
      }
    }
    std::string limits = allowed.empty() ? std::string() : "extendedKeyUsage: " + join(allowed, ", ");
    if (certificate->key_usage) {
      if (!limits.empty()) limits += "; ";
      limits += "keyUsage: " + join(certificate->key_usage->names(), ", ");
    }
    return fmt::format("{} is not for {}{} ({})", who, depth > 0 ? "CAs of " : "", role,
                       limits.empty() ? "no usage given" : limits);
  }

  static std::string critical_text(const Certificate& certificate, const std::string& who) {
    std::vector<std::string> oids;
    for (size_t index : certificate->unknown_critical) {
      if (oids.size() == 8) break;
      const ExtensionView& extension = certificate->extensions[index];
      oids.push_back(extension.name.empty() ? extension.oid.text()
                                            : fmt::format("{} ({})", extension.name, extension.oid.text()));
    }
    return fmt::format("{} has a critical extension that is not known: {}", who,
                       oids.empty() ? "unnamed" : join(oids, ", "));
  }

  // The top of the path is neither an anchor nor issued by one. RFC 8446 §4.4.2: only the anchor itself may be left
  // out.
  void explain_no_anchor(int openssl_code) {
    const Certificate top = out_.path.back();
    const int depth = static_cast<int>(out_.path.size()) - 1;
    const std::optional<size_t> index = index_of(top);
    const std::string who = top->escaped_title();
    if (index && pool_.self_signed(*index)) {
      if (depth == 0)
        return add(ProblemCode::self_signed_leaf, 0, index,
                   fmt::format("{} is signed by its own key and is no trust anchor", who), openssl_code);
      return add(ProblemCode::unknown_ca, depth, index,
                 fmt::format("the chain ends at {}, which is no trust anchor ({})", who, anchors_.description()),
                 openssl_code);
    }
    const std::string issuer = top->issuer.escaped_text();
    if (known_intermediate_helps()) {
      return add(
          ProblemCode::missing_intermediate, depth, index,
          fmt::format("the issuer of {} was not sent; with the certificate of {} the path reaches a trust anchor", who,
                      issuer),
          openssl_code);
    }
    if (!anchors_.find_by_subject(top->issuer.der).empty()) {
      const std::string_view why =
          options_.partial_chain ? "its key did not sign this certificate" : "it is not a root";
      return add(ProblemCode::unknown_ca, depth, index,
                 fmt::format("{}: there is a trust anchor of the issuer's name, but {}", who, why), openssl_code);
    }
    add(ProblemCode::unknown_ca, depth, index,
        fmt::format("the issuer of {} is no trust anchor ({}) and was not sent", who, anchors_.description()),
        openssl_code);
    // A leaf says nothing about whether its issuer is a root; an intermediate's issuer is one as a rule.
    if (depth > 0) return;
    const bool public_leaf = !top->ca_issuer_urls.empty();
    add(ProblemCode::missing_intermediate, depth, index,
        public_leaf ? fmt::format("{} is to be had at {}, so it is an intermediate that was not sent", issuer,
                                  escape_terminal_limited(as_text(top->ca_issuer_urls.front()), 128))
                    : fmt::format("{} may be an intermediate that was not sent", issuer),
        openssl_code);
    out_.problems.back().presumed = true;
  }

  [[nodiscard]] bool known_intermediate_helps() {
    if (options_.known_intermediates.empty() || pool_.x509(0) == nullptr) return false;
    std::vector<X509Ptr> known;
    for (const Certificate& certificate : options_.known_intermediates)
      if (known.size() < kMaxChain) known.push_back(to_x509(certificate.der()));
    return run_libcrypto(pool_.x509(0), Purpose::any, known).anchored;
  }

  // A key that cannot be read stops libcrypto before the signatures.
  void check_keys() {
    std::vector<X509*> path;
    for (const Certificate& certificate : out_.path) path.push_back(native(certificate));
    for (size_t depth = 0; depth < path.size(); ++depth) {
      const Certificate& certificate = out_.path[depth];
      if (path[depth] == nullptr) continue;
      if (X509_get0_pubkey(path[depth]) == nullptr) {
        add(ProblemCode::undecodable, static_cast<int>(depth), index_of(certificate),
            fmt::format("the public key of {} cannot be read: {}", certificate->escaped_title(), drain_errors()));
      }
      if (stopped_ && depth + 1 < path.size() && !signature_holds(path[depth + 1], path[depth]))
        add(ProblemCode::bad_signature, static_cast<int>(depth), index_of(certificate),
            describe(ProblemCode::bad_signature, 0, certificate, static_cast<int>(depth)),
            X509_V_ERR_CERT_SIGNATURE_FAILURE);
    }
  }

  void check_extensions() {
    for (size_t depth = 0; depth < out_.path.size(); ++depth) {
      const Certificate& certificate = out_.path[depth];
      if (!has_invalid_extensions(certificate)) continue;
      std::string why = "libcrypto does not take its extensions";
      for (const FieldProblem& problem : certificate->problems)
        if (problem.field.starts_with("Certificate.extensions")) why = problem.message();
      add(ProblemCode::invalid_extension, static_cast<int>(depth), index_of(certificate),
          fmt::format("{}: {}", certificate->escaped_title(), why), X509_V_ERR_INVALID_EXTENSION);
    }
  }

  // libcrypto looks at dates last, and not at all where it gave up before.
  void check_dates() {
    for (size_t depth = 0; depth < out_.path.size(); ++depth) {
      const Certificate& certificate = out_.path[depth];
      const std::string who = certificate->escaped_title();
      if (certificate->not_after && options_.time > *certificate->not_after)
        add(ProblemCode::expired, static_cast<int>(depth), index_of(certificate), expiry_text(certificate, who),
            X509_V_ERR_CERT_HAS_EXPIRED);
      if (certificate->not_before && options_.time < *certificate->not_before)
        add(ProblemCode::not_yet_valid, static_cast<int>(depth), index_of(certificate), start_text(certificate, who),
            X509_V_ERR_CERT_NOT_YET_VALID);
    }
  }

  void check_depth() {
    int intermediates = static_cast<int>(out_.path.size()) - 1;
    if (intermediates > 0 && (out_.anchored || out_.path.back()->self_issued())) --intermediates;
    if (intermediates <= options_.max_intermediates) return;
    add(ProblemCode::chain_too_long, static_cast<int>(out_.path.size()) - 1, index_of(out_.path.back()),
        fmt::format("the path has {} intermediates, {} are allowed", intermediates, options_.max_intermediates),
        X509_V_ERR_CERT_CHAIN_TOO_LONG);
  }

  // libcrypto judges only signatures whose issuer it found.
  void check_weak_signatures() {
    if (options_.security_level < 1) return;
    for (size_t depth = 0; depth < out_.path.size(); ++depth) {
      const Certificate& certificate = out_.path[depth];
      const bool top_anchor = out_.anchored && depth + 1 == out_.path.size();
      const std::string_view hash = certificate->signature_algorithm.hash;
      // A signature by its own key protects nothing.
      if (top_anchor || certificate->self_issued() ||
          (hash != "SHA1" && hash != "MD5" && hash != "MD4" && hash != "MD2"))
        continue;
      add(ProblemCode::weak_signature, static_cast<int>(depth), index_of(certificate),
          fmt::format("{} is signed with {}", certificate->escaped_title(), certificate->signature_algorithm.name()),
          X509_V_ERR_CA_MD_TOO_WEAK);
    }
  }

  void check_leaf() {
    const Certificate& leaf = pool_.certificate(0);
    const std::string who = leaf->escaped_title();
    if (leaf->extended_key_usage && options_.purpose != Purpose::any) {
      const std::string_view wanted = options_.purpose == Purpose::server ? kServerAuth : kClientAuth;
      const bool allowed = std::ranges::any_of(
          *leaf->extended_key_usage, [&](const Oid& oid) { return oid == wanted || oid == kAnyExtendedKeyUsage; });
      // The two names of server gated cryptography count as serverAuth for libcrypto, which has judged them already.
      if (!allowed && pool_.x509(0) == nullptr)
        add(ProblemCode::wrong_purpose, 0, size_t{0}, purpose_text(leaf, who, 0));
    }
    if (!leaf->unknown_critical.empty())
      add(ProblemCode::unknown_critical_extension, 0, size_t{0}, critical_text(leaf, who),
          X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION);
    if (options_.name.empty()) return;
    out_.name = check_name(*leaf, options_.name);
    if (out_.name->match == NameMatch::matches_san || out_.name->match == NameMatch::matches_common_name_only) return;
    add(ProblemCode::name_mismatch, 0, size_t{0}, out_.name->message(options_.name),
        out_.name->is_ip ? X509_V_ERR_IP_ADDRESS_MISMATCH : X509_V_ERR_HOSTNAME_MISMATCH);
  }

  // What follows from a failure that is named already.
  [[nodiscard]] bool is_consequence(const Problem& problem) const {
    auto also = [&](ProblemCode code) {
      return std::ranges::any_of(out_.problems,
                                 [&](const Problem& p) { return p.code == code && p.depth == problem.depth; });
    };
    const bool key_problem = problem.code == ProblemCode::weak_key || problem.openssl_code == X509_V_ERR_UNSPECIFIED;
    return (problem.code == ProblemCode::wrong_purpose && problem.depth > 0 && also(ProblemCode::not_a_ca)) ||
           (key_problem && also(ProblemCode::undecodable));
  }

  Validation finish() {
    std::vector<Problem> kept;
    for (const Problem& problem : out_.problems)
      if (!is_consequence(problem)) kept.push_back(problem);
    out_.problems = std::move(kept);
    std::ranges::sort(out_.problems, {}, [](const Problem& p) { return std::tuple(p.depth, p.code, p.certificate); });
    return std::move(out_);
  }

  ChainPool pool_;
  std::vector<std::pair<Certificate, X509Ptr>> others_;  // of the path, and not of the pool
  size_t num_sent_;
  const TrustAnchors& anchors_;
  const ValidateOptions& options_;
  Crls crls_;
  bool stopped_ = false;
  Validation out_;
};

}  // namespace

bool Validation::has(ProblemCode code) const {
  return find(code) != nullptr;
}

const Problem* Validation::find(ProblemCode code) const {
  auto it = std::ranges::find(problems, code, &Problem::code);
  return it == problems.end() ? nullptr : &*it;
}

Validation validate(std::span<const Certificate> sent, const TrustAnchors& anchors, const ValidateOptions& options) {
  return Validator(sent, anchors, options).run();
}

}  // namespace tlsproof::x509
