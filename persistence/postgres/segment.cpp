#include "persistence/postgres/segment.hpp"

#include "persistence/batch.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/record/framed_body.hpp"
#include "protocol/hex.hpp"
#include "protocol/json_string.hpp"

namespace troupe::postgres {

namespace {

using records::begin_body;
using records::byte_reader;
using records::effort;
using records::id_window;
using records::max_lines_bytes;

constexpr char format = 1;
constexpr std::size_t hash_bytes = 32;
constexpr std::string_view no_id = "00000000-0000-0000-0000-000000000000";

std::string name_of(segment_place const& at) {
  return std::to_string(at.lane) + '/' + std::to_string(at.number);
}

void put_head(std::string& out, section const& s, std::int64_t at_before) {
  auto const number = [&](auto n) {
    json::put_number(out, n);
    out += ' ';
  };
  number(std::uint64_t{s.shard});
  number(static_cast<std::int64_t>(s.stream.kind));
  number(s.version);
  number(s.count);
  number(s.seq);
  number(s.epoch);
  number(s.at - at_before);
  if (s.wake_at)
    number(s.wake_at->time_since_epoch().count());
  else
    out += "- ";
  json::put_string(out, s.stream.tenant.value);
  out += ' ';
  json::put_string(out, s.stream.id);
  out += '\n';
}

section take_head(scanner& in, std::int64_t at_before) {
  section s;
  auto const number = [&]<class N>(N& n) {
    n = in.number<N>("");
    in.expect(" ");
  };
  std::int64_t kind = 0;
  std::int64_t later = 0;
  number(s.shard);
  number(kind);
  number(s.version);
  number(s.count);
  number(s.seq);
  number(s.epoch);
  number(later);
  s.at = at_before + later;
  if (in.starts("- ")) {
    in.expect("- ");
  } else {
    std::int64_t wake = 0;
    number(wake);
    s.wake_at = time_point{duration{wake}};
  }
  s.stream.kind = static_cast<entity_kind>(kind);
  s.stream.tenant = tenant_id{in.text("")};
  s.stream.id = in.text(" ");
  in.expect("\n");
  return s;
}

void check(segment_place const& at, section const& s) {
  if (!known(s.stream.kind) || shard_of(s.stream) != s.shard || lane_of(s.shard) != at.lane)
    throw malformed{"a stream in it is of another shard"};
}

std::vector<section> sections_of(segment_place const& at, std::string_view body) {
  std::vector<section> out;
  if (body.empty())
    return out;
  byte_reader in{body};
  auto const with = check_body(in, body, format, {name_of(at)});
  auto const hashes = in.number();
  if (hashes > in.rest().size() / hash_bytes)
    throw malformed{"its count of hashes cannot be"};
  byte_reader first_hashes{in.take(hashes * hash_bytes)};
  auto const text = take_text(in, with, no_id, id_window::last);
  scanner lines{text};
  std::int64_t at_before = 0;
  while (!lines.at_end()) {
    auto s = take_head(lines, at_before);
    check(at, s);
    at_before = s.at;
    if (s.count != 0)
      s.first_hash = hex_of(first_hashes.take(hash_bytes));
    s.lines = lines.lines(2 * s.count);
    out.push_back(std::move(s));
  }
  if (!first_hashes.rest().empty())
    throw malformed{"it has more hashes than streams"};
  return out;
}

} // namespace

std::string encode_segment(segment_place const& at, std::span<section const> all) {
  std::string text;
  std::size_t bytes = 0;
  for (auto const& s : all)
    bytes += s.lines.size() + s.stream.tenant.value.size() + s.stream.id.size() + 64;
  text.reserve(bytes);
  std::string hashes;
  std::int64_t at_before = 0;
  for (auto const& s : all) {
    put_head(text, s, at_before);
    at_before = s.at;
    text += s.lines;
    hashes += unhex(s.first_hash);
  }
  if (text.size() > max_lines_bytes)
    throw failure{errc::invalid_argument, "a batch is too long for one row", false};
  auto out = begin_body(format);
  records::put_number(out, hashes.size() / hash_bytes);
  out += hashes;
  auto const with = records::put_text(out, text, no_id, id_window::last, effort::quick);
  records::end_body(out, with, {name_of(at)});
  return out;
}

std::vector<section> decode_segment(segment_place const& at, std::string_view body) {
  try {
    return sections_of(at, body);
  } catch (malformed const& why) {
    damaged_segment(at, why.what);
  }
}

void damaged_segment(segment_place const& at, std::string const& why) {
  throw failure{errc::corrupt,
                "segment " + std::to_string(at.number) + " of lane " + std::to_string(at.lane) +
                    " is damaged: " + why + "; restore it from an export or a backup",
                false};
}

void damaged_section(section const& s, std::string const& why) {
  throw failure{errc::corrupt,
                "what was last appended to " + to_string(s.stream) + " (shard " +
                    std::to_string(s.shard) + ", seq " + std::to_string(s.seq) +
                    ") is damaged: " + why + "; restore it from an export or a backup",
                false};
}

} // namespace troupe::postgres
