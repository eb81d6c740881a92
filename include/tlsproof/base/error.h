// The kinds of bad news that are not findings: undecodable bytes, a failing environment, our own broken invariant.
// What a peer does wrong is a Finding (verdict module), never one of these.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <expected>
#include <string>
#include <string_view>

namespace tlsproof {

// The environment failed or the user gave something unusable: a file, a socket, memory, an option.
struct Error {
  enum class Kind {
    environment,  // a file, socket, library or the machine: exit status 3 when it stops a run
    usage,        // an option, a target or scenario file, a key: exit status 2
    internal,     // should not happen: exit status 4
  };
  Kind kind = Kind::environment;
  std::string what;  // one line for a person, naming the file, option or host and what would be right; already escaped
  int error_number = 0;  // errno where there was one, else 0

  // "WHAT" or "WHAT: strerror".
  [[nodiscard]] std::string message() const;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

[[nodiscard]] std::unexpected<Error> fail(std::string what);                            // environment
[[nodiscard]] std::unexpected<Error> fail_errno(std::string what, int number = errno);  // environment
[[nodiscard]] std::unexpected<Error> fail_usage(std::string what);

// Bytes that cannot be decoded. Cheap to make: the texts are string literals.
struct ParseError {
  enum class Kind { truncated, trailing, bad_length, bad_value };
  Kind kind = Kind::truncated;
  size_t offset = 0;  // where the field begins, counted from the start of what the root Reader was given (+ its base)
  std::string_view field;  // a literal: "ClientHello.session_id"
  size_t needed = 0;       // bytes the field needs (truncated) or the limit that was broken (bad_length)
  size_t had = 0;          // bytes there were

  // "ClientHello.session_id at offset 34: needs 32 bytes, 7 left".
  [[nodiscard]] std::string message() const;
};

template <class T>
using Parsed = std::expected<T, ParseError>;

// Prints where and what and aborts: for conditions that only a bug of ours can break, never for input.
[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace tlsproof

#define TLSPROOF_CHECK(condition)                                               \
  do {                                                                          \
    if (!(condition)) ::tlsproof::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)

// In .cpp files: `TLSPROOF_TRY(auto value, make_value());` binds the value or returns the error to the caller.
#define TLSPROOF_TRY_JOIN2(a, b) a##b
#define TLSPROOF_TRY_JOIN(a, b) TLSPROOF_TRY_JOIN2(a, b)
#define TLSPROOF_TRY_IMPL(name, declaration, expression)      \
  auto name = (expression);                                   \
  if (!name) return std::unexpected(std::move(name).error()); \
  declaration = std::move(*name)
#define TLSPROOF_TRY(declaration, expression) \
  TLSPROOF_TRY_IMPL(TLSPROOF_TRY_JOIN(tlsproof_try_, __LINE__), declaration, expression)
// The same for a Status.
#define TLSPROOF_TRY_VOID(expression)                             \
  do {                                                            \
    if (auto tlsproof_status = (expression); !tlsproof_status)    \
      return std::unexpected(std::move(tlsproof_status).error()); \
  } while (false)
