// What certificates, names and OCSP responses say, as lines under the bytes they stand in.
#include <fmt/format.h>

#include "tlsproof/base/clock.h"
#include "tlsproof/base/text.h"
#include "tlsproof/x509/cache.h"
#include "tlsproof/x509/ocsp.h"
#include "tlsproof/x509/sct.h"
#include "tree_fields.h"

namespace tlsproof::view::tree {
namespace {

constexpr size_t kMaxShown = 64;  // names, problems and the like of one certificate

std::string time_text(std::optional<int64_t> seconds) {
  return seconds ? format_utc(*seconds) : std::string("unreadable");
}

template <class List, class Text>
void list(Lines& lines, int depth, std::string_view name, const List& items, Text text) {
  size_t shown = 0;
  for (const auto& item : items) {
    if (shown++ == kMaxShown) {
      lines.info(depth, name, fmt::format("and {} more", items.size() - kMaxShown));
      break;
    }
    lines.info(depth, name, text(item));
  }
}

void problems(Lines& lines, int depth, const std::vector<x509::FieldProblem>& found) {
  list(lines, depth, "problem:", found, [](const x509::FieldProblem& problem) { return problem.message(); });
}

void usages(Lines& lines, int depth, const x509::CertificateView& c) {
  if (c.basic_constraints) {
    const bool limited = c.basic_constraints->path_len.has_value();
    lines.info(depth, "basicConstraints:",
               !c.basic_constraints->ca ? std::string("no CA")
               : limited                ? fmt::format("CA, {} CAs below", *c.basic_constraints->path_len)
                                        : std::string("CA"));
  }
  if (c.key_usage) lines.info(depth, "keyUsage:", join(c.key_usage->names(), ", "));
  if (c.extended_key_usage)
    list(lines, depth, "extendedKeyUsage:", *c.extended_key_usage,
         [](const x509::Oid& oid) { return oid.name_or_text(); });
}

void append(Lines& lines, int depth, const x509::CertificateView& c) {
  const size_t max_len = lines.options().max_text_len;
  const auto text = [&](ByteView value) { return lines.escaped(value); };
  lines.info(depth, "subject:", c.subject.escaped_text(max_len));
  lines.info(depth, "issuer:", c.issuer.escaped_text(max_len));
  lines.info(depth, "serial:", c.serial_hex());
  lines.info(depth, "valid:", fmt::format("{} to {}", time_text(c.not_before), time_text(c.not_after)));
  lines.info(depth, "key:", escape_terminal_limited(c.public_key.describe(), max_len));
  lines.info(depth, "signature:", escape_terminal_limited(c.signature_algorithm.name(), max_len));
  if (c.version != 3) lines.info(depth, "version:", fmt::format("{}", c.version));
  if (c.subject_alt_names)
    list(lines, depth, "subjectAltName:", *c.subject_alt_names,
         [&](const x509::GeneralName& name) { return name.escaped_text(max_len); });
  usages(lines, depth, c);
  if (c.subject_key_id)
    lines.info(depth, "subjectKeyIdentifier:",
               to_hex(c.subject_key_id->first(std::min<size_t>(64, c.subject_key_id->size()))));
  if (c.authority_key_id && !c.authority_key_id->key_id.empty())
    lines.info(depth, "authorityKeyIdentifier:",
               to_hex(c.authority_key_id->key_id.first(std::min<size_t>(64, c.authority_key_id->key_id.size()))));
  list(lines, depth, "OCSP:", c.ocsp_urls, text);
  list(lines, depth, "CA issuers:", c.ca_issuer_urls, text);
  list(lines, depth, "CRL:", c.crl_urls, text);
  if (c.must_staple) lines.info(depth, "tlsFeature:", "status_request (must staple)");
  const x509::SctListView scts = x509::embedded_scts(c);
  list(lines, depth, "SCT:", scts.scts, [](const x509::SctView& sct) {
    if (!sct.readable) return fmt::format("version {}", sct.version);
    const uint64_t seconds = sct.timestamp_ms / 1000;
    return fmt::format(
        "log {}, {}", to_hex(sct.log_id.first(8)),
        seconds > 253402300799 ? fmt::format("{} s", seconds) : format_utc(static_cast<int64_t>(seconds)));
  });
  for (const x509::ExtensionView& extension : c.extensions)
    if (extension.name.empty())
      lines.info(depth, extension.critical ? "critical extension:" : "extension:",
                 escape_terminal_limited(extension.oid.text(), max_len));
  problems(lines, depth, c.problems);
}

}  // namespace

void explain_certificate(Lines& lines, ByteView der, int depth) {
  if (lines.options().certificates != nullptr) {
    const x509::Certificate kept = lines.options().certificates->get(der);
    return append(lines, depth, *kept);
  }
  append(lines, depth, x509::CertificateView::parse(der));
}

void explain_name(Lines& lines, ByteView der, int depth) {
  const auto name = x509::decode_name(der);
  lines.info(depth, "name:", name ? name->escaped_text(lines.options().max_text_len) : "unreadable");
}

void explain_public_key(Lines& lines, ByteView spki, int depth) {
  const x509::PublicKeyView key = x509::decode_public_key(spki);
  lines.info(depth, "key:", escape_terminal_limited(key.describe(), lines.options().max_text_len));
}

void explain_ocsp(Lines& lines, ByteView der, int depth) {
  const size_t max_len = lines.options().max_text_len;
  const x509::OcspResponseView response = x509::OcspResponseView::parse(der);
  if (response.status) {
    const std::string_view name = x509::ocsp_status_name(*response.status);
    lines.info(depth, "responseStatus:", name.empty() ? fmt::format("{}", *response.status) : std::string(name));
  }
  if (!response.responder_name.der.empty())
    lines.info(depth, "responder:", response.responder_name.escaped_text(max_len));
  if (!response.responder_key_hash.empty())
    lines.info(
        depth, "responder:",
        "key " + to_hex(response.responder_key_hash.first(std::min<size_t>(32, response.responder_key_hash.size()))));
  if (response.produced_at) lines.info(depth, "producedAt:", format_utc(*response.produced_at));
  list(lines, depth, "certificate:", response.responses, [](const x509::OcspSingleResponse& single) {
    std::string out = fmt::format("{} {}", single.serial_hex(), x509::to_text(single.status));
    if (single.revoked_at) out += " at " + format_utc(*single.revoked_at);
    if (single.reason) out += fmt::format(" ({})", x509::crl_reason_name(*single.reason));
    out += fmt::format(", thisUpdate {}", time_text(single.this_update));
    if (single.next_update) out += fmt::format(", nextUpdate {}", format_utc(*single.next_update));
    return out;
  });
  if (!response.signature_algorithm.der.empty())
    lines.info(depth, "signature:", escape_terminal_limited(response.signature_algorithm.name(), max_len));
  for (size_t i = 0; i < std::min<size_t>(response.certificates.size(), 4); ++i)
    lines.info(depth, "with certificate:", x509::CertificateView::parse(response.certificates[i]).escaped_title());
  problems(lines, depth, response.problems);
}

}  // namespace tlsproof::view::tree
