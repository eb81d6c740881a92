// needs: base registry config wire target verdict scenario
#include <array>

#include "tlsproof/base/bytes.h"
#include "tlsproof/scenario/library.h"
#include "tlsproof/target/target.h"

// One text as a scenario, as a suite and as a target file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tlsproof;
  const std::string text(as_text({data, size}));
  if (auto scenario = scenario::parse_scenario(text, "fuzz.yaml", "fuzz")) {
    for (const auto& one : scenario::expand(*scenario)) (void)scenario::describe(one.play->expect);
  }
  const std::array<scenario::SourceFile, 1> suite{{{"fuzz.yaml", "suites/fuzz.yaml", text}}};
  (void)scenario::Library::make(suite);
  (void)target::parse_target(text, "fuzz.yaml", "folder");
  return 0;
}
