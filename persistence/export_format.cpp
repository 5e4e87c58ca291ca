#include "persistence/export_format.hpp"

#include <array>
#include <charconv>
#include <istream>
#include <ostream>
#include <stdexcept>

namespace troupe {

namespace {

constexpr std::string_view header = R"({"format":"troupe-export","shards":256,"version":1})";
constexpr std::array<std::string_view, 4> class_words = {"pure", "idempotent", "probeable",
                                                         "guarded"};

void put_member(std::string& out, std::string_view name, std::string_view text) {
  out += name; // with its punctuation: `,"name":`
  put_json_string(out, text);
}
void put_member(std::string& out, std::string_view name, std::int64_t n) {
  out += name;
  put_json_number(out, n);
}
void put_member(std::string& out, std::string_view name, std::uint64_t n) {
  out += name;
  put_json_number(out, n);
}
std::int64_t ms(time_point at) {
  return at.time_since_epoch().count();
}

// Members in the order of their names, as everywhere in canonical JSON.

void put_line(std::string& out, stored_event const& e) {
  put_member(out, R"({"event":{"epoch":)", e.epoch);
  out += R"(,"event":)";
  put_envelope(out, e.stream, e.version, e.event);
  put_member(out, R"(,"hash":)", e.event.hash);
  put_member(out, R"(,"seq":)", e.seq);
  put_member(out, R"(,"shard":)", std::uint64_t{e.shard});
  out += "}}";
}

void put_line(std::string& out, shard_info const& s) {
  put_member(out, R"({"shard":{"epoch":)", s.epoch);
  put_member(out, R"(,"last_seq":)", s.last_seq);
  put_member(out, R"(,"owner":)", s.owner);
  put_member(out, R"(,"shard":)", std::uint64_t{s.shard});
  out += "}}";
}

void put_line(std::string& out, stream_info const& s) {
  put_member(out, R"({"stream":{"hash":)", s.hash);
  put_member(out, R"(,"id":)", s.stream.id);
  put_member(out, R"(,"kind":)", to_string(s.stream.kind));
  put_member(out, R"(,"tenant":)", s.stream.tenant.value);
  put_member(out, R"(,"version":)", s.version);
  put_member(out, R"(,"wake_at":)", ms(s.wake_at.value_or(time_point{})));
  out += "}}";
}

void put_line(std::string& out, shard_effect const& x) {
  auto const& [shard, row] = x;
  put_member(out, R"({"effect":{"attempt":)", std::int64_t{row.attempt});
  put_member(out, R"(,"class":)", class_words.at(static_cast<std::size_t>(row.declared)));
  put_member(out, R"(,"effect_id":)", row.effect_id);
  put_member(out, R"(,"epoch":)", row.epoch);
  put_member(out, R"(,"kind":)", row.kind);
  put_member(out, R"(,"not_before":)", ms(row.not_before));
  put_member(out, R"(,"payload":)", row.payload);
  out += row.running ? R"(,"running":true)" : R"(,"running":false)";
  put_member(out, R"(,"shard":)", std::uint64_t{shard});
  put_member(out, R"(,"tenant":)", row.tenant.value);
  out += "}}";
}

void put_line(std::string& out, inbox_row const& row) {
  put_member(out, R"({"answer":{"answer":)", row.entry.answer);
  put_member(out, R"(,"key":)", row.entry.key);
  put_member(out, R"(,"request_hash":)", row.entry.request_hash);
  put_member(out, R"(,"source":)", row.entry.source);
  put_member(out, R"(,"stored_at":)", ms(row.stored_at));
  put_member(out, R"(,"tenant":)", row.tenant.value);
  out += "}}";
}

void put_trailer(std::string& out, export_stats const& s) {
  put_member(out, R"({"end":{"answers":)", s.answers);
  put_member(out, R"(,"digest":)", s.digest);
  put_member(out, R"(,"effects":)", s.effects);
  put_member(out, R"(,"events":)", s.events);
  put_member(out, R"(,"shards":)", s.shards);
  put_member(out, R"(,"wakes":)", s.wakes);
  out += "}}";
}

void count(export_stats& s, export_record const& record) {
  std::array<std::uint64_t*, 5> const counters = {&s.events, &s.shards, &s.wakes, &s.effects,
                                                  &s.answers};
  ++*counters.at(record.index());
}

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

export_writer::export_writer(std::ostream& out) : out_(out) {
  text_ = header;
  line();
}

void export_writer::line() {
  text_ += '\n';
  digest_.add(text_);
  out_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
  text_.clear();
}

void export_writer::put(export_record const& record) {
  std::visit([&](auto const& x) { put_line(text_, x); }, record);
  line();
  count(stats_, record);
}

export_stats export_writer::finish() {
  stats_.digest = digest_.hex();
  put_trailer(text_, stats_);
  text_ += '\n';
  out_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
  out_.flush();
  return stats_;
}

bool export_writer::good() const {
  return out_.good();
}

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
      if (text_ != header)
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
      count(stats_, record);
      return std::optional{std::move(record)};
    } catch (malformed const& e) {
      return wrong(e.what);
    }
  }
}

} // namespace troupe
