#include "tlsproof/load/plan.h"

#include <array>

namespace tlsproof::load {
namespace {

template <class T, size_t N>
std::optional<T> parse_word(const std::array<std::string_view, N>& words, std::string_view text) {
  for (size_t i = 0; i < N; ++i)
    if (words[i] == text) return static_cast<T>(i);
  return std::nullopt;
}

constexpr std::array<std::string_view, kNumKinds> kKinds = {"full", "id", "ticket", "psk", "psk_ke", "0rtt"};
constexpr std::array<std::string_view, 4> kVerifications = {"full", "cached", "none", "minimal"};
constexpr std::array<std::string_view, 3> kCloses = {"close_notify", "fin", "reset"};

}  // namespace

std::string_view to_text(Kind kind) {
  return kKinds.at(static_cast<size_t>(kind));
}
std::optional<Kind> parse_kind(std::string_view text) {
  return parse_word<Kind>(kKinds, text);
}

std::string_view to_text(Verification verification) {
  return kVerifications.at(static_cast<size_t>(verification));
}
std::optional<Verification> parse_verification(std::string_view text) {
  return parse_word<Verification>(kVerifications, text);
}
std::string_view explain(Verification verification) {
  switch (verification) {
    case Verification::full:
      return "each signature and Finished checked, each chain validated";
    case Verification::cached:
      return "each signature and Finished checked, each distinct chain validated once";
    case Verification::none:
      return "Finished checked, no signature and no chain";
    case Verification::minimal:
      return "Finished checked, no signature and no chain; the key share is known to everybody: a client that costs "
             "almost nothing";
  }
  return {};
}

std::string_view to_text(CloseBy close_by) {
  return kCloses.at(static_cast<size_t>(close_by));
}
std::optional<CloseBy> parse_close_by(std::string_view text) {
  return parse_word<CloseBy>(kCloses, text);
}

}  // namespace tlsproof::load
