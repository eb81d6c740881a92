// Faulty certificates by name: each with exactly the one fault it is named for, under the CA that the peer trusts.
#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/base/random.h"
#include "tlsproof/pki/authority.h"
#include "tlsproof/pki/certificate.h"
#include "tlsproof/x509/crl.h"

namespace tlsproof::pki {

struct ForgeContext {
  const Authority& authority;  // whom the peer trusts
  Role role = Role::client;
  Subject subject;                     // empty: CN of the first name
  std::vector<AlternativeName> names;  // empty: a client then has Fault::default_name; a server needs one
  int64_t now = 0;                     // seconds since 1970: what is expired is so at that time
  RandomSource& random;
  // CRLs that the peer has, the authority's among them: `revoked` takes the serial of an entry.
  std::vector<x509::Crl> crls = {};
  // too_deep: how many intermediates stand between leaf and root, those above the authority included; at most 100.
  std::optional<size_t> num_intermediates = {};
};

// What a conforming peer makes of it.
enum class Standing : uint8_t {
  invalid,  // against the rule named: nobody may accept it
  policy,   // no rule forbids it, good policies do; peers differ
  legal,    // as good as any other, if unusual: refusing it is the error
};

// RFC 2606 §2: nobody can have it.
inline constexpr std::string_view kUnnamedClient = "client.tlsproof.invalid";

struct Fault {
  std::string_view name;         // "expired"
  std::string_view title;        // "the certificate has expired"
  std::string_view explanation;  // what is wrong with it, how it is made, and what a peer that accepts it gives away; a
                                 // sentence or three
  Standing of_server;            // as a server's certificate, before a client
  Standing of_client;            // as a client's, before a server
  std::string_view basis;        // the rule: "RFC 5280 §4.1.2.5"
  Result<Identity> (*forge)(const ForgeContext& context);
  std::string_view default_name = kUnnamedClient;  // of a client for whom no name is given
  bool other_subject = false;                      // the fault is in the subject, which is then not the one given

  [[nodiscard]] Standing standing(Role role) const { return role == Role::server ? of_server : of_client; }
};

// All of them, the faultless "good" first. Keys are P-256 and fresh where the fault is not one of the key.
[[nodiscard]] std::span<const Fault> faults();
// nullptr when there is none of that name.
[[nodiscard]] const Fault* find_fault(std::string_view name);

// Makes it. Fails with a usage error when the authority is not valid at `now` (every certificate under it would have a
// second fault), when a server has no name, when the names, CRLs or the authority do not allow this fault (the message
// says what is needed), or when the fault's name is unknown ("did you mean").
[[nodiscard]] Result<Identity> forge(std::string_view fault, const ForgeContext& context);

}  // namespace tlsproof::pki
