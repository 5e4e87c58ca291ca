#pragma once

#include "cli/text/columns.hpp"
#include "cli/text/look.hpp"
#include "cli/text/render.hpp"

/// Small pieces that several views share.
namespace troupe::views {

/// `Brief k3f9q2mx  pending_approval`.
[[nodiscard]] inline std::string heading(std::string_view kind, json::value const& entity,
                                         text_style const& style) {
  auto out = paint(style, ink::strong, kind) + " " +
             paint(style, ink::name, look::text(entity, "id", "?"));
  if (auto const status = look::text(entity, "status"); !status.empty())
    out += "  " + paint_status(style, status);
  return out + "\n";
}

/// ` (rules: no model)`, of the engine that made something; nothing where it is not told.
[[nodiscard]] inline std::string by_engine(std::string const& engine) {
  if (engine.empty())
    return {};
  return " (" + engine +
         (engine == "rules"      ? ": no model"
          : engine == "scripted" ? ": a script plays the model"
                                 : "") +
         ")";
}

/// A blank line and the title of a part.
[[nodiscard]] inline std::string part(std::string_view title, text_style const& style) {
  return "\n" + paint(style, ink::strong, title) + "\n";
}

/// Wrapped text in one meaning. Painted line by line, so that a cut line ends its colour.
[[nodiscard]] inline std::string said(std::string_view text, std::size_t indent,
                                      text_style const& style, ink meaning = ink::plain,
                                      std::string_view first = {}) {
  auto const head = columns::width(first);
  std::size_t most = 0;
  if (style.width > 0) {
    auto const room = static_cast<std::size_t>(style.width);
    most = room > indent + head + 20 ? room - indent - head : 20;
  }
  std::string out;
  bool begun = false;
  for (auto const& line : columns::wrap(text, most)) {
    out += std::string(indent, ' ') + (begun ? std::string(head, ' ') : std::string{first}) +
           paint(style, meaning, line) + "\n";
    begun = true;
  }
  return out;
}

/// `label   value` with the values in one column; nothing where the value is empty.
[[nodiscard]] inline std::string fact(std::string_view label, std::string const& value,
                                      text_style const& style) {
  if (value.empty())
    return {};
  auto const head = columns::pad(label, 12) + "  ";
  std::string out;
  bool begun = false;
  auto const most = style.width > 34 ? static_cast<std::size_t>(style.width) - 14 : 20;
  for (auto const& line : columns::wrap(value, style.width > 0 ? most : 0)) {
    out += (begun ? std::string(14, ' ') : paint(style, ink::faint, head)) + line + "\n";
    begun = true;
  }
  return out;
}

/// What happens with a ticket, as the server says it, until when, and the way out.
[[nodiscard]] std::string situation_of(json::value const& ticket, text_style const& style);

} // namespace troupe::views
