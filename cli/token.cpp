#include "cli/commands.hpp"

namespace troupe {

void add_token_commands(command_line& line) {
  auto const group = line.add_group("token", "Who may use the server.",
                                    "  troupe token create ada --role developer --role approver\n"
                                    "  troupe token list");
  {
    struct flags {
      std::string name;
      std::vector<std::string> roles;
      std::int64_t days = 0;
    };
    auto const f = std::make_shared<flags>();
    auto const c = line.add(
        group, "create", "Makes a token and prints it, this once.",
        "  troupe token create ada --role developer --role approver --days 90\n"
        "  troupe token create ci --role viewer --json | jq -r .token",
        [f](console& out) {
          auto const done = out.api().post(
              "/api/tokens",
              json::object{{"name", f->name}, {"roles", json::to(f->roles)}, {"days", f->days}});
          auto const code = show_done(out, done, done ? look::text(*done, "token") + "\n" : "");
          if (done)
            out.note("This is shown once; the server keeps only its hash.");
          return code;
        });
    c.add_option("name", f->name, "whose token it is").required().type_name("NAME");
    c.add_option("--role", f->roles,
                 "viewer, developer, approver, admin, observe or observe_contents; may come again")
        .required()
        .one_of({"viewer", "developer", "approver", "admin", "observe", "observe_contents"})
        .type_name("ROLE");
    c.add_option("--days", f->days, "days until it expires; 0: never")
        .between(0, 3650)
        .type_name("N");
  }
  {
    auto const f = std::make_shared<list_flags>();
    auto const c = line.add(group, "list", "Lists tokens and codes; never their secrets.",
                            "  troupe token list --status active", [f](console& out) {
                              return show_list(out, "token", "/api/tokens", *f);
                            });
    add_list_flags(c, f, {"status", "who"});
  }
  {
    auto const id = std::make_shared<std::string>();
    auto const c = line.add(
        group, "revoke", "Revokes a token at once.", "  troupe token revoke 6d1e…",
        [id](console& out) {
          auto const done = out.api().remove("/api/tokens/" + segment(*id));
          return show_done(out, done, done ? status_line(out, "Token", *done) : std::string{});
        });
    c.add_option("token", *id, "id, as `token list` prints it").required().type_name("ID");
  }
}

} // namespace troupe
