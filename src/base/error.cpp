#include "tlsproof/base/error.h"

#include <fmt/format.h>

#include <cstdio>
#include <system_error>
#include <utility>

namespace tlsproof {

std::string Error::message() const {
  if (error_number == 0) return what;
  return fmt::format("{}: {}", what, std::generic_category().message(error_number));
}

std::unexpected<Error> fail(std::string what) {
  return std::unexpected(Error{Error::Kind::environment, std::move(what), 0});
}
std::unexpected<Error> fail_errno(std::string what, int number) {
  return std::unexpected(Error{Error::Kind::environment, std::move(what), number});
}
std::unexpected<Error> fail_usage(std::string what) {
  return std::unexpected(Error{Error::Kind::usage, std::move(what), 0});
}

std::string ParseError::message() const {
  switch (kind) {
    case Kind::truncated:
      return fmt::format("{} at offset {}: needs {} bytes, {} left", field, offset, needed, had);
    case Kind::trailing:
      return fmt::format("{} at offset {}: {} bytes left over", field, offset, had);
    case Kind::bad_length:
      return fmt::format("{} at offset {}: length {} is outside its limits ({})", field, offset, had, needed);
    case Kind::bad_value:
      return fmt::format("{} at offset {}: value not allowed", field, offset);
  }
  return std::string(field);
}

void check_failed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "tlsproof: internal error: %s:%d: %s does not hold\n", file, line, condition);
  std::abort();
}

}  // namespace tlsproof
