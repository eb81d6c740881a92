#include "tlsproof/base/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "tlsproof/base/error.h"

namespace tlsproof {

struct Gunzip::Impl {
  z_stream stream{};
  bool open = false;  // within a member
  bool any = false;   // at least one member was met
  State state = State::more;
  std::string_view problem;
};

bool is_gzip(ByteView head) {
  return head.size() >= 2 && head[0] == 0x1f && head[1] == 0x8b;
}

Gunzip::Gunzip() : impl_(std::make_unique<Impl>()) {
  // 16: a gzip header, not zlib's. Fails only without memory or with a zlib that does not fit its header.
  TLSPROOF_CHECK(inflateInit2(&impl_->stream, 16 + MAX_WBITS) == Z_OK);
}

Gunzip::~Gunzip() {
  inflateEnd(&impl_->stream);
}

bool Gunzip::between_members() const {
  return !impl_->open;
}

std::string_view Gunzip::problem() const {
  return impl_->problem;
}

Gunzip::Step Gunzip::step(ByteView in, std::span<uint8_t> out) {
  Impl& impl = *impl_;
  Step step{0, 0, impl.state};
  if (impl.state != State::more) return step;
  if (!impl.open) {
    if (in.empty()) return step;
    // What follows the last member and is none is padding, as gzip(1) takes it.
    if (impl.any && in[0] != 0x1f) {
      step.state = impl.state = State::end;
      return step;
    }
    inflateReset(&impl.stream);
    impl.open = impl.any = true;
  }
  constexpr size_t kMost = std::numeric_limits<uInt>::max();
  impl.stream.next_in = const_cast<Bytef*>(in.data());  // zlib's interface; it does not write there
  impl.stream.avail_in = static_cast<uInt>(std::min(in.size(), kMost));
  impl.stream.next_out = out.data();
  impl.stream.avail_out = static_cast<uInt>(std::min(out.size(), kMost));
  const int result = inflate(&impl.stream, Z_NO_FLUSH);
  step.consumed = static_cast<size_t>(impl.stream.next_in - in.data());
  step.produced = static_cast<size_t>(impl.stream.next_out - out.data());
  if (result == Z_STREAM_END) {
    impl.open = false;
  } else if (result != Z_OK && result != Z_BUF_ERROR) {
    impl.problem = impl.stream.msg != nullptr ? std::string_view(impl.stream.msg) : "no deflate data";
    step.state = impl.state = State::corrupt;
  }
  return step;
}

}  // namespace tlsproof
