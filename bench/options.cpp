#include "bench/options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <functional>
#include <map>

namespace troupe::bench {

namespace {

constexpr std::array<std::string_view, 8> all_measures{"floor",   "messages", "appends",  "tickets",
                                                       "watched", "memory",   "recovery", "idle"};

/// What the agents of one project can hold: two roles that work, of up to 500 agents with up to 64
/// tickets each (protocol/process.cpp).
constexpr int most_at_once = 15'000;

constexpr option_row rows[] = {
    {"--quick", "", "little time for each, levels 1 and 100: half a minute, not to be kept"},
    {"--only", "LIST", "of floor, messages, appends, tickets, watched, memory, recovery, idle"},
    {"--store", "LIST",
     "of sqlite, memory and URLs of Postgres servers whose user may create databases (sqlite)"},
    {"--levels", "LIST", "tickets in flight (1,10,100,1000,10000)"},
    {"--rate", "LIST",
     "tickets that arrive a second, by the clock, instead of --levels: latency counts from the "
     "moment at which a ticket was due"},
    {"--slowdown", "N",
     "with --rate: the setting actors.slowdown, above which new tickets are refused (3; 0: never); "
     "with --levels none is refused"},
    {"--seconds", "S", "measured for each repeat, after a warm-up (3)"},
    {"--repeats", "N", "of each measure; the median is shown (3)"},
    {"--tickets", "N", "of the measures memory and idle (10000)"},
    {"--in-flight", "N", "tickets of the measure recovery (1000)"},
    {"--plot", "FILE.svg", "throughput and latency over the level"},
    {"--out", "FILE.json", "the report as JSON into a file as well"},
    {"--folder", "DIR", "where the stores are made (the folder for temporary files)"},
    {"--commit", "TEXT", "what the report shall call this build"},
};

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= text.size();) {
    auto const end = std::min(text.find(',', at), text.size());
    out.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

error wrong(std::string_view option, std::string what) {
  return fail(errc::invalid_argument, std::string{option} + " " + std::move(what),
              {{"field", std::string{option}}});
}

template <class N>
result<N> number(std::string_view option, std::string_view text, N low, N high) {
  N out{};
  auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (ec != std::errc{} || end != text.data() + text.size() || !(out >= low && out <= high))
    return wrong(option, "takes numbers from " + std::to_string(low) + " to " +
                             std::to_string(high) + ", not \"" + std::string{text} + "\"");
  return out;
}

template <class N>
result<void> set(std::string_view option, std::string_view text, N low, N high, N& out) {
  auto const n = number<N>(option, text, low, high);
  if (!n)
    return n.error();
  out = *n;
  return {};
}

template <class N>
result<void> set_list(std::string_view option, std::string_view text, N low, N high,
                      std::vector<N>& out) {
  out.clear();
  for (auto const& one : split(text)) {
    auto const n = number<N>(option, one, low, high);
    if (!n)
      return n.error();
    out.push_back(*n);
  }
  return {};
}

result<void> set_names(std::string_view option, std::string_view text,
                       std::function<bool(std::string const&)> const& known,
                       std::string_view there_are, std::vector<std::string>& out) {
  out.clear();
  for (auto& one : split(text)) {
    if (!known(one))
      return wrong(option, "takes " + std::string{there_are} + ", not \"" + one + "\"");
    out.push_back(std::move(one));
  }
  return {};
}

result<void> set_value(options& o, std::string_view name, std::string const& text) {
  if (text.empty())
    return wrong(name, "needs a value");
  if (name == "--only")
    return set_names(
        name, text,
        [](auto const& x) {
          return std::find(all_measures.begin(), all_measures.end(), x) != all_measures.end();
        },
        "floor, messages, appends, tickets, watched, memory, recovery and idle", o.only);
  if (name == "--store")
    return set_names(
        name, text, [](auto const& x) { return x == "sqlite" || x == "memory" || is_postgres(x); },
        "sqlite, memory and postgres://USER@HOST:PORT", o.stores);
  if (name == "--levels")
    return set_list(name, text, 1, most_at_once, o.levels);
  if (name == "--rate")
    return set_list(name, text, 0.1, 1e6, o.rates);
  if (name == "--seconds")
    return set(name, text, 0.05, 3600.0, o.seconds);
  if (name == "--repeats")
    return set(name, text, 1, 101, o.repeats);
  if (name == "--tickets")
    return set(name, text, 1, 10'000'000, o.tickets);
  if (name == "--in-flight")
    return set(name, text, 1, most_at_once, o.in_flight);
  if (name == "--slowdown")
    return set(name, text, 0, 1000, o.slowdown);
  std::map<std::string_view, std::string*> const texts{
      {"--plot", &o.plot}, {"--out", &o.out}, {"--folder", &o.folder}, {"--commit", &o.commit}};
  *texts.at(name) = text;
  return {};
}

/// What `--quick` means for all that was not said.
void make_quick(options& o, std::vector<std::string> const& said) {
  auto const free = [&](std::string_view name) {
    return std::find(said.begin(), said.end(), name) == said.end();
  };
  o.warm_up = 0.2;
  if (free("--seconds"))
    o.seconds = 0.5;
  if (free("--repeats"))
    o.repeats = 1;
  if (free("--levels"))
    o.levels = {1, 100};
  if (free("--tickets"))
    o.tickets = 1000;
  if (free("--in-flight"))
    o.in_flight = 100;
}

} // namespace

std::span<option_row const> option_rows() {
  return rows;
}

std::span<std::string_view const> measures() {
  return all_measures;
}

std::string_view examples() {
  return "  troupe bench --quick\n"
         "  troupe bench --only tickets --levels 100,1000 --plot tickets.svg\n"
         "  troupe bench --only tickets --rate 300,600 --seconds 10\n"
         "  troupe bench --store sqlite,postgres://troupe@127.0.0.1:5432 --json --out bench.json";
}

bool options::wants(std::string_view what) const {
  return only.empty() || std::find(only.begin(), only.end(), what) != only.end();
}

bool is_postgres(std::string_view store) {
  return store.starts_with("postgres://") || store.starts_with("postgresql://");
}

result<options> read_options(std::vector<std::string> const& arguments) {
  options o;
  std::vector<std::string> said;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    auto const& word = arguments[i];
    auto const equals = word.find('=');
    auto const name = word.substr(0, equals);
    if (name == "--json") {
      o.json = true;
      continue;
    }
    auto const* row = std::find_if(std::begin(rows), std::end(rows),
                                   [&](auto const& r) { return r.name == name; });
    if (row == std::end(rows))
      return fail(errc::invalid_argument, "there is no option \"" + name + "\"", {{"field", name}});
    said.push_back(name);
    if (row->value.empty()) {
      o.quick = true;
      continue;
    }
    if (equals == std::string::npos && i + 1 == arguments.size())
      return wrong(name, "needs a value");
    auto const text = equals == std::string::npos ? arguments[++i] : word.substr(equals + 1);
    if (auto r = set_value(o, name, text); !r)
      return r.error();
  }
  if (o.quick)
    make_quick(o, said);
  return o;
}

} // namespace troupe::bench
