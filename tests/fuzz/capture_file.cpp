// needs: base capture
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

#include "tlsproof/base/text.h"
#include "tlsproof/capture/source.h"

using namespace tlsproof::capture;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int file = ::memfd_create("capture", MFD_CLOEXEC);
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  const auto source = open_file("/proc/self/fd/" + std::to_string(file));
  std::string shown = source ? "" : source.error().message();
  uint64_t packets = 0, bytes = 0;
  for (Packet packet; source;) {
    const auto next = (*source)->next(packet);
    if (!next) shown += next.error().message();
    if (!next || *next == Source::Next::end) break;
    if (*next == Source::Next::secrets) bytes += (*source)->secrets().size();
    if (*next == Source::Next::packet && packet.number != ++packets) std::abort();
    for (const uint8_t byte : packet.bytes) bytes += byte;  // all of it can be read
  }
  if (source)
    for (const std::string& note : (*source)->notes()) shown += note;
  if (!tlsproof::is_valid_utf8(shown) || shown.find('\n') != std::string::npos) std::abort();
  return bytes == ~uint64_t{0} ? 1 : 0;
}
