// Capture files against their bytes.
#include "tlsproof/capture/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "captures.h"
#include "tlsproof/capture/dissect.h"

namespace tlsproof::capture {
namespace {

TEST(CaptureFile, CountsThePacketsOfRealCaptures) {
  TLSPROOF_NEEDS_CAPTURES(captures);
  for (const RealCapture& capture : captures) {
    SCOPED_TRACE(capture.name);
    auto source = open_file(capture.path);
    ASSERT_TRUE(source) << source.error().message();
    Packet packet;
    uint64_t packets = 0;
    for (;;) {
      auto next = (*source)->next(packet);
      ASSERT_TRUE(next) << next.error().message();
      if (*next == Source::Next::end) break;
      if (*next == Source::Next::packet) {
        EXPECT_EQ(packet.number, ++packets);
      }
    }
    EXPECT_EQ(packets, capture.packets);
    EXPECT_THAT((*source)->notes(), testing::IsEmpty());
  }
}

}  // namespace
}  // namespace tlsproof::capture
