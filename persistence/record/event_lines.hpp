#pragma once

#include "persistence/batch.hpp"
#include "persistence/scanner.hpp"
#include "protocol/json_string.hpp"

/// The first line of an event: members that differ from those of the event before it.
namespace troupe::records {

/// Puts the members that differ, in their order, separated by commas.
class members {
public:
  explicit members(std::string& out) : out_(out) { out_ += '{'; }
  void text(std::string_view name, std::string const& now, std::string const& before) {
    if (now != before)
      text(name, now);
  }
  void text(std::string_view name, std::string const& now) {
    begin(name);
    json::put_string(out_, now);
  }
  void number(std::string_view name, std::int64_t now, std::int64_t before) {
    if (now == before)
      return;
    begin(name);
    json::put_number(out_, now);
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

inline std::int64_t ms_of(time_point at) {
  return at.time_since_epoch().count();
}

/// What the first event of a row is compared with.
inline new_event before_first(time_point at) {
  return {"", "", 1, at, "", "", "", "", ""};
}

/// An event before its line is read: what its line leaves out is as in the event before it.
inline new_event like(new_event const& before, std::string id = {}) {
  return {std::move(id),
          before.type,
          before.schema,
          before.at,
          before.principal,
          before.cause,
          before.correlation,
          "",
          ""};
}

// The members that stand before and after the id, where the id is not the first one.

inline void put_front(members& line, new_event const& e, new_event const& before) {
  line.number(at_name, ms_of(e.at), ms_of(before.at));
  line.text(cause_name, e.cause, before.cause);
  line.text(correlation_name, e.correlation, before.correlation);
}
inline void take_front(member_reader& line, new_event& e) {
  e.at = time_point{duration{line.number(at_name, ms_of(e.at))}};
  line.text(cause_name, e.cause);
  line.text(correlation_name, e.correlation);
}

/// The last members, and the second line, which is the data.
inline void put_rest(std::string& out, members& line, new_event const& e, new_event const& before) {
  line.text(principal_name, e.principal, before.principal);
  line.number(schema_name, e.schema, before.schema);
  line.text(type_name, e.type, before.type);
  line.end();
  out += e.data;
  out += '\n';
}
inline void take_rest(scanner& in, member_reader& line, new_event& e) {
  line.text(principal_name, e.principal);
  e.schema = static_cast<std::int32_t>(line.number(schema_name, e.schema));
  line.text(type_name, e.type);
  line.end();
  e.data = in.line();
  if (!is_event_id(e.event_id))
    throw malformed{"an event in it has no id"};
}

} // namespace troupe::records
