// How the figures of a load are written, the same in every report for people.
#pragma once

#include <string>

#include "tlsproof/load/bench_run.h"
#include "tlsproof/report/bench.h"

namespace tlsproof::report {

// Three significant digits, without an exponent: "0.0521", "1.23", "12.3", "123", "1234".
[[nodiscard]] std::string significant(double value);
[[nodiscard]] std::string milliseconds(int64_t ns);                       // the figure alone: "1.23"
[[nodiscard]] std::string duration_text(int64_t ns);                      // "200 ms", "5 s", "1.5 s", "10 min"
[[nodiscard]] std::string bytes_text(double bytes);                       // "812 B", "1.2 kB", "3.4 MB"
[[nodiscard]] std::string percent_text(uint64_t part, uint64_t whole);    // "70 %", "0.01 %"; "0 %" of nothing
[[nodiscard]] std::string plural(uint64_t count, std::string_view noun);  // "1 repeat", "2 repeats"

// "closed loop, 16 connections at a time", "open loop, 1000 connections/s, Poisson".
[[nodiscard]] std::string arrivals_text(const load::Plan& plan);
// Whom the side is called: the plan's label, else its target.
[[nodiscard]] std::string side_name(const load::Plan& plan);
// Whether any connection of any rate completed.
[[nodiscard]] bool any_completed(const load::FindMax& found);
// "TLS 1.3", "TLS 1.3 or 1.2": what is offered.
[[nodiscard]] std::string versions_text(const load::Plan& plan);

}  // namespace tlsproof::report
