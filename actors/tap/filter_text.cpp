#include "actors/tap/filter_text.hpp"

#include <algorithm>
#include <cctype>

namespace troupe::traffic {

namespace {

bool is_word(char c) {
  auto const u = static_cast<unsigned char>(c);
  return std::isalnum(u) != 0 || u >= 0x80 ||
         std::string_view{"._-:/@+#~*{}"}.find(c) != std::string_view::npos;
}

bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

} // namespace

bool is_keyword(token const& t) {
  if (t.is != token::type::word)
    return false;
  auto const w = lower(t.text);
  return w == "and" || w == "or" || w == "not";
}

bool filter_text::is_mark(std::string_view mark) const {
  return now_.is == token::type::mark && now_.text == mark;
}

bool filter_text::is_joint(std::string_view word) const {
  return now_.is == token::type::word && lower(now_.text) == word;
}

std::size_t filter_text::column(std::size_t offset) const {
  std::size_t n = 1;
  for (std::size_t i = 0; i < std::min(offset, text_.size()); ++i)
    n += (static_cast<unsigned char>(text_[i]) & 0xC0u) != 0x80u ? 1 : 0;
  return n;
}

error filter_text::refuse(std::size_t offset, std::string const& expected,
                          std::string const& found) const {
  auto const c = column(offset);
  return fail(errc::invalid_argument,
              "the filter's column " + std::to_string(c) + ": expected " + expected +
                  (found.empty() ? "" : ", found " + found),
              {{"column", c}, {"expected", expected}});
}

error filter_text::unexpected(std::string const& expected) const {
  if (now_.is == token::type::end)
    return refuse(now_.at, expected, "the end");
  constexpr std::size_t shown = 24;
  std::string found;
  for (char const c : now_.text.substr(0, shown))
    found += c >= 0x20 && c < 0x7F ? c : '?';
  return refuse(now_.at, expected, "'" + found + (now_.text.size() > shown ? "...'" : "'"));
}

result<void> filter_text::next() {
  while (at_ < text_.size() && is_space(text_[at_]))
    ++at_;
  now_ = {token::type::end, {}, at_};
  if (at_ == text_.size())
    return {};
  char const c = text_[at_];
  if (c == '"')
    return quoted();
  if (is_word(c)) {
    now_.is = token::type::word;
    while (at_ < text_.size() && is_word(text_[at_]))
      now_.text += text_[at_++];
    return {};
  }
  now_.is = token::type::mark;
  now_.text = c;
  ++at_;
  if ((c == '<' || c == '>' || c == '!') && at_ < text_.size() && text_[at_] == '=')
    now_.text += text_[at_++];
  if (std::string_view{"()=<>,"}.find(c) == std::string_view::npos && now_.text != "!=")
    return unexpected("a field, a value, 'and', 'or', 'not' or a parenthesis");
  return {};
}

result<void> filter_text::quoted() {
  now_.is = token::type::quoted;
  for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
    if (text_[at_] == '\\' && ++at_ == text_.size())
      break;
    now_.text += text_[at_];
  }
  if (at_ == text_.size())
    return refuse(at_, "a closing quote");
  ++at_;
  return {};
}

} // namespace troupe::traffic
