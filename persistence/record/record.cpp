#include "persistence/record/record.hpp"

#include "persistence/batch.hpp"
#include "persistence/record/event_lines.hpp"
#include "persistence/record/merged_body.hpp"
#include "persistence/record/record_body.hpp"
#include "persistence/scanner.hpp"
#include "persistence/store_failure.hpp"

#include <algorithm>

namespace troupe::records {

namespace {

/// The time that stands in a UUID v7, in its first twelve digits.
time_point time_of(std::string_view id) {
  std::int64_t n = 0;
  std::from_chars(id.data(), id.data() + 8, n, 16);
  std::int64_t low = 0;
  std::from_chars(id.data() + 9, id.data() + 13, low, 16);
  return time_point{duration{n << 16 | low}};
}

void check(bool ok, char const* what) {
  if (!ok)
    throw malformed{what};
}

/// Of a row whose events follow each other in their shard.
std::vector<stored_event> events_in_a_row(record const& row) {
  auto const body = decode_body(row.body, {row.first_id, row.last_id, row.hash});
  auto const count = body.count;
  check(count <= body.lines.size() && count <= row.seq && count <= row.version,
        "its count of events cannot be");
  scanner in{body.lines};
  std::vector<stored_event> out;
  out.reserve(count);
  // As a rule the time of the smallest id is the first event's own.
  auto const nothing = before_first(time_of(row.first_id));
  auto const* before = &nothing;
  for (std::uint64_t i = 0; i < count; ++i) {
    bool const last = i + 1 == count;
    auto e = like(*before, i == 0 ? row.first_id : last ? row.last_id : std::string{});
    member_reader line{in};
    take_front(line, e);
    line.text(id_name, e.event_id);
    take_rest(in, line, e);
    auto const back = count - 1 - i;
    if (i == 0)
      e.hash = last ? row.hash : body.first_hash;
    else
      e.hash = chain_hash(before->hash, row.stream, row.version - back, e);
    out.push_back(
        {row.shard, row.seq - back, body.epoch, row.stream, row.version - back, std::move(e)});
    before = &out.back().event; // nothing moves: there is room for all
  }
  check(in.at_end(), "it holds more events than it counts");
  return out;
}

/// Of a row of sections, with what others have written into the shard between them.
run_of_events events_of_sections(record const& row) {
  auto const body = decode_merged(row.body, {row.first_id, row.last_id, row.hash});
  run_of_events out;
  out.run = body.run;
  std::uint64_t count = 0;
  for (auto const& p : body.parts)
    count += p.count;
  check(count <= row.version, "its count of events cannot be");
  auto version = row.version - count;
  std::string previous;
  auto seq = body.run;
  for (auto const& p : body.parts) {
    section s;
    s.shard = row.shard;
    s.stream = row.stream;
    s.seq = p.seq;
    s.version = version += p.count;
    s.epoch = p.epoch;
    s.count = p.count;
    s.at = p.at;
    s.lines = p.lines;
    s.first_hash = body.first_hash.empty() ? row.hash : body.first_hash;
    check(p.count != 0 && seq + p.count <= p.seq, "its seqs cannot be");
    seq = p.seq;
    auto events = events_of(s, previous);
    previous = events.back().event.hash;
    std::move(events.begin(), events.end(), std::back_inserter(out.events));
  }
  check(seq == row.seq, "its seqs are not those of its place");
  return out;
}

run_of_events events_of(record const& row) {
  check(is_event_id(row.first_id) && is_event_id(row.last_id), "its event ids are none");
  run_of_events out;
  if (is_merged(row.body)) {
    out = events_of_sections(row);
  } else {
    out.events = events_in_a_row(row);
    out.run = row.seq - out.events.size();
  }
  auto smallest = row.last_id;
  auto largest = row.first_id;
  for (auto const& e : out.events) {
    smallest = std::min(smallest, e.event.event_id);
    largest = std::max(largest, e.event.event_id);
  }
  check(smallest == row.first_id && largest == row.last_id,
        "its event ids are not those that it is found by");
  check(!out.events.empty() && out.events.back().event.hash == row.hash,
        "its events do not have its hash");
  return out;
}

} // namespace

void pack(record& out, std::uint64_t epoch, std::span<new_event const> events) {
  auto const by_id = [](auto const& a, auto const& b) { return a.event_id < b.event_id; };
  auto const [least, most] = std::minmax_element(events.begin(), events.end(), by_id);
  out.first_id = least->event_id;
  out.last_id = most->event_id;
  out.hash = events.back().hash;
  record_body body;
  body.epoch = epoch;
  body.count = events.size();
  if (events.size() > 1)
    body.first_hash = events.front().hash;
  auto const nothing = before_first(time_of(out.first_id));
  auto const* before = &nothing;
  for (std::size_t i = 0; i < events.size(); ++i) {
    auto const& e = events[i];
    bool const last = i + 1 == events.size();
    members line{body.lines};
    put_front(line, e, *before);
    line.text(id_name, e.event_id, i == 0 ? out.first_id : last ? out.last_id : std::string{});
    put_rest(body.lines, line, e, *before);
    before = &e;
  }
  out.body = encode_body(body, {out.first_id, out.last_id, out.hash});
}

void pack_all(std::span<stored_event const> events, std::function<void(record const&)> const& row) {
  constexpr std::size_t most_together = 64;
  constexpr std::size_t most_bytes = 64 * 1024;
  auto const goes_on = [](stored_event const& a, stored_event const& b) {
    return a.shard == b.shard && a.stream == b.stream && a.epoch == b.epoch;
  };
  record out;
  std::vector<new_event> together;
  for (std::size_t i = 0; i < events.size();) {
    auto const from = i;
    together.clear();
    std::size_t bytes = 0;
    do {
      bytes += events[i].event.data.size();
      together.push_back(events[i++].event);
    } while (i < events.size() && together.size() < most_together && bytes < most_bytes &&
             goes_on(events[from], events[i]));
    pack(out, events[from].epoch, together);
    auto const& end = events[i - 1];
    out.shard = end.shard;
    out.seq = end.seq;
    out.stream = end.stream;
    out.version = end.version;
    row(out);
  }
}

void merge(record& out, std::uint64_t run, std::span<section const* const> sections) {
  auto const& last = *sections.back();
  out.shard = last.shard;
  out.seq = last.seq;
  out.stream = last.stream;
  out.version = last.version;
  out.hash = last_hash(last);
  merged_body body;
  body.run = run;
  std::string_view smallest;
  std::string_view largest;
  std::uint64_t count = 0;
  for (auto const* s : sections) {
    auto const ids = ids_of(*s);
    smallest = smallest.empty() ? ids.first : std::min(smallest, ids.first);
    largest = std::max(largest, ids.last);
    count += s->count;
    body.parts.push_back({s->count, s->seq, s->epoch, s->at, s->lines});
  }
  out.first_id = smallest;
  out.last_id = largest;
  if (count > 1)
    body.first_hash = sections.front()->first_hash;
  out.body = encode_merged(body, {out.first_id, out.last_id, out.hash});
}

run_of_events unpack_run(record const& row) {
  try {
    return events_of(row);
  } catch (malformed const& why) {
    throw store_failure{errc::corrupt,
                        "the record of shard " + std::to_string(row.shard) +
                            " that ends with seq " + std::to_string(row.seq) + " (" +
                            to_string(row.stream) + " version " + std::to_string(row.version) +
                            ") is damaged: " + why.what + "; restore it from an export or a backup",
                        false};
  }
}

std::vector<stored_event> unpack(record const& row) {
  return unpack_run(row).events;
}

} // namespace troupe::records
