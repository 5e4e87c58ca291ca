#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/stance.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

bool interjection(std::string_view low) {
  return contains_any(" um umm uh uhh uhm er erm eh hm hmm hmmm mm ", {low});
}

/// Number of words from `i` that only fill a pause; 0 for none. `like`, `I mean` and `you know`
/// do so between commas, a sound does so anywhere.
std::size_t filler_at(std::vector<word> const& w, std::size_t i) {
  auto const closed = [&](std::size_t end) { return end < w.size() && w[end].before == ','; };
  if (w[i].what != word::kind::plain)
    return 0;
  if (interjection(w[i].low))
    return 1;
  if (i == 0 || w[i].before != ',')
    return 0;
  if (w[i].low == "like" && closed(i + 1))
    return 1;
  bool const pair = i + 1 < w.size() && w[i + 1].before == 0 &&
                    ((w[i].low == "i" && w[i + 1].low == "mean") ||
                     (w[i].low == "you" && w[i + 1].low == "know") ||
                     (w[i].low == "sort" && w[i + 1].low == "of") ||
                     (w[i].low == "kind" && w[i + 1].low == "of"));
  bool const unsure = i + 2 < w.size() && w[i].low == "i" && w[i + 1].low == "don't" &&
                      w[i + 2].low == "know" && w[i + 1].before == 0 && w[i + 2].before == 0;
  if (unsure)
    return closed(i + 3) ? 3 : 0; // `not more than, I don't know, a fifth`
  return pair && closed(i + 2) ? 2 : 0;
}

/// Length of a run at `i` that is said again at once: `the the`, `on the, on the`, `it should, it
/// should`; 0 for none. Only words without content are started twice by mistake; `very very` and
/// `no, no` mean what they say.
std::size_t restart_at(std::vector<word> const& w, std::size_t i) {
  // `The form should, it should fill in …`: the pronoun takes the subject up again.
  if (i > 0 && i + 2 < w.size() && w[i].low == w[i + 2].low && lexicon::is_auxiliary(w[i].low) &&
      w[i].before == 0 && w[i + 2].before == 0 &&
      contains_any(" it they we he she ", {w[i + 1].low}))
    return 2;
  for (std::size_t n = 4; n > 0; --n) {
    if (i + 2 * n > w.size())
      continue;
    bool same = true;
    for (std::size_t k = 0; k < n && same; ++k) {
      auto const& a = w[i + k];
      auto const& b = w[i + n + k];
      same = a.what == word::kind::plain && a.low == b.low &&
             (k == 0 || (a.before == 0 && b.before == 0));
      if (n == 1)
        same = same && contains_any(" the a an to of in on at for with and it we i they is that "
                                    "this you should can ",
                                    {a.low});
      else
        same = same && (lexicon::is_stopword(a.low) || k + 1 < n);
    }
    auto const mark = w[i + n].before;
    bool const yes = lexicon::is_yes(w[i].low) || lexicon::is_no(w[i].low);
    if (same && !yes && (mark == 0 || mark == ','))
      return n;
  }
  return 0;
}

} // namespace

namespace {

/// `Can I just— sorry, the rest time.`: what was broken off before it said anything.
std::string_view without_false_start(std::string_view s) {
  for (std::string_view const dash : {"— ", "– ", "-- ", "- "}) {
    auto const at = s.find(dash);
    if (at == std::string_view::npos || at == 0 || s[at - 1] == ' ')
      continue;
    auto const said = words_of(s.substr(0, at));
    auto const rest = trim(s.substr(at + dash.size()));
    if (said.size() <= 6 && words_of(rest).size() >= 2 &&
        std::all_of(said.begin(), said.end(), [](word const& w) {
          return w.what == word::kind::plain && lexicon::is_stopword(w.low);
        }))
      return rest;
  }
  return s;
}

} // namespace

std::string without_disfluencies(std::string_view sentence) {
  std::string text{without_false_start(sentence)};
  for (int round = 0; round < 2; ++round) { // what a filler stood between may be said twice
    auto const w = words_of(text);
    std::string out;
    std::size_t from = 0; // what of the text is not copied yet
    bool changed = false;
    auto const leave_out = [&](std::size_t first, std::size_t end, bool comma_before) {
      auto head = std::string_view{text}.substr(from, w[first].begin - from);
      if (comma_before || end < w.size())
        while (!head.empty() && (head.back() == ' ' || head.back() == ','))
          head.remove_suffix(1);
      out += head;
      if (end >= w.size()) {
        from = w[end - 1].end;
      } else {
        out += out.empty() ? "" : " ";
        from = w[end].begin;
      }
      changed = true;
    };
    for (std::size_t i = 0; i < w.size();) {
      if (round == 0) {
        if (auto const n = filler_at(w, i); n > 0 && n < w.size()) {
          // `yes, um, the list`: one of the two commas stays, it ends the answer.
          bool const answer = i > 0 && i + n < w.size() && w[i + n].before == ',' &&
                              w[i].before == ',' &&
                              (lexicon::is_yes(w[i - 1].low) || lexicon::is_no(w[i - 1].low));
          leave_out(i, i + n, true);
          if (answer)
            out.replace(out.size() - 1, 1, ", ");
          i += n;
          continue;
        }
        ++i;
        continue;
      }
      if (auto const n = restart_at(w, i); n > 0) {
        leave_out(i, i + n, false);
        i += n;
        continue;
      }
      ++i;
    }
    if (!changed)
      continue;
    out += std::string_view{text}.substr(from);
    text = squeeze(out);
  }
  return text;
}

} // namespace troupe::rules
