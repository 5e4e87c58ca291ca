#include "actors/node_id.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/node_id.hpp>
#include <catch2/catch.hpp>

#include <array>
#include <cstdio>
#include <filesystem>
#include <iostream>

using namespace troupe;

namespace {

constexpr std::string_view mark = "this start is ";

/// The node id that another start of this program gets.
std::string id_of_another_start() {
  auto const self = std::filesystem::read_symlink("/proc/self/exe").string();
  auto* out = ::popen(("'" + self + "' '[.says-its-node-id]'").c_str(), "r");
  REQUIRE(out != nullptr);
  std::string text;
  std::array<char, 512> buffer{};
  while (std::fgets(buffer.data(), buffer.size(), out) != nullptr)
    text += buffer.data();
  CHECK(::pclose(out) == 0);
  INFO(text);
  auto const at = text.find(mark);
  REQUIRE(at != std::string::npos);
  auto const begin = at + mark.size();
  return text.substr(begin, text.find('\n', begin) - begin);
}

/// Without the process id, which two containers may share.
std::string host_of(std::string const& id) {
  return id.substr(0, id.find('#'));
}

} // namespace

TEST_CASE("node id: for the test below, which starts this program again", "[.says-its-node-id]") {
  caf::actor_system_config const config;
  auto const id = caf::node_id::default_data::local(config);
  CHECK(node_id_is_ours());
  std::cout << mark << to_string(id) << '\n';
}

TEST_CASE("node id: every start has another one, whatever machine and process id it has",
          "[actors]") {
  auto const one = id_of_another_start();
  auto const two = id_of_another_start();
  auto const three = id_of_another_start();
  REQUIRE_FALSE(host_of(one).empty());
  CHECK(host_of(one) != host_of(two));
  CHECK(host_of(two) != host_of(three));
  CHECK(host_of(one) != host_of(three));
}
