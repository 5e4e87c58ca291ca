#include "actors/engines/rules/grammar.hpp"
#include "actors/engines/rules/lexicon.hpp"
#include "actors/engines/rules/listener.hpp"
#include "actors/engines/rules/text.hpp"

#include <algorithm>

namespace troupe::rules {
namespace {

constexpr std::size_t short_talk = 8; ///< turns; in a longer one a fault alone asks for nothing

bool share(std::vector<std::string> const& a, std::vector<std::string> const& b) {
  return std::any_of(a.begin(), a.end(),
                     [&](auto const& x) { return std::binary_search(b.begin(), b.end(), x); });
}

/// What people need or want for themselves.
bool for_people(unit const& u) {
  auto const& first = u.words[0].low;
  if (contains_any(" you he she they i'd ", {first}) ||
      (first == "i" && !contains_any(u.flat, {"i need", "i want"})))
    return true;
  return contains_any(u.flat, {"people", "help", "time", "money", "an answer", "a decision",
                               "a room", "a break", "a meeting", "a hand", "luck", "volunteers",
                               "a volunteer", "somebody", "someone", "a plan", "a date"});
}

} // namespace

/// A fault that is told is the problem behind what is asked for next. True if
/// the unit is done with; what nobody took up is looked at again in the end.
bool listener::hear_fault(std::size_t i) {
  auto const& u = at(i);
  // `Leave it.`, said of a fault, asks for nothing.
  if (!faults_.empty() && at(faults_.back().unit).turn + 1 == u.turn && u.words.size() <= 6 &&
      contains_any(u.flat, {"leave it", "leave that", "leave this"}))
    return true;
  if (faults_.empty() || faults_.back().unit != i || u.does == act::directive ||
      u.does == act::constraint || u.stance != 0 || transcript_.form == "prose")
    return false;
  if (auto const* asked = open_question(u, false); asked != nullptr && !asked->answered)
    return false;
  bool wished = false;
  for (auto k = i + 1; k < units_.size() && units_[k].turn == u.turn; ++k)
    wished = wished || units_[k].does == act::directive || units_[k].does == act::constraint;
  if (!wished && !u.fragment && u.does != act::none && fresh(focus_, u.turn, 2))
    return false;
  last_background_ = i;
  if (about_work(u) && u.turn < 10)
    out_.problems.push_back(i);
  return true;
}

/// `The page takes half a minute to open. That's a bug, we must fix it.`: what was told just before
/// is what is to be fixed.
bool listener::hear_repair(std::size_t i) {
  auto const& u = at(i);
  if (i == 0 || u.does != act::directive || u.words.size() > 9 ||
      !contains_any(u.flat,
                    {"fix it", "fix that", "fix this", "it fixed", "that fixed", "be fixed"}) ||
      !contains_any(u.flat, {"it", "that", "this", "it's", "that's"}))
    return false;
  auto const own = terms_of(u.words);
  if (std::any_of(own.begin(), own.end(),
                  [](auto const& x) { return x != "fix" && x != stem_of("bug"); }))
    return false;
  auto const& told = at(i - 1);
  if (told.turn + 1 < u.turn || told.fragment || told.chatter || last_placed_ == i - 1 ||
      (told.does != act::statement && told.does != act::none) || !about_work(told))
    return false;
  // `Terrible, the admin page takes …`: what the speaker thinks of it is not part of it.
  auto what = told.body;
  if (told.words.size() > 3 && told.words[1].before == ',' &&
      told.words[0].what == word::kind::plain)
    what = what.substr(told.words[1].begin);
  while (!what.empty() && (what.back() == '.' || what.back() == '!'))
    what.pop_back();
  auto const where = new_thread(matter::feature, {});
  out_.threads.back().fault = true;
  note_terms(where, told.words);
  last_background_ = static_cast<std::size_t>(-1); // the fault itself
  auto& l = add_line(where, i, "Fix: " + what, true);
  l.title = l.text;
  l.cites.push_back(i - 1);
  return true;
}

/// The fault that the unit before told in the same breath; null if there is
/// none.
listener::fault const* listener::fault_before(std::size_t i) const {
  bool const there =
      i > 0 && !faults_.empty() && faults_.back().unit + 1 == i && at(i - 1).turn == at(i).turn;
  return there ? &faults_.back() : nullptr;
}

/// The thread that talks about what goes wrong; a new one where none does.
std::ptrdiff_t listener::thread_of(fault const& f, unit const& u) {
  auto const about = terms_of(words_of(f.report.subject));
  if (about.empty())
    return -1;
  for (auto k = out_.threads.size(); k-- > 0;) {
    auto const& t = out_.threads[k];
    if (t.about == matter::feature &&
        std::includes(t.terms.begin(), t.terms.end(), about.begin(), about.end()) &&
        std::any_of(t.lines.begin(), t.lines.end(), [](line const& l) { return l.live && l.core; }))
      return static_cast<std::ptrdiff_t>(k);
  }
  auto const made = new_thread(matter_of(u), {});
  out_.threads.back().fault = true;
  note_terms(made, at(f.unit).words);
  return made;
}

/// `Skip silently? I'd rather raise an error.`: who asks back and prefers
/// something else doubts, and proposes nothing with the question.
bool listener::hear_echo(std::size_t i) {
  auto const& u = at(i);
  // `Skip silently?` or `Skip them?`, not `should we skip them?`
  bool const bare = u.fragment || (u.words.size() <= 5 && imperative_at(u.words, 0));
  if (u.does != act::question || !bare || u.index_in_turn > 0 || u.words.empty() || focus_ < 0)
    return false;
  bool other = false;
  for (auto k = i + 1; k < units_.size() && units_[k].turn == u.turn; ++k)
    other = other || prefers_other(units_[k]);
  if (!other)
    return false;
  auto said = terms_of(u.words);
  for (auto const& w : u.words)
    if (w.low.ends_with("ly"))
      std::erase(said, w.stem);
  auto const& lines = out_.threads[static_cast<std::size_t>(focus_)].lines;
  return std::any_of(lines.begin(), lines.end(), [&](line const& l) {
    auto const mine = terms_of(at(l.unit).words);
    return l.live && at(l.unit).turn + 1 == u.turn && at(l.unit).speaker != u.speaker &&
           std::includes(mine.begin(), mine.end(), said.begin(), said.end());
  });
}

/// `I'd rather raise an error.`: what somebody prefers takes the place of what
/// the one before proposed, unless that is turned down in its turn.
bool listener::hear_alternative(std::size_t i) {
  auto const& u = at(i);
  if (transcript_.form == "prose" || focus_ < 0 || !prefers_other(u) || u.additive ||
      contains_phrase(u.flat, "also"))
    return false;
  if (auto const* asked = open_question(u, false); asked != nullptr && !asked->answered)
    return false;
  auto const what = preferred(u);
  auto& t = out_.threads[static_cast<std::size_t>(focus_)];
  if (matter_of(u) != t.about || terms_of(words_of(what)).empty())
    return false;
  auto const old = std::find_if(t.lines.rbegin(), t.lines.rend(), [&](line const& l) {
    auto const& said = at(l.unit);
    return l.live && l.core && !l.agreed && said.speaker != u.speaker && said.turn + 1 == u.turn &&
           std::find(l.cites.begin(), l.cites.end(), i) == l.cites.end(); // a value was replaced
  });
  if (old == t.lines.rend())
    return false;
  old->live = false;
  auto const before = old->unit;
  auto const lead = old->lead;
  auto text = in_place_of(old->text, what);
  auto& l = add_line(focus_, i, std::move(text), true);
  l.lead = lead;
  l.changed = true;
  l.cites.push_back(before);
  swapped_ = {i, before};
  return true;
}

/// What was preferred is turned down: the proposal before it holds again.
void listener::restore(std::size_t refused) {
  if (swapped_.first != refused || swapped_.first == swapped_.second)
    return;
  for (auto& t : out_.threads)
    for (auto& l : t.lines)
      if (l.unit == swapped_.second)
        l.live = true;
}

/// `Bob, can you add an export?`, and nobody said anything to it: it was asked
/// for.
void listener::take_request(pending const& p) {
  auto const focus = focus_;
  auto const placed = last_placed_;
  auto const open = label_open_;
  label_open_ = false;
  focus_ = -1;
  if (auto const where = place(at(p.unit), true, nullptr); where >= 0) {
    auto& l = add_line(where, p.unit, p.text, true);
    l.cites = p.more;
  }
  focus_ = focus;
  last_placed_ = placed;
  label_open_ = open;
}

/// Faults that nobody turned into a demand, and, where else nothing at all was
/// asked for, demands that no word of the work shows to be about it.
void listener::take_up_rest() {
  auto const wanted = [&] {
    return std::any_of(out_.threads.begin(), out_.threads.end(), [](thread const& t) {
      return std::any_of(t.lines.begin(), t.lines.end(),
                         [](line const& l) { return l.live && l.core; });
    });
  };
  bool const any = wanted();
  for (auto const& f : faults_) {
    auto const& u = at(f.unit);
    if (any && !f.report.named && transcript_.turns.size() > short_talk)
      continue;
    auto const mine = terms_of(u.words);
    bool taken = false;
    for (auto const& t : out_.threads) {
      taken = taken ||
              std::find(t.background.begin(), t.background.end(), f.unit) != t.background.end();
      for (auto const& l : t.lines) {
        auto const& v = at(l.unit);
        if (l.unit == f.unit || !l.core || v.turn + 1 < u.turn || v.turn > u.turn + 3)
          continue;
        bool const reason = v.turn == u.turn && l.unit < f.unit;
        taken = taken || reason || (l.unit > f.unit && v.leans) || share(mine, terms_of(v.words));
      }
    }
    for (auto k = f.unit + 1; k < units_.size() && units_[k].turn <= u.turn + 1; ++k)
      taken = taken || units_[k].stance < 0 || units_[k].defers || units_[k].withdraws ||
              contains_any(units_[k].all, {"leave it", "leave that", "by design", "as intended",
                                           "on purpose", "not a bug", "we know"});
    if (taken)
      continue;
    last_background_ = static_cast<std::size_t>(-1); // the fault itself
    auto const where = new_thread(matter::feature, {});
    auto const fix = "Fix: " + f.report.what;
    auto& l = add_line(where, f.unit, f.report.demand.empty() ? fix : f.report.demand, true);
    l.title = fix;
  }
  if (wanted())
    return;
  for (auto const i : unplaced_)
    if (!for_people(at(i)))
      (void)add_line(new_thread(matter_of(at(i)), {}), i, at(i).body, true);
}

} // namespace troupe::rules
