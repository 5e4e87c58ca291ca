#pragma once

#include "protocol/json.hpp"

#include <filesystem>
#include <string>
#include <string_view>

/// Reading the server's answers, which the story knows only as JSON.
namespace troupe::demo {

/// What stands at a path like "item.title": a text as it is, another value as canonical JSON, and
/// nothing where there is none.
[[nodiscard]] std::string text_at(json::value const& v, std::string_view path);
/// The items of a page; none where it is no page.
[[nodiscard]] json::array items_of(json::value const& page);
/// A whole file; empty where it cannot be read.
[[nodiscard]] std::string read_text(std::filesystem::path const& file);

/// What went wrong, thrown only inside the story: `run` says it and ends with the exit code.
struct broken_off {
  std::string why;
  int exit_code = 1;
};

template <class T>
T must(result<T> r) {
  if (!r)
    throw broken_off{r.error().message, 1};
  return std::move(*r);
}

} // namespace troupe::demo
