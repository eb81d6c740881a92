// Lines of a report at a width, with or without colours and Unicode.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tlsproof/report/style.h"

namespace tlsproof::report {

enum class Paint { none, bold, dim, good, bad, caution, quiet };

class Canvas {
 public:
  explicit Canvas(const Style& style);

  [[nodiscard]] size_t width() const { return style_.width; }
  [[nodiscard]] const Style& style() const { return style_; }

  // The text as it will be shown (safe, and ASCII where that is wanted), one line of at most `columns` columns.
  [[nodiscard]] std::string fit(std::string_view text, size_t columns) const;
  // fit, and blanks up to the width.
  [[nodiscard]] std::string pad(std::string_view text, size_t columns) const;
  // Several lines of at most `columns` columns.
  [[nodiscard]] std::vector<std::string> fold(std::string_view text, size_t columns, size_t max_lines) const;
  // Colours what fit, pad or fold gave: no more measuring after this.
  [[nodiscard]] std::string paint(std::string_view shown, Paint paint) const;

  void line(std::string_view shown);  // blanks at its end are dropped
  void blank();                       // an empty line, but never two
  // "═══ TITLE ═══════" over the whole width.
  void heading(std::string_view title, Paint paint, bool heavy);
  // "    label    text", folded under itself. Nothing for an empty text.
  void field(std::string_view label, std::string_view text, size_t max_lines = 8);

  static constexpr size_t kIndent = 4;
  static constexpr size_t kLabel = 9;

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  Style style_;
  std::string out_;
};

}  // namespace tlsproof::report
