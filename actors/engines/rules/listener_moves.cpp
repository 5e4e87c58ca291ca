#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/listener.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/wording.hpp"

#include <algorithm>
#include <cmath>

namespace troupe::rules {
namespace {

citation cite(unit const& u) {
  return {static_cast<std::int32_t>(u.turn), u.speaker, u.at, u.quote};
}

std::string label_text(std::string_view s) {
  s = trim(s);
  for (std::string_view const a : {"Then ", "then ", "And ", "and ", "So ", "so "})
    if (s.starts_with(a))
      s.remove_prefix(a.size());
  while (!s.empty() && (s.back() == '.' || s.back() == ',' || s.back() == ':' || s.back() == '?' ||
                        s.back() == '!' || s.back() == ';'))
    s.remove_suffix(1);
  for (std::string_view const a : {"the ", "The ", "a ", "A ", "an ", "An "})
    if (s.starts_with(a) && s.size() > a.size() + 2)
      return std::string{s.substr(a.size())};
  return std::string{s};
}

std::string bare_text(std::string_view s) {
  s = trim(s);
  while (!s.empty() && (s.back() == '.' || s.back() == '?' || s.back() == '!'))
    s.remove_suffix(1);
  return std::string{s};
}

bool says_content(unit const& u) {
  return !terms_of(u.words).empty() || !quantities_of(u.words).empty();
}

bool same_measure(quantity const& a, quantity const& b) {
  auto const x = measure_of(a.unit);
  auto const y = measure_of(b.unit);
  return x == measure::none || y == measure::none ||
         (x == y && (x != measure::count || a.unit == b.unit));
}

/// Puts a value in place of another in a line's text.
std::string substituted(std::string const& text, quantity const& old, std::vector<word> const& w,
                        std::string const& by, std::vector<word> const& bw, quantity const& now) {
  auto const value = by.substr(bw[now.first].begin, bw[now.last - 1].end - bw[now.first].begin);
  std::string unit_text;
  auto end = w[old.last - 1].end;
  if (!now.unit.empty() && now.last < bw.size()) {
    unit_text = ' ' + bw[now.last].text;
    if (!old.unit.empty() && old.last < w.size())
      end = w[old.last].end;
  } else if (old.value == 1 && !old.unit.empty() && old.last < w.size() && now.value != 1) {
    unit_text = ' ' + w[old.last].text + (w[old.last].text.ends_with('s') ? "" : "s");
    end = w[old.last].end;
  }
  return text.substr(0, w[old.first].begin) + value + unit_text + text.substr(end);
}

} // namespace

/// Headings and bullets of a ticket or message. True if the unit is done with.
bool listener::hear_section(std::size_t i) {
  auto const& u = at(i);
  if (u.heading) {
    auto const& f = u.all;
    if (contains_any(f, {"out of scope", "not in scope", "non-goals", "non goals", "not included",
                         "not part", "excluded", "later", "not now", "won't do", "won't have"}))
      section_ = section::out;
    else if (contains_any(f,
                          {"background", "context", "problem", "steps to reproduce", "actual",
                           "current behaviour", "current behavior", "why", "motivation", "today"}))
      section_ = section::background;
    else if (contains_any(f, {"acceptance", "criteria", "done when", "definition of done"}))
      section_ = section::criteria;
    else if (contains_any(f, {"questions", "open points", "unclear", "to clarify", "open"}))
      section_ = section::questions;
    else if (contains_any(f, {"nice to have", "would be nice", "optional", "bonus", "could have"}))
      section_ = section::optional;
    else
      section_ = section::wanted;
    return true;
  }
  if (!u.bullet) {
    if (u.index_in_turn == 0 && section_ != section::criteria)
      section_ = section_ == section::background && u.turn > 0 && !at(i - 1).bullet
                     ? section::background
                     : section::wanted;
    return section_ == section::background && u.does != act::directive;
  }
  switch (section_) {
  case section::out:
    put_out(u.body.empty() ? u.quote : u.body, i, {});
    return true;
  case section::questions:
    out_.open.push_back({as_sentence(u.quote), u.speaker, {cite(u)}});
    return true;
  case section::background:
    out_.problems.push_back(i);
    return true;
  default:
    break;
  }
  if (u.words.empty())
    return true;
  if (u.index_in_turn == 0) {
    if (section_ == section::criteria && !out_.threads.empty()) {
      auto const where = place(u, false, nullptr);
      add_line(where >= 0 ? where : focus_ >= 0 ? focus_ : 0, i, u.body, true);
      return true;
    }
    auto const where = new_thread(matter_of(u), {});
    out_.threads.back().optional = section_ == section::optional || u.optional;
    add_line(where, i, u.body, true);
  } else if (focus_ >= 0) {
    add_line(focus_, i, u.body, u.does == act::directive || u.does == act::constraint);
  }
  return true;
}

/// `Second thing. The hundred character limit.`, `Next, empty cells.`, `Speed: …`, `Windows.`
bool listener::hear_label(std::size_t i) {
  auto const& u = at(i);
  if (transcript_.form == "prose" || u.does == act::question || u.words.empty())
    return false;
  auto const open = [&](std::string_view text, bool breaks) {
    auto named = label_text(text);
    if (auto const colon_at = named.find(": "); colon_at != std::string::npos)
      named.resize(colon_at);
    // A label behind a label of the same breath makes it narrower.
    if (label_free_now() && label_turn_ == u.turn && !label_.empty() && label_.size() < 60)
      named = label_ + ", " + named;
    label_ = std::move(named);
    label_open_ = !label_.empty();
    label_turn_ = u.turn;
    label_thread_ = -1;
    if (breaks)
      focus_ = -1;
  };
  auto const fits = [&] {
    return u.fragment && u.stance == 0 && u.words.size() <= 6 && says_content(u) && !u.negated &&
           !u.defers && !u.optional && u.body.find(',') == std::string::npos &&
           (quantities_of(u.words).empty() || topic_break_ || u.breaks);
  };
  if (u.words.size() == 2 && u.words[0].low == "number" && is_number_word(u.words[1].low)) {
    topic_break_ = true; // `Number two.`
    label_open_ = false;
    focus_ = -1;
    return true;
  }
  // `Second thing.` only announces.
  if (u.words.size() <= 4 &&
      contains_any(u.flat, {"thing", "things", "topic", "one", "point", "item", "next", "changes",
                            "number one", "number two", "number three", "wishes"}) &&
      u.fragment && !says_content(u) && !u.negated && !u.defers && u.stance == 0) {
    topic_break_ = true;
    label_open_ = false;
    focus_ = -1;
    return true;
  }
  for (auto const* lead : {"my point was", "my actual point was", "my real point was", "it's about",
                           "the next one is", "next one is", "the other thing is", "number one is",
                           "number two is", "number three is", "the last one is", "that leaves"}) {
    auto const at_phrase = u.flat.find(std::string{" "} + lead + ' ');
    if (at_phrase != 0 || u.words.size() > 12)
      continue;
    auto const skip =
        static_cast<std::size_t>(std::count(lead, lead + std::string_view{lead}.size(), ' ')) + 1;
    if (skip < u.words.size()) {
      open(std::string_view{u.body}.substr(u.words[skip].begin), true);
      return true;
    }
  }
  bool more = false; // a whole sentence follows in the same breath
  for (auto k = i + 1; k < units_.size() && units_[k].turn == u.turn; ++k)
    more = more || (!units_[k].only_stance && !units_[k].fragment) ||
           (units_[k].fragment && matter_of(units_[k]) != matter::feature) ||
           units_[k].does == act::question;
  auto const* question = open_question(u, false);
  bool asked = question != nullptr && says_content(at(question->unit));
  // `Yes. ES5. …` goes on with what was agreed to.
  asked = asked || (u.index_in_turn > 0 && units_[i - 1].stance > 0 && units_[i - 1].only_stance &&
                    fresh(focus_, u.turn, 2) && !u.additive);
  // `And tests.` asks for them.
  if (u.additive && u.fragment && matter_of(u) != matter::feature)
    return false;
  bool const then = u.body.starts_with("Then ") || u.body.starts_with("then ");
  if (then)
    asked = false; // `Fine. Then decimals.`
  bool const next_asks = more && units_[i + 1].does == act::question &&
                         contains_any(units_[i + 1].flat, {"what about", "how about"});
  if (contains_any(u.flat, {"default", "only", "both", "either", "none", "optional"}) || next_asks)
    return false;
  bool const first = u.words.size() >= 2 && u.words.back().low == "first" && u.words.size() <= 3;
  if (fits() && (topic_break_ || u.breaks || first || (more && !asked) ||
                 (more && u.words.size() <= 2 && u.index_in_turn == 0 && !u.additive && !asked))) {
    // A label that follows a label of the same turn makes it narrower: the last one counts.
    auto text = u.body;
    if (first)
      text = text.substr(0, u.words[u.words.size() - 2].end);
    open(text, true);
    topic_break_ = false;
    return true;
  }
  topic_break_ = false;
  // `Speed: keep it one regex.`
  auto const colon = u.body.find(": ");
  if (colon != std::string::npos && colon > 0 && colon < 40 &&
      contains_any(u.all, {"going to"}) == false) {
    auto const head = words_of(std::string_view{u.body}.substr(0, colon));
    auto const rest = words_of(std::string_view{u.body}.substr(colon + 2));
    bool const value = rest.size() <= 2 && (rest.empty() || rest[0].what != word::kind::plain ||
                                            rest[0].low == "true" || rest[0].low == "false");
    if (head.size() <= 3 && !value && !head.empty() && !lexicon::is_stopword(head[0].low) &&
        (label_turn_ != u.turn || label_ != u.body.substr(0, colon)))
      open(std::string_view{u.body}.substr(0, colon), true);
  }
  return false;
}

void listener::hear_question(std::size_t i) {
  auto const& u = at(i);
  if (u.wants == asks::consent)
    return;
  if (!about_work(u) && !fresh(focus_, u.turn, 3) && !label_open_)
    return; // small talk
  if (side_talk_ == u.turn + 1 && !about_work(u))
    return;
  if (transcript_.form == "prose" && u.wants == asks::proposal && !u.fragment) {
    // In writing a polite question is a request; `not sure` behind it makes it open again.
    pending p;
    p.unit = i;
    p.text = proposition_of(u);
    pending_.push_back(std::move(p));
    bool const doubt = i + 1 < units_.size() && units_[i + 1].turn == u.turn && units_[i + 1].open;
    if (!doubt)
      accept(pending_.back(), i);
    return;
  }
  pending p;
  p.unit = i;
  p.subject = subject_of(u);
  p.lead = lead_of(u);
  // A question that answers a question stands under it: `What if …?` — `Last one wins?`
  if (auto const* parent = open_question(u, false);
      parent != nullptr && !parent->answered && at(parent->unit).turn + 1 == u.turn)
    p.parent_lead = parent->lead;
  else if (!pending_.empty() && at(pending_.back().unit).turn == u.turn &&
           (u.fragment || pending_.back().lead.starts_with("when ") ||
            pending_.back().lead.starts_with("if ")))
    p.parent_lead = pending_.back().lead;
  if (u.wants == asks::proposal)
    p.text = proposition_of(u);
  auto const named = words_of(p.subject);
  auto const content = terms_of(named).size();
  bool const about =
      contains_any(u.flat, {"what about", "how about", "anything on", "anything about",
                            "anything with", "what do we do about"});
  // `And "1.5"?` goes on with the series; a fuller name opens its own topic.
  bool const series = u.additive && named.size() <= 2;
  bool const alternative = !quantities_of(u.words).empty() && u.fragment;
  bool const earlier = open_question(u, false) != nullptr && !open_question(u, false)->answered;
  if (content > 0 && !alternative &&
      (about ||
       (!series && !earlier && (content >= 2 || !fresh(focus_, u.turn, 2) || named.size() <= 2)))) {
    label_ = label_text(p.subject);
    label_open_ = true;
    label_turn_ = u.turn;
    label_thread_ = -1;
    p.lead.clear(); // the label says it
  } else {
    // A whole question without a word of what was talked about is a new topic.
    auto const terms = terms_of(u.words);
    p.elsewhere = !earlier && p.parent_lead.empty() &&
                  (u.wants == asks::fact || lexicon::is_auxiliary(u.words[0].low)) && !u.fragment &&
                  !u.leans && !terms.empty() && focus_ >= 0 &&
                  overlap(terms, out_.threads[static_cast<std::size_t>(focus_)]) == 0 &&
                  !contains_any(u.flat, {"it", "that", "they", "them", "this", "both"});
    if (fresh(focus_, u.turn, 3) && !label_free_now() && !p.elsewhere)
      p.thread = focus_;
    p.subject.clear();
  }
  if (u.defers)
    p.weak = true;
  pending_.push_back(std::move(p));
}

bool listener::hear_refusal(std::size_t i) {
  auto const& u = at(i);
  if (u.defers)
    refused_ = u.turn + 1;
  if (u.stance < 0 && !u.defers && i > 0) {
    // `We don't make it a thousand.` — `No no.` agrees.
    auto const* before = &units_[i - 1];
    if (u.index_in_turn > 0)
      before = nullptr;
    if (before != nullptr && before->negated && before->speaker != u.speaker &&
        before->does != act::question)
      return false;
  }
  if (auto* p = open_question(u, true);
      p != nullptr && !(p->answered && p->thread >= 0 && u.index_in_turn > 0)) {
    bool const rejected_before = p->rejected;
    p->rejected = true;
    auto const& q = at(p->unit);
    bool const idea =
        p->weak || (q.wants == asks::proposal && (!q.fragment || !p->subject.empty()));
    // The thread may already hold it, when somebody said yes before somebody said no.
    for (auto& t : out_.threads)
      for (auto& l : t.lines)
        if (l.unit == p->unit)
          l.live = false;
    if (idea && !rejected_before && about_work(q))
      put_out(p->text.empty() ? q.body : p->text, p->unit, {i});
    if (!p->subject.empty() && label_thread_ < 0 && (u.defers || u.only_stance))
      label_open_ = false;
    return false;
  }
  // `I would love to change it, but yes. Different release.`
  if (u.defers && !pending_.empty() && pending_.back().weak &&
      at(pending_.back().unit).turn == u.turn) {
    pending_.back().rejected = true;
    put_out(pending_.back().text, pending_.back().unit, {i});
    return false;
  }
  // `E-mail yes. Disabled no.`: only what is named is turned down.
  auto const terms = terms_of(u.words);
  if (u.stance < 0 && u.fragment && !u.words.empty() && u.words.size() <= 3 && !terms.empty() &&
      focus_ >= 0) {
    for (auto& l : out_.threads[static_cast<std::size_t>(focus_)].lines) {
      auto const mine = terms_of(at(l.unit).words);
      if (at(l.unit).turn + 3 >= u.turn && at(l.unit).speaker != u.speaker &&
          std::any_of(terms.begin(), terms.end(), [&](auto const& t) {
            return std::binary_search(mine.begin(), mine.end(), t);
          }))
        l.live = false;
    }
    put_out(u.body, i, {});
    return true;
  }
  // `I'd leave braces out of this release`: the unit says itself what is not wanted.
  if (u.defers && terms.size() >= 2 && !u.leans && u.words.size() > 5) {
    put_out(u.body, i, {});
    return false;
  }
  // A demand of the speaker before is turned down.
  if (focus_ >= 0 && u.index_in_turn == 0) {
    auto& t = out_.threads[static_cast<std::size_t>(focus_)];
    for (auto l = t.lines.rbegin(); l != t.lines.rend(); ++l) {
      auto const& said = at(l->unit);
      if (said.turn + 1 < u.turn)
        break;
      if (said.speaker == u.speaker || !l->live || l->agreed)
        continue;
      bool const value = !quantities_of(u.words).empty() && !quantities_of(said.words).empty();
      if (value && u.stance < 0)
        return false; // a correction: see hear_correction
      l->live = false;
      if (l->core)
        put_out(l->text, l->unit, {i});
      break;
    }
  }
  return false;
}

void listener::hear_agreement(std::size_t i) {
  auto const& u = at(i);
  auto* p = open_question(u, true);
  if (auto const now = quantities_of(u.words); p != nullptr && !p->answered && now.size() == 1) {
    // `Quality 90?` — `82 it is.`
    auto const w = words_of(p->text);
    if (auto const old = quantities_of(w);
        old.size() == 1 && old[0].value != now[0].value && same_measure(old[0], now[0]))
      p->text = substituted(p->text, old[0], w, u.body, u.words, now[0]);
  }
  if (p != nullptr && !p->answered) {
    // `In memory?` — `Sixteen megabytes is plenty.`: yes and more; the content is the answer.
    auto const asked = terms_of(at(p->unit).words);
    auto const said = terms_of(u.words);
    bool const more = !u.only_stance && at(p->unit).fragment && !quantities_of(u.words).empty() &&
                      !std::includes(asked.begin(), asked.end(), said.begin(), said.end());
    if (more)
      return;
    accept(*p, i);
    // `Could format have an option?` — `Like iec true?` — `Works.` settles both.
    for (auto& other : pending_)
      if (!other.answered && !other.rejected && !other.weak && at(other.unit).turn + 2 >= u.turn &&
          at(other.unit).turn != u.turn && at(other.unit).wants == asks::proposal &&
          !at(other.unit).fragment)
        accept(other, i);
    return;
  }
  if (focus_ < 0)
    return;
  for (auto& l : out_.threads[static_cast<std::size_t>(focus_)].lines)
    if (at(l.unit).turn + 1 == u.turn && at(l.unit).speaker != u.speaker && l.live && !l.agreed) {
      l.agreed = true;
      l.cites.push_back(i);
    }
}

void listener::withdraw(unit const& u) {
  for (auto& p : pending_)
    if (at(p.unit).speaker == u.speaker && at(p.unit).turn + 1 >= u.turn)
      p.rejected = true;
  std::size_t last = 0;
  bool any = false;
  for (auto const& t : out_.threads)
    for (auto const& l : t.lines)
      if (l.live && at(l.unit).speaker == u.speaker &&
          at(l.unit).turn + (u.index_in_turn > 0 ? 0 : 2) >= u.turn &&
          at(l.unit).quote != u.quote) {
        last = any ? std::max(last, l.unit) : l.unit;
        any = true;
      }
  if (!any)
    return;
  for (auto& t : out_.threads)
    for (auto& l : t.lines)
      if (l.unit == last)
        l.live = false;
}

/// True if a fragment says no word and no number that the thread does not have.
bool listener::repeats(unit const& u, thread const& t) const {
  for (auto const& x : terms_of(u.words))
    if (!std::binary_search(t.terms.begin(), t.terms.end(), x))
      return false;
  for (auto const& q : quantities_of(u.words)) {
    bool const known = std::any_of(t.lines.begin(), t.lines.end(), [&](line const& l) {
      auto const have = quantities_of(words_of(l.text));
      return l.live && std::any_of(have.begin(), have.end(),
                                   [&](auto const& h) { return h.value == q.value; });
    });
    if (!known)
      return false;
  }
  // `Off by default` has only small words, and they matter.
  return !contains_any(u.flat, {"default", "only", "off", "on", "both", "first", "last", "oldest",
                                "newest", "none", "any", "not", "same"});
}

/// A value that takes the place of another. True if the unit is nothing but the new value.
bool listener::hear_correction(std::size_t i) {
  auto const& u = at(i);
  std::string not_this;
  auto const kept = without_contrast(u.body, not_this);
  auto const now_words = not_this.empty() ? u.words : words_of(kept);
  auto const now = quantities_of(now_words);
  // `A hundred is too low.` says which value the next one replaces.
  std::optional<quantity> blamed;
  if (!not_this.empty()) {
    auto const w = words_of(not_this);
    if (auto const q = quantities_of(w); !q.empty())
      blamed = q[0];
  }
  for (std::size_t k = i; k-- > 0 && units_[k].turn + 1 >= u.turn && !blamed;)
    if (units_[k].judges || units_[k].turn == u.turn)
      if (auto const q = quantities_of(units_[k].words); units_[k].judges && !q.empty())
        blamed = q[0];
  bool const agreed = u.stance > 0 || (u.index_in_turn > 0 && units_[i - 1].stance > 0);
  bool const bare =
      u.fragment && u.words.size() <= 4 && now.size() == 1 && u.index_in_turn == 0 && !agreed;
  bool const turned_down = u.stance < 0;
  if (now.empty() && not_this.empty())
    return false;
  if (!u.corrects && !turned_down && !blamed && !bare && !(u.turn > 0 && u.withdraws))
    return false;
  bool replaced = false;
  for (auto t = out_.threads.rbegin(); t != out_.threads.rend(); ++t) {
    if (t->last_turn + 3 < u.turn)
      continue;
    for (auto l = t->lines.rbegin(); l != t->lines.rend(); ++l) {
      auto const& said = at(l->unit);
      std::size_t const reach = blamed ? 4 : turned_down || bare ? 1 : 3;
      if (!l->live || said.turn + reach < u.turn || l->unit == i ||
          (said.turn == u.turn && !u.withdraws))
        continue;
      auto const w = words_of(l->text);
      auto const old = quantities_of(w);
      if (bare && !u.corrects &&
          t == out_.threads.rbegin() +
                   (static_cast<std::ptrdiff_t>(out_.threads.size()) - 1 - focus_) &&
          repeats(u, *t))
        return false;
      if (bare && !blamed && !u.corrects && std::any_of(old.begin(), old.end(), [&](auto const& q) {
            return q.value == now[0].value;
          }))
        return false; // `429, definitely.` repeats a value
      quantity const* hit = nullptr;
      for (auto const& q : old) {
        // 409 is a name: a measured value does not replace it.
        if (!blamed && q.unit.empty() && q.value >= 100 && !now.empty() &&
            (!now[0].unit.empty() || now[0].value < 100))
          continue;
        if (blamed ? q.value != blamed->value || !same_measure(q, *blamed)
                   : now.empty() || !same_measure(q, now[0]))
          continue;
        auto const same = [&] {
          auto const a = base_value(q);
          auto const b = base_value(now[0]);
          return std::abs(a - b) <= 1e-6 * std::max(a, b);
        };
        if (now.empty() || (q.value != now[0].value && !same()))
          hit = &q;
      }
      if (hit == nullptr)
        continue;
      auto const mine = terms_of(u.words);
      auto rest = terms_of(w);
      std::erase_if(rest, [&](auto const& x) {
        return std::find(mine.begin(), mine.end(), x) != mine.end();
      });
      bool const replaceable = !now.empty() && same_measure(*hit, now[0]) && rest.size() >= 2;
      if (!replaceable) {
        l->live = false; // the whole statement is replaced by what is said now
        replaced = true;
        if (not_this.empty())
          return false;
        continue;
      }
      if (replaced)
        return false;
      l->text = substituted(l->text, *hit, w, kept, now_words, now[0]);
      l->changed = l->agreed = true;
      l->cites.push_back(i);
      t->last_turn = u.turn;
      focus_ = static_cast<std::ptrdiff_t>(out_.threads.size()) - 1 - (t - out_.threads.rbegin());
      return u.words.size() <= 8 && mine.size() <= 2;
    }
  }
  return false;
}

void listener::hear_content(std::size_t i) {
  auto const& u = at(i);
  bool const prose = transcript_.form == "prose";
  if (u.does == act::weak) {
    pending p;
    p.unit = i;
    p.text = u.body;
    p.weak = true;
    pending_.push_back(std::move(p));
    return;
  }
  if (u.does != act::directive && u.does != act::constraint && !pending_.empty() &&
      at(pending_.back().unit).turn == u.turn && !pending_.back().answered &&
      at(pending_.back().unit).index_in_turn + 1 == u.index_in_turn) {
    auto& own = pending_.back();
    bool const named = std::any_of(u.words.begin(), u.words.end(), [](word const& w) {
      return w.what == word::kind::identifier || w.what == word::kind::literal;
    });
    if (u.negated && u.leans) {
      own.rejected = true; // `Can both go together? That can't work.`
      return;
    }
    if (named && u.words.size() <= 8 && !u.past) {
      own.text += own.text.empty() ? "" : " – " + bare_text(u.body);
      own.more.push_back(i);
      return;
    }
  }
  bool core = u.does == act::directive || u.does == act::constraint ||
              (u.additive && u.fragment && u.stance == 0 && matter_of(u) != matter::feature);
  auto* asked = open_question(u, false);
  bool const plain_answer = asked != nullptr && !asked->answered && !u.told && !u.judges &&
                            at(asked->unit).wants == asks::fact && u.index_in_turn <= 1 &&
                            at(asked->unit).turn + 1 == u.turn && about_work(u);
  if (u.does == act::none && !core && !plain_answer) {
    if (about_work(u) && !u.judges) {
      last_background_ = i;
      if (u.past || u.turn < 10)
        out_.problems.push_back(i);
    }
    // An answer may be given as an opinion or as news; a plain one is no requirement.
    return;
  }
  if (!core && u.leans && !u.fragment && refused_ == u.turn + 1)
    return; // the reason for a refusal
  if (side_talk_ + 1 >= u.turn + 1 && side_talk_ > 0 && !about_work(u))
    return;
  // Sentences behind a question of the same speaker belong to it: `A flag like --store 117.`
  if (!core && u.fragment && !pending_.empty() && at(pending_.back().unit).turn == u.turn &&
      !pending_.back().answered) {
    auto& p = pending_.back();
    if (!p.text.empty())
      p.text += " – " + bare_text(u.body);
    if (!p.subject.empty() && label_open_ && label_thread_ < 0)
      label_ += ", " + u.body;
    while (!label_.empty() && (label_.back() == '.'))
      label_.pop_back();
    p.more.push_back(i);
    return;
  }
  auto* p = open_question(u, false);
  bool const answers =
      p != nullptr && (!p->answered || at(p->unit).turn + 1 == u.turn) && !(u.breaks || prose);
  if (!core && !answers) {
    // A statement completes what was just demanded; alone it only tells.
    bool const people =
        !u.words.empty() && lexicon::is_people(u.words[0].low) && u.words[0].low != "we";
    if (people || prose || !says_content(u))
      return;
    // In the same breath as a demand: `Keep it short. The log goes as an attachment.`
    bool const completes = focus_ >= 0 && u.index_in_turn > 0 && !label_free_now() &&
                           out_.threads[static_cast<std::size_t>(focus_)].last_turn == u.turn &&
                           out_.threads[static_cast<std::size_t>(focus_)].lines.back().core &&
                           !u.leans && about_work(u) && u.words[0].low == "the";
    if (completes) {
      add_line(focus_, i, u.body, false);
      return;
    }
    if (focus_ < 0 || !fresh(focus_, u.turn, 2)) {
      if (about_work(u) && u.turn < 10)
        out_.problems.push_back(i);
      return;
    }
  }
  // `We need jitter.` under a topic is about it, even if nobody says the word again.
  bool const demand = contains_any(u.flat, {"we need", "must", "should", "has to", "needs"});
  if (core && !answers && !u.leans && !about_work(u) &&
      !(demand && (label_free_now() || fresh(focus_, u.turn, 3))) &&
      !(label_thread_ >= 0 && label_thread_ == focus_ && fresh(focus_, u.turn, 0)))
    return;
  bool const under_label = label_free_now();
  // An extra is a thing of its own: it must not make optional what it is hung on.
  bool const extra = u.optional && core && terms_of(u.words).size() >= 2 && !under_label;
  if (core && u.leans && i > 0 && units_[i - 1].turn == u.turn && !under_label &&
      units_[i - 1].does == act::statement && !units_[i - 1].fragment &&
      about_work(units_[i - 1]) &&
      contains_any(u.flat, {"like that", "that way", "as it is", "keep it", "keep that"}) &&
      last_placed_ != i - 1) {
    // `A star does not cross a slash. I want it to remain like that.`
    auto const antecedent = place(units_[i - 1], true, nullptr);
    if (antecedent >= 0)
      add_line(antecedent, i - 1, units_[i - 1].body, true);
  }
  auto const where =
      extra ? new_thread(matter_of(u), {}) : place(u, core || answers, answers ? p : nullptr);
  if (where < 0) {
    if (about_work(u))
      last_background_ = i;
    return;
  }
  // `Three hundred.` repeats; only what is new is a line.
  auto& holder = out_.threads[static_cast<std::size_t>(where)];
  if (u.fragment && !(answers && !p->answered) && !holder.lines.empty() && repeats(u, holder)) {
    auto& last = holder.lines.back();
    last.agreed = true;
    last.cites.push_back(i);
    holder.last_turn = u.turn;
    focus_ = where;
    return;
  }
  std::string not_this;
  auto text = without_contrast(u.body, not_this);
  bool const first_answer = answers && !p->answered;
  if (not_this.empty() || quantities_of(words_of(not_this)).empty())
    text = u.body;
  auto& l = add_line(where, i, text, core || first_answer);
  if (u.optional)
    out_.threads[static_cast<std::size_t>(where)].optional = true;
  if (under_label && label_thread_ < 0) {
    l.lead = label_; // the topic went to a thread that was there
    label_thread_ = where;
  }
  if (!answers)
    return;
  l.agreed = true;
  l.cites.push_back(p->unit);
  bool const thin = u.leans || terms_of(u.words).size() <= 2;
  if (first_answer && thin && !p->rejected) {
    // A floated value that was not taken does not stand before the answer.
    auto const& floated = at(p->unit);
    if (!p->lead.empty() &&
        (quantities_of(words_of(p->lead)).empty() || floated.wants == asks::fact ||
         p->lead.find("if ") != std::string::npos))
      l.lead = p->lead;
    else if (!p->parent_lead.empty())
      l.lead = p->parent_lead;
    else if (contains_any(u.flat, {"it", "them"}) && floated.wants == asks::proposal &&
             u.stance >= 0 && !u.negated && !u.corrects)
      l.lead = l.lead.empty() ? object_of(p->text) : l.lead;
  }
  auto const& q = at(p->unit);
  if (first_answer && q.wants == asks::proposal && !q.fragment && !p->rejected && u.stance >= 0 &&
      q.flat.starts_with(" could ") && core == false)
    accept(*p, i);
  p->answered = true;
  p->thread = where;
}

outcome listener::finish() {
  expire(static_cast<std::size_t>(-1));
  out_.due = due_.due();
  out_.due_turn = due_.said_in_turn();
  return std::move(out_);
}

} // namespace troupe::rules
