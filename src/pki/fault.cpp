#include "tlsproof/pki/fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "faults.h"
#include "tlsproof/base/text.h"

namespace tlsproof::pki {
namespace {

constexpr auto kInvalid = Standing::invalid, kPolicy = Standing::policy, kLegal = Standing::legal;

constexpr auto kFaults = std::to_array<Fault>({
    {"good", "the certificate is as it should be",
     "Issued by the trusted CA for the right names, role and dates; the chain is complete. Refusing it is the error.",
     kLegal, kLegal, "RFC 5280 §6.1", forge_good},

    // The leaf itself.
    {"expired", "the certificate has expired",
     "Its notAfter was a day ago. A peer that accepts it goes on trusting keys that were given up, and never notices "
     "that renewal has stopped working.",
     kInvalid, kInvalid, "RFC 5280 §6.1.3 (a)(2)", forge_expired},
    {"not_yet_valid", "the certificate is not valid yet",
     "Its notBefore is a day ahead. A peer that accepts it does not look at dates, or its clock is wrong.", kInvalid,
     kInvalid, "RFC 5280 §6.1.3 (a)(2)", forge_not_yet_valid},
    {"wrong_key", "the private key is not that of the certificate",
     "The certificate is good, but the handshake is signed by another key. A peer that accepts it does not check the "
     "signature: whoever has seen a certificate, and certificates are public, can pass for its owner.",
     kInvalid, kInvalid, "RFC 8446 §4.4.3", forge_wrong_key},
    {"wrong_purpose", "the certificate is for the other role",
     "Its extendedKeyUsage has only clientAuth for a server, only serverAuth for a client. A peer that accepts it lets "
     "every web server's key act as a client, or every client as the server.",
     kInvalid, kInvalid, "RFC 5280 §4.2.1.12", forge_wrong_purpose},
    {"no_eku", "the certificate has no extendedKeyUsage",
     "Without the extension it serves every purpose, so a peer may accept it; one that demands a purpose may refuse "
     "it. Such a key is a server's and a client's at once.",
     kLegal, kLegal, "RFC 5280 §4.2.1.12", forge_no_eku},
    {"v1", "the certificate is of version 1",
     "As 'openssl x509 -req' makes it without -extfile: no extension, so no names, no purpose, no key identifiers. "
     "OpenSSL and GnuTLS accept it; Go, rustls and browsers do not.",
     kPolicy, kPolicy, "RFC 8446 §4.4.2.3", forge_v1},
    {"weak_rsa_1024", "the key is RSA with 1024 bits",
     "Good but for its size, which is within reach of those who have the means. Refused by OpenSSL from security level "
     "2 on; Go and GnuTLS servers accept it.",
     kPolicy, kPolicy, "RFC 9325 §4.5", forge_weak_rsa_1024},
    {"sha1_signature", "the CA signed with SHA-1",
     "Collisions of SHA-1 can be bought, and with them a certificate of another content. Refused by nearly everybody, "
     "but TLS leaves it to policy. Needs a CA with an RSA or ECDSA key.",
     kPolicy, kPolicy, "RFC 8446 §4.4.2.4", forge_sha1_signature},
    {"unknown_critical_extension", "it has a critical extension that nobody knows",
     "Critical means: refuse this certificate if you do not understand me. A peer that accepts it ignores limits that "
     "it cannot read.",
     kInvalid, kInvalid, "RFC 5280 §4.2", forge_unknown_critical_extension},
    {"revoked", "the certificate is revoked",
     "Good but for its serial number, which a CRL of the CA lists (--crl FILE). A peer that has that list and accepts "
     "it never looks there: stolen keys stay good until they expire.",
     kInvalid, kInvalid, "RFC 5280 §6.3", forge_revoked},
    {"huge", "the certificate has 100 names and more than 64 KiB",
     "Valid; the weight is names and an extension of zeros that is not critical. Peers have limits (OpenSSL: 100 KiB, "
     "or 64 with session tickets); they must refuse cleanly, not hang or crash.",
     kLegal, kLegal, "RFC 8446 §4.4.2", forge_huge},

    // Whom it names.
    {"wrong_host", "the certificate is for another name",
     "Issued by the trusted CA, but for wrong-host.invalid. A client that accepts it can be led to any server that has "
     "some certificate of that CA. Servers seldom look at the names of a client.",
     kInvalid, kLegal, "RFC 9525 §6", forge_wrong_host},
    {"no_san", "the certificate has no subjectAltName",
     "The name stands in the common name only, where no client may look for it any more. OpenSSL, curl and GnuTLS "
     "still do; Go, rustls and browsers do not. Of a client's certificate nobody needs one.",
     kPolicy, kLegal, "RFC 9525 §2", forge_no_san},
    {"ip_as_dns", "the IP address is written as a DNS name",
     "The address that the client connects to stands in a dNSName, not in an iPAddress, where addresses belong. A "
     "server does not look at a client's names.",
     kInvalid, kLegal, "RFC 9525 §6.4", forge_ip_as_dns, "192.0.2.1"},
    {"wildcard", "the certificate is for *.example.com",
     "For every name beside the right one. To be accepted: a whole label on the left is what a wildcard may stand for.",
     kLegal, kLegal, "RFC 9525 §6.3", forge_wildcard},
    {"wildcard_partial", "the certificate is for ser*.example.com",
     "The wildcard stands for a part of a label only. To be refused; OpenSSL accepts it unless told otherwise.",
     kInvalid, kLegal, "RFC 9525 §6.3", forge_wildcard_partial},
    {"wildcard_too_deep", "the wildcard would have to stand for two labels",
     "For *.example.com, where the name is www.deep.example.com. To be refused: a wildcard stands for one label.",
     kInvalid, kLegal, "RFC 9525 §6.3", forge_wildcard_too_deep, "client.deep.tlsproof.invalid"},
    {"wildcard_tld", "the certificate is for a whole top-level domain",
     "For *.com, where the name is example.com. No rule names it, but nobody owns a top-level domain this way: OpenSSL "
     "and GnuTLS refuse it, as do browsers.",
     kPolicy, kLegal, "RFC 9525 §7.1", forge_wildcard_tld, "tlsproof.invalid"},
    {"empty_subject", "the subject is empty",
     "All names stand in subjectAltName, which is critical then. Valid, and what public CAs issue more and more; code "
     "that takes the common name for granted trips over it.",
     kLegal, kLegal, "RFC 5280 §4.1.2.6", forge_empty_subject, kUnnamedClient, true},
    {"non_ascii", "the subject has letters beyond ASCII",
     "Latin, Greek, Cyrillic, Chinese and an emoji, as UTF8String. Valid; what logs and applications make of it is "
     "worth a look.",
     kLegal, kLegal, "RFC 5280 §4.1.2.4", forge_non_ascii, kUnnamedClient, true},
    {"hostile_subject", "the subject attacks those who show it",
     "Terminal escapes, line breaks, a NUL, marks that turn text around, markup, and 4096 letters in the common name. "
     "Whether it is accepted says little (X.520 allows 64 letters); logs, terminals and web pages must survive it.",
     kPolicy, kPolicy, "RFC 5280 A.1", forge_hostile_subject, kUnnamedClient, true},

    // Who vouches for it.
    {"wrong_ca", "the certificate is from another CA of the same name",
     "The issuer's name is that of the trusted CA, but another key signed. A peer that accepts it compares names and "
     "not signatures, or trusts anyone: everybody can make such a certificate.",
     kInvalid, kInvalid, "RFC 5280 §6.1.3 (a)(1)", forge_wrong_ca},
    {"self_signed", "the certificate is signed by its own key",
     "Right names, role and dates, vouched for by nobody. A peer that accepts it accepts everybody.", kInvalid,
     kInvalid, "RFC 5280 §6.1", forge_self_signed},
    {"missing_intermediate", "the intermediate certificate is not sent",
     "Issued by an intermediate CA under the trusted one, and only the leaf is sent, so no path can be built. A peer "
     "that accepts it has the intermediate from elsewhere, perhaps from an earlier connection.",
     kInvalid, kInvalid, "RFC 8446 §4.4.2", forge_missing_intermediate},
    {"expired_intermediate", "the intermediate CA has expired",
     "The leaf is within its dates, the CA that issued it, sent with it, is not. A peer that accepts it looks at the "
     "dates of leafs only.",
     kInvalid, kInvalid, "RFC 5280 §6.1.3 (a)(2)", forge_expired_intermediate},
    {"future_ca", "the issuing CA is not valid yet",
     "The leaf is within its dates, the CA that issued it, sent with it, begins tomorrow. A peer that accepts it looks "
     "at the dates of leafs only.",
     kInvalid, kInvalid, "RFC 5280 §6.1.3 (a)(2)", forge_future_ca},
    {"not_a_ca", "the issuer is no CA",
     "The trusted CA certified the issuer, but as CA:FALSE, like every leaf. A peer that accepts it makes everybody "
     "with a certificate a CA.",
     kInvalid, kInvalid, "RFC 5280 §6.1.4 (k)", forge_not_a_ca},
    {"path_length", "a CA stands below one that allows none",
     "An intermediate with pathlen:0 issued another CA. A peer that accepts it lets a CA that was limited to leafs "
     "hand out its power. Its chain has two intermediates, or one where the trusted CA itself has pathlen:0.",
     kInvalid, kInvalid, "RFC 5280 §6.1.4 (l)", forge_path_length},
    {"name_constraints", "the certificate is for names that its CA may not certify",
     "The intermediate is limited to permitted.tlsproof.invalid. A peer that accepts it gives a CA made for one "
     "domain the power over all.",
     kInvalid, kInvalid, "RFC 5280 §6.1.3 (b)", forge_name_constraints},
    {"too_deep", "many intermediates stand between leaf and root",
     "A valid chain, of 10 intermediates or as many as --intermediates says. How many a peer accepts is its own "
     "affair: 1 by default with nginx, 100 with OpenSSL alone.",
     kPolicy, kPolicy, "RFC 5280 §6.1", forge_too_deep},
});

}  // namespace

std::span<const Fault> faults() {
  return kFaults;
}

const Fault* find_fault(std::string_view name) {
  const auto* found = std::ranges::find(kFaults, name, &Fault::name);
  return found == kFaults.end() ? nullptr : found;
}

Result<Identity> forge(std::string_view fault, const ForgeContext& context) {
  const Fault* known = find_fault(fault);
  if (known == nullptr) {
    std::array<std::string_view, kFaults.size()> names;
    std::ranges::transform(kFaults, names.begin(), &Fault::name);
    const auto like = did_you_mean(fault, std::span<const std::string_view>(names));
    return fail_usage(fmt::format("there is no fault '{}'{}", escape_terminal_limited(fault, 60),
                                  like ? fmt::format("; did you mean {}?", *like) : ""));
  }
  TLSPROOF_TRY_VOID(context.authority.check_valid_at(context.now));
  ForgeContext filled = context;
  if (filled.names.empty()) {
    if (filled.role == Role::server) return fail_usage("a server's certificate needs a name to be for");
    TLSPROOF_TRY(AlternativeName name, parse_alternative_name(known->default_name));
    filled.names.push_back(std::move(name));
  }
  return known->forge(filled);
}

}  // namespace tlsproof::pki
