#include "protocol/json_text.hpp"
#include "protocol/redact_json.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

enum class colour { red, green };
BOOST_DESCRIBE_ENUM(colour, red, green)

struct part {
  std::string zeta;
  std::string alpha;
  TROUPE_FIELDS(part, zeta, alpha);
};

struct moved {
  std::string who;
  std::int64_t most = 3;
  std::uint64_t many = 0;
  bool quick = true;
  double share = 0;
  colour is = colour::red;
  time_point at{};
  duration took{};
  ticket_id ticket;
  entity_ref whom;
  std::optional<std::string> perhaps;
  part inner;
  std::vector<part> parts;
  std::vector<std::vector<std::int32_t>> rows;
  std::map<std::string, std::string> labels;
  shared_value<std::vector<std::string>> words;
  json::value data;
  TROUPE_RECORD(moved, who, most, many, quick, share, is, at, took, ticket, whom, perhaps, inner,
                parts, rows, labels, words, data);
};
struct rested {
  TROUPE_RECORD(rested);
};
using happening = std::variant<moved, rested>;

moved full() {
  moved x;
  x.who = "a\"b\\c\n\x01é";
  x.most = -5;
  x.many = 9;
  x.quick = false;
  x.share = 0.25;
  x.is = colour::green;
  x.at = time_point{duration{1795}};
  x.took = duration{-1};
  x.ticket = ticket_id{"k3f9q2mx-1"};
  x.whom = {tenant_id{"default"}, entity_kind::ticket, "t1"};
  x.perhaps = "yes";
  x.inner.zeta = "z";
  x.parts = {{"z", "a"}, {}, {"", "b"}};
  x.rows = {{}, {1, 2}, {}};
  x.labels = {{"b", "2"}, {"a", "1"}};
  x.words = std::vector<std::string>{"one", "two"};
  x.data = json::parse(R"({"d":[1,{"y":null,"x":"t"},[]],"c":{},"b":1.5,"a":true})").value();
  return x;
}

std::string by_value(happening const& x) {
  return std::visit([](auto const& one) { return json::canonical(json::to(one)); }, x);
}

bool take_all(std::string_view /* text */, std::string_view /* name */) {
  return true;
}

std::string written(happening const& x) {
  json::text_writer out{&take_all};
  json::put_alternative(out, x);
  CHECK(out.passed());
  return out.written();
}

/// What a looker saw, as `name=text`.
std::vector<std::string>& seen() {
  static std::vector<std::string> all;
  return all;
}

} // namespace

TEST_CASE("json text: it is the canonical text of the value", "[protocol]") {
  CHECK(written(moved{}) == "{}");
  CHECK(written(rested{}) == "{}");
  CHECK(written(full()) == by_value(full()));
  auto x = full();
  SECTION("empty ones inside") {
    x.parts = {{}};
    x.rows = {{}};
    x.labels = {{"", ""}};
    x.data = json::object{};
    x.inner = {};
  }
  SECTION("a value that is a text, a list, or nothing") {
    x.data = GENERATE(json::value("text"), json::value(json::array{1, "a"}), json::value(-7),
                      json::value(std::uint64_t{18446744073709551615u}), json::value(2.5));
  }
  CHECK(written(x) == by_value(x));
}

TEST_CASE("json text: every text is looked at with the name of its member", "[protocol]") {
  seen().clear();
  json::text_writer out{[](std::string_view text, std::string_view name) {
    seen().push_back(std::string{name} + "=" + std::string{text});
    return true;
  }};
  moved x;
  x.who = "ada";
  x.is = colour::green; // the program's own word
  x.inner.alpha = "in";
  x.parts = {{"z", ""}};
  x.labels = {{"key", "label"}};
  x.words = std::vector<std::string>{"one"};
  x.data = json::object{{"d", "deep"}, {"e", json::array{"item"}}};
  json::put_alternative(out, happening{x});
  CHECK(seen() == std::vector<std::string>{"=d", "d=deep", "=e", "=item", "alpha=in", "=key",
                                           "key=label", "zeta=z", "who=ada", "=one"});
}

TEST_CASE("json text: what redaction would change does not pass", "[protocol]") {
  auto const passes = [](moved const& x) {
    json::text_writer out{&is_clean};
    json::put_alternative(out, happening{x});
    auto value = json::to(x);
    bool const passed = out.passed();
    CHECK(passed == (redact_json(value) == 0));
    return passed;
  };
  std::string const secret = "ghp_" + std::string{"A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"};
  auto x = full();
  CHECK(passes(x));
  CHECK(passes(x)); // known by now
  SECTION("a text") {
    x.who = "it is " + secret;
  }
  SECTION("in a list") {
    x.words = std::vector<std::string>{secret};
  }
  SECTION("a name in a map") {
    x.labels = {{secret, "x"}};
  }
  SECTION("by its name") {
    x.labels = {{"password", "tr0ub4dor&3xQ"}};
  }
  SECTION("in a value") {
    x.data = json::array{json::object{{"k", secret}}};
  }
  SECTION("a name in a value") {
    x.data = json::object{{secret, 1}};
  }
  CHECK_FALSE(passes(x));
  CHECK_FALSE(passes(x));
}
