#include "records.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::traffic;

TEST_CASE("tap header: names that are part of another take no room", "[tap]") {
  header h{category::dispatch, direction::in};
  h.about({tenant_id{"acme"}, entity_kind::ticket, "k3f9q2mx-12"});
  CHECK(h.get(field::tenant) == "acme");
  CHECK(h.get(field::to) == "ticket:k3f9q2mx-12");
  CHECK(h.get(field::ticket) == "k3f9q2mx-12");
  CHECK(h.get(field::brief) == "k3f9q2mx");
  CHECK(h.get(field::ticket).data() == h.get(field::to).data() + 7);
  CHECK(h.get(field::brief).data() == h.get(field::ticket).data());
  CHECK(h.cut == 0);
}

TEST_CASE("tap header: the names of principals tell of project, brief and ticket", "[tap]") {
  header h;
  h.between("agent:tally.dev-ada", "ticket:k3f9q2mx-4");
  CHECK(h.get(field::project) == "tally");
  CHECK(h.get(field::ticket) == "k3f9q2mx-4");
  CHECK(h.get(field::brief) == "k3f9q2mx");
  header plan;
  plan.about({tenant_id{"acme"}, entity_kind::plan, "k3f9q2mx.p2"});
  CHECK(plan.get(field::brief) == "k3f9q2mx");
  header other;
  other.within("k3f9q2mx");
  CHECK(other.get(field::brief) == "k3f9q2mx");
  CHECK(other.conversation == hash_of("k3f9q2mx"));
}

TEST_CASE("tap header: whose work it is tells the project", "[tap]") {
  header h{category::effect, direction::out};
  h.between("ticket:k3f9q2mx-4", "daemon:d-1");
  h.worked_on_by("tally.dev-ada");
  CHECK(h.get(field::agent) == "tally.dev-ada");
  CHECK(h.get(field::project) == "tally");
  CHECK(h.get(field::project).data() == h.get(field::agent).data());
  h.worked_on_by({});
  CHECK(h.get(field::agent) == "tally.dev-ada");
}

TEST_CASE("tap header: without a correlation id it is in the conversation about its brief",
          "[tap]") {
  header h{category::effect, direction::out};
  h.between("ticket:k3f9q2mx-4", "daemon:d-1");
  h.within({});
  CHECK(h.conversation == hash_of("k3f9q2mx"));
  header other{category::gateway, direction::in};
  other.between("human:ann", "");
  other.within({});
  CHECK(other.conversation == 0);
  header told{category::effect, direction::out};
  told.between("agent:tally.pm", "engine:rules");
  told.within("k3f9q2mx");
  CHECK(told.conversation == hash_of("k3f9q2mx"));
  CHECK(told.get(field::brief) == "k3f9q2mx");
}

TEST_CASE("tap header: a long name is cut at a character and says so, a tenant is left out",
          "[tap]") {
  header h;
  std::string const umlauts = [] {
    std::string s = "x";
    for (int i = 0; i < 100; ++i)
      s += "\xC3\xBC";
    return s;
  }();
  h.set(field::kind, umlauts);
  CHECK(h.is_cut(field::kind));
  CHECK(h.get(field::kind).size() % 2 == 1);
  CHECK(umlauts.starts_with(h.get(field::kind)));
  h.set(field::tenant, "acme");
  CHECK(h.get(field::tenant).empty());
  CHECK_FALSE(h.is_cut(field::tenant));
}

TEST_CASE("tap header: every refusal is an error, in the same words", "[tap]") {
  for (int i = 1; i <= static_cast<int>(errc::corrupt); ++i) {
    auto const code = static_cast<errc>(i);
    CHECK(is_error(outcome_of(code)));
    CHECK(to_string(outcome_of(code)) == to_string(code));
  }
  CHECK_FALSE(is_error(outcome::ok));
  CHECK_FALSE(is_error(outcome::open));
  CHECK_FALSE(is_error(outcome::duplicate));
}

TEST_CASE("tap header: a latency is clamped to what a record can hold", "[tap]") {
  header h;
  CHECK(h.latency_us == no_latency);
  h.took(std::chrono::milliseconds{5});
  CHECK(h.latency_us == 5000);
  h.took(std::chrono::hours{100});
  CHECK(h.latency_us == no_latency - 1);
  h.took(-std::chrono::seconds{1});
  CHECK(h.latency_us == 0);
}
