#include "persistence/batch.hpp"
#include "persistence/encoding.hpp"
#include "persistence/scanner.hpp"
#include "protocol/json.hpp"
#include "protocol/json_string.hpp"
#include "tests/support/published_vectors.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <utility>

using namespace troupe;
using namespace troupe::test;

namespace {

std::string canonical_string(std::string_view text) {
  std::string out;
  json::put_string(out, text);
  return out;
}

std::string buffered(std::string_view text) {
  text_buffer out;
  out.add_json(text);
  return out.string();
}

/// As RFC 8785, 3.2.2.2 has it, character by character.
std::string spelled_slowly(std::string_view text) {
  std::string out = "\"";
  for (char const c : text) {
    static constexpr std::string_view named = "\"\\\b\f\n\r\t";
    static constexpr std::string_view letters = "\"\\bfnrt";
    if (auto const i = named.find(c); i != std::string_view::npos)
      out += std::string{"\\"} + letters[i];
    else if (static_cast<unsigned char>(c) < 0x20)
      out += std::string{"\\u00"} + (c < 0x10 ? '0' : '1') + "0123456789abcdef"[c & 15];
    else
      out += c;
  }
  return out + '"';
}

} // namespace

TEST_CASE("encoding: the published vectors of envelopes and hashes", "[persistence]") {
  auto const all = published_vectors();
  auto const& events = all.at("events").as_array();
  REQUIRE(events.size() >= 5);
  for (auto const& v : events) {
    entity_ref ref;
    ref.tenant.value = text_of(v.at("tenant"));
    REQUIRE(parse(text_of(v.at("kind")), ref.kind));
    ref.id = text_of(v.at("id"));
    auto const version = v.at("version").to_number<std::uint64_t>();
    new_event e;
    e.event_id = text_of(v.at("event_id"));
    e.type = text_of(v.at("type"));
    e.schema = v.at("schema").to_number<std::int32_t>();
    e.at = time_point{duration{v.at("at").to_number<std::int64_t>()}};
    e.principal = text_of(v.at("principal"));
    e.cause = text_of(v.at("cause"));
    e.correlation = text_of(v.at("correlation"));
    e.data = text_of(v.at("data"));
    text_buffer envelope;
    put_envelope(envelope, ref, version, e);
    CHECK(envelope.view() == text_of(v.at("envelope")));
    CHECK(chain_hash(text_of(v.at("previous")), ref, version, e) == text_of(v.at("hash")));
  }
}

TEST_CASE("encoding: an envelope is the canonical JSON of its fields", "[persistence]") {
  new_event e;
  e.data = R"({"a":[1,"\u0001"]})";
  e.principal = "x\"\\\n\x1f";
  text_buffer envelope;
  put_envelope(envelope, {tenant_id{"t"}, entity_kind::run, "r\xc3\xa4"}, 3, e);
  auto const parsed = json::parse(envelope.view());
  REQUIRE(parsed.has_value());
  CHECK(json::canonical(*parsed) == envelope.view());
}

TEST_CASE("encoding: texts are spelled as RFC 8785 spells them", "[persistence]") {
  std::mt19937 random{7};
  for (int n = 0; n < 2000; ++n) {
    std::string text;
    for (auto i = random() % 40; i > 0; --i) {
      static constexpr char const* pieces[] = {"a",        "plain and long",   "\"",   "\\", "/",
                                               "\xc3\xa9", "\xf0\x9f\x8e\xad", "\x7f", " "};
      if (random() % 3 == 0)
        text += static_cast<char>(random() % 32);
      else
        text += pieces[random() % std::size(pieces)];
    }
    REQUIRE(canonical_string(text) == spelled_slowly(text));
    REQUIRE(buffered(text) == spelled_slowly(text));
    REQUIRE(json::canonical(json::value(text)) == spelled_slowly(text));
    // And read again, with something behind it.
    auto const line = spelled_slowly(text) + ",\"";
    scanner in{line};
    REQUIRE(in.text("") == text);
  }
}

TEST_CASE("encoding: a text of any length is spelled whole, with an escape at any place",
          "[persistence]") {
  // Eight characters at a time, and more than fits where a text is put together.
  for (std::size_t const size :
       {0,   1,   2,   3,   4,    5,    6,    7,    8,    9,    15,   16,  17,
        199, 200, 201, 400, 1023, 1024, 1025, 2030, 2047, 2048, 2049, 5000}) {
    std::string const plain(size, 'p');
    REQUIRE(buffered(plain) == spelled_slowly(plain));
    REQUIRE(canonical_string(plain) == spelled_slowly(plain));
    std::string const worst(size, '\x01');
    REQUIRE(buffered(worst) == spelled_slowly(worst));
    REQUIRE(canonical_string(worst) == spelled_slowly(worst));
    for (std::size_t at = 0; at<size; at += size> 100 ? 97 : 1)
      for (char const c : {'"', '\n', '\x1f', '\x7f', '\xff'}) {
        auto text = plain;
        text[at] = c;
        INFO(size << " " << at);
        REQUIRE(buffered(text) == spelled_slowly(text));
        REQUIRE(canonical_string(text) == spelled_slowly(text));
      }
  }
}

TEST_CASE("encoding: a buffer holds everything that was added, in order", "[persistence]") {
  text_buffer out;
  std::string expected;
  for (std::int64_t n = -40; n < 40; ++n) {
    out.add('[');
    out.add(n * 1'000'000'007);
    out.add(std::string(static_cast<std::size_t>(n * n), 'x'));
    out.add(std::string_view{});
    out.add(std::uint64_t{18446744073709551615u});
    expected += '[' + std::to_string(n * 1'000'000'007) +
                std::string(static_cast<std::size_t>(n * n), 'x') + "18446744073709551615";
    REQUIRE(out.view() == expected);
  }
}

TEST_CASE("encoding: where plain text ends is seen at every place", "[persistence]") {
  for (std::size_t at = 0; at < 20; ++at)
    for (int c = 0; c < 256; ++c) {
      std::string text(20, '\xe9');
      text[at] = static_cast<char>(c);
      text += '"';
      bool const plain = c >= 0x20 && c != '"' && c != '\\';
      INFO(at << " " << c);
      REQUIRE(json::end_of_plain(text) == (plain ? 20 : at));
      REQUIRE(json::end_of_plain(text, at) == (plain ? 20 : at));
      REQUIRE(json::end_of_plain(text, at + 1) == 20);
    }
  CHECK(json::end_of_plain("") == 0);
}

TEST_CASE("encoding: a raw control character in a text is taken as it is", "[persistence]") {
  scanner in{std::string_view{"\"a\nb\x01\\n\"", 9}};
  CHECK(in.text("") == "a\nb\x01\n");
  scanner open{"\"no end"};
  CHECK_THROWS_AS(open.text(""), malformed);
}

TEST_CASE("encoding: the digest of FIPS 180-4", "[persistence]") {
  CHECK(sha256_hex({"abc"}) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex({"a", "", "bc"}) == sha256_hex({"abc"}));
  CHECK(sha256_hex({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  running_sha256 pieces;
  pieces.add("a");
  CHECK(sha256_hex({"x"}) != sha256_hex({"y"})); // one in between does not disturb it
  pieces.add("bc");
  CHECK(pieces.hex() == sha256_hex({"abc"}));
}

TEST_CASE("encoding: before the first event stand 64 zeros", "[persistence]") {
  CHECK(no_hash() == std::string(64, '0'));
}

TEST_CASE("encoding: the hash depends on every field", "[persistence]") {
  entity_ref const ref{tenant_id{"acme"}, entity_kind::ticket, "a"};
  new_event const e{"id", "type", 1, time_point{}, "p", "c", "k", "{}", ""};
  auto const hash = chain_hash(no_hash(), ref, 1, e);
  CHECK(chain_hash(no_hash(), ref, 1, e) == hash);
  CHECK(chain_hash(hash, ref, 1, e) != hash);
  CHECK(chain_hash(no_hash(), ref, 2, e) != hash);
  CHECK(chain_hash(no_hash(), {tenant_id{"acmf"}, ref.kind, "a"}, 1, e) != hash);
  CHECK(chain_hash(no_hash(), {ref.tenant, entity_kind::brief, "a"}, 1, e) != hash);
  CHECK(chain_hash(no_hash(), {ref.tenant, ref.kind, "b"}, 1, e) != hash);
  auto const changed = [&](auto change) {
    auto other = e;
    change(other);
    return chain_hash(no_hash(), ref, 1, other) != hash;
  };
  CHECK(changed([](new_event& x) { x.event_id += "x"; }));
  CHECK(changed([](new_event& x) { x.type += "x"; }));
  CHECK(changed([](new_event& x) { x.schema = 2; }));
  CHECK(changed([](new_event& x) { x.at += duration{1}; }));
  CHECK(changed([](new_event& x) { x.principal += "x"; }));
  CHECK(changed([](new_event& x) { x.cause += "x"; }));
  CHECK(changed([](new_event& x) { x.correlation += "x"; }));
  CHECK(changed([](new_event& x) { x.data = R"({"a":1})"; }));
  CHECK_FALSE(changed([](new_event& x) { x.hash = "no part of itself"; }));
}

TEST_CASE("encoding: text is storable if it is UTF-8 without NUL", "[persistence]") {
  for (auto const* good :
       {"", "plain ascii that is longer than eight bytes", "\x01\x7f", "\xc2\x80", "\xdf\xbf",
        "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", "1234567\xc3\xa4 12345678\xe2\x82\xac"})
    CHECK(storable_text(good));
  for (auto const* bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf", "\xe2\x82",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff", "12345678\xff", "1234567\xc3", "12345678 12345678\xf0\x9f\x8e"})
    CHECK_FALSE(storable_text(bad));
  for (std::size_t at = 0; at < 24; ++at) {
    std::string text(24, 'x');
    text[at] = '\0';
    CHECK_FALSE(storable_text(text));
    text[at] = '\x01';
    CHECK(storable_text(text));
  }
}

TEST_CASE("encoding: one wrong character is found wherever it stands", "[persistence]") {
  unit u;
  u.tenant = tenant_id{"acme"};
  entity_ref const a{u.tenant, entity_kind::ticket, "a"};
  u.shard = shard_of(a);
  new_event e;
  e.event_id = "019f0000-0000-7000-8000-00000000000a";
  e.type = "ticket.noted";
  e.hash = no_hash();
  e.data = R"({"text":")" + std::string(100, 'x') + "\"}";
  u.writes.push_back({a, 0, {e}, std::nullopt});
  REQUIRE(check_unit(u).has_value());
  auto& made = u.writes[0].events[0];
  auto const refused_everywhere = [&](std::string& text, std::size_t from, std::size_t to,
                                      std::string_view wrong) {
    for (auto i = from; i < to; ++i)
      for (char const c : wrong) {
        auto const was = std::exchange(text[i], c);
        INFO(i << " " << static_cast<int>(c));
        CHECK(check_unit(u).has_error());
        text[i] = was;
      }
    CHECK(check_unit(u).has_value());
  };
  refused_everywhere(made.event_id, 0, made.event_id.size(),
                     std::string_view{"/:@`gAG \0\xff", 10});
  refused_everywhere(made.hash, 0, made.hash.size(), std::string_view{"/:@`gAG \0\xff-", 11});
  refused_everywhere(made.data, 9, 109, std::string_view{"\0\x1f\n\x80\xff", 5});
  made.data.replace(40, 2, "\xc3\xa4");
  CHECK(check_unit(u).has_value());
  refused_everywhere(made.data, 42, 109, std::string_view{"\0\x1f\n\x80\xff", 5});
}

TEST_CASE("encoding: what a unit weighs grows with its texts", "[persistence]") {
  unit u;
  u.tenant = tenant_id{"acme"};
  auto const empty = unit_bytes(u);
  u.writes = {{{u.tenant, entity_kind::ticket, "a"}, 0, {new_event{}}, {}}};
  auto const one = unit_bytes(u);
  CHECK(one > empty);
  u.writes[0].events[0].data = std::string(1000, 'x');
  CHECK(unit_bytes(u) == one + 1000);
  u.inbox = inbox_entry{"api", "key", "hash", std::string(500, 'x')};
  CHECK(unit_bytes(u) > one + 1500);
}
