#include "persistence/record/section.hpp"

#include "persistence/batch.hpp"
#include "persistence/record/event_lines.hpp"

#include <algorithm>

namespace troupe::records {

namespace {

constexpr std::string_view id_begin = R"({"id":")";
constexpr std::size_t id_length = 36;

} // namespace

section make_section(std::uint32_t shard, std::uint64_t epoch, std::uint64_t seq,
                     stream_write const& w) {
  section out;
  out.shard = shard;
  out.stream = w.stream;
  out.seq = seq;
  out.version = w.expected_version + w.events.size();
  out.epoch = epoch;
  out.count = w.events.size();
  out.wake_at = w.wake_at;
  if (w.events.empty())
    return out;
  out.at = ms_of(w.events.front().at);
  out.first_hash = w.events.front().hash;
  out.end_hash = w.events.back().hash;
  std::size_t bytes = 0;
  for (auto const& e : w.events)
    bytes += e.data.size() + 160;
  out.lines.reserve(bytes);
  auto const nothing = before_first(w.events.front().at);
  auto const* before = &nothing;
  for (auto const& e : w.events) {
    members line{out.lines};
    line.text(id_name, e.event_id); // always, and first: it is looked for there
    put_front(line, e, *before);
    put_rest(out.lines, line, e, *before);
    before = &e;
  }
  return out;
}

std::vector<stored_event> events_of(section const& s, std::string_view previous) {
  if (s.count > s.lines.size() || s.count > s.seq || s.count > s.version)
    throw malformed{"its count of events cannot be"};
  scanner in{s.lines};
  std::vector<stored_event> out;
  out.reserve(s.count);
  auto const nothing = before_first(time_point{duration{s.at}});
  auto const* before = &nothing;
  for (std::uint64_t i = 0; i < s.count; ++i) {
    auto e = like(*before);
    member_reader line{in};
    line.text(id_name, e.event_id);
    take_front(line, e);
    take_rest(in, line, e);
    auto const back = s.count - 1 - i;
    auto const behind = i == 0 ? previous : std::string_view{before->hash};
    e.hash = behind.empty() ? s.first_hash : chain_hash(behind, s.stream, s.version - back, e);
    out.push_back({s.shard, s.seq - back, s.epoch, s.stream, s.version - back, std::move(e)});
    before = &out.back().event; // nothing moves: there is room for all
  }
  if (!in.at_end())
    throw malformed{"it holds more events than it counts"};
  return out;
}

std::string last_hash(section const& s) {
  if (!s.end_hash.empty())
    return s.end_hash;
  return s.count == 1 ? s.first_hash : events_of(s).back().event.hash;
}

id_span ids_of(section const& s) {
  id_span out;
  std::string_view rest{s.lines};
  for (std::uint64_t i = 0; i < s.count; ++i) {
    if (!rest.starts_with(id_begin) || rest.size() < id_begin.size() + id_length)
      throw malformed{"an event in it has no id"};
    auto const id = rest.substr(id_begin.size(), id_length);
    out.first = i == 0 ? id : std::min(out.first, id);
    out.last = std::max(out.last, id);
    for (int lines = 0; lines < 2; ++lines)
      rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
  }
  return out;
}

} // namespace troupe::records
