#include "actors/engines/rules/words.hpp"

#include "actors/engines/rules/text.hpp"

#include <array>

namespace troupe::rules {
namespace {

/// Length of an opening quotation mark at `i` and its closing mark; 0 if there is none.
std::size_t opens_quote(std::string_view s, std::size_t i, std::string_view& close) {
  if (s[i] == '"' || s[i] == '`') {
    close = s.substr(i, 1);
    return 1;
  }
  for (auto const& [open, shut] : {std::pair<std::string_view, std::string_view>{"“", "”"},
                                   {"„", "“"},
                                   {"«", "»"},
                                   {"‘", "’"}}) {
    if (s.substr(i, open.size()) == open) {
      close = shut;
      return open.size();
    }
  }
  // A single straight mark quotes only at the start of a word and with a partner at a word's end.
  if (s[i] == '\'' && (i == 0 || is_space(s[i - 1]) || s[i - 1] == '(')) {
    auto const end = s.find('\'', i + 1);
    if (end != std::string_view::npos && end - i < 40 && end > i + 1 &&
        (end + 1 == s.size() || !is_letter(s[end + 1]))) {
      close = s.substr(i, 1);
      return 1;
    }
  }
  return 0;
}

bool joins(std::string_view s, std::size_t i) {
  // Inside a word: letters and digits, and punctuation with a letter or digit on both sides.
  auto const c = s[i];
  if (is_letter(c) || is_digit(c) || c == '_')
    return true;
  bool const next = i + 1 < s.size() && (is_letter(s[i + 1]) || is_digit(s[i + 1]) ||
                                         s[i + 1] == '_' || s[i + 1] == '*');
  bool const previous = i > 0 && (is_letter(s[i - 1]) || is_digit(s[i - 1]) || s[i - 1] == '_' ||
                                  s[i - 1] == '/' || s[i - 1] == '*');
  if (c == '\'' || c == '.' || c == '-' || c == '@' || c == '+' || c == '&' || c == '=')
    return next && previous;
  if (c == ',')
    return i > 0 && is_digit(s[i - 1]) && i + 3 < s.size() && is_digit(s[i + 1]) &&
           is_digit(s[i + 2]) && is_digit(s[i + 3]);
  if (c == '/')
    return next;
  if (c == '*')
    return previous;
  return c == '%' && i > 0 && is_digit(s[i - 1]);
}

word::kind kind_of(std::string_view text) {
  bool digit = false;
  bool letter = false;
  bool odd = false;
  std::size_t upper = 0;
  bool hump = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    digit = digit || is_digit(text[i]);
    letter = letter || is_letter(text[i]);
    upper += is_upper(text[i]) ? 1 : 0;
    hump = hump || (i > 0 && is_upper(text[i]) && is_lower(text[i - 1]));
    odd = odd || text[i] == '_' || text[i] == '/' || text[i] == '.' || text[i] == '@' ||
          text[i] == '*';
  }
  if (digit && !letter)
    return text.find('/') == std::string_view::npos ? word::kind::number : word::kind::identifier;
  if (!letter || text.starts_with('-'))
    return word::kind::identifier;
  if (odd || hump || digit || (upper >= 2 && text != "OK"))
    return word::kind::identifier;
  return word::kind::plain;
}

bool vowel(char c) {
  return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

bool has_vowel(std::string_view s) {
  for (auto const c : s)
    if (vowel(c))
      return true;
  return false;
}

} // namespace

std::string stem_of(std::string_view w) {
  std::string s{w};
  auto const cut = [&](std::string_view suffix, std::size_t keep) {
    if (s.size() < suffix.size() + keep || !s.ends_with(suffix) ||
        !has_vowel(std::string_view{s}.substr(0, s.size() - suffix.size())))
      return false;
    s.resize(s.size() - suffix.size());
    return true;
  };
  if (s.ends_with("'s"))
    s.resize(s.size() - 2);
  if (s.size() <= 3)
    return s;
  if (auto const p = s.find("our"); p != std::string::npos && p > 1 && s != "hour" && s != "your" &&
                                    s.find("hour") == std::string::npos)
    s.erase(p + 1, 1); // colour, behaviour
  for (auto const& [from, to] : {std::pair<std::string_view, std::string_view>{"isation", "iz"},
                                 {"ization", "iz"},
                                 {"ising", "iz"},
                                 {"izing", "iz"},
                                 {"ised", "iz"},
                                 {"ized", "iz"},
                                 {"ises", "iz"},
                                 {"izes", "iz"},
                                 {"ise", "iz"},
                                 {"ize", "iz"}}) {
    if (s.size() > from.size() + 3 && s.ends_with(from)) {
      s.resize(s.size() - from.size());
      return s + std::string{to};
    }
  }
  if (cut("ies", 2) || cut("ied", 2) || (s.size() > 4 && cut("y", 3)))
    return s + "i";
  if (s.ends_with("ss"))
    return s;
  if (cut("sses", 1))
    return s + "ss";
  if (cut("es", 3) || cut("s", 2)) {
    if (s.size() <= 3)
      return s;
  }
  bool const verb = cut("ings", 3) || cut("ing", 3) || cut("ed", 3) || cut("er", 3) ||
                    cut("or", 4) || cut("ation", 3) || cut("ion", 4) || cut("ment", 4) ||
                    cut("ly", 4) || cut("e", 3);
  if (verb && s.size() > 3 && s[s.size() - 1] == s[s.size() - 2] && s.back() != 's' &&
      s.back() != 'l')
    s.pop_back(); // stopped, dropping
  if (s.size() > 3 && s.back() == 'e')
    s.pop_back();
  return s;
}

std::vector<word> words_of(std::string_view s) {
  std::vector<word> out;
  char before = 0;
  for (std::size_t i = 0; i < s.size();) {
    word w;
    std::string_view close;
    if (auto const open = opens_quote(s, i, close); open > 0) {
      auto const end = s.find(close, i + open);
      if (end != std::string_view::npos && end - i < 200 && end > i + open) {
        w.what = word::kind::literal;
        w.begin = i;
        w.end = end + close.size();
        w.text = std::string{s.substr(i, w.end - i)};
        w.low = lower(s.substr(i + open, end - i - open));
        w.stem = w.low;
        w.before = before;
        before = 0;
        i = w.end;
        out.push_back(std::move(w));
        continue;
      }
      i += open;
      continue;
    }
    bool const flag =
        s[i] == '-' && i + 1 < s.size() && (i == 0 || !is_letter(s[i - 1])) &&
        (is_letter(s[i + 1]) || (s[i + 1] == '-' && i + 2 < s.size() && is_letter(s[i + 2])));
    bool const path = (s[i] == '/' || s[i] == '.' || s[i] == '@' || s[i] == '$' || s[i] == '*') &&
                      i + 1 < s.size() && (i == 0 || is_space(s[i - 1]) || s[i - 1] == '(') &&
                      (is_letter(s[i + 1]) || s[i + 1] == '/' || s[i + 1] == '*');
    bool const vote = (s[i] == '+' || s[i] == '-') && i + 1 < s.size() && is_digit(s[i + 1]) &&
                      (i == 0 || is_space(s[i - 1]));
    if (vote) {
      auto stop = i + 1;
      while (stop < s.size() && is_digit(s[stop]))
        ++stop;
      w.begin = i;
      w.end = stop;
      w.text = w.low = w.stem = std::string{s.substr(i, stop - i)};
      w.what = word::kind::number;
      w.before = before;
      before = 0;
      i = stop;
      out.push_back(std::move(w));
      continue;
    }
    if (!flag && !path && !is_letter(s[i]) && !is_digit(s[i]) && s[i] != '_') {
      if (!is_space(s[i]))
        before = s[i];
      ++i;
      continue;
    }
    // The ellipsis and other marks of several bytes are punctuation, not letters.
    if (s.substr(i, 3) == "…" || s.substr(i, 3) == "–" || s.substr(i, 3) == "—" ||
        s.substr(i, 3) == "•") {
      before = s.substr(i, 3) == "…" ? '~' : '-';
      i += 3;
      continue;
    }
    if (s.substr(i, 3) == "’" || s.substr(i, 3) == "”") {
      i += 3;
      continue;
    }
    auto end = i;
    if (flag || path)
      while (end < s.size() && (s[end] == '-' || s[end] == '/' || s[end] == '.' || s[end] == '@' ||
                                s[end] == '$' || s[end] == '*'))
        ++end;
    while (end < s.size()) {
      if (s.substr(end, 3) == "’" && end + 3 < s.size() && is_letter(s[end + 3])) {
        end += 3;
        continue;
      }
      if (s.substr(end, 3) == "…" || s.substr(end, 3) == "”" || s.substr(end, 3) == "“" ||
          s.substr(end, 3) == "–" || s.substr(end, 3) == "—" || s.substr(end, 3) == "’" ||
          !joins(s, end))
        break;
      ++end;
    }
    if (end == i)
      ++end;
    w.begin = i;
    w.end = end;
    w.text = std::string{s.substr(i, end - i)};
    for (std::size_t q = w.text.find("’"); q != std::string::npos; q = w.text.find("’"))
      w.text.replace(q, 3, "'");
    w.low = lower(w.text);
    w.what = kind_of(w.text);
    w.stem = w.what == word::kind::plain ? stem_of(w.low) : w.low;
    w.before = before;
    before = 0;
    i = end;
    out.push_back(std::move(w));
  }
  return out;
}

std::string flat_of(std::vector<word> const& words) {
  std::string out = " ";
  for (auto const& w : words)
    out += w.low + ' ';
  return out;
}

} // namespace troupe::rules
