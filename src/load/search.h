// The search for the highest rate, apart from how a rate is tried.
#pragma once

#include "tlsproof/load/find_max.h"

namespace tlsproof::load {

using Trial = std::function<Result<Measurement>(const Plan&)>;

// find_max, each rate tried by `trial`.
[[nodiscard]] Result<FindMax> search_max(const Plan& plan, std::span<const Condition> objectives, const Trial& trial,
                                         const std::function<void(const RateTried&)>& on_trial, double max_rate);

}  // namespace tlsproof::load
