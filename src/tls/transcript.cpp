#include "transcript.h"

#include "tlsproof/wire/handshake.h"

namespace tlsproof::tls {

namespace {
constexpr size_t kMaxKept = size_t{1} << 20;  // memory that an idle client may hold on to
}

void Transcript::forget_kept() {
  keep_ = false;
  if (kept_.capacity() > kMaxKept)
    kept_ = Bytes();
  else
    kept_.clear();
}

void Transcript::reset() {
  forget_kept();
  digest_.init();
  started_ = false;
}

void Transcript::add(ByteView message) {
  if (started_) digest_.update(message);
  if (!started_ || keep_) append(kept_, message);
}

void Transcript::start(crypto::HashAlgorithm hash) {
  if (started_) return;
  digest_.init(hash);
  digest_.update(kept_);
  started_ = true;
  if (!keep_) kept_.clear();
}

void Transcript::fold(crypto::HashAlgorithm hash) {
  const crypto::HashValue first = hash_with(hash, {});
  started_ = false;
  keep_ = false;
  kept_.clear();
  wire::append_message_hash(first, kept_);
  start(hash);
}

crypto::HashValue Transcript::hash_with(crypto::HashAlgorithm hash, ByteView more) const {
  crypto::Digest digest(hash);
  if (started_ && digest_.hash() == hash)
    digest = digest_;
  else
    digest.update(kept_);
  digest.update(more);
  return digest.snapshot();
}

}  // namespace tlsproof::tls
