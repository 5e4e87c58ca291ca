#include "persistence/export_format.hpp"
#include "persistence/export_words.hpp"

#include <algorithm>
#include <charconv>
#include <istream>

namespace troupe {

namespace {

using export_words::class_words;

/// A line that does not have its form.
struct malformed {
  std::string what;
};

/// Reads one line from the left. The data of an event must come back byte for byte, because its
/// hash is over the bytes: so lines are scanned, not parsed into a document and written again.
class scanner {
public:
  explicit scanner(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool starts(std::string_view literal) const { return rest_.starts_with(literal); }
  void expect(std::string_view literal) {
    if (!starts(literal))
      throw malformed{"it must go on with " + std::string{literal}};
    rest_.remove_prefix(literal.size());
  }
  template <class Number>
  Number number(std::string_view name) {
    expect(name);
    Number n{};
    auto const [end, failed] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), n);
    if (failed != std::errc{})
      throw malformed{"a whole number must stand after " + std::string{name}};
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return n;
  }
  std::string text(std::string_view name) {
    expect(name);
    expect("\"");
    std::string out;
    while (true) {
      auto const plain = rest_.find_first_of("\"\\");
      if (plain == std::string_view::npos)
        throw malformed{"a text has no end"};
      out += rest_.substr(0, plain);
      char const c = rest_[plain];
      rest_.remove_prefix(plain + 1);
      if (c == '"')
        return out;
      out += escape();
    }
  }
  bool truth(std::string_view name) {
    expect(name);
    if (starts("true")) {
      expect("true");
      return true;
    }
    expect("false");
    return false;
  }
  /// The bytes of an object, by its braces.
  std::string object(std::string_view name) {
    expect(name);
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      char const c = rest_[i];
      if (quoted) {
        i += c == '\\' ? 1 : 0;
        quoted = c != '"';
      } else if (c == '"') {
        quoted = true;
      } else if (c == '{') {
        ++depth;
      } else if (c == '}' && --depth == 0) {
        std::string out{rest_.substr(0, i + 1)};
        rest_.remove_prefix(i + 1);
        return out;
      }
      if (depth == 0)
        break;
    }
    throw malformed{"an object must stand after " + std::string{name}};
  }
  entity_kind kind(std::string_view name) {
    entity_kind out{};
    if (!parse(text(name), out))
      throw malformed{"the kind of an entity is unknown"};
    return out;
  }
  std::uint32_t shard(std::string_view name) {
    auto const n = number<std::uint32_t>(name);
    if (n >= shard_count)
      throw malformed{"there is no shard " + std::to_string(n)};
    return n;
  }
  time_point time(std::string_view name) {
    return time_point{duration{number<std::int64_t>(name)}};
  }
  void end() {
    expect("}}");
    if (!rest_.empty())
      throw malformed{"something stands behind its end"};
  }

private:
  char escape() {
    static constexpr std::string_view letters = "\"\\bfnrt";
    static constexpr std::string_view meanings = "\"\\\b\f\n\r\t";
    if (rest_.empty())
      throw malformed{"a text has no end"};
    char const c = rest_.front();
    rest_.remove_prefix(1);
    if (auto const i = letters.find(c); i != std::string_view::npos)
      return meanings[i];
    unsigned n = 0;
    if (c != 'u' || rest_.size() < 4 ||
        std::from_chars(rest_.data(), rest_.data() + 4, n, 16).ptr != rest_.data() + 4 || n >= 0x20)
      throw malformed{"a text has an escape that is not canonical"};
    rest_.remove_prefix(4);
    return static_cast<char>(n);
  }

  std::string_view rest_;
};

stored_event read_event(scanner& s) {
  stored_event e;
  e.epoch = s.number<std::uint64_t>(R"({"event":{"epoch":)");
  e.event.at = s.time(R"(,"event":{"at":)");
  e.event.cause = s.text(R"(,"cause":)");
  e.event.correlation = s.text(R"(,"correlation":)");
  e.event.data = s.object(R"(,"data":)");
  e.event.event_id = s.text(R"(,"event_id":)");
  e.stream.id = s.text(R"(,"id":)");
  e.stream.kind = s.kind(R"(,"kind":)");
  e.event.principal = s.text(R"(,"principal":)");
  e.event.schema = s.number<std::int32_t>(R"(,"schema":)");
  e.stream.tenant.value = s.text(R"(,"tenant":)");
  e.event.type = s.text(R"(,"type":)");
  e.version = s.number<std::uint64_t>(R"(,"version":)");
  e.event.hash = s.text(R"(},"hash":)");
  e.seq = s.number<std::uint64_t>(R"(,"seq":)");
  e.shard = s.shard(R"(,"shard":)");
  s.end();
  return e;
}

shard_info read_shard(scanner& s) {
  shard_info out;
  out.epoch = s.number<std::uint64_t>(R"({"shard":{"epoch":)");
  out.last_seq = s.number<std::uint64_t>(R"(,"last_seq":)");
  out.owner = s.text(R"(,"owner":)");
  out.shard = s.shard(R"(,"shard":)");
  s.end();
  return out;
}

stream_info read_stream(scanner& s) {
  stream_info out;
  out.hash = s.text(R"({"stream":{"hash":)");
  out.stream.id = s.text(R"(,"id":)");
  out.stream.kind = s.kind(R"(,"kind":)");
  out.stream.tenant.value = s.text(R"(,"tenant":)");
  out.version = s.number<std::uint64_t>(R"(,"version":)");
  out.wake_at = s.time(R"(,"wake_at":)");
  s.end();
  return out;
}

shard_effect read_effect(scanner& s) {
  shard_effect out;
  auto& row = out.second;
  row.attempt = s.number<std::int32_t>(R"({"effect":{"attempt":)");
  auto const word = s.text(R"(,"class":)");
  auto const* const found = std::find(class_words.begin(), class_words.end(), word);
  if (found == class_words.end())
    throw malformed{"the class of an effect is unknown"};
  row.declared = static_cast<effect_class>(found - class_words.begin());
  row.effect_id = s.text(R"(,"effect_id":)");
  row.epoch = s.number<std::uint64_t>(R"(,"epoch":)");
  row.kind = s.text(R"(,"kind":)");
  row.not_before = s.time(R"(,"not_before":)");
  row.payload = s.text(R"(,"payload":)");
  row.running = s.truth(R"(,"running":)");
  out.first = s.shard(R"(,"shard":)");
  row.tenant.value = s.text(R"(,"tenant":)");
  s.end();
  return out;
}

inbox_row read_answer(scanner& s) {
  inbox_row out;
  out.entry.answer = s.text(R"({"answer":{"answer":)");
  out.entry.key = s.text(R"(,"key":)");
  out.entry.request_hash = s.text(R"(,"request_hash":)");
  out.entry.source = s.text(R"(,"source":)");
  out.stored_at = s.time(R"(,"stored_at":)");
  out.tenant.value = s.text(R"(,"tenant":)");
  s.end();
  return out;
}

export_stats read_trailer(scanner& s) {
  export_stats out;
  out.answers = s.number<std::uint64_t>(R"({"end":{"answers":)");
  out.digest = s.text(R"(,"digest":)");
  out.effects = s.number<std::uint64_t>(R"(,"effects":)");
  out.events = s.number<std::uint64_t>(R"(,"events":)");
  out.shards = s.number<std::uint64_t>(R"(,"shards":)");
  out.wakes = s.number<std::uint64_t>(R"(,"wakes":)");
  s.end();
  return out;
}

export_record read_record(std::string_view text) {
  scanner s{text};
  if (s.starts(R"({"event":)"))
    return read_event(s);
  if (s.starts(R"({"shard":)"))
    return read_shard(s);
  if (s.starts(R"({"stream":)"))
    return read_stream(s);
  if (s.starts(R"({"effect":)"))
    return read_effect(s);
  if (s.starts(R"({"answer":)"))
    return read_answer(s);
  throw malformed{"it is no record of an export"};
}

} // namespace

error export_reader::wrong(std::string const& what) const {
  return fail(errc::corrupt, "line " + std::to_string(line_) + " of the export: " + what);
}

result<std::optional<export_record>> export_reader::next() {
  if (ended_)
    return std::optional<export_record>{};
  while (true) {
    ++line_;
    if (!std::getline(in_, text_))
      return wrong("the file ends here without its trailer");
    if (in_.eof())
      return wrong("the file ends within the line");
    if (line_ == 1) {
      if (text_ != export_words::header)
        return wrong(text_.starts_with(R"({"format":"troupe-export")")
                         ? "the export has another version than this program reads"
                         : "the file is no export of a ledger");
      digest_.add(text_);
      digest_.add("\n");
      continue;
    }
    try {
      if (text_.starts_with(R"({"end":)")) {
        scanner s{text_};
        auto const told = read_trailer(s);
        stats_.digest = digest_.hex();
        if (told != stats_)
          return wrong(told.digest != stats_.digest
                           ? "the digest of the lines before it is another"
                           : "its counts are not those of the lines before it");
        if (in_.peek() != std::istream::traits_type::eof())
          return wrong("something stands behind the trailer");
        ended_ = true;
        return std::optional<export_record>{};
      }
      auto record = read_record(text_);
      digest_.add(text_);
      digest_.add("\n");
      export_words::count(stats_, record);
      return std::optional{std::move(record)};
    } catch (malformed const& e) {
      return wrong(e.what);
    }
  }
}

} // namespace troupe
