#include "persistence/postgres/record_body.hpp"

#include "persistence/postgres/session.hpp"
#include "persistence/scanner.hpp"

namespace troupe::postgres {

namespace {

constexpr char format = 1;
constexpr std::size_t hash_bytes = 32;
constexpr std::size_t sum_at = 2;
constexpr std::size_t sum_bytes = 4;

/// Of the body but for the sum itself, and of what stands beside it.
std::string sum_text(std::string_view body, body_keys const& keys) {
  auto const sum = sum_of({body.substr(0, sum_at), body.substr(sum_at + sum_bytes), keys.first_id,
                           keys.last_id, keys.hash});
  return binary_int4(static_cast<std::int32_t>(sum));
}

} // namespace

std::string begin_body(char form) {
  std::string out;
  out += form;
  out.append(1 + sum_bytes, '\0');
  return out;
}

void end_body(std::string& body, std::uint8_t dictionary, body_keys const& keys) {
  body[1] = static_cast<char>(dictionary);
  body.replace(sum_at, sum_bytes, sum_text(body, keys));
}

std::uint8_t check_body(byte_reader& in, std::string_view body, char form, body_keys const& keys) {
  if (auto const f = in.byte(); f != static_cast<std::uint8_t>(form))
    throw malformed{"it has the form " + std::to_string(f) + ", which this program does not know"};
  auto const with = in.byte();
  auto const sum = in.take(sum_bytes); // first: what is shorter has no sum
  if (sum != sum_text(body, keys))
    throw malformed{"it is not as it was written"};
  return with;
}

std::string encode_body(record_body const& body, body_keys const& keys) {
  if (body.lines.size() > max_lines_bytes)
    throw failure{errc::invalid_argument, "a write is too long for one row", false};
  auto out = begin_body(format);
  put_number(out, body.epoch);
  put_number(out, body.count);
  out += binary_hex(body.first_hash);
  auto const with = put_text(out, body.lines, keys.first_id, id_window::first, effort::small);
  end_body(out, with, keys);
  return out;
}

record_body decode_body(std::string_view bytes, body_keys const& keys) {
  byte_reader in{bytes};
  auto const with = check_body(in, bytes, format, keys);
  record_body out;
  out.epoch = in.number();
  out.count = in.number();
  if (out.count == 0)
    throw malformed{"its count of events cannot be"};
  if (out.count > 1)
    out.first_hash = hex_of(in.take(hash_bytes));
  out.lines = take_text(in, with, keys.first_id, id_window::first);
  return out;
}

} // namespace troupe::postgres
