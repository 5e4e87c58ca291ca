#include "daemon/prompt.hpp"

namespace troupe::local {

namespace {

void section(std::string& out, std::string_view title, std::string_view text) {
  if (text.empty())
    return;
  out += "\n## ";
  out += title;
  out += "\n\n";
  out += text;
  if (!text.ends_with('\n'))
    out += '\n';
}

std::string list(std::vector<std::string> const& items) {
  std::string out;
  for (auto const& item : items)
    out += "- " + item + '\n';
  return out;
}

/// `agent:tally.dev-ada` reads as `dev-ada`.
std::string speaker(principal_id const& who) {
  auto name = who.value;
  if (auto const colon = name.find(':'); colon != std::string::npos)
    name.erase(0, colon + 1);
  if (auto const dot = name.rfind('.'); dot != std::string::npos)
    name.erase(0, dot + 1);
  return name;
}

std::string conversation(std::vector<shared_value<envelope>> const& messages) {
  std::string out;
  for (envelope const& m : messages) {
    auto const text = text_of(m);
    if (text.empty())
      continue;
    auto const kind = json::to(m.kind);
    out += "**" + speaker(m.from) + "** to " + speaker(m.to) + " (" +
           std::string{std::string_view{kind.get_string()}} + "):\n\n";
    out += text;
    out += "\n\n";
  }
  return out;
}

} // namespace

std::string prompt_of(link::order const& o, std::string const& base, std::string const& head) {
  bool const review = o.kind == link::order_kind::review;
  std::string out = "# " + o.item->title + "\n\n";
  out += "Ticket " + o.ticket.value + ", stage " + o.stage + ", role " + o.role;
  if (o.round > 0)
    out += ", round " + std::to_string(o.round + 1) + ": the work was sent back, see below";
  out += ".\n";
  section(out, "What is wanted", o.item->text);
  section(out, "Done when", list(o.item->criteria));
  section(out, "Files named for it", list(o.item->files));
  section(out, "Your role", o.instructions);
  section(out, "Your tools", list(o.tools));
  section(out, "Said so far", conversation(o.conversation));
  if (review) {
    section(out, "The change",
            "You stand on commit " + head + ". The change is `git diff " + base + " " + head +
                "`. Judge it against the list above; do not change anything.");
    section(out, "Your answer",
            "List each point that must be mended as an item `- file: what and why`. End with one "
            "line: `VERDICT: APPROVED` or `VERDICT: CHANGES_REQUESTED`.");
  } else {
    std::string work =
        "You are in a git worktree on branch `" + o.branch + "`; the target branch is `origin/" +
        o.target_branch +
        "`. Commit what belongs to the ticket with clear messages. Do not push. If the "
        "branch was in conflict with the target, merge `origin/" +
        o.target_branch + "` into it first and resolve the conflict.";
    if (!o.test_command.empty())
      work += " The tests are run with `" + o.test_command + "`; they must pass.";
    if (!o.forbidden_paths.empty())
      work += "\n\nChange none of these paths:\n\n" + list(o.forbidden_paths);
    section(out, "How", work);
    section(out, "Your answer", "End with a short summary of what you did and what is left open.");
  }
  return out;
}

} // namespace troupe::local
