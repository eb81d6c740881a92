// needs: base app
// A response read whole and byte by byte must come to the same end, within the limits. The first byte chooses the
// request.
#include "tlsproof/app/http1.h"
#include "tlsproof/app/nginx.h"

using tlsproof::ByteView;
using tlsproof::app::Http1Response;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const bool head_request = data[0] == 'H' + 1;
  const ByteView bytes = ByteView(data, size).subspan(data[0] == 'H' ? 0 : 1);
  Http1Response whole(head_request);
  Http1Response pieces(head_request);
  const size_t taken = whole.feed(bytes);
  size_t taken_in_pieces = 0;
  for (size_t i = 0; i < bytes.size(); ++i) taken_in_pieces += pieces.feed(bytes.subspan(i, 1));
  whole.end();
  pieces.end();
  TLSPROOF_CHECK(whole.state() == pieces.state() && whole.state() != Http1Response::State::need_more);
  TLSPROOF_CHECK(whole.status() == pieces.status() && whole.reason() == pieces.reason());
  TLSPROOF_CHECK(whole.body_len() == pieces.body_len() && tlsproof::equal(whole.body(), pieces.body()));
  TLSPROOF_CHECK(whole.num_headers() == pieces.num_headers() && whole.num_headers() <= Http1Response::kMaxHeaders);
  TLSPROOF_CHECK(whole.body().size() <= Http1Response::kMaxBodyKept && whole.body().size() <= whole.body_len());
  // A line that is refused at once is counted whole; otherwise both have stopped at the same byte.
  TLSPROOF_CHECK(whole.state() == Http1Response::State::broken || taken == taken_in_pieces);
  (void)tlsproof::app::recognise_nginx_answer(whole.status(), whole.body());
  return 0;
}
