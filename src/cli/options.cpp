#include "tlsproof/cli/options.h"

#include <fmt/format.h>

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/parsers.hpp>
#include <boost/program_options/value_semantic.hpp>

#include <algorithm>

#include "tlsproof/base/text.h"

namespace tlsproof::cli {
namespace {

namespace po = boost::program_options;

std::unexpected<Error> unknown_option(std::string word, std::span<const OptionSpec> specs) {
  const std::string_view dashes = word.starts_with("--") ? "--" : "-";
  if (word.starts_with("--"))
    word.erase(0, 2);
  else if (word.starts_with("-"))
    word.erase(0, 1);
  word = word.substr(0, word.find('='));
  std::vector<std::string> names;
  for (const OptionSpec& spec : specs) names.emplace_back(spec.name);
  std::string message = fmt::format("unknown option '{}{}'", dashes, escape_terminal_limited(word, 60));
  if (auto candidate = did_you_mean(word, names))
    message += fmt::format("; did you mean '--{}'?", *candidate);
  else
    message += "; --help lists them";
  return fail_usage(message);
}

po::options_description describe(std::span<const OptionSpec> specs) {
  po::options_description description;
  for (const OptionSpec& spec : specs) {
    // Repetition is judged here, not by the library, whose message does not say which option it means.
    auto* semantic = spec.value.empty() ? static_cast<po::value_semantic*>(new po::untyped_value(true))
                                        : new po::untyped_value(false);
    std::string name(spec.name);
    if (spec.letter != 0) name += std::string(",") + spec.letter;
    description.add_options()(name.c_str(), semantic, std::string(spec.help).c_str());
  }
  return description;
}

}  // namespace

std::string ParsedOptions::get(std::string_view name, std::string_view fallback) const {
  auto found = values.find(name);
  return found == values.end() ? std::string(fallback) : found->second.back();
}

std::vector<std::string> ParsedOptions::all(std::string_view name) const {
  auto found = values.find(name);
  return found == values.end() ? std::vector<std::string>() : found->second;
}

Result<long long> ParsedOptions::integer(std::string_view name, long long fallback, long long min,
                                         long long max) const {
  if (!has(name)) return fallback;
  const std::string text = get(name);
  if (auto value = parse_integer(text, min, max)) return *value;
  return fail_usage(
      fmt::format("--{}: '{}' is not a whole number from {} to {}", name, escape_terminal_limited(text, 40), min, max));
}

Result<ParsedOptions> parse_options(std::span<const std::string> args, std::span<const OptionSpec> specs) {
  using Style = po::command_line_style::style_t;
  const int style = Style::allow_long | Style::long_allow_next | Style::long_allow_adjacent | Style::allow_short |
                    Style::allow_dash_for_short | Style::short_allow_next;
  ParsedOptions parsed;
  const std::vector<std::string> words(args.begin(), args.end());
  const po::options_description description = describe(specs);
  try {
    // "-" alone stands for standard input and is no option; the library agrees.
    const auto options = po::basic_command_line_parser<char>(words).options(description).style(style).run();
    for (const auto& option : options.options) {
      if (option.string_key.empty()) {
        parsed.positional.insert(parsed.positional.end(), option.value.begin(), option.value.end());
        continue;
      }
      const auto spec = std::ranges::find(specs, std::string_view(option.string_key), &OptionSpec::name);
      auto& values = parsed.values[option.string_key];
      if (!values.empty() && (spec == specs.end() || !spec->repeatable))
        return fail_usage(fmt::format("option '--{}' is given twice", option.string_key));
      values.push_back(option.value.empty() ? std::string() : option.value.front());
    }
  } catch (const po::unknown_option& error) {
    return unknown_option(error.get_option_name(), specs);
  } catch (const po::invalid_command_line_syntax& error) {
    const std::string name = error.get_option_name();
    if (error.kind() == po::invalid_syntax::missing_parameter)
      return fail_usage(fmt::format("option '{}' needs a value", escape_terminal_limited(name, 60)));
    if (error.kind() == po::invalid_command_line_syntax::extra_parameter)
      return fail_usage(fmt::format("option '{}' takes no value", escape_terminal_limited(name, 60)));
    return fail_usage(fmt::format("option '{}' is not well-formed", escape_terminal_limited(name, 60)));
  } catch (const po::error& error) {
    return fail_usage(escape_terminal_limited(error.what(), 200));
  }
  return parsed;
}

std::string format_options(std::span<const OptionSpec> specs) {
  constexpr size_t kColumn = 30;
  std::string out;
  for (const OptionSpec& spec : specs) {
    std::string left = fmt::format("  {}--{}{}{}", spec.letter == 0 ? std::string() : fmt::format("-{}, ", spec.letter),
                                   spec.name, spec.value.empty() ? "" : " ", spec.value);
    const size_t width = display_width(left);
    if (width + 2 > kColumn)
      left += '\n' + std::string(kColumn, ' ');
    else
      left.append(kColumn - width, ' ');
    const std::string help = std::string(spec.help) + (spec.repeatable ? " (repeatable)" : "");
    std::string wrapped = wrap(help, 80 - kColumn);
    for (size_t at = 0; (at = wrapped.find('\n', at)) != std::string::npos; at += kColumn + 1)
      wrapped.insert(at + 1, kColumn, ' ');
    out += left + wrapped + '\n';
  }
  return out;
}

}  // namespace tlsproof::cli
