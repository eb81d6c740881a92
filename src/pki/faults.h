// The forges of the table in fault.cpp, one for each fault, by family; this module's own.
#pragma once

#include "tlsproof/pki/fault.h"

namespace tlsproof::pki {

inline constexpr int64_t kDay = 86400;

// From a day ago, so that a peer whose clock is behind is content, for a month.
[[nodiscard]] Validity current(int64_t now);
[[nodiscard]] Result<crypto::PrivateKey> fresh_key();
// What a faultless leaf says.
[[nodiscard]] CertificateSpec good_spec(const ForgeContext& context);
// A leaf under the context's authority, with a fresh key.
[[nodiscard]] Result<Identity> issue(const ForgeContext& context, const CertificateSpec& spec);

using Forge = Result<Identity>(const ForgeContext& context);

// The leaf itself: faults_leaf.cpp.
Forge forge_good, forge_expired, forge_not_yet_valid, forge_wrong_key, forge_wrong_purpose, forge_no_eku, forge_v1,
    forge_weak_rsa_1024, forge_sha1_signature, forge_unknown_critical_extension, forge_huge, forge_revoked;
// Whom it names: faults_name.cpp.
Forge forge_wrong_host, forge_no_san, forge_ip_as_dns, forge_wildcard, forge_wildcard_partial, forge_wildcard_too_deep,
    forge_wildcard_tld, forge_empty_subject, forge_non_ascii, forge_hostile_subject;
// Who vouches for it: faults_chain.cpp.
Forge forge_wrong_ca, forge_self_signed, forge_missing_intermediate, forge_expired_intermediate, forge_future_ca,
    forge_not_a_ca, forge_path_length, forge_name_constraints, forge_too_deep;

}  // namespace tlsproof::pki
