// Faulty certificates by name: each with exactly the one fault it is named for, under the CA that the peer trusts.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "tlsproof/base/error.h"
#include "tlsproof/base/random.h"
#include "tlsproof/pki/authority.h"
#include "tlsproof/pki/certificate.h"

namespace tlsproof::pki {

struct ForgeContext {
  const Authority& authority;  // whom the peer trusts
  Role role = Role::client;
  Subject subject;                     // empty: CN of the first name
  std::vector<AlternativeName> names;  // empty: a client is then "client.tlsproof.invalid"; a server needs one
  int64_t now = 0;                     // seconds since 1970: what is expired is so at that time
  RandomSource& random;
};

struct Fault {
  std::string_view name;         // "expired"
  std::string_view title;        // "the certificate has expired"
  std::string_view explanation;  // what is wrong with it, how it is made, and what a peer that accepts it gives away; a
                                 // sentence or three
  Result<Identity> (*forge)(const ForgeContext& context);
};

// All of them, the faultless "good" first. Keys are P-256 and fresh.
[[nodiscard]] std::span<const Fault> faults();
// nullptr when there is none of that name.
[[nodiscard]] const Fault* find_fault(std::string_view name);

// Makes it. Fails with a usage error when the authority is not valid at `now` (every certificate under it would have a
// second fault), when a server has no name, or when the fault's name is unknown ("did you mean").
[[nodiscard]] Result<Identity> forge(std::string_view fault, const ForgeContext& context);

}  // namespace tlsproof::pki
