#include "actors/engines/rules/revise_notes.hpp"

#include "actors/engines/rules/dates.hpp"
#include "actors/engines/rules/discussion.hpp"
#include "actors/engines/rules/revise.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace troupe::rules {

bool within(terms const& part, terms const& all) {
  return !part.empty() && std::includes(all.begin(), all.end(), part.begin(), part.end());
}

terms terms_in(std::string_view text) {
  return terms_of(words_of(text));
}

std::vector<std::string> things_of(std::string_view what) {
  std::vector<std::string> out{{}};
  for (auto const& w : words_of(what)) {
    if (w.low == "and" || w.low == "or" || w.low == "nor" || w.before == ',')
      out.emplace_back();
    if (w.low != "and" && w.low != "or" && w.low != "nor")
      out.back() += (out.back().empty() ? "" : " ") + w.text;
  }
  std::erase_if(out, [](auto const& s) { return s.empty(); });
  return out;
}

terms head_terms(std::string_view thing) {
  auto out = terms_in(thing);
  auto const all = out;
  for (std::string_view const word : {"requirement", "criterion", "criteria", "part", "bit",
                                      "thing", "point", "support", "sentence"})
    std::erase(out, stem_of(word));
  return out.empty() ? all : out;
}

std::string best_match(brief_content const& b, std::string_view thing) {
  auto const flat = flat_of(words_of(thing));
  auto const head = terms_in(thing);
  std::string best;
  double most = 0;
  bool several = false;
  for (auto const& r : b.requirements)
    for (auto const& c : r.criteria) {
      double score = 0;
      if (flat.size() > 2 && flat_of(words_of(c)).find(flat) != std::string::npos) {
        score = 2;
      } else if (head.size() >= 2) {
        auto const mine = terms_in(c);
        auto const both = std::count_if(head.begin(), head.end(), [&](auto const& x) {
          return std::binary_search(mine.begin(), mine.end(), x);
        });
        score = both < 2 ? 0 : static_cast<double>(both) / static_cast<double>(head.size());
      }
      if (score < 0.66 || score < most)
        continue;
      several = score == most && best != c;
      most = score;
      best = c;
    }
  return several ? std::string{} : best;
}

namespace {

std::string_view without_ends(std::string_view s) {
  s = trim(s);
  while (!s.empty() && std::string_view{".!;,:"}.find(s.back()) != std::string_view::npos)
    s = trim(s.substr(0, s.size() - 1));
  return s;
}

/// Whether every one of the things is in the draft, or was put out of it before.
bool speaks_of(brief_content const& b, std::string_view what) {
  auto const things = things_of(what);
  return std::all_of(things.begin(), things.end(), [&](std::string const& thing) {
    auto const head = head_terms(thing);
    auto const in = [&](std::string_view text) { return within(head, terms_in(text)); };
    return std::any_of(b.requirements.begin(), b.requirements.end(),
                       [&](requirement const& r) {
                         return lower(thing) == lower(r.key) || in(r.title) ||
                                std::any_of(r.criteria.begin(), r.criteria.end(), in);
                       }) ||
           std::any_of(b.out_of_scope.begin(), b.out_of_scope.end(), [&](auto const& o) {
             return in(o.text) || std::any_of(o.cites.begin(), o.cites.end(),
                                              [&](auto const& c) { return in(c.quote); });
           });
  });
}

/// What is named behind `drop`: what stands in quotation marks, else what comes before the reason.
std::string item_of(std::string_view text, bool& quoted) {
  text = trim(text);
  for (std::string_view const lead :
       {"the criterion ", "the requirement ", "the sentence ", "the line ", "the point ",
        "the part ", "the part about ", "that "})
    if (lower(text).starts_with(lead) && text.size() > lead.size() &&
        std::string_view{"'\"`\xe2"}.find(text[lead.size()]) != std::string_view::npos)
      text.remove_prefix(lead.size());
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> marks{
      {{"'", "'"}, {"\"", "\""}, {"`", "`"}, {"“", "”"}, {"‘", "’"}}};
  for (auto const& [open, close] : marks) {
    if (!text.starts_with(open))
      continue;
    // An apostrophe inside a word ends nothing.
    for (auto end = text.find(close, open.size()); end != std::string_view::npos;
         end = text.find(close, end + 1)) {
      auto const next = end + close.size();
      if (next < text.size() && is_letter(text[next]) && close.size() == 1)
        continue;
      quoted = true;
      return std::string{without_ends(text.substr(open.size(), end - open.size()))};
    }
  }
  auto const low = lower(text);
  auto cut = low.size();
  for (std::string_view const reason :
       {": ", "; ", " because ", " since ", ", we ", ", i ", ", it ", ", as ", ", that ", " – ",
        " — ", " as we ", ", nobody "})
    cut = std::min(cut, low.find(reason));
  return std::string{without_ends(text.substr(0, std::min(cut, text.size())))};
}

/// What a sentence takes out; empty if it takes nothing out.
std::string taken_out(brief_content const& b, std::string_view text, bool& asks, bool& exact) {
  exact = false;
  auto const whole = without_ends(text);
  auto const low = lower(whole);
  if (low.size() != whole.size())
    return {};
  std::size_t begin = 0;
  for (bool again = true; again;) {
    again = false;
    for (std::string_view const lead :
         {"please ", "also ", "and ", "but ", "so ", "then ", "ok, ", "okay, ", "no, ", "just ",
          "let's ", "let us ", "we should ", "we can ", "we ", "you can ", "instead "})
      if (std::string_view{low}.substr(begin).starts_with(lead)) {
        begin += lead.size();
        again = true;
      }
  }
  auto const rest = std::string_view{low}.substr(begin);
  auto const part = [&](std::size_t from, std::size_t to) {
    return std::string{without_ends(whole.substr(begin + from, to - from))};
  };
  asks = true;
  for (std::string_view const end :
       {" is out of scope", " are out of scope", " is not needed", " are not needed",
        " isn't needed", " aren't needed", " is not wanted", " are not wanted"})
    if (rest.ends_with(end)) {
      asks = false;
      return part(0, rest.size() - end.size());
    }
  for (std::string_view const end : {" can go", " must go", " should go", " has to go"})
    if (rest.ends_with(end))
      return part(0, rest.size() - end.size());
  for (std::string_view const verb : {"leave ", "take ", "keep "})
    if (rest.starts_with(verb)) {
      if (rest.ends_with(" out"))
        return part(verb.size(), rest.size() - 4);
      if (rest.substr(verb.size()).starts_with("out ")) {
        auto named = item_of(whole.substr(begin + verb.size() + 4), exact);
        if (named.starts_with("that ")) // `take out that it should …`
          named.erase(0, 5);
        exact = exact || (!speaks_of(b, named) && !best_match(b, named).empty());
        return named;
      }
    }
  for (std::string_view const begins : {"forget about ", "forget ", "don't need ", "do not need ",
                                        "don't want ", "do not want ", "cut out "})
    if (rest.starts_with(begins))
      return part(begins.size(), rest.size());
  // `Drop 'it should skip …': we decided otherwise.`
  for (std::string_view const begins :
       {"drop ", "remove ", "delete ", "strike ", "scrap ", "cross out ", "take out ", "cut ",
        "kill ", "get rid of ", "throw out ", "lose "})
    if (rest.starts_with(begins)) {
      auto const named = item_of(whole.substr(begin + begins.size()), exact);
      if (exact || speaks_of(b, named) || !best_match(b, named).empty()) {
        exact = exact || !speaks_of(b, named);
        return named;
      }
      // `Remove the old endpoint, it should …` can only be a wish where it says so itself.
      if (!contains_any(flat_of(words_of(rest)), {"should", "must", "instead of"})) {
        exact = true;
        return named;
      }
    }
  // `Skip empty lines` may as well ask for something: it takes out what the draft speaks of.
  for (std::string_view const begins : {"skip ", "omit ", "exclude ", "no ", "without "})
    if (rest.starts_with(begins))
      if (auto what = part(begins.size(), rest.size()); speaks_of(b, what))
        return what;
  return {};
}

/// Empty where a sentence says no such thing about a criterion of the draft.
std::optional<condition> condition_in(brief_content const& b, std::string_view text) {
  auto const whole = without_ends(text);
  auto const low = lower(whole);
  for (std::string_view const sign : {" is only for ", " are only for ", " is for ", " are for ",
                                      " is only when ", " only applies to ", " applies to "}) {
    auto const at = low.find(sign);
    if (at == std::string::npos || low.size() != whole.size())
      continue;
    auto what = std::string{without_ends(whole.substr(0, at))};
    bool quoted = false;
    what = item_of(what, quoted);
    auto const found = best_match(b, what);
    auto const when = std::string{without_ends(whole.substr(at + sign.size()))};
    if (found.empty() || terms_in(when).empty())
      continue;
    return condition{found, (sign == " is only when " ? "when " : "for ") + when, {}};
  }
  return std::nullopt;
}

/// `Due Friday.`, `The deadline is the tenth of May.`: the day; empty if that is not all it says.
std::string due_in(std::string_view text) {
  auto const whole = without_ends(text);
  auto const low = lower(whole);
  for (std::string_view const lead :
       {"due on ",           "due by ",        "due date is ", "due date: ",    "due date ",
        "due is ",           "due: ",          "due ",         "it is due on ", "it is due by ",
        "it is due ",        "it's due on ",   "it's due by ", "it's due ",     "the deadline is ",
        "deadline is ",      "deadline: ",     "deadline ",    "make it due ",  "this is due ",
        "we need this by ",  "we need it by ", "wanted by ",   "needed by ",    "the due date is ",
        "everything is due "}) {
    if (!low.starts_with(lead))
      continue;
    unit u;
    u.body = std::string{whole.substr(lead.size())};
    u.words = words_of(u.body);
    u.flat = flat_of(u.words);
    auto const days = days_in(u);
    if (days.size() == 1 && days[0].first <= 2 && days[0].last == u.words.size())
      return days[0].text;
  }
  return {};
}

std::vector<named_thing> things_in(brief_content const& b) {
  std::vector<named_thing> out;
  for (auto const& r : b.requirements)
    out.push_back(named(r.key, r.title, r.text, r.criteria));
  return out;
}

/// `Shorter, please`, `less detail`, `reword the titles`: about the draft as a text, or about
/// nothing. Its words for the parts of a draft are taken for the product's where that has such.
bool about_text(brief_content const& b, std::string_view sentence) {
  auto const w = words_of(sentence);
  if (!quantities_of(w).empty() ||
      std::any_of(w.begin(), w.end(), [](word const& x) { return x.what != word::kind::plain; }))
    return false;
  static constexpr std::array<std::string_view, 24> manner{
      "shorter", "short",  "longer",  "briefer", "brief",   "concise",  "detail",    "detailed",
      "clearer", "clear",  "simpler", "precise", "reword",  "rephrase", "summarise", "summarize",
      "shorten", "better", "nicer",   "draft",   "wording", "expand",   "elaborate", "compact"};
  static constexpr std::array<std::string_view, 10> parts{
      "title",    "text",    "sentence", "requirement", "criterion",
      "criteria", "summary", "section",  "heading",     "paragraph"};
  auto left = terms_of(w);
  for (auto const m : manner)
    std::erase(left, stem_of(m));
  for (auto const p : parts) {
    auto const stem = stem_of(p);
    bool const product =
        std::any_of(b.requirements.begin(), b.requirements.end(), [&](requirement const& r) {
          auto const have = terms_in(r.title + ". " + r.text);
          return std::binary_search(have.begin(), have.end(), stem);
        });
    if (!product)
      std::erase(left, stem);
  }
  return left.empty();
}

/// Index of the first word that is the key of a requirement; the end where none is.
std::size_t key_at(brief_content const& b, std::vector<word> const& w) {
  return static_cast<std::size_t>(
      std::find_if(w.begin(), w.end(),
                   [&](word const& x) {
                     return std::any_of(b.requirements.begin(), b.requirements.end(),
                                        [&](auto const& r) { return lower(r.key) == x.low; });
                   }) -
      w.begin());
}

/// `R2 should also accept months`, `R2: it must …`: what is to be added to R2; empty if it says
/// something else about it.
std::string added_to_key(std::string_view sentence, std::vector<word> const& w, std::size_t key) {
  if (key != 0 || w.size() < 3)
    return {};
  auto const rest = std::string{without_ends(sentence.substr(w[1].begin))};
  if (w[1].before == ':')
    return rest;
  return contains_any(" should must has needs may shall also ", {w[1].low}) ? "it " + rest
                                                                            : std::string{};
}

} // namespace

round_of_notes read_notes(brief_content const& b, std::string_view notes, std::size_t turn,
                          duration at) {
  round_of_notes out;
  auto const things = things_in(b);
  auto const add = [&](std::string_view sentence) {
    citation said{static_cast<std::int32_t>(turn), std::string{reviewer_name}, at,
                  std::string{trim(sentence)}};
    bool asks = true;
    bool exact = false;
    if (auto day = due_in(sentence); !day.empty()) {
      out.due = std::move(day);
      return;
    }
    auto what = taken_out(b, sentence, asks, exact);
    if (!what.empty() && (exact || !head_terms(what).empty() || what.size() < 4)) {
      out.out.push_back({std::move(what), asks, exact, std::move(said)});
    } else if (auto c = condition_in(b, sentence)) {
      c->said = std::move(said);
      out.conditions.push_back(std::move(*c));
    } else if (auto orders = orders_in(sentence, things); !orders.empty()) {
      out.orders.push_back({std::move(orders), std::move(said)});
    } else if (auto const w = words_of(sentence); key_at(b, w) < w.size()) {
      auto const key = key_at(b, w);
      if (auto text = added_to_key(sentence, w, key); !text.empty())
        out.additions.push_back({w[key].text, std::move(text), std::move(said)});
      else
        out.unclear.push_back({std::move(said),
                               "say what should be added to it or left out, or change it with "
                               "`troupe brief edit`"});
    } else if (about_text(b, sentence)) {
      out.unclear.push_back({std::move(said),
                             "it names nothing that is wanted; `troupe brief edit` changes the "
                             "words"});
    } else {
      out.rest.push_back(std::move(said));
    }
  };
  for (auto const one : split_lines(notes))
    for (auto const s : sentences_of(one)) {
      if (trim(s).empty())
        continue;
      // `Leave months out, and make the default 10.` asks for two things.
      auto const low = lower(s);
      auto cut = std::string::npos;
      for (std::string_view const sign : {"; ", ", but ", ", and "})
        cut = std::min(cut, low.find(sign));
      bool asks = true;
      bool exact = false;
      bool const quoted = s.find_first_of("'\"`") < cut;
      if (cut != std::string::npos && low.size() == s.size() && !quoted &&
          !taken_out(b, s.substr(0, cut), asks, exact).empty() &&
          terms_in(s.substr(cut)).size() > 1) {
        add(s.substr(0, cut));
        add(s.substr(s.find(' ', cut) + 1));
      } else {
        add(s);
      }
    }
  return out;
}

} // namespace troupe::rules
