#include "persistence/postgres/record.hpp"

#include "persistence/batch.hpp"
#include "persistence/encoding.hpp"
#include "persistence/postgres/record_body.hpp"
#include "persistence/postgres/session.hpp"
#include "persistence/scanner.hpp"

#include <algorithm>

namespace troupe::postgres {

namespace {

/// The time that stands in a UUID v7, in its first twelve digits.
time_point time_of(std::string_view id) {
  std::int64_t n = 0;
  std::from_chars(id.data(), id.data() + 8, n, 16);
  std::int64_t low = 0;
  std::from_chars(id.data() + 9, id.data() + 13, low, 16);
  return time_point{duration{n << 16 | low}};
}

/// What the first event of a row is compared with, as the others are with the one before them. Its
/// time is that of the row's smallest id, which as a rule is the event's own.
new_event before_first(std::string_view first_id) {
  return {"", "", 1, time_of(first_id), "", "", "", "", ""};
}

/// Puts the members that differ, in their order, separated by commas.
class members {
public:
  explicit members(std::string& out) : out_(out) { out_ += '{'; }
  void text(std::string_view name, std::string const& now, std::string const& before) {
    if (now == before)
      return;
    begin(name);
    put_json_string(out_, now);
  }
  void number(std::string_view name, std::int64_t now, std::int64_t before) {
    if (now == before)
      return;
    begin(name);
    put_json_number(out_, now);
  }
  void end() { out_ += "}\n"; }

private:
  void begin(std::string_view name) {
    out_.append(first_ ? name.substr(1) : name);
    first_ = false;
  }
  std::string& out_;
  bool first_ = true;
};

/// Reads what `members` has put.
class member_reader {
public:
  explicit member_reader(scanner& in) : in_(in) { in_.expect("{"); }
  void text(std::string_view name, std::string& value) {
    if (begins(name))
      value = in_.text("");
  }
  std::int64_t number(std::string_view name, std::int64_t otherwise) {
    return begins(name) ? in_.number<std::int64_t>("") : otherwise;
  }
  void end() { in_.expect("}\n"); }

private:
  bool begins(std::string_view name) {
    auto const literal = first_ ? name.substr(1) : name;
    if (!in_.starts(literal))
      return false;
    in_.expect(literal);
    first_ = false;
    return true;
  }
  scanner& in_;
  bool first_ = true;
};

constexpr std::string_view at_name = R"(,"at":)";
constexpr std::string_view cause_name = R"(,"cause":)";
constexpr std::string_view correlation_name = R"(,"correlation":)";
constexpr std::string_view id_name = R"(,"id":)";
constexpr std::string_view principal_name = R"(,"principal":)";
constexpr std::string_view schema_name = R"(,"schema":)";
constexpr std::string_view type_name = R"(,"type":)";

std::int64_t ms(time_point at) {
  return at.time_since_epoch().count();
}

void check(bool ok, char const* what) {
  if (!ok)
    throw malformed{what};
}

std::vector<stored_event> events_of(record const& row) {
  check(is_event_id(row.first_id) && is_event_id(row.last_id), "its event ids are none");
  auto const body = decode_body(row.body, {row.first_id, row.last_id, row.hash});
  auto const count = body.count;
  check(count <= body.lines.size() && count <= row.seq && count <= row.version,
        "its count of events cannot be");
  scanner in{body.lines};
  std::vector<stored_event> out;
  out.reserve(count);
  auto const nothing = before_first(row.first_id);
  auto const* before = &nothing;
  auto smallest = row.last_id;
  auto largest = row.first_id;
  for (std::uint64_t i = 0; i < count; ++i) {
    bool const last = i + 1 == count;
    new_event e{i == 0 ? row.first_id
                : last ? row.last_id
                       : std::string{},
                before->type,
                before->schema,
                before->at,
                before->principal,
                before->cause,
                before->correlation,
                "",
                ""};
    member_reader line{in};
    e.at = time_point{duration{line.number(at_name, ms(e.at))}};
    line.text(cause_name, e.cause);
    line.text(correlation_name, e.correlation);
    line.text(id_name, e.event_id);
    line.text(principal_name, e.principal);
    e.schema = static_cast<std::int32_t>(line.number(schema_name, e.schema));
    line.text(type_name, e.type);
    line.end();
    e.data = in.line();
    check(is_event_id(e.event_id), "an event in it has no id");
    smallest = std::min(smallest, e.event_id);
    largest = std::max(largest, e.event_id);
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
  check(smallest == row.first_id && largest == row.last_id,
        "its event ids are not those that it is found by");
  check(before->hash == row.hash, "its events do not have its hash");
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
  auto const nothing = before_first(out.first_id);
  auto const* before = &nothing;
  for (std::size_t i = 0; i < events.size(); ++i) {
    auto const& e = events[i];
    bool const last = i + 1 == events.size();
    members line{body.lines};
    line.number(at_name, ms(e.at), ms(before->at));
    line.text(cause_name, e.cause, before->cause);
    line.text(correlation_name, e.correlation, before->correlation);
    line.text(id_name, e.event_id, i == 0 ? out.first_id : last ? out.last_id : std::string{});
    line.text(principal_name, e.principal, before->principal);
    line.number(schema_name, e.schema, before->schema);
    line.text(type_name, e.type, before->type);
    line.end();
    body.lines += e.data;
    body.lines += '\n';
    before = &e;
  }
  out.body = encode_body(body, {out.first_id, out.last_id, out.hash});
}

std::vector<stored_event> unpack(record const& row) {
  try {
    return events_of(row);
  } catch (malformed const& why) {
    throw failure{errc::corrupt,
                  "the record of shard " + std::to_string(row.shard) + " that ends with seq " +
                      std::to_string(row.seq) + " (" + to_string(row.stream) + " version " +
                      std::to_string(row.version) + ") is damaged: " + why.what +
                      "; restore it from an export or a backup",
                  false};
  }
}

} // namespace troupe::postgres
