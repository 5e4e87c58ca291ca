#pragma once

#include "actors/engines/rules/units.hpp"

#include <string>
#include <unordered_set>

/// The steps of find_act, each on what can be seen in one sentence.
namespace troupe::rules {

/// True if the words from `i` on begin like an order: `keep it …`, `don't touch …`, `never …`.
[[nodiscard]] bool imperative_at(std::vector<word> const& w, std::size_t i);
/// Index of the main clause behind `if …,` / `when …,` / `over the limit …,`; 0 if there is none.
[[nodiscard]] std::size_t main_clause(std::vector<word> const& w);
/// Where the main clause behind the clause at `from` (the word behind `once`, `after`) begins
/// without a comma: at its subject, which a verb of its own follows, or at an order (`once the
/// parser is done | the readme should …`, `… is done | update the readme`). The end of the words
/// where there is none; a comma in between ends the search there.
[[nodiscard]] std::size_t second_clause(std::vector<word> const& w, std::size_t from);
/// Words inside relative clauses: they describe a noun and tell nothing by themselves.
[[nodiscard]] std::vector<bool> relative_words(std::vector<word> const& w);
/// True if the words up to `n` tell what happened.
[[nodiscard]] bool tells_past(std::vector<word> const& w, std::size_t n);
/// Number of words before a reason or an aside that is only hung on: `…, they asked for it`.
[[nodiscard]] std::size_t main_part(std::vector<word> const& w);

/// Sets what set phrases show: not known, put off, optional, withdrawn, corrected, judged.
void find_marks(unit& u);
/// True for what happened and for how it is today.
[[nodiscard]] bool background(unit const& u);
/// True for talk that is not about the work. `subject`: stems of words of leisure that this talk is
/// about, see subjects_of.
[[nodiscard]] bool is_chatter(unit const& u, std::unordered_set<std::string> const& subject);
/// Words of leisure (`car`, `holidays`) that come back in demands: in this talk they are the work.
[[nodiscard]] std::unordered_set<std::string> subjects_of(std::vector<unit> const& units);
/// Finds a demand by its modal, its verb or its mood; sets `does`.
void find_wish(unit& u);
/// Finds a demand that something stays as it is; sets `does`.
void find_constraint(unit& u);

} // namespace troupe::rules
