#include "cli/commands.hpp"

namespace troupe {

void add_why_command(command_line& line) {
  auto const ref = std::make_shared<std::string>();
  auto const c = line.add(
      line.root(), "why",
      "Explains a commit, ticket, run, plan, brief or event: the chain of causes back "
      "to the sentence that asked for it.",
      "  troupe why $(git rev-parse HEAD)\n"
      "  troupe why k3f9q2mx-2",
      [ref](console& out) {
        auto const found = out.api().get("/api/why/" + segment(*ref));
        if (!found)
          return out.fail(found.error(), found.error().code == errc::not_found
                                             ? "Give a ticket, a brief, an event id, or at least 7 "
                                               "digits of a commit that an agent made."
                                             : "");
        return out.show(*found, render_why(*found, out.style()));
      });
  c.add_option("ref", *ref, "commit (7 digits or more), id of an entity or of an event")
      .required()
      .type_name("REF");
}

} // namespace troupe
