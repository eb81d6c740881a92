#include "tlsproof/target/waiver.h"

#include "tlsproof/base/glob.h"

namespace tlsproof::target {

bool covers(const Waiver& waiver, std::string_view id, std::string_view endpoint) {
  if (!waiver.endpoint.empty() && !glob_match(waiver.endpoint, endpoint)) return false;
  bool names_case = waiver.check.find('[') != std::string::npos;
  return glob_match(waiver.check, names_case ? id : id.substr(0, id.find('[')));
}

const Waiver* WaiverBook::match(std::string_view id, std::string_view endpoint, int64_t now) {
  for (size_t i = 0; i < waivers_.size(); ++i) {
    const Waiver& waiver = waivers_[i];
    if ((waiver.until != 0 && now >= waiver.until) || !covers(waiver, id, endpoint)) continue;
    used_[i] = true;
    return &waiver;
  }
  return nullptr;
}

std::vector<const Waiver*> WaiverBook::unused() const {
  std::vector<const Waiver*> out;
  for (size_t i = 0; i < waivers_.size(); ++i)
    if (!used_[i]) out.push_back(&waivers_[i]);
  return out;
}

}  // namespace tlsproof::target
