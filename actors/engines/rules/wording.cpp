#include "actors/engines/rules/wording.hpp"

#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/order_sayings.hpp"
#include "actors/engines/rules/requests.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

std::string from_word(std::string const& body, std::vector<word> const& w, std::size_t i) {
  return i < w.size() ? body.substr(w[i].begin) : std::string{};
}

std::string without_marks(std::string text) {
  while (!text.empty() && (text.back() == '?' || text.back() == '.' || text.back() == ' ' ||
                           text.back() == ',' || text.back() == '!'))
    text.pop_back();
  return text;
}

bool is_we(std::string_view low) {
  return low == "we" || low == "i" || low == "you";
}

bool asking_auxiliary(std::string_view low) {
  return contains_any(" can could should shall would may might will ", {low});
}

std::size_t phrase_at(std::vector<word> const& w, std::size_t i, std::string_view phrase) {
  std::size_t n = 0;
  std::size_t at = 0;
  while (at <= phrase.size()) {
    auto const end = std::min(phrase.find(' ', at), phrase.size());
    if (i + n >= w.size() || w[i + n].low != phrase.substr(at, end - at))
      return 0;
    ++n;
    at = end + 1;
  }
  return n;
}

} // namespace

std::string proposition_of(unit const& q) {
  auto const& w = q.words;
  auto const body = without_marks(q.body);
  for (auto const* lead : {"what about", "how about", "what if we", "why not", "why don't we",
                           "shall we", "is there a way to", "would it make sense to",
                           "would it be possible to", "do you want to", "do we want to"})
    if (auto const n = phrase_at(w, 0, lead); n > 0)
      return from_word(body, w, n);
  for (auto const* lead :
       {"should there be", "could there be", "can there be", "should there also be"})
    if (auto const n = phrase_at(w, 0, lead); n > 0)
      return "there should be " + from_word(body, w, n);
  for (auto const* lead : {"do we need", "do we want", "do you want"})
    if (auto const n = phrase_at(w, 0, lead); n > 0)
      return "we need " + from_word(body, w, n);
  if (auto asked = request_in(q); !asked.empty())
    return asked;
  if (w.size() < 3 || !asking_auxiliary(w[0].low))
    return body;
  std::size_t i = 1;
  if (is_we(w[1].low)) {
    i = 2;
    while (i + 1 < w.size() && (w[i].low == "also" || w[i].low == "please" || w[i].low == "maybe" ||
                                w[i].low == "just" || w[i].low == "finally"))
      ++i;
    if (w[i].low == "have" && i + 1 < w.size())
      return "there should be " + from_word(body, w, i + 1);
    return from_word(body, w, i);
  }
  // `Could every event carry an id`: the subject ends where the verb in its base form begins.
  for (i = 2; i < w.size() && i < 9; ++i) {
    auto const& low = w[i].low;
    if (w[i].what != word::kind::plain)
      continue;
    // `Could the config check refuse that`, `could the file name have the date`: the last of two
    // such words is the verb.
    if (i + 1 < w.size() && w[i + 1].what == word::kind::plain &&
        (contains_any(" be have ", {w[i + 1].low}) ||
         (lexicon::is_noun_too(low) && lexicon::is_change_verb(w[i + 1].low) &&
          !lexicon::is_noun_too(w[i + 1].low))))
      continue;
    if (low == "please" || low == "be" || low == "have" || low == "get" || low == "go" ||
        low == "carry" || low == "work" || low == "also" || lexicon::is_change_verb(low)) {
      auto const subject = body.substr(w[1].begin, w[i - 1].end - w[1].begin);
      auto v = i;
      while (v + 1 < w.size() && (w[v].low == "please" || w[v].low == "also"))
        ++v;
      // `Can it be switched off?` asks for a way, not for the thing.
      auto const* modal = w[0].low == "can" && lexicon::is_pronoun(w[1].low) ? " can " : " should ";
      return subject + modal + from_word(body, w, v);
    }
  }
  return from_word(body, w, 1);
}

std::string subject_of(unit const& q) {
  auto const& w = q.words;
  if (w.empty())
    return {};
  auto const body = without_marks(q.body);
  for (auto const* lead : {"what about", "how about", "anything on", "anything about",
                           "is there anything with", "is there anything about", "anything with",
                           "what do we do about", "what to do about", "what do we do with"})
    if (auto const n = phrase_at(w, 0, lead); n > 0)
      return n < w.size() && lexicon::is_pronoun(w[n].low) ? std::string{} : from_word(body, w, n);
  if (contains_any(q.flat, {"if"}) || w[0].low == "what" || w[0].low == "if" || w[0].low == "how" ||
      w[0].low == "who" || w[0].low == "which" || w[0].low == "when" || w[0].low == "where")
    return {};
  // `an empty pattern, does that throw too?`
  for (std::size_t i = 1; i < w.size(); ++i)
    if (w[i].before == ',' && i + 1 < w.size() && i < 6 && lexicon::is_auxiliary(w[i].low) &&
        (lexicon::is_pronoun(w[i + 1].low) ||
         (contains_any(" we you i they somebody people ", {w[i + 1].low}) &&
          contains_any(" the a an our this ", {w[0].low}))))
      return body.substr(0, w[i - 1].end);
  if (!q.fragment ||
      contains_any(" in on at by for with from per like as including except excluding "
                   "without within until before after also even ",
                   {w[0].low}))
    return {};
  bool content = false;
  for (auto const& x : w)
    content = content || x.what == word::kind::literal || x.what == word::kind::identifier ||
              (x.what == word::kind::plain && !lexicon::is_stopword(x.low));
  return content ? body : std::string{};
}

std::string lead_of(unit const& q) {
  auto const& w = q.words;
  if (auto s = subject_of(q); !s.empty())
    return s;
  if (w.empty())
    return {};
  auto const body = without_marks(q.body);
  if (contains_any(q.flat, {"what about", "how about"}) && w.size() <= 3)
    return {}; // `What about it?`
  if (w[0].low == "what" && w.size() > 2 && (w[1].low == "if" || w[1].low == "when"))
    return from_word(body, w, 1);
  if (w[0].low == "what" && w.size() > 4 && w[1].low == "happens")
    return from_word(body, w, 2);
  if (w[0].low == "if" || w[0].low == "when") {
    for (std::size_t i = 1; i < w.size(); ++i)
      if (w[i].before == ',' && (lexicon::is_auxiliary(w[i].low) || w[i].low == "what"))
        return body.substr(0, w[i - 1].end);
    return body;
  }
  // `What should happen if the list is empty`
  if (w[0].low == "what" || w[0].low == "what's")
    for (std::size_t i = 2; i + 2 < w.size(); ++i)
      if (w[i].low == "if" || w[i].low == "when")
        return from_word(body, w, i);
  static constexpr std::string_view wh = " what what's how which who when where ";
  if (contains_any(wh, {w[0].low})) {
    // `what do we want, months?` is about months.
    for (std::size_t i = w.size() - 1; i > 2; --i)
      if (w[i].before == ',')
        return from_word(body, w, i);
    return body;
  }
  for (std::size_t i = 1; i < w.size(); ++i)
    if ((w[i].low == "if" || w[i].low == "or") && w[i].before != 0)
      return body;
  // `For an empty list?`, `without a name?`: the case that the answer is about.
  if (q.fragment && w.size() >= 3 && w.size() <= 9 &&
      contains_any(" for with without on after ", {w[0].low}) &&
      contains_any(" a an no zero empty missing negative invalid ", {w[1].low}))
    return body;
  return {};
}

std::string object_of(std::string_view proposition) {
  auto const w = words_of(proposition);
  if (w.size() < 2 || w.size() > 8 || !lexicon::is_change_verb(w[0].low))
    return {};
  std::size_t i = 1;
  while (i + 1 < w.size() && contains_any(" the a an our this that ", {w[i].low}))
    ++i;
  if (lexicon::is_pronoun(w[i].low))
    return {};
  return std::string{trim(proposition.substr(w[i].begin))};
}

bool opens_with_name(std::string_view text) {
  auto const w = words_of(text);
  if (w.empty() || w[0].begin > 0)
    return false;
  if (w[0].what != word::kind::plain)
    return w[0].what == word::kind::identifier;
  // `f should …`: a letter by itself is one, too.
  if (w[0].text.size() == 1 && w[0].low != "a" && w[0].low != "i" && w.size() > 1 &&
      w[1].before == 0)
    return true;
  // `slugify should …`: a verb that is a subject is the name of a function.
  auto const& low = w[0].low;
  bool const verb = (lexicon::is_change_verb(low) && !lexicon::is_noun_too(low)) ||
                    (low.size() > 5 && low.ends_with("ify"));
  return verb && w.size() > 1 && w[1].before == 0 &&
         (lexicon::is_auxiliary(w[1].low) ||
          contains_any(" should must shall gives returns takes ", {w[1].low}));
}

std::string as_sentence(std::string_view text, name_set const& names) {
  // A name in code starts a sentence as it is written.
  auto out = squeeze(text);
  auto const w = words_of(out);
  bool const named = !w.empty() && w[0].begin == 0 && names.count(w[0].text) != 0;
  if (!named && !opens_with_name(out))
    out = capitalized(std::move(out));
  while (!out.empty() && (out.back() == ',' || out.back() == ';' || out.back() == ':'))
    out.pop_back();
  if (!out.empty() && out.back() != '.' && out.back() != '!' && out.back() != '?')
    out += '.';
  return out;
}

std::string with_digits(std::string_view text) {
  auto const w = words_of(text);
  std::string digits;
  for (auto const& q : quantities_of(w)) {
    // `Three times (3 times)` would say it twice; small numbers are written as words.
    if (!q.spelled || q.value <= 12)
      continue;
    digits += (digits.empty() ? "" : ", ") + digits_of(q.value);
    if (!q.unit.empty() && q.last < w.size())
      digits += ' ' + w[q.last].text;
  }
  // Behind the sentence, so that the words of it stay together.
  if (digits.empty())
    return std::string{text};
  text = trim(text);
  std::string_view stop;
  if (text.ends_with('.') || text.ends_with('!')) {
    stop = text.substr(text.size() - 1);
    text.remove_suffix(1);
  }
  return std::string{text} + " (" + digits + ')' + std::string{stop};
}

std::string without_contrast(std::string_view text, std::string& not_this) {
  auto const w = words_of(text);
  if (w.size() < 3 || w[0].low != "not")
    return std::string{text};
  for (std::size_t i = 2; i < w.size() && i < 5; ++i) {
    if (w[i].before != ',')
      continue;
    not_this = std::string{text.substr(w[1].begin, w[i - 1].end - w[1].begin)};
    return std::string{text.substr(w[i].begin)};
  }
  return std::string{text};
}

namespace {

/// `The parser` inside a sentence is `the parser`; names and literals keep their capitals.
std::string plain_start(std::string text) {
  auto const w = words_of(text);
  if (!w.empty() && w[0].what == word::kind::plain &&
      (lexicon::is_stopword(w[0].low) || lexicon::is_software_word(w[0].low)))
    text.replace(0, 1, lower(text.substr(0, 1)));
  return text;
}

} // namespace

std::string imperative_of(std::string_view statement, std::string_view label,
                          name_set const& names) {
  auto text = without_marks(squeeze(statement));
  auto const w = words_of(text);
  auto const join = [&](std::string line) {
    if (!label.empty() && lower(line).find(lower(label)) == std::string::npos)
      line = std::string{label} + ": " + line;
    auto const head = words_of(line);
    if (opens_with_name(line) || (!head.empty() && names.count(head[0].text) != 0))
      return shorten(line, 118);
    return shorten(capitalized(std::move(line)), 118);
  };
  if (w.size() < 3)
    return join(text);
  // `After the formatting is done, the README should …`: the order is no part of the title.
  if (auto const main = behind_order(w); main > 0 && main + 2 < w.size())
    return imperative_of(from_word(text, w, main), label, names);
  for (auto const* lead : {"i'd like to", "i'd want to", "we'd like to"})
    if (auto const n = phrase_at(w, 0, lead); n > 0 && n < w.size())
      return join(from_word(text, w, n));
  for (auto const* lead : {"i'd like", "i'd want", "we'd like"})
    if (auto const n = phrase_at(w, 0, lead); n > 0 && n < w.size())
      return join("provide " + from_word(text, w, n));
  for (auto const* lead : {"what i do want is", "what i want is", "what we want is",
                           "what we need is", "what i need is", "what we do need is"})
    if (auto const n = phrase_at(w, 0, lead); n > 0 && n < w.size())
      return join("provide " + from_word(text, w, n));
  for (auto const* lead : {"i'd rather", "i would rather", "we'd rather"})
    if (auto const n = phrase_at(w, 0, lead); n > 0 && n < w.size())
      return join(from_word(text, w, n));
  for (auto const* lead :
       {"there should also be", "there should be", "there must be", "there has to be",
        "there needs to be", "we also need", "we need to have", "i also want", "i'd also add"})
    if (auto const n = phrase_at(w, 0, lead); n > 0 && n < w.size())
      return join("add " + from_word(text, w, n));
  for (auto const* lead : {"we should also", "we should",      "we must",   "we have to",
                           "we need to",     "it should also", "it should", "it must",
                           "it has to",      "it needs to",    "i would",   "i'd",
                           "we'd",           "let's",          "i want to", "they want to",
                           "we will",        "we'll",          "please",    "just",
                           "could you also", "could you",      "can you",   "what i need is that",
                           "i'd like to",    "we want to",     "i'll",      "then"})
    if (auto const n = phrase_at(w, 0, lead); n > 0 && n < w.size() && w[n].low != "not")
      return join(from_word(text, w, n));
  for (auto const* lead :
       {"we need", "i need", "they need", "i want", "they want", "i'd like", "we want"})
    if (auto const n = phrase_at(w, 0, lead); n > 0 && n < w.size())
      return join("provide " + from_word(text, w, n));
  // `Logout should warn …` -> `Make logout warn …`
  for (std::size_t i = 1; i + 1 < w.size() && i < 8; ++i) {
    auto const& low = w[i].low;
    bool const needs =
        (low == "has" || low == "have" || low == "needs" || low == "need") && w[i + 1].low == "to";
    if (low != "should" && low != "must" && !needs)
      continue;
    auto const subject = plain_start(without_marks(text.substr(0, w[i].begin)));
    if (contains_any(" on in at for with if when after before over under by whoever whatever who "
                     "what they there ",
                     {w[0].low}) ||
        subject.find(',') != std::string::npos || subject.find(':') != std::string::npos)
      break;
    auto const v = needs ? i + 2 : i + 1;
    if (v >= w.size() || w[v].low == "not" || w[v].low == "be" || w[v].low == "never")
      break;
    return join("make " + subject + " " + from_word(text, w, v));
  }
  for (std::size_t i = 1; i + 1 < w.size() && i < 7; ++i)
    if (w[i].low == "stays" || w[i].low == "stay" || w[i].low == "remains" ||
        w[i].low == "remain") {
      bool verb = false;
      for (std::size_t k = 0; k < i; ++k)
        verb = verb || lexicon::is_auxiliary(w[k].low);
      if (verb)
        break;
      bool const pronoun = lexicon::is_pronoun(w[0].low) && !label.empty();
      auto const subject = pronoun ? std::string{label} : text.substr(0, w[i - 1].end);
      return join("keep " + plain_start(subject) + " " + from_word(text, w, i + 1));
    }
  return join(text);
}

} // namespace troupe::rules
