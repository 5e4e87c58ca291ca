#include "persistence/record/record_body.hpp"

#include "persistence/scanner.hpp"
#include "persistence/store_failure.hpp"
#include "protocol/hex.hpp"

namespace troupe::records {

namespace {

constexpr char format = 1;
constexpr std::size_t hash_bytes = 32;

} // namespace

std::string encode_body(record_body const& body, body_keys const& keys) {
  if (body.lines.size() > max_lines_bytes)
    throw store_failure{errc::invalid_argument, "a write is too long for one row", false};
  auto out = begin_body(format);
  put_number(out, body.epoch);
  put_number(out, body.count);
  out += unhex(body.first_hash);
  auto const with = put_text(out, body.lines, keys.first_id, id_window::first, effort::small);
  end_body(out, with, {keys.first_id, keys.last_id, keys.hash});
  return out;
}

record_body decode_body(std::string_view bytes, body_keys const& keys) {
  byte_reader in{bytes};
  auto const with = check_body(in, bytes, format, {keys.first_id, keys.last_id, keys.hash});
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

} // namespace troupe::records
