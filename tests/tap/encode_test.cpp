#include "actors/tap/encode.hpp"
#include "protocol/json.hpp"
#include "protocol/redact.hpp"
#include "records.hpp"

#include <catch2/catch.hpp>

using namespace troupe;
using namespace troupe::traffic;
using troupe::test::canary;

TEST_CASE("tap line: says what is known, as one JSON object", "[tap]") {
  line_encoder e;
  auto h = test::a_message();
  h.at_ns = 1'700'000'000'123'456'789;
  h.took(std::chrono::microseconds{42});
  h.shard = 7;
  h.seq = 99;
  std::string const content = "hello \"you\"";
  auto const o = json::parse(e.record(h, &content, true))->as_object();
  CHECK(o.at("type") == "record");
  CHECK(o.at("at_us").to_number<std::int64_t>() == 1'700'000'000'123'456);
  CHECK(o.at("point") == "send");
  CHECK(o.at("direction") == "out");
  CHECK(o.at("outcome") == "ok");
  CHECK(o.at("kind") == "question");
  CHECK(o.at("from") == "agent:tally.pm");
  CHECK(o.at("to") == "agent:tally.dev-ada");
  CHECK(o.at("project") == "tally");
  CHECK(o.at("brief") == "k3f9q2mx");
  CHECK(o.at("latency_us").to_number<int>() == 42);
  CHECK(o.at("outlier") == true);
  CHECK(o.at("shard").to_number<int>() == 7);
  CHECK(o.at("seq").to_number<int>() == 99);
  CHECK(o.at("content") == "hello \"you\"");
  CHECK_FALSE(o.contains("tenant"));
  CHECK_FALSE(o.contains("ticket"));
}

TEST_CASE("tap line: is valid JSON whatever the names hold", "[tap]") {
  line_encoder e;
  for (std::string const& name :
       {std::string{"\xFF\xFE"}, std::string{"a\"b\\c\n"}, std::string{"\x01\x1F"},
        std::string{"\xE2\x82"}, std::string(300, '\xC3')}) {
    header h;
    h.set(field::kind, name);
    h.set(field::from, name + "x");
    auto const parsed = json::parse(e.record(h, nullptr, false));
    CHECK(parsed.has_value());
  }
}

TEST_CASE("tap line: a secret in a name does not leave", "[tap]") {
  line_encoder e;
  REQUIRE(redact(canary).find(canary) == std::string::npos);
  for (std::size_t f = 1; f < field_count; ++f) {
    header h;
    h.set(static_cast<field>(f), "GET /x?token=" + canary);
    auto const line = e.record(h, nullptr, false);
    INFO(line);
    CHECK(line.find(canary) == std::string::npos);
    CHECK(line.find(canary.substr(0, 20)) == std::string::npos);
    CHECK(e.record(h, nullptr, false) == line); // remembered, and redacted still
  }
}

TEST_CASE("tap line: no part of a secret leaves, as another name or where it was cut", "[tap]") {
  line_encoder e;
  {
    header h; // whose id makes a ticket of what is none, and of that a brief
    h.between("ticket:sk-ant-api03-" + canary + "-x", "agent:a.b");
    auto const line = e.record(h, nullptr, false);
    INFO(line);
    CHECK(line.find("ghp_") == std::string::npos);
    CHECK(line.find("\"brief\"") == std::string::npos);
  }
  for (std::size_t room = 0; room < canary.size(); ++room) {
    header h;
    h.set(field::kind, std::string(100, 'k'));
    h.set(field::from, std::string(room % 17, 'f'));
    h.set(field::to, "x " + canary.substr(0, room) + canary);
    auto const line = e.record(h, nullptr, false);
    INFO(line);
    CHECK(line.find("ghp_") == std::string::npos);
  }
}

TEST_CASE("tap content: is redacted and short, wherever it is cut", "[tap]") {
  auto const shown = [](std::string text) {
    preview p;
    p.cut = text.size() > 4096;
    p.text = std::move(text);
    if (p.cut)
      p.text.resize(4096);
    return shown_content(p);
  };
  CHECK(shown("all well") == "all well");
  CHECK(shown(std::string(3000, 'x')).size() == most_shown_content);
  // The canary at every place around both cuts.
  for (std::size_t at = 1900; at < 2100; ++at)
    CHECK(shown(std::string(at, ' ') + canary + std::string(5000, ' ')).find("ghp_a1B2") ==
          std::string::npos);
  for (std::size_t at = 4000; at < 4200; ++at)
    CHECK(shown(std::string(at, ' ') + canary + std::string(5000, ' ')).find("ghp_a1B2") ==
          std::string::npos);
  // Redacting shortens, so that what was far behind comes near: nothing of the cut may.
  std::string many;
  while (many.size() < 4096 - 20)
    many += canary + " ";
  for (std::size_t pad = 0; pad < 45; ++pad)
    CHECK(shown(std::string(pad, ' ') + many + canary + canary).find("a1B2c3") ==
          std::string::npos);
}

TEST_CASE("tap content: a private key that is cut does not leave in part", "[tap]") {
  // In pieces, so that no scanner finds it in this file.
  std::string key = "-----BEGIN RSA ";
  key += "PRIVATE KEY-----\n";
  for (int i = 0; i < 48; ++i)
    key += "MIIEpAIBAAKCAQEA7f0c2Qx5Zt9bKp3LrVw8YhN1sDgJ6uTeXoAqWmRzBvCnHkFi\n";
  key += "-----END RSA ";
  key += "PRIVATE KEY-----\n";
  for (std::size_t at : {0u, 1000u, 2000u, 2500u, 3000u, 4000u}) {
    preview p;
    p.text = (std::string(at, ' ') + key).substr(0, 4096);
    p.cut = at + key.size() > 4096;
    auto const out = shown_content(p);
    INFO(at);
    CHECK(out.find("MIIEpAIBAAKCAQEA7f0c2Qx5") == std::string::npos);
  }
}
