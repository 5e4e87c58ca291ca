#pragma once

#include <boost/json/value.hpp>
#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace troupe {

/// Why something was refused. Stored and sent: add at the end, never renumber.
enum class errc {
  invalid_argument = 1, ///< the input is wrong; sending it again cannot help
  not_found = 2,
  conflict = 3,    ///< not allowed in the present state; `details` may hold `state`, `allowed`
  busy = 4,        ///< a bound is reached; try again later
  unavailable = 5, ///< a part is down or the outcome is unknown
  fenced = 6,      ///< the caller's token or epoch has been replaced
  forbidden = 7,
  unauthorized = 8,
  too_large = 9,
  unsupported = 10,
  timeout = 11,
  internal = 12,
  corrupt = 13, ///< stored data does not say what it must
};

/// snake_case name of a code, as it stands in JSON.
[[nodiscard]] char const* to_string(errc code);

/// A refusal as a value: a code, one sentence without secrets, and data for programs.
struct error {
  errc code = errc::internal;
  std::string message;
  boost::json::object details = {}; ///< e.g. {"allowed":["ready"]}, {"path":["a","b","a"]}
};

[[noreturn]] inline void throw_exception_from_error(error const& e, boost::source_location const&) {
  throw std::logic_error("result read although it holds an error: " + e.message);
}

/// A value or a refusal. Functions that can refuse return this and are `[[nodiscard]]`.
template <class T>
using result = boost::system::result<T, error>;

/// Shorthand for a refusal.
[[nodiscard]] inline error fail(errc code, std::string message, boost::json::object details = {}) {
  return {code, std::move(message), std::move(details)};
}

/// For `std::visit` with one small function an alternative.
template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

} // namespace troupe
