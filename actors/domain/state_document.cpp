#include "actors/domain/state_document.hpp"

#include "actors/domain/kinds.hpp"

namespace troupe {

namespace {

/// `[*]` is where a machine begins, and where it ends in a diagram.
template <class Status>
std::string spoken(Status s) {
  auto const text = name(s);
  return text.empty() || text == "none" ? "[*]" : text;
}

template <class Status>
void add_table(std::string& out, transition_table<Status> rows) {
  out += "\n| from | to | cause |\n|---|---|---|\n";
  for (auto const& row : rows)
    out +=
        "| " + spoken(row.from) + " | " + spoken(row.to) + " | " + std::string{row.cause} + " |\n";
}

template <class Status>
void add_diagram(std::string& out, transition_table<Status> rows) {
  out += "\n```mermaid\nstateDiagram-v2\n";
  std::vector<std::string> ends;
  for (auto const& row : rows) {
    // A colon would end the label.
    std::string label{row.cause};
    std::replace(label.begin(), label.end(), ':', ',');
    std::replace(label.begin(), label.end(), ';', ',');
    out += "  " + spoken(row.from) + " --> " + spoken(row.to) + ": " + label + "\n";
    auto const to = spoken(row.to);
    if (is_terminal(row.to) && std::find(ends.begin(), ends.end(), to) == ends.end())
      ends.push_back(to);
  }
  for (auto const& end : ends)
    out += "  " + end + " --> [*]\n";
  out += "```\n";
}

template <class Status>
void add(std::string& out, std::string const& title, std::string const& note,
         transition_table<Status> rows) {
  out += "\n## " + title + "\n";
  if (!note.empty())
    out += "\n" + note + "\n";
  add_table(out, rows);
  add_diagram(out, rows);
}

} // namespace

std::string state_document() {
  std::string out =
      "<!-- Made by troupe_statedoc from actors/domain; do not edit. -->\n"
      "# State machines\n\n"
      "Every machine is one table in `actors/domain`, used by the server, by replay, by `troupe "
      "verify`, by the answer to a refused command (409 with the allowed transitions), by the "
      "property tests and by this page. CAPITALS are terminal; `[*]` is the beginning. A "
      "transition that is not here is refused.\n";
  add(out, "Brief", "", brief::transitions());
  add(out, "Plan", "Version n of a brief. `drafting` stands before the first proposal.",
      plan::transitions());
  add(out, "Ticket",
      "Lease and attempt are machines of their own inside the ticket, because one writer must see "
      "all three.",
      ticket::transitions());
  add(out, "Lease",
      "A lease is `offered` to its holder with a token, and `held` from the holder's first report "
      "on. Tokens only grow; a report with an older token is kept as an orphan and never applied, "
      "but what it says was spent is charged, once, to the budget of the run that had the lease.",
      ticket::lease_transitions());
  add(out, "Attempt",
      "The server hears of the lease, the start and the end, so that one event may pass several "
      "rows.",
      ticket::attempt_transitions());
  add(out, "Run", "", run::transitions());
  add(out, "Approval", "", approval::transitions());
  add(out, "Project", "", project::transitions());
  add(out, "Agent", "", agent::transitions());
  add(out, "Daemon", "", daemon::transitions());
  add(out, "Budget scope", "The level of a scope follows what is spent.", budget::transitions());
  add(out, "Reservation", "", budget::hold_transitions());
  add(out, "Credential", "", principal::transitions());
  return out;
}

} // namespace troupe
