#include "persistence/record/merged_body.hpp"

#include "persistence/scanner.hpp"
#include "protocol/hex.hpp"
#include "protocol/json_string.hpp"

namespace troupe::records {

namespace {

constexpr char format = 2;
constexpr std::size_t hash_bytes = 32;

} // namespace

bool is_merged(std::string_view body) {
  return !body.empty() && body.front() == format;
}

std::string encode_merged(merged_body const& body, body_keys const& keys) {
  std::string text;
  auto const number = [&](auto n, char behind) {
    json::put_number(text, n);
    text += behind;
  };
  number(body.run, '\n');
  auto seq = body.run;
  std::int64_t at = 0;
  for (auto const& p : body.parts) {
    number(p.count, ' ');
    number(p.seq - seq, ' ');
    number(p.epoch, ' ');
    number(p.at - at, '\n');
    text += p.lines;
    seq = p.seq;
    at = p.at;
  }
  std::string out = begin_body(format);
  out += static_cast<char>(body.first_hash.empty() ? 0 : 1);
  out += unhex(body.first_hash);
  auto const with = put_text(out, text, keys.first_id, id_window::last, effort::small);
  end_body(out, with, {keys.first_id, keys.last_id, keys.hash});
  return out;
}

merged_body decode_merged(std::string_view bytes, body_keys const& keys) {
  byte_reader in{bytes};
  auto const with = check_body(in, bytes, format, {keys.first_id, keys.last_id, keys.hash});
  merged_body out;
  if (in.byte() != 0)
    out.first_hash = hex_of(in.take(hash_bytes));
  auto const text = take_text(in, with, keys.first_id, id_window::last);
  scanner lines{text};
  auto const number = [&]<class N>(N& n, std::string_view behind) {
    n = lines.number<N>("");
    lines.expect(behind);
  };
  number(out.run, "\n");
  auto seq = out.run;
  std::int64_t at = 0;
  while (!lines.at_end()) {
    merged_body::part p;
    number(p.count, " ");
    number(p.seq, " ");
    number(p.epoch, " ");
    number(p.at, "\n");
    seq = p.seq += seq;
    at = p.at += at;
    if (p.count > text.size())
      throw malformed{"its count of events cannot be"};
    p.lines = lines.lines(2 * p.count);
    out.parts.push_back(std::move(p));
  }
  return out;
}

} // namespace troupe::records
