// The figures of a measurement by name: what conditions are about.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tlsproof/load/bench_run.h"

namespace tlsproof::load {

enum class FigureUnit : uint8_t {
  seconds,
  microseconds,  // of CPU a handshake
  per_second,    // handshakes
  count,         // handshakes; a share of those that could have been where one is asked for
  share,         // 0 … 1
};

struct Figure {
  FigureUnit unit = FigureUnit::count;
  // Of times: which, and what of it.
  Phase phase = Phase::finished;
  enum class What : uint8_t {
    percentile,
    min,
    mean,
    max,
    rate,
    completed,
    errors,
    client_us,
    server_us,
    resumed,
    busy
  };
  What what = What::percentile;
  double percent = 0;
};
// "p99", "connect.p50", "lag.max", "rate", …; nullopt: there is none of that name.
[[nodiscard]] std::optional<Figure> parse_figure(std::string_view name);
// Which figures there are, for people.
[[nodiscard]] std::string_view figure_names();

// In the unit above (`as_share`: count figures as a share). nullopt when it was not measured.
[[nodiscard]] std::optional<double> measured(const Figure& figure, bool as_share, const Measurement& measurement);
// Why it was not measured: a clause.
[[nodiscard]] std::string_view why_unmeasured(const Figure& figure, const Measurement& measurement);

}  // namespace tlsproof::load
