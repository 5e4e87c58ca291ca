#include "persistence/record/framed_body.hpp"

#include "persistence/scanner.hpp"

namespace troupe::records {

namespace {

constexpr std::size_t sum_at = 2;
constexpr std::size_t sum_bytes = 4;

/// Of the body but for the sum itself.
std::string sum_text(std::string_view body, beside texts) {
  auto const front = sum_of({body.substr(0, sum_at), body.substr(sum_at + sum_bytes)});
  auto const sum = sum_of(texts, front);
  std::string out;
  for (auto const shift : {24, 16, 8, 0})
    out += static_cast<char>(sum >> shift & 0xff);
  return out;
}

} // namespace

std::string begin_body(char form) {
  std::string out;
  out += form;
  out.append(1 + sum_bytes, '\0');
  return out;
}

void end_body(std::string& body, std::uint8_t dictionary, beside texts) {
  body[1] = static_cast<char>(dictionary);
  body.replace(sum_at, sum_bytes, sum_text(body, texts));
}

std::uint8_t check_body(byte_reader& in, std::string_view body, char form, beside texts) {
  if (auto const f = in.byte(); f != static_cast<std::uint8_t>(form))
    throw malformed{"it has the form " + std::to_string(f) + ", which this program does not know"};
  auto const with = in.byte();
  auto const sum = in.take(sum_bytes); // first: what is shorter has no sum
  if (sum != sum_text(body, texts))
    throw malformed{"it is not as it was written"};
  return with;
}

} // namespace troupe::records
