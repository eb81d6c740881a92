// What is to be said about the list of certificates as the peer sent it (RFC 8446 §4.4.2, RFC 5246 §7.4.2).
#include "chain.h"

#include <algorithm>
#include <unordered_set>

#include "parse.h"
#include "tlsproof/x509/validate.h"

namespace tlsproof::x509 {

bool key_ids_agree(const CertificateView& issuer, const CertificateView& subject) {
  if (!subject.authority_key_id) return true;
  const AuthorityKeyId& wanted = *subject.authority_key_id;
  if (!wanted.key_id.empty() && issuer.subject_key_id && !equal(wanted.key_id, *issuer.subject_key_id)) return false;
  return wanted.serial.empty() || issuer.serial.empty() || equal(wanted.serial, issuer.serial);
}

bool signature_holds(X509* issuer, X509* subject) {
  if (issuer == nullptr || subject == nullptr) return false;
  EVP_PKEY* key = X509_get0_pubkey(issuer);
  const bool good = key != nullptr && X509_verify(subject, key) == 1;
  (void)drain_errors();
  return good;
}

bool certifies(const CertificateView& issuer, const CertificateView& subject) {
  const std::string wanted = canonical_name(subject.issuer);
  if (wanted.empty() || wanted != canonical_name(issuer.subject) || !key_ids_agree(issuer, subject)) return false;
  return signature_holds(to_x509(issuer.der).get(), to_x509(subject.der).get());
}

ChainPool::ChainPool(std::span<const Certificate> certificates) : certificates_(certificates) {
  std::unordered_set<std::string_view> seen;
  for (const Certificate& certificate : certificates) {
    x509_.push_back(to_x509(certificate.der()));
    why_unreadable_.push_back(x509_.back() == nullptr ? drain_errors() : std::string());
    subject_name_.push_back(canonical_name(certificate->subject));
    issuer_name_.push_back(canonical_name(certificate->issuer));
    duplicate_.push_back(!seen.insert(as_text(certificate.der())).second);
  }
  (void)drain_errors();
}

bool ChainPool::certifies(size_t issuer, size_t subject) {
  if (!names_issuer(subject, issuer)) return false;
  if (verifications_left_ == 0) return true;
  --verifications_left_;
  return signature_holds(x509_[issuer].get(), x509_[subject].get());
}

namespace {

class Analyser {
 public:
  Analyser(ChainPool& pool, const TrustAnchors& anchors, ChainAnalysis& out)
      : pool_(pool), anchors_(anchors), out_(out) {}

  void run() {
    for (size_t i = 0; i < pool_.size(); ++i) {
      if (pool_.is_duplicate(i)) out_.duplicates.push_back(i);
      if (pool_.x509(i) == nullptr) out_.undecodable.push_back(i);
    }
    if (pool_.size() == 0) return;
    find_leaf();
    check_order();
    if (pool_.view(out_.leaf).readable) walk();
    sort_the_rest();
  }

 private:
  [[nodiscard]] bool issued_another(size_t i) const {
    for (size_t k = 0; k < pool_.size(); ++k)
      if (k != i && !(pool_.certificate(k) == pool_.certificate(i)) && pool_.names_issuer(k, i)) return true;
    return false;
  }

  // The sender's own certificate comes first, unless the first one is seen to have issued another, or is a CA's while
  // one that is none was sent too.
  void find_leaf() {
    const bool first_is_issuer = issued_another(0);
    if (!first_is_issuer && !pool_.view(0).is_ca()) return;
    for (size_t i = 1; i < pool_.size(); ++i) {
      if (pool_.view(i).is_ca() || !pool_.view(i).readable || issued_another(i) || pool_.is_duplicate(i)) continue;
      out_.leaf = i;
      break;
    }
    if (out_.leaf == 0 && first_is_issuer) {  // only CAs: the one at the bottom
      for (size_t i = 1; i < pool_.size() && out_.leaf == 0; ++i)
        if (pool_.view(i).readable && !issued_another(i)) out_.leaf = i;
    }
    out_.leaf_first = out_.leaf == 0;
  }

  // RFC 5246 §7.4.2: each following certificate MUST directly certify the one preceding it; RFC 8446 §4.4.2: SHOULD.
  void check_order() {
    for (size_t i = 1; i < pool_.size(); ++i) {
      if (pool_.names_issuer(i - 1, i) && !pool_.is_duplicate(i)) continue;
      out_.in_order = false;
      out_.first_out_of_order = i;
      return;
    }
  }

  [[nodiscard]] bool anchor_certified(size_t i) const {
    const std::vector<Certificate> found = anchors_.find_by_subject(pool_.view(i).issuer.der);
    return std::ranges::any_of(found, [&](const Certificate& anchor) { return certifies(*anchor, pool_.view(i)); });
  }

  // The next one up that was sent: one whose signature holds, or else one that has the name.
  [[nodiscard]] std::optional<size_t> find_issuer(size_t subject, const std::vector<bool>& visited) {
    std::optional<size_t> by_name;
    for (size_t i = 0; i < pool_.size(); ++i) {
      if (visited[i] || pool_.is_duplicate(i) || !pool_.names_issuer(subject, i)) continue;
      if (pool_.certifies(i, subject)) return i;
      if (!by_name) by_name = i;
    }
    return by_name;
  }

  // An anchor that is sent itself or stands above ends the walk at once, as verifiers do it ("trusted first").
  void walk() {
    std::vector<bool> visited(pool_.size(), false);
    for (size_t at = out_.leaf;;) {
      visited[at] = true;
      out_.path.push_back(at);
      if (anchors_.contains(pool_.view(at))) return end(ChainAnalysis::End::anchor_sent);
      if (pool_.self_signed(at)) return end(ChainAnalysis::End::self_signed);
      const std::optional<size_t> issuer = find_issuer(at, visited);
      const bool issuer_is_anchor = issuer && anchors_.contains(pool_.view(*issuer));
      if (!issuer_is_anchor && anchor_certified(at)) return end(ChainAnalysis::End::anchor_issued);
      if (!issuer) {
        const bool cycle = std::ranges::any_of(out_.path, [&](size_t i) { return pool_.names_issuer(at, i); });
        if (!cycle) out_.missing_issuer = pool_.view(at).issuer.escaped_text();
        return end(cycle ? ChainAnalysis::End::cycle : ChainAnalysis::End::issuer_unknown);
      }
      at = *issuer;
    }
  }

  void end(ChainAnalysis::End how) {
    out_.end = how;
    out_.complete = how == ChainAnalysis::End::anchor_sent || how == ChainAnalysis::End::anchor_issued;
  }

  // Whatever shares a name with the path, directly or through others that were sent, is superfluous; all else is
  // unrelated.
  void sort_the_rest() {
    std::vector<bool> done(pool_.size(), false);
    std::unordered_set<std::string_view> names;
    auto add_names = [&](size_t i) {
      if (!pool_.subject_name(i).empty()) names.insert(pool_.subject_name(i));
      if (!pool_.issuer_name(i).empty()) names.insert(pool_.issuer_name(i));
    };
    done[out_.leaf] = true;
    for (size_t i : out_.path) {
      done[i] = true;
      add_names(i);
    }
    for (size_t i = 0; i < pool_.size(); ++i) {
      done[i] = done[i] || pool_.is_duplicate(i);
      if (i != out_.leaf && !pool_.is_duplicate(i) && !out_.root && pool_.view(i).self_issued() && pool_.self_signed(i))
        out_.root = i;
    }
    for (bool found = true; found;) {
      found = false;
      for (size_t i = 0; i < pool_.size(); ++i) {
        if (done[i] || (!names.contains(pool_.subject_name(i)) && !names.contains(pool_.issuer_name(i)))) continue;
        done[i] = found = true;
        add_names(i);
        out_.superfluous.push_back(i);
      }
    }
    for (size_t i = 0; i < pool_.size(); ++i)
      if (!done[i]) out_.unrelated.push_back(i);
    std::ranges::sort(out_.superfluous);
  }

  ChainPool& pool_;
  const TrustAnchors& anchors_;
  ChainAnalysis& out_;
};

}  // namespace

ChainAnalysis analyse_chain(std::span<const Certificate> sent, const TrustAnchors& anchors) {
  ChainAnalysis out;
  out.num_sent = sent.size();
  ChainPool pool(sent.first(std::min(sent.size(), kMaxChain)));
  Analyser(pool, anchors, out).run();
  return out;
}

}  // namespace tlsproof::x509
