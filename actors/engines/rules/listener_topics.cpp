#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/listener.hpp"
#include "actors/engines/rules/text.hpp"
#include "actors/engines/rules/values.hpp"
#include "actors/engines/rules/wording.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

std::string label_text(std::string_view s) {
  s = trim(s);
  for (std::string_view const a : {"Then ", "then ", "And ", "and ", "So ", "so "})
    if (s.starts_with(a))
      s.remove_prefix(a.size());
  while (s.ends_with("…"))
    s.remove_suffix(3);
  while (!s.empty() && (s.back() == '.' || s.back() == ',' || s.back() == ':' || s.back() == '?' ||
                        s.back() == '!' || s.back() == ';'))
    s.remove_suffix(1);
  for (std::string_view const a : {"the ", "The ", "a ", "A ", "an ", "An "})
    if (s.starts_with(a) && s.size() > a.size() + 2)
      return std::string{s.substr(a.size())};
  return std::string{s};
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
    auto const colon = u.body.find(": ");
    if (u.index_in_turn == 0 && colon != std::string::npos && colon < 40) {
      auto const head = flat_of(words_of(std::string_view{u.body}.substr(0, colon)));
      if (contains_any(head, {"current", "currently", "actual", "steps", "background", "context",
                              "today", "reported", "observed"})) {
        out_.problems.push_back(i); // `Current behaviour: …`
        return true;
      }
    }
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
    out_.open.push_back({as_sentence(u.quote), u.speaker, {citation_of(u)}});
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
    label_loose_ = false;
    label_open_ = !label_.empty();
    label_turn_ = u.turn;
    label_thread_ = -1;
    if (breaks)
      focus_ = -1;
  };
  auto const personal = std::any_of(u.words.begin(), u.words.end(), [&](word const& w) {
    return contains_any(" you i me we us he she ", {w.low}) || !names_.find(w.low).empty();
  });
  bool const narrows =
      contains_any(" except excluding including unless until within apart only ", {u.words[0].low});
  // `Okay, so same qualification. And …` repeats what the one before said.
  auto const echo = [&] {
    auto const terms = terms_of(u.words);
    std::vector<std::string> said;
    for (auto k = i; k-- > 0 && units_[k].turn + 1 >= u.turn;)
      if (units_[k].turn + 1 == u.turn)
        for (auto& x : terms_of(units_[k].words))
          said.push_back(std::move(x));
    return !terms.empty() && std::all_of(terms.begin(), terms.end(), [&](auto const& x) {
      return std::find(said.begin(), said.end(), x) != said.end();
    });
  };
  auto const fits = [&] {
    if (contains_any(" every each always often sometimes including also even ", {u.words[0].low}) ||
        lexicon::is_pronoun(u.words[0].low) || (u.concludes && echo()))
      return false;
    return !personal && !narrows && u.fragment && u.stance == 0 && u.words.size() <= 6 &&
           says_content(u) && !u.negated && !u.defers && !u.optional &&
           u.body.find(',') == std::string::npos &&
           (quantities_of(u.words).empty() || topic_break_ || u.breaks);
  };
  if (u.words.size() == 2 && u.words[0].low == "number" && is_number_word(u.words[1].low)) {
    topic_break_ = true; // `Number two.`
    label_open_ = false;
    focus_ = -1;
    return true;
  }
  // `Second thing.` only announces; `The later one.` answers.
  auto const* waiting = open_question(u, false);
  bool const waits = waiting != nullptr && !waiting->answered && u.index_in_turn == 0 &&
                     at(waiting->unit).turn + 1 == u.turn && contains_any(u.flat, {"the", "both"});
  if (u.words.size() <= 4 &&
      contains_any(u.flat, {"thing", "things", "topic", "one", "point", "item", "next", "changes",
                            "number one", "number two", "number three", "wishes"}) &&
      u.fragment && !says_content(u) && !u.negated && !u.defers && u.stance == 0 && !waits) {
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
    more = more || (!units_[k].only_stance && !units_[k].fragment) || units_[k].words.size() > 5 ||
           (units_[k].fragment && matter_of(units_[k]) != matter::feature) ||
           units_[k].does == act::question;
  auto const* question = open_question(u, false);
  bool asked = question != nullptr && says_content(at(question->unit)) &&
               (!question->answered || at(question->unit).turn + 1 >= u.turn);
  // `Yes. ES5. …` goes on with what was agreed to.
  bool const code = std::any_of(u.words.begin(), u.words.end(),
                                [](word const& w) { return w.what != word::kind::plain; });
  asked = asked || (code && u.index_in_turn > 0 && units_[i - 1].stance > 0 &&
                    units_[i - 1].only_stance && fresh(focus_, u.turn, 2) && !u.additive);
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
  // `The antimeridian…` as a turn of its own, and somebody goes on about it.
  if (fits() && u.index_in_turn == 0 && u.last_in_turn && u.words.size() <= 4 && !asked) {
    auto const terms = terms_of(u.words);
    bool const known =
        focus_ >= 0 && overlap(terms, out_.threads[static_cast<std::size_t>(focus_)]) > 0;
    for (auto k = i + 1; k < units_.size() && units_[k].turn <= u.turn + 3 && !known; ++k) {
      auto const later = terms_of(units_[k].words);
      if (units_[k].does != act::question && units_[k].words.size() > u.words.size() + 1 &&
          std::includes(later.begin(), later.end(), terms.begin(), terms.end())) {
        open(u.body, true);
        return true;
      }
    }
  }
  // `Speed: keep it one regex.`
  auto const colon = u.body.find(": ");
  if (colon != std::string::npos && colon > 0 && colon < 40 &&
      contains_any(u.all, {"going to"}) == false) {
    auto const head = words_of(std::string_view{u.body}.substr(0, colon));
    auto const rest = words_of(std::string_view{u.body}.substr(colon + 2));
    bool const value = rest.size() <= 2 && (rest.empty() || rest[0].what != word::kind::plain ||
                                            rest[0].low == "true" || rest[0].low == "false");
    if (head.size() <= 3 && !value && !head.empty() && !lexicon::is_stopword(head[0].low) &&
        names_.find(head[0].low).empty() &&
        (label_turn_ != u.turn || label_ != u.body.substr(0, colon)))
      open(std::string_view{u.body}.substr(0, colon), true);
  }
  return false;
}

void listener::hear_question(std::size_t i) {
  auto const& u = at(i);
  if (u.wants == asks::consent)
    return;
  // `Is this possible? With the old boxes?`
  if (u.fragment && i > 0 && units_[i - 1].turn == u.turn && units_[i - 1].does == act::question &&
      units_[i - 1].wants == asks::consent)
    return;
  // `Could they get a reminder?` — `When?`: who asks for the details takes it as settled.
  if (u.wants == asks::fact && u.index_in_turn == 0 && u.words.size() <= 3 && u.fragment)
    if (auto* p = open_question(u, true);
        p != nullptr && !p->answered && at(p->unit).turn + 1 == u.turn &&
        at(p->unit).wants == asks::proposal && about_work(at(p->unit)))
      accept(*p, i);
  bool const request = !request_in(u).empty();
  if (!about_work(u) && !fresh(focus_, u.turn, 3) && !label_open_ && !request)
    return; // small talk
  if (side_talk_ == u.turn + 1 && !about_work(u) && !request)
    return;
  // `Is the plumber there yet?`: a word for word answer would be about nothing of the talk.
  if (u.wants == asks::fact && lexicon::is_auxiliary(u.words[0].low) && !about_work(u) &&
      focus_ >= 0 && !label_free_now() && !terms_of(u.words).empty() &&
      overlap(terms_of(u.words), out_.threads[static_cast<std::size_t>(focus_)]) == 0 &&
      !contains_any(u.flat, {"it", "that", "they", "them", "this", "both", "we"})) {
    side_talk_ = u.turn + 1;
    return;
  }
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
  // `CSV?`, `just a text column?`, right behind a demand: about that, and no topic of its own.
  auto const demanded = [&] {
    auto const& lines = out_.threads[static_cast<std::size_t>(focus_)].lines;
    return std::any_of(lines.begin(), lines.end(), [&](line const& l) {
      return l.live && l.core && !l.agreed && at(l.unit).turn + 1 == u.turn &&
             at(l.unit).speaker != u.speaker;
    });
  };
  bool const detail = u.fragment && u.index_in_turn == 0 && u.words.size() <= 4 && !u.breaks &&
                      u.body.find(',') == std::string::npos && !u.additive && focus_ >= 0 &&
                      demanded();
  // `And "1.5"?` goes on with the series; a fuller name opens its own topic.
  bool const series = u.additive && named.size() <= 2;
  bool const alternative = !quantities_of(u.words).empty() && u.fragment;
  bool const earlier = open_question(u, false) != nullptr && !open_question(u, false)->answered;
  if (content > 0 && !alternative && (about || !detail) &&
      (about ||
       (!series && !earlier && (content >= 2 || !fresh(focus_, u.turn, 2) || named.size() <= 2)))) {
    label_ = label_text(p.subject);
    label_loose_ = false;
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

} // namespace troupe::rules
