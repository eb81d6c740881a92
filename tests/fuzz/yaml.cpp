// needs: base config
#include "tlsproof/base/bytes.h"
#include "tlsproof/config/node.h"

namespace {

// Reads every node in every way: none may do more than fail.
void read(const tlsproof::config::Node& node) {
  (void)node.text();
  (void)node.word();
  (void)node.integer(-100, 100);
  (void)node.boolean();
  (void)node.bytes();
  (void)node.duration_ns();
  (void)node.date();
  (void)tlsproof::config::Fields::open(node, "a map", {"title", "a"});
  for (const auto& item : node.items()) read(item);
  for (const auto& entry : node.entries()) read(entry.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (auto node = tlsproof::config::parse_yaml(tlsproof::as_text({data, size}), "fuzz.yaml")) read(*node);
  return 0;
}
