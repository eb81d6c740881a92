#include "canvas.h"

#include <algorithm>

#include "safe.h"
#include "tlsproof/base/text.h"
#include "tlsproof/view/glyphs.h"

namespace tlsproof::report {
namespace {

constexpr size_t kMinWidth = 60;
constexpr size_t kMaxText = 4096;  // bytes of one text; a report is for reading

std::string_view ansi(Paint paint) {
  switch (paint) {
    case Paint::none:
      return "";
    case Paint::bold:
      return "\x1b[1m";
    case Paint::dim:
      return "\x1b[2m";
    case Paint::good:
      return "\x1b[1;32m";
    case Paint::bad:
      return "\x1b[1;31m";
    case Paint::caution:
      return "\x1b[1;33m";
    case Paint::quiet:
      return "\x1b[36m";
  }
  return "";
}

std::string repeat(std::string_view what, size_t times) {
  std::string out;
  while (times-- > 0) out += what;
  return out;
}

}  // namespace

Canvas::Canvas(const Style& style) : style_(style) {
  style_.width = std::max(style.width, kMinWidth);
}

std::string Canvas::fit(std::string_view text, size_t columns) const {
  return view::cut_to_columns(make_safe(text, kMaxText), columns, style_.unicode);
}

std::string Canvas::pad(std::string_view text, size_t columns) const {
  std::string out = fit(text, columns);
  out.append(columns - std::min(columns, display_width(out)), ' ');
  return out;
}

std::vector<std::string> Canvas::fold(std::string_view text, size_t columns, size_t max_lines) const {
  return view::fold_to_columns(make_safe(text, kMaxText), columns, max_lines, style_.unicode);
}

std::string Canvas::paint(std::string_view shown, Paint paint) const {
  if (!style_.colour || paint == Paint::none || shown.empty()) return std::string(shown);
  return std::string(ansi(paint)) + std::string(shown) + "\x1b[0m";
}

void Canvas::line(std::string_view shown) {
  const size_t end = shown.find_last_not_of(' ');
  shown = shown.substr(0, end == std::string_view::npos ? 0 : end + 1);
  // In a log of GitHub Actions a line that begins so, blanks aside, is a command; a folded text may break there.
  const size_t begin = std::min(shown.find_first_not_of(' '), shown.size());
  const std::string_view text = shown.substr(begin);
  if (text.starts_with("##[") || (text.starts_with("::") && text.find("::", 2) != std::string_view::npos)) {
    out_ +=
        std::string(begin - std::min<size_t>(begin, 1), ' ') + "\\" + std::string(text) + '\n';  // as wide as before
    return;
  }
  out_ += shown;
  out_ += '\n';
}

void Canvas::blank() {
  if (!out_.empty() && !out_.ends_with("\n\n")) out_ += '\n';
}

void Canvas::heading(std::string_view title, Paint how, bool heavy) {
  const std::string_view bar = style_.unicode ? (heavy ? "═" : "─") : (heavy ? "=" : "-");
  const std::string text = fit(title, width() - 8);
  const std::string right = repeat(bar, width() - 5 - display_width(text));
  line(repeat(bar, 3) + " " + paint(text, how) + " " + right);
}

void Canvas::field(std::string_view label, std::string_view text, size_t max_lines) {
  if (text.empty()) return;
  const std::string margin(kIndent, ' ');
  std::string left = margin + paint(pad(label, kLabel), Paint::dim);
  for (const std::string& part : fold(text, width() - kIndent - kLabel, max_lines)) {
    line(left + part);
    left = margin + std::string(kLabel, ' ');
  }
}

}  // namespace tlsproof::report
