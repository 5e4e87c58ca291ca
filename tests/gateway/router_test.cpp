#include "gateway/http/router.hpp"
#include "gateway/http/target.hpp"

#include <catch2/catch.hpp>

using namespace troupe;

namespace {

handler const nothing = [](request const&, reply const&) {};

route row(std::string method, std::string pattern) {
  route r;
  r.method = std::move(method);
  r.pattern = std::move(pattern);
  r.handle = nothing;
  return r;
}

router::match find(router const& r, std::string_view method, std::string_view path) {
  return r.find(method, parse_target(path)->segments);
}

} // namespace

TEST_CASE("router: a path finds its route and parameters", "[gateway]") {
  router r;
  r.add(row("GET", "/"));
  r.add(row("GET", "/api/tickets"));
  r.add(row("GET", "/api/tickets/{id}"));
  r.add(row("GET", "/api/tickets/next"));
  r.add(row("POST", "/api/tickets/{id}/comments/{n}"));
  r.add(row("GET", "/ui/{path*}"));

  CHECK(find(r, "GET", "/").found->pattern == "/");
  CHECK(find(r, "GET", "/api/tickets/").found->pattern == "/api/tickets");
  CHECK(find(r, "GET", "/api/tickets/next").found->pattern == "/api/tickets/next");
  auto const one = find(r, "GET", "/api/tickets/k3-1");
  CHECK(one.found->pattern == "/api/tickets/{id}");
  CHECK(one.params.at("id") == "k3-1");
  auto const two = find(r, "POST", "/api/tickets/a%2Fb/comments/7");
  CHECK(two.params == std::map<std::string, std::string>{{"id", "a/b"}, {"n", "7"}});
  CHECK(find(r, "GET", "/ui/a/b.js").params.at("path") == "a/b.js");
  CHECK(find(r, "GET", "/ui").params.at("path").empty());
}

TEST_CASE("router: unknown paths and wrong methods differ", "[gateway]") {
  router r;
  r.add(row("GET", "/api/tickets/{id}"));
  r.add(row("POST", "/api/tickets/{id}"));
  CHECK(find(r, "GET", "/api/nothing").allow.empty());
  auto const wrong = find(r, "DELETE", "/api/tickets/1");
  CHECK(wrong.found == nullptr);
  CHECK(wrong.allow == "GET, HEAD, OPTIONS, POST");
  CHECK(find(r, "HEAD", "/api/tickets/1").found->method == "GET");
}

TEST_CASE("router: a literal of another method does not hide a parameter", "[gateway]") {
  router r;
  r.add(row("GET", "/t/{id}"));
  r.add(row("POST", "/t/claim"));
  CHECK(find(r, "GET", "/t/claim").found->pattern == "/t/{id}");
  CHECK(find(r, "POST", "/t/claim").found->pattern == "/t/claim");
  CHECK(find(r, "POST", "/t/other").found == nullptr);
}

TEST_CASE("router: a wrong table is found at start", "[gateway]") {
  router r;
  r.add(row("GET", "/a/{id}"));
  CHECK_THROWS_AS(r.add(row("GET", "/a/{name}")), std::logic_error);
  CHECK_THROWS_AS(r.add(row("GET", "a")), std::logic_error);
  CHECK_THROWS_AS(r.add(row("GET", "/a//b")), std::logic_error);
  CHECK_THROWS_AS(r.add(row("GET", "/a/{id")), std::logic_error);
  CHECK_THROWS_AS(r.add(row("GET", "/{p*}/b")), std::logic_error);
  auto stream = row("GET", "/s");
  stream.kind = route_kind::sse;
  CHECK_THROWS_AS(r.add(stream), std::logic_error);
  auto empty = row("GET", "/e");
  empty.handle = handler{};
  CHECK_THROWS_AS(r.add(empty), std::logic_error);
}
