#include "cli/commands.hpp"

namespace troupe {

void add_dashboard_command(command_line& line) {
  line.add(line.root(), "dashboard",
           "Prints an address that opens the dashboard signed in, with the present token. Its code "
           "is good once, for a minute; the token itself is in no address.",
           "  troupe dashboard\n  xdg-open \"$(troupe dashboard)\"", [](console& out) {
             auto const made = out.api().post("/api/session/codes", json::object{});
             if (!made)
               return out.fail(made.error());
             auto const url = out.api().server() + "/#/sign-in/" + look::text(*made, "code");
             auto shown = *made;
             shown.get_object().insert_or_assign("url", url);
             auto const code = out.show(shown, url + "\n");
             out.note("Good once, for " + std::to_string(look::number(*made, "seconds")) +
                      " seconds.");
             return code;
           });
}

} // namespace troupe
