#include "persistence/postgres/record_body.hpp"

#include "persistence/batch.hpp"
#include "persistence/postgres/compression.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/scanner.hpp"

#include <algorithm>

namespace troupe::postgres {

namespace {

constexpr char format = 1;
constexpr std::size_t id_length = 36;
constexpr std::size_t id_bytes = 16;
constexpr std::size_t hash_bytes = 32;
constexpr std::size_t sum_at = 2;
constexpr std::size_t sum_bytes = 4;

/// In shortened lines: the next id of the list, and one that was there already, by its place in the
/// list, which follows in one byte.
constexpr char next_id = '\x01';
constexpr char same_id = '\x02';
constexpr std::size_t most_known = 256;

std::string id_text(std::string_view bytes) {
  auto out = hex_of(bytes);
  for (std::size_t const dash : {8, 13, 18, 23})
    out.insert(dash, 1, '-');
  return out;
}

void put_number(std::string& out, std::uint64_t n) {
  for (; n >= 0x80; n >>= 7)
    out += static_cast<char>(n | 0x80);
  out += static_cast<char>(n);
}

/// FNV-1a, 32 bits, of the body but for the sum itself, and of what stands beside it.
std::uint32_t sum_of(std::string_view body, body_keys const& keys) {
  std::uint32_t h = 2166136261u;
  for (auto const text : {body.substr(0, sum_at), body.substr(sum_at + sum_bytes), keys.first_id,
                          keys.last_id, keys.hash})
    for (char const c : text)
      h = (h ^ static_cast<unsigned char>(c)) * 16777619u;
  return h;
}

std::string sum_text(std::uint32_t sum) {
  return binary_int4(static_cast<std::int32_t>(sum));
}

/// Lines in which every UUID is a byte or two, and those UUIDs in their order.
struct shortened {
  std::string text;
  std::vector<std::string> ids;
};

shortened shorten(std::string_view lines) {
  shortened out;
  out.text.reserve(lines.size());
  std::size_t done = 0;
  // Its first dash gives a UUID away.
  for (auto dash = lines.find('-'); dash != std::string_view::npos;
       dash = lines.find('-', dash + 1)) {
    if (dash < done + 8)
      continue;
    auto const id = lines.substr(dash - 8, id_length);
    if (!is_event_id(id))
      continue;
    out.text += lines.substr(done, dash - 8 - done);
    auto const named =
        out.ids.begin() + static_cast<std::ptrdiff_t>(std::min(out.ids.size(), most_known));
    auto const known = std::find(out.ids.begin(), named, id);
    if (known != named) {
      out.text += same_id;
      out.text += static_cast<char>(known - out.ids.begin());
    } else {
      out.text += next_id;
      out.ids.emplace_back(id);
    }
    done = dash - 8 + id_length;
    dash = done - 1;
  }
  out.text += lines.substr(done);
  return out;
}

std::string lengthen(std::string_view text, std::vector<std::string> const& ids) {
  std::string out;
  std::size_t next = 0;
  auto const put = [&](std::size_t place) {
    if (place >= ids.size())
      throw malformed{"an id in it is missing"};
    out += ids[place];
  };
  while (true) {
    auto const mark = text.find_first_of(std::string_view{"\x01\x02", 2});
    out += text.substr(0, mark);
    if (out.size() > max_lines_bytes)
      throw malformed{"its text is too long"};
    if (mark == std::string_view::npos)
      break;
    if (text[mark] == next_id) {
      put(next++);
      text.remove_prefix(mark + 1);
    } else if (mark + 1 < text.size()) {
      put(static_cast<unsigned char>(text[mark + 1]));
      text.remove_prefix(mark + 2);
    } else {
      throw malformed{"an id in it is missing"};
    }
  }
  if (next != ids.size())
    throw malformed{"it has more ids than its text"};
  return out;
}

/// Takes a body from the left.
class byte_reader {
public:
  explicit byte_reader(std::string_view bytes) : rest_(bytes) {}
  std::string_view take(std::size_t n) {
    if (rest_.size() < n)
      throw malformed{"it is cut off"};
    auto const out = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return out;
  }
  std::uint8_t byte() { return static_cast<std::uint8_t>(take(1).front()); }
  std::uint64_t number() {
    std::uint64_t out = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      auto const b = byte();
      out |= std::uint64_t{b & 0x7fu} << shift;
      if ((b & 0x80) == 0)
        return out;
    }
    throw malformed{"a number in it is too long"};
  }
  [[nodiscard]] std::string_view rest() const { return rest_; }

private:
  std::string_view rest_;
};

} // namespace

std::string encode_body(record_body const& body, body_keys const& keys) {
  if (body.lines.size() > max_lines_bytes)
    throw failure{errc::invalid_argument, "a write is too long for one row", false};
  auto const plain = shorten(body.lines);
  auto const& with = dictionaries().back();
  auto const frame = compressed(plain.text, with);

  std::string out;
  out += format;
  out += static_cast<char>(frame.empty() ? 0 : with.number);
  out.append(sum_bytes, '\0');
  put_number(out, body.epoch);
  put_number(out, body.count);
  out += binary_hex(body.first_hash);
  put_number(out, plain.ids.size());
  auto before = binary_hex(keys.first_id);
  for (auto const& id : plain.ids) {
    auto bytes = binary_hex(id);
    auto const differ = std::mismatch(bytes.begin(), bytes.end(), before.begin(), before.end());
    auto const same = static_cast<std::size_t>(differ.first - bytes.begin());
    out += static_cast<char>(same);
    out.append(bytes, same);
    before = std::move(bytes);
  }
  out += frame.empty() ? plain.text : frame;
  out.replace(sum_at, sum_bytes, sum_text(sum_of(out, keys)));
  return out;
}

record_body decode_body(std::string_view bytes, body_keys const& keys) {
  byte_reader in{bytes};
  if (auto const f = in.byte(); f != format)
    throw malformed{"it has the form " + std::to_string(f) + ", which this program does not know"};
  auto const with = in.byte();
  auto const sum = in.take(sum_bytes);
  if (sum != sum_text(sum_of(bytes, keys)))
    throw malformed{"it is not as it was written"};
  record_body out;
  out.epoch = in.number();
  out.count = in.number();
  if (out.count == 0)
    throw malformed{"its count of events cannot be"};
  if (out.count > 1)
    out.first_hash = hex_of(in.take(hash_bytes));
  auto const ids = in.number();
  if (ids > in.rest().size())
    throw malformed{"its count of ids cannot be"};
  std::vector<std::string> known;
  known.reserve(ids);
  auto before = binary_hex(keys.first_id);
  for (std::uint64_t i = 0; i < ids; ++i) {
    auto const same = in.byte();
    if (same > id_bytes || before.size() != id_bytes)
      throw malformed{"an id in it is none"};
    before.replace(same, std::string::npos, in.take(id_bytes - same));
    known.push_back(id_text(before));
  }
  if (with == 0)
    out.lines = lengthen(in.rest(), known);
  else
    out.lines = lengthen(decompressed(in.rest(), with, max_lines_bytes), known);
  return out;
}

} // namespace troupe::postgres
