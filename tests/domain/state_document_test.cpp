#include "actors/domain/kinds.hpp"
#include "actors/domain/state_document.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

using namespace troupe;

namespace {

/// Every status of an enumeration can be left or is terminal, and can be reached.
template <class Status>
void is_whole(transition_table<Status> rows, std::vector<Status> const& unused = {}) {
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Status>>([&](auto d) {
    Status const s = d.value;
    INFO(d.name);
    if (std::find(unused.begin(), unused.end(), s) != unused.end())
      return;
    bool const none = std::string_view{d.name} == "none";
    CHECK(allowed_from(rows, s).empty() == (is_terminal(s)));
    CHECK(none !=
          std::any_of(rows.begin(), rows.end(), [&](auto const& row) { return row.to == s; }));
  });
  for (auto const& row : rows) {
    CHECK_FALSE(row.cause.empty());
    CHECK(row.from != row.to);
  }
}

} // namespace

TEST_CASE("state machines: the page is made from the tables of now", "[domain]") {
  std::ifstream file{TROUPE_SOURCE_DIR "/docs/state-machines.md"};
  std::stringstream text;
  text << file.rdbuf();
  INFO("run: build/dev/actors/domain/troupe_statedoc > docs/state-machines.md");
  CHECK(text.str() == state_document());
}

TEST_CASE("state machines: every status can be reached and left, but for the terminal ones",
          "[domain]") {
  is_whole(ticket::transitions());
  is_whole(ticket::lease_transitions());
  is_whole(ticket::attempt_transitions());
  is_whole(run::transitions());
  is_whole(brief::transitions());
}
