#pragma once

#include "protocol/json.hpp"

#include <initializer_list>

/// Reading the API's JSON for showing it: tolerant, because a newer server may say more, and
/// members that have their default value are left out.
namespace troupe::look {

/// The member; null where there is none, or where `v` is no object.
[[nodiscard]] json::value const& at(json::value const& v, std::string_view key);
/// Text of a member in one printable line; `fallback` where there is none.
[[nodiscard]] std::string text(json::value const& v, std::string_view key,
                               std::string_view fallback = {});
/// The same with its line ends.
[[nodiscard]] std::string block(json::value const& v, std::string_view key);
[[nodiscard]] std::int64_t number(json::value const& v, std::string_view key,
                                  std::int64_t fallback = 0);
[[nodiscard]] bool flag(json::value const& v, std::string_view key, bool fallback = false);
/// The elements; none where it is no list.
[[nodiscard]] json::array const& list(json::value const& v, std::string_view key);
/// The strings of a list, each printable.
[[nodiscard]] std::vector<std::string> texts(json::value const& v, std::string_view key);

/// `a, b, c`.
[[nodiscard]] std::string joined(std::vector<std::string> const& parts,
                                 std::string_view between = ", ");
/// A principal as people say it: `agent:tally.dev-ada` is `dev-ada`, `human:ada` is `ada`,
/// `ticket:k3-1` is `ticket k3-1`.
[[nodiscard]] std::string who(std::string_view principal);
/// `12:03:04` of milliseconds since 1970, `-` for zero.
[[nodiscard]] std::string clock(std::int64_t at_ms, bool local);
/// `2026-01-31 12:03`, `-` for zero.
[[nodiscard]] std::string date(std::int64_t at_ms, bool local);
/// An offset in a recording: `00:12:43`.
[[nodiscard]] std::string offset(std::int64_t ms);
/// `2 h 5 min`, `45 s`, `120 ms`.
[[nodiscard]] std::string span(std::int64_t ms);
/// Millionths of the currency unit as `0.42`; four decimal places where it is less than a
/// hundredth, six where it is less than that.
[[nodiscard]] std::string money(std::int64_t micros);
/// The same with that many decimal places, for amounts that stand beside one another.
[[nodiscard]] std::string money(std::int64_t micros, int places);
/// Decimal places that show each of the amounts: 2, 4 or 6.
[[nodiscard]] int places_for(std::initializer_list<std::int64_t> amounts, int at_least = 2);
/// `1 file`, `2 files`.
[[nodiscard]] std::string count(std::int64_t n, std::string_view one, std::string_view many = {});
/// The first ten digits of a hash.
[[nodiscard]] std::string short_hash(std::string_view hash);

} // namespace troupe::look
