#include "daemon/output_tail.hpp"
#include "daemon/secret_scan.hpp"
#include "tests/daemon/lab.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::local;
using namespace troupe::test;

namespace {

/// What follows the form's beginning. In pieces, so that no scanner finds it in this file.
std::string const body = std::string{"Zq7Kp2Lw9Xt4"} + "Rb8Nv1Mc6Yh3" + "Pd5Fs0Gj2Ae4";
std::string const token = "ghp_" + body;

/// Whether the text has a part of the token that somebody could go on from.
bool has_part(std::string const& text) {
  constexpr std::size_t part = 6;
  for (std::size_t i = 0; i + part <= body.size(); ++i)
    if (text.find(body.substr(i, part)) != std::string::npos)
      return true;
  return false;
}

/// A path of a file in folders that has so many bytes before its name begins.
std::string deep(std::size_t before) {
  std::string out;
  while (out.size() + 40 < before)
    out += std::string(30, 'd') + "/";
  out += std::string(before - out.size() - 1, 'e') + "/";
  return out;
}

} // namespace

// It was once cut first and looked at then: half a secret has no form that could be recognised.

TEST_CASE("cut secret: a file's name is looked at before it is cut", "[daemon]") {
  for (std::size_t before = 150; before < 200; before += 7) {
    INFO(before);
    CHECK_FALSE(has_part(describe({"github-token", deep(before) + token, 1, {}})));
  }
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  std::string command;
  for (std::size_t const before : {180, 385})
    command += "mkdir -p " + deep(before) + "; echo x > " + deep(before) + token + ".pem; ";
  auto const work = b.run(work_order(o, command));
  REQUIRE(work.end.how == link::outcome::done);
  CHECK(work.end.proof.files.size() == 2);
  auto gates = order_about(o, link::order_kind::gates, work.end.proof.head, 2);
  gates.gates = {{"paths", gate_kind::forbidden_paths, {}, 0, {"*.pem"}}};
  auto const done = b.run(gates);
  REQUIRE(done.end.gates.size() == 1);
  CHECK_FALSE(done.end.gates.front().passed);
  CHECK_FALSE(has_part(work.frames()));
  CHECK_FALSE(has_part(done.frames()));
}

TEST_CASE("cut secret: a line of a tool's output is looked at before it is cut", "[daemon]") {
  for (std::size_t before = 560; before < 600; before += 3) {
    INFO(before);
    auto const said = last_lines(std::string(before, 'x') + " " + token);
    REQUIRE(said.size() == 1);
    CHECK_FALSE(has_part(said.front()));
  }
  // Of an output that is kept in part, the part does not begin within a word.
  scratch const s;
  origin const o{s.path()};
  bench b{s / "d1"};
  auto order = work_order(o, {});
  order.engine = engine_kind::daemon;
  order.profile = "command";
  for (int const times : {600, 603, 611}) {
    b.settings.command = "for i in $(seq " + std::to_string(times) + "); do printf '" + token +
                         " '; done >&2; exit 1";
    auto const done = b.run(order);
    INFO(done.end.summary);
    CHECK(done.end.how == link::outcome::failed);
    CHECK(done.end.summary.find("[redacted:github-token]") != std::string::npos);
    CHECK_FALSE(has_part(done.frames()));
    ++order.token;
  }
}

TEST_CASE("cut secret: what git says of its failure is looked at before it is cut", "[daemon]") {
  scratch const s;
  origin const o{s.path()};
  for (std::size_t before = 230; before < 300; before += 7) {
    INFO(before);
    git const g{o.url()};
    auto const out = g.out({"cat-file", "-p", std::string(before, 'x') + "-" + token});
    REQUIRE(out.has_error());
    CHECK_FALSE(has_part(out.error().message));
  }
}
