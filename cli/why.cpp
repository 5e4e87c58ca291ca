#include "cli/commands.hpp"
#include "daemon/git.hpp"

namespace troupe {

namespace {

result<json::value> ask(console& out, std::string const& ref) {
  return out.api().get("/api/why/" + segment(ref));
}

/// `HEAD`, a branch or a tag: the commit that the repository here calls so; empty if there is none.
std::string commit_called(std::string const& ref) {
  auto commit = local::git{"."}.commit(ref);
  return commit.starts_with(ref) ? std::string{} : commit;
}

int run_why(console& out, std::string const& ref) {
  auto found = ask(out, ref);
  std::string hint = "`troupe ticket list` has the tickets.";
  if (!found && found.error().code == errc::not_found) {
    if (auto const commit = commit_called(ref); !commit.empty()) {
      found = ask(out, commit);
      hint = "`" + ref + "` is that commit here. " + hint;
    }
  }
  if (!found)
    return out.fail(found.error(), found.error().code == errc::not_found ? hint : "");
  return out.show(*found, render_why(*found, out.style()));
}

} // namespace

void add_why_command(command_line& line) {
  auto const ref = std::make_shared<std::string>();
  auto const c =
      line.add(line.root(), "why",
               "Explains a commit, ticket, run, plan, brief or event: the chain of causes back "
               "to the sentence that asked for it.",
               "  troupe why HEAD                    in the repository\n"
               "  troupe why 4f2a91c\n"
               "  troupe why k3f9q2mx-2",
               [ref](console& out) { return run_why(out, *ref); });
  c.add_option("ref", *ref,
               "commit (7 digits or more, or its name in the repository here), id of an entity or "
               "of an event")
      .required()
      .type_name("REF");
}

} // namespace troupe
