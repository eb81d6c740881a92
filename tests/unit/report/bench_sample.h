// Loads that are the same at each run: what the samples in reports/samples show.
#pragma once

#include "tlsproof/report/bench.h"

namespace tlsproof::report {

// One load with everything a load can have: a mix, repeats, errors with a replay, gates.
[[nodiscard]] BenchReport make_bench_report();
// Two loads, compared.
[[nodiscard]] BenchReport make_versus_report();
// A search for the highest rate.
[[nodiscard]] BenchReport make_find_max_report();
// A load of which each text that a user or a peer chooses is `evil`.
[[nodiscard]] BenchReport make_hostile_bench_report(const std::string& evil);

}  // namespace tlsproof::report
