#include "persistence/record/packed_text.hpp"

#include "persistence/batch.hpp"
#include "persistence/scanner.hpp"
#include "protocol/hex.hpp"
#include "protocol/json_string.hpp"
#include "protocol/quick_hash.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>
#include <vector>

namespace troupe::records {

namespace {

constexpr std::size_t id_length = 36;
constexpr std::size_t id_bytes = 16;
constexpr std::size_t half_id = 8;
constexpr unsigned same_half = 0x80; ///< with the count of equal bytes: so is the second half

/// In shortened lines: the next id of the list, and one that was there already, by its place in the
/// list, which follows in one byte.
constexpr char next_id = '\x01';
constexpr char same_id = '\x02';
constexpr std::size_t most_known = 256;

/// Lines in which every UUID is a byte or two, and those UUIDs in their order.
struct shortened {
  std::string text;
  std::vector<std::string_view> ids;
};

/// How an id that stands in the list already is told: by its place from the front of the list, or
/// back from its end.
std::size_t told_as(id_window window, std::size_t place, std::size_t size) {
  return window == id_window::first ? place : size - 1 - place;
}

/// The places of ids that were seen. A table in one piece: there are some ids in every batch, and
/// each is looked up once or twice.
class id_places {
public:
  /// `most`: how many ids there can be; there are far fewer.
  explicit id_places(std::size_t most) : places_(std::bit_ceil(most + 2)) {}

  /// Where the id's place stands; 0 for one that is new, else one more than it is.
  std::size_t& at(std::string_view id) {
    auto const mask = places_.size() - 1;
    for (auto i = quick_hash(id) & mask;; i = (i + 1) & mask) {
      auto& [known, place] = places_[i];
      if (known.empty())
        known = id;
      if (known == id)
        return place;
    }
  }

private:
  std::vector<std::pair<std::string_view, std::size_t>> places_;
};

shortened shorten(std::string_view lines, id_window window) {
  shortened out;
  out.text.reserve(lines.size());
  id_places places{lines.size() / id_length};
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
    auto& known = places.at(id);
    bool const fresh = known == 0;
    if (fresh)
      known = out.ids.size() + 1;
    auto const as = told_as(window, known - 1, out.ids.size());
    if (!fresh && as < most_known) {
      out.text += same_id;
      out.text += static_cast<char>(as);
    } else {
      out.text += next_id;
      // From the front it is the first of its like that counts, from the end the last.
      if (window == id_window::last)
        known = out.ids.size() + 1;
      out.ids.push_back(id);
    }
    done = dash - 8 + id_length;
    dash = done - 1;
  }
  out.text += lines.substr(done);
  return out;
}

/// Where the next mark of an id stands in shortened lines; their size if there is none.
std::size_t next_mark(std::string_view text) {
  std::size_t at = 0;
  for (; text.size() - at >= 8; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    // Of all that lines hold, only marks and the ends of lines are below 16.
    if (json::below(word, 0x10) == 0)
      continue;
    for (auto i = at; i < at + 8; ++i)
      if (text[i] == next_id || text[i] == same_id)
        return i;
  }
  while (at < text.size() && text[at] != next_id && text[at] != same_id)
    ++at;
  return at;
}

std::string lengthen(std::string_view text, std::vector<std::string> const& ids, id_window window) {
  std::string out;
  out.reserve(std::min(text.size() + ids.size() * id_length, max_lines_bytes));
  std::size_t next = 0;
  auto const put = [&](std::size_t place) {
    if (place >= ids.size())
      throw malformed{"an id in it is missing"};
    out += ids[place];
  };
  while (true) {
    auto const mark = next_mark(text);
    out += text.substr(0, mark);
    if (out.size() > max_lines_bytes)
      throw malformed{"its text is too long"};
    if (mark == text.size())
      break;
    if (text[mark] == next_id) {
      put(next++);
      text.remove_prefix(mark + 1);
    } else if (mark + 1 < text.size()) {
      put(told_as(window, static_cast<unsigned char>(text[mark + 1]), next)); // too far: wraps
      text.remove_prefix(mark + 2);
    } else {
      throw malformed{"an id in it is missing"};
    }
  }
  if (next != ids.size())
    throw malformed{"it has more ids than its text"};
  return out;
}

} // namespace

void put_number(std::string& out, std::uint64_t n) {
  for (; n >= 0x80; n >>= 7)
    out += static_cast<char>(n | 0x80);
  out += static_cast<char>(n);
}

std::string_view byte_reader::take(std::size_t n) {
  if (rest_.size() < n)
    throw malformed{"it is cut off"};
  auto const out = rest_.substr(0, n);
  rest_.remove_prefix(n);
  return out;
}

std::uint64_t byte_reader::number() {
  std::uint64_t out = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    auto const b = byte();
    out |= std::uint64_t{b & 0x7fu} << shift;
    if ((b & 0x80) == 0)
      return out;
  }
  throw malformed{"a number in it is too long"};
}

std::uint32_t sum_of(std::initializer_list<std::string_view> texts, std::uint32_t front) {
  auto h = front;
  for (auto const text : texts)
    for (char const c : text)
      h = (h ^ static_cast<unsigned char>(c)) * 16777619u;
  return h;
}

std::uint8_t put_text(std::string& out, std::string_view lines, std::string_view before,
                      id_window window, effort how) {
  auto const plain = shorten(lines, window);
  auto const& with = dictionaries().back();
  auto const frame = compressed(plain.text, with, how);
  put_number(out, plain.ids.size());
  auto last = bytes_of_uuid(before);
  for (auto const& id : plain.ids) {
    auto const bytes = bytes_of_uuid(id);
    auto const differ = std::mismatch(bytes.begin(), bytes.end(), last.begin());
    auto const same = static_cast<std::size_t>(differ.first - bytes.begin());
    auto end = id_bytes;
    // Most ids are of one maker, whose names have the same second half.
    if (window == id_window::last && same < half_id &&
        std::equal(bytes.begin() + half_id, bytes.end(), last.begin() + half_id)) {
      end = half_id;
      out += static_cast<char>(same | same_half);
    } else {
      out += static_cast<char>(same);
    }
    out.append(bytes.data() + same, end - same);
    last = bytes;
  }
  out += frame.empty() ? plain.text : frame;
  return frame.empty() ? std::uint8_t{0} : with.number;
}

std::string take_text(byte_reader& in, std::uint8_t dictionary, std::string_view before,
                      id_window window) {
  auto const ids = in.number();
  if (ids > in.rest().size())
    throw malformed{"its count of ids cannot be"};
  std::vector<std::string> known;
  known.reserve(ids);
  auto last = bytes_of_uuid(before);
  for (std::uint64_t i = 0; i < ids; ++i) {
    auto const byte = in.byte();
    bool const halved = window == id_window::last && (byte & same_half) != 0;
    std::size_t const same = halved ? byte & ~same_half : byte;
    auto const end = halved ? half_id : id_bytes;
    if (same > end || before.size() != id_length)
      throw malformed{"an id in it is none"};
    std::ranges::copy(in.take(end - same), last.data() + same);
    known.push_back(uuid_of({last.data(), last.size()}));
  }
  if (dictionary == 0)
    return lengthen(in.rest(), known, window);
  return lengthen(decompressed(in.rest(), dictionary, max_lines_bytes), known, window);
}

} // namespace troupe::records
