#include "persistence/export_format.hpp"
#include "persistence/export_words.hpp"
#include "persistence/scanner.hpp"

#include <algorithm>
#include <istream>

namespace troupe {

namespace {

using export_words::class_words;

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
