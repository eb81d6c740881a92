#include "tlsproof/load/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "tlsproof/base/text.h"

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

constexpr long long kMaxWeight = 10'000;  // KindPicker holds a cycle of all weights

Result<MixPart> parse_part(std::string_view text) {
  const size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const auto kind = parse_kind(name);
  if (!kind) {
    const auto meant = did_you_mean(name, kKinds);
    return fail_usage(fmt::format("the mix names no kind \"{}\"{}; kinds are {}", escape_terminal_limited(name, 40),
                                  meant ? fmt::format(", did you mean {}?", *meant) : "", fmt::join(kKinds, ", ")));
  }
  if (equals == std::string_view::npos) return MixPart{*kind, 1};
  const std::string_view number = text.substr(equals + 1);
  const auto weight = parse_integer(number, 1, kMaxWeight);
  if (!weight)
    return fail_usage(fmt::format("the weight of {} in the mix must be a number from 1 to {}, not \"{}\"", name,
                                  kMaxWeight, escape_terminal_limited(number, 40)));
  return MixPart{*kind, static_cast<unsigned>(*weight)};
}

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

std::string mix_text(const std::vector<MixPart>& mix) {
  if (mix.size() == 1) return std::string(to_text(mix[0].kind));
  double sum = 0;
  for (const MixPart& part : mix) sum += part.weight;
  std::string text;
  for (const MixPart& part : mix)
    text += fmt::format("{}{} {:.3g} %", text.empty() ? "" : ", ", to_text(part.kind), 100 * part.weight / sum);
  return text;
}

Result<std::vector<MixPart>> parse_mix(std::string_view text) {
  std::vector<MixPart> mix;
  const auto parts = split(text, ',');
  for (const std::string& part : parts) {
    TLSPROOF_TRY(const MixPart one, parse_part(part));
    if (parts.size() > 1 && part.find('=') == std::string::npos)
      return fail_usage(fmt::format("{0} needs a weight in a mix: {0}=20", to_text(one.kind)));
    if (std::ranges::any_of(mix, [&](const MixPart& other) { return other.kind == one.kind; }))
      return fail_usage(fmt::format("the mix names {} twice", to_text(one.kind)));
    mix.push_back(one);
  }
  return mix;
}

}  // namespace tlsproof::load
