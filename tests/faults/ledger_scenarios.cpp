#include "persistence/postgres/postgres_store.hpp"
#include "persistence/sqlite/sqlite_store.hpp"
#include "tests/faults/scenario.hpp"
#include "tests/persistence/record_edit.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

namespace troupe::faults {

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::string text_at(json::object const& o, std::string_view key) {
  auto const* v = o.if_contains(key);
  return v != nullptr && v->is_string() ? std::string{std::string_view{v->get_string()}}
                                        : std::string{};
}

std::string name_of(std::string const& url) {
  return url.substr(url.rfind('/') + 1);
}

/// A lab with a ledger that has something in it, and its server stopped.
class stopped_lab {
public:
  explicit stopped_lab(setting& s, std::string const& name = "lab") : lab_(s.place(name)) {
    lab_.open();
    load_settings how;
    how.seed = s.seed;
    how.tickets = 4;
    load w{lab_, how};
    if (!w.await_more(25, seconds{60}))
      throw broken{"the load does not get going"};
    w.stop();
    (void)lab_.collect();
    for (auto const& o : lab_.record().so_far().operations)
      if (o.kind == op_kind::ticket && o.how == outcome::ok)
        tickets_.push_back(o.entity.substr(o.entity.find('/') + 1));
    lab_.server().stop(seconds{10});
  }
  lab& operator*() { return lab_; }
  lab* operator->() { return &lab_; }
  /// Ids of tickets; at least two.
  [[nodiscard]] std::string const& ticket(std::size_t i) const { return tickets_.at(i); }

private:
  lab lab_;
  std::vector<std::string> tickets_;
};

/// Changes the ledger with SQL of its own.
void tamper(setting& s, lab& l, std::string const& sqlite_sql, std::string const& postgres_sql) {
  if (s.store == store_kind::postgres) {
    (void)s.db->sql(name_of(l.settings().direct), postgres_sql);
    return;
  }
  sqlite3* db = nullptr;
  char* why = nullptr;
  bool const done = ::sqlite3_open((l.data() / "ledger.db").c_str(), &db) == SQLITE_OK &&
                    ::sqlite3_exec(db, sqlite_sql.c_str(), nullptr, nullptr, &why) == SQLITE_OK;
  std::string const told = why == nullptr ? "" : why;
  ::sqlite3_free(why);
  ::sqlite3_close(db);
  if (!done)
    throw broken{"the ledger cannot be tampered with: " + told};
}

result<std::unique_ptr<event_store>> open_store(lab& l) {
  auto const factory = l.settings().store == store_kind::postgres
                           ? open_postgres_store(l.settings().direct)
                           : open_sqlite_store(l.data() / "ledger.db");
  if (!factory)
    return factory.error();
  return (*factory)();
}

/// Appends an event to a stream as a newer or a wrong program would: well-formed for the store.
void plant(lab& l, entity_ref const& to, std::string const& type, std::int32_t schema,
           std::string const& data) {
  auto const store = open_store(l);
  if (!store)
    throw broken{store.error().message};
  auto const at = (*store)->stream(to);
  unit u;
  u.shard = shard_of(to);
  u.tenant = to.tenant;
  u.epoch = (*store)->claim(u.shard, "somebody").value();
  stream_write w;
  w.stream = to;
  w.expected_version = at.value().version;
  new_event e;
  e.event_id = "01a0ffff-0000-7000-8000-000000000001";
  e.type = type;
  e.schema = schema;
  e.at = time_point{duration{1'795'000'000'000}};
  e.principal = "human:mallory";
  e.cause = "c1";
  e.data = data;
  e.hash = chain_hash(at.value().hash, to, at.value().version + 1, e);
  w.events.push_back(std::move(e));
  u.writes.push_back(std::move(w));
  auto const done = (*store)->append(std::span{&u, 1});
  if (!done || done->front().status != unit_status::ok)
    throw broken{"the event cannot be planted"};
}

struct start_outcome {
  bool runs = false;
  bool refused = false; ///< ended with a message and no signal
  std::string told;
};

/// Starts the server on what was done to its ledger.
start_outcome start(lab& l) {
  start_outcome out;
  auto const before = l.server_log().size();
  l.start_server();
  (void)comes(
      [&] {
        out.runs = l.server_log().find("serving url=", before) != std::string::npos;
        return out.runs || !l.server_runs();
      },
      seconds{20});
  out.told = l.server_log().substr(before);
  out.refused = !out.runs && out.told.find("troupe: ") != std::string::npos;
  if (!out.runs && l.server_runs())
    l.server().kill();
  return out;
}

std::string first_refusal(std::string const& told) {
  auto const at = told.find("troupe: ");
  return at == std::string::npos ? told.substr(0, 200) : told.substr(at, told.find('\n', at) - at);
}

/// Refused at the start with words that help, or only the stream concerned is out of order.
findings refused_or_contained(setting& s, stopped_lab& l, std::string const& what,
                              std::vector<std::string> const& words) {
  findings out;
  ++s.runs;
  auto const o = start(*l);
  if (o.runs) {
    auto const spoilt = l->call("GET", "/api/tickets/" + l.ticket(0));
    auto const other =
        l->call("POST", "/api/tickets/" + l.ticket(1) + "/comments", R"({"text":"still here"})");
    s.figures.push_back(what + ": runs on; the stream concerned answers " +
                        std::to_string(spoilt.status) + ", another one " +
                        std::to_string(other.status));
    if (!other.ok())
      out.push_back(what + ": other streams are not served: " + other.body);
    if (spoilt.ok())
      out.push_back(what + ": nothing is noticed, and the stream is served as if it were sound");
    l->server().stop(seconds{10});
    return out;
  }
  s.figures.push_back(what + ": " + first_refusal(o.told));
  if (!o.refused)
    out.push_back(what + ": the server neither runs nor says why: " + o.told);
  for (auto const& w : words)
    if (o.told.find(w) == std::string::npos)
      out.push_back(what + ": the refusal does not say \"" + w + "\": " + first_refusal(o.told));
  return out;
}

entity_ref ticket_ref(std::string const& id) {
  return {tenant_id{"default"}, entity_kind::ticket, id};
}

findings unknown_type(setting& s) {
  stopped_lab l{s};
  plant(*l, ticket_ref(l.ticket(0)), "ticket.painted", 1, R"({"colour":"red"})");
  return refused_or_contained(s, l, "an event of unknown type",
                              {"ticket.painted", l.ticket(0), "newer build"});
}

findings newer_event_schema(setting& s) {
  stopped_lab l{s};
  plant(*l, ticket_ref(l.ticket(0)), "ticket.commented", 9, R"({"text":"from the future"})");
  return refused_or_contained(s, l, "an event with a newer schema",
                              {"ticket.commented", l.ticket(0), "newer build"});
}

findings unreadable_event(setting& s) {
  stopped_lab l{s};
  plant(*l, ticket_ref(l.ticket(0)), "ticket.commented", 1, R"({"text":17})");
  return refused_or_contained(s, l, "an event that cannot be read",
                              {"ticket.commented", l.ticket(0), "troupe verify"});
}

findings newer_schema(setting& s) {
  stopped_lab l{s};
  tamper(s, *l, "insert into migration values (999, '0999_future.sql', 'x', 0)",
         "insert into troupe.migration values (999, '0999_future.sql', 'x', 0)");
  return refused_or_contained(s, l, "a newer schema", {"newer"});
}

/// What a careless hand does to the tables of a store: refused at the start, before anything is
/// written.
findings changed_tables(setting& s) {
  struct damage {
    char const* name;
    char const* sqlite;
    char const* postgres;
    std::vector<std::string> words;
  };
  std::vector<damage> const all{
      {"an emptied record of schema changes",
       "delete from migration",
       "delete from troupe.migration",
       {"table migration", "restore"}},
      {"a table that is gone",
       "drop table inbox",
       "drop table troupe.inbox",
       {"lacks inbox", "restore"}},
      {"shards that end too early",
       "update shard set last_seq = last_seq / 2",
       "update troupe.shard set last_seq = last_seq / 2",
       {"says that its last event is number", "troupe verify", "restore"}}};
  findings out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto const& d = all[i];
    stopped_lab l{s, "tables" + std::to_string(i)};
    tamper(s, *l, d.sqlite, d.postgres);
    auto found = refused_or_contained(s, l, d.name, d.words);
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

/// What a stream's name is in the tables of a store.
std::string sqlite_stream(std::string const& id) {
  return "(select no from stream where id = '" + id + "')";
}

/// Changes what tickets were opened with, in a file.
void change_opened(fs::path const& file) {
  auto const store = *(*open_sqlite_readonly(file))();
  for (std::uint32_t shard = 0; shard < shard_count; ++shard)
    for (auto const& e : store->read_shard(shard, 0, 10'000).value())
      if (e.event.type == "ticket.opened")
        test::edit_sqlite_row(file, shard, e.seq, [](std::vector<stored_event>& events) {
          for (auto& x : events)
            (void)test::put_text(x.event.data, "Wurk", "Work");
        });
}

/// One letter of a stored event: still JSON, but not what was hashed.
findings changed_row(setting& s) {
  stopped_lab l{s};
  if (s.store == store_kind::postgres)
    test::edit_records(
        [&](std::string const& text) { return s.db->sql(name_of(l->settings().direct), text); },
        "true", test::putting("Wurk", "Work"));
  else
    change_opened(l->data() / "ledger.db");
  ++s.runs;
  auto words = l->place_of_ledger();
  words.insert(words.begin(), {TROUPE_BINARY, "verify"});
  auto const told = demo::run(words);
  findings out;
  if (told.exit_code != 7)
    out.push_back("verify does not see a changed row: " + told.output);
  s.figures.push_back("verify: " + told.output.substr(0, told.output.find('\n')));
  // The server does not hash its whole past at each start; it says so in its documentation.
  auto const o = start(*l);
  if (!o.runs && !o.refused)
    out.push_back("the server neither runs nor says why: " + o.told);
  return out;
}

/// What the store says of a stream is not what its events say: it can be read, not written.
findings wrong_head(setting& s) {
  stopped_lab l{s};
  tamper(s, *l, "update stream set version = version + 2 where id = '" + l.ticket(0) + "'", {});
  findings out;
  ++s.runs;
  if (auto const o = start(*l); !o.runs) {
    out.push_back("the server does not start: " + o.told);
    return out;
  }
  auto const comment = [&](std::size_t ticket) {
    return l->call("POST", "/api/tickets/" + l.ticket(ticket) + "/comments",
                   R"({"text":"still here"})");
  };
  auto const spoilt = comment(0);
  s.figures.push_back("the stream concerned answers " + std::to_string(spoilt.status) + " " +
                      text_at(spoilt.json, "detail"));
  if (spoilt.status != 500 || spoilt.body.find("troupe verify") == std::string::npos)
    out.push_back("a stream that contradicts itself is not refused with what to do: " +
                  spoilt.body);
  if (auto const other = comment(1); !other.ok())
    out.push_back("other streams are not served: " + other.body);
  if (l->server_log().size() > 1'000'000)
    out.push_back("the log is filled with it");
  l->server().stop(seconds{10});
  return out;
}

findings unknown_kind(setting& s) {
  stopped_lab l{s};
  auto const id = l.ticket(0);
  tamper(s, *l, "update stream set kind = 99 where id = '" + id + "'",
         "update troupe.record set kind = 99 where id = '" + id + "'");
  return refused_or_contained(s, l, "a stream of a kind that there is not", {});
}

findings lost_event(setting& s) {
  stopped_lab l{s};
  auto const id = l.ticket(0);
  tamper(s, *l,
         "delete from record where no = (select min(no) from record where stream = " +
             sqlite_stream(id) + ")",
         "delete from troupe.record where version = (select min(version) from troupe.record where "
         "id = '" +
             id + "') and id = '" + id + "'");
  return refused_or_contained(s, l, "an event that is gone", {"troupe verify"});
}

findings corrupt_row(setting& s) {
  stopped_lab l{s};
  auto const id = l.ticket(0);
  tamper(s, *l,
         "update record set body = substr(body, 1, length(body) / 2) where stream = " +
             sqlite_stream(id),
         "update troupe.record set body = substr(body, 1, length(body) / 2) where id = '" + id +
             "'");
  return refused_or_contained(s, l, "a row with half its text", {"troupe verify"});
}

/// The file itself: cut off, or with bits turned. `spoil`: (its bytes, a sound copy of it).
findings broken_file(setting& s, std::string const& what,
                     std::function<void(std::string&, fs::path const&)> const& spoil) {
  stopped_lab l{s, what.substr(what.rfind(' ') + 1)};
  auto const file = l->data() / "ledger.db";
  fs::remove(l->data() / "ledger.db-wal"); // a good stop has emptied it
  auto const sound = l->data().parent_path() / (l->data().filename().string() + ".sound");
  fs::copy(l->data(), sound, fs::copy_options::recursive);
  auto bytes = read_text(file);
  spoil(bytes, sound / "ledger.db");
  std::ofstream{file, std::ios::binary} << bytes;
  ++s.runs;
  findings out;
  auto const o = start(*l);
  auto const verified = demo::run({TROUPE_BINARY, "verify", "--data", l->data().string()});
  auto const told = o.runs ? "runs on" : first_refusal(o.told);
  s.figures.push_back(what + ": " + told + "; verify ends with " +
                      std::to_string(verified.exit_code));
  if (!o.runs && !o.refused)
    out.push_back(what + ": the server neither runs nor says why: " + o.told);
  if (verified.exit_code == 0)
    out.push_back(what + ": verify finds nothing wrong");
  if (o.refused && o.told.find("restore") == std::string::npos &&
      o.told.find("troupe verify") == std::string::npos)
    out.push_back(what + ": the refusal does not say what to do: " + first_refusal(o.told));
  l->server().stop(seconds{10});
  // And the folder as it was is a sound one again, with what it has seen of its ledger.
  fs::remove_all(l->data());
  fs::rename(sound, l->data());
  l->start_server();
  l->await_ready();
  for (auto& f : l->judge(s.count))
    out.push_back(std::move(f));
  return out;
}

findings truncated_file(setting& s) {
  return broken_file(s, "a file cut to half",
                     [](std::string& b, auto const&) { b.resize(b.size() / 2 / 4096 * 4096); });
}

findings torn_file(setting& s) {
  return broken_file(s, "a file cut in a page",
                     [](std::string& b, auto const&) { b.resize(b.size() - 1500); });
}

findings no_database(setting& s) {
  return broken_file(s, "a file of zeros",
                     [](std::string& b, auto const&) { b.assign(b.size(), '\0'); });
}

/// The body of a record that stands in one piece in the file.
std::string some_body(setting& s, fs::path const& ledger) {
  sqlite::database db{ledger, sqlite::database::mode::read_only};
  auto q = db.query("select body from record where length(body) between 40 and 1000");
  std::vector<std::string> all;
  while (q.step())
    all.push_back(q.bytes(0));
  if (all.empty())
    throw broken{"there is no record to turn a bit of"};
  return all[static_cast<std::size_t>(s.random(0, static_cast<int>(all.size()) - 1))];
}

/// Bits of records.
findings flipped_bits(setting& s) {
  findings out;
  for (int round = 0; round < (s.quick ? 1 : 6); ++round) {
    auto found = broken_file(
        s, "a turned bit " + std::to_string(round + 1), [&](std::string& b, fs::path const& sound) {
          auto const body = some_body(s, sound);
          auto const at = b.find(body);
          if (at == std::string::npos)
            throw broken{"a record is not in the file"};
          auto const byte =
              at + static_cast<std::size_t>(s.random(0, static_cast<int>(body.size()) - 1));
          b[byte] = static_cast<char>(b[byte] ^ (1 << s.random(0, 7)));
        });
    out.insert(out.end(), found.begin(), found.end());
  }
  return out;
}

/// A command whose handling throws each time.
findings poison_command(setting& s) {
  load_settings how;
  how.tickets = 4;
  return under_load(s, s.place(), how, [&](lab& l, load& w) {
    findings out;
    l.kill_and_restart({{"TROUPE_POISON", "poison-"}});
    l.await_ready();
    auto const page = l.call("GET", "/api/tickets?limit=2");
    for (int i = 0; i < (s.quick ? 1 : 2); ++i) { // a ticket each: more crashes are a quarantine
      auto const id = text_at(
          page.json.at("items").as_array().at(static_cast<std::size_t>(i)).as_object(), "id");
      auto const key = "poison-" + std::to_string(i);
      // As a client does that gets no answer: the same again.
      http_answer a;
      for (int again = 0; again < 3; ++again) {
        a = l.call("POST", "/api/tickets/" + id + "/comments", R"({"text":"drink me"})", key,
                   seconds{20});
        if (a.ok())
          out.push_back("a poisoned command was acknowledged");
      }
      if (a.body.find("put aside") == std::string::npos)
        out.push_back("the third sending of a poisoned request is not refused: " + a.body);
      ++s.runs;
      // Itself and its neighbours go on.
      bool const serves = comes(
          [&] {
            return l
                .call("POST", "/api/tickets/" + id + "/comments", R"({"text":"water"})",
                      "water-" + std::to_string(i))
                .ok();
          },
          seconds{20});
      if (!serves)
        out.push_back("after a poisoned command its ticket is not served");
      if (!w.await_more(5))
        out.push_back("C6: others are not served beside a poisoned command");
    }
    auto const letters = l.call("GET", "/api/dead-letters");
    auto const* items = letters.json.if_contains("items");
    if (items == nullptr || items->as_array().size() != (s.quick ? 1U : 2U) ||
        letters.body.find("poisoned by a test") == std::string::npos)
      out.push_back("the operator does not see the poisoned command: " + letters.body);
    if (!l.server_runs())
      out.push_back("the server ended");
    return out;
  });
}

/// An older ledger comes back: the server must not go on as if nothing were.
findings restored_backup(setting& s) {
  stopped_lab l{s};
  findings out;
  auto const place = l->settings();
  auto const database = name_of(place.direct);
  auto const backup = place.home / "backup.db";
  auto const copy = [&] {
    if (s.store == store_kind::postgres)
      (void)s.db->sql("postgres", "create database " + database + "_old template " + database);
    else
      fs::copy_file(place.data / "ledger.db", backup);
  };
  auto const bring_back = [&] {
    if (s.store == store_kind::postgres) {
      (void)s.db->sql("postgres", "drop database " + database + " with (force)");
      (void)s.db->sql("postgres", "alter database " + database + "_old rename to " + database);
      return;
    }
    fs::remove(place.data / "ledger.db-wal");
    fs::remove(place.data / "ledger.db-shm");
    fs::copy_file(backup, place.data / "ledger.db", fs::copy_options::overwrite_existing);
  };
  copy();
  l->start_server();
  l->await_ready();
  load_settings how;
  how.seed = s.seed + 1;
  how.tickets = 3;
  load w{*l, how};
  if (!w.await_more(20, seconds{60}))
    out.push_back("C6: the load does not get going");
  w.stop();
  (void)l->collect();
  l->server().stop(seconds{10});
  bring_back();
  ++s.runs;
  auto const first = start(*l);
  if (first.runs) {
    out.push_back("the server goes on with a restored backup without a word");
    l->server().stop(seconds{10});
    return out;
  }
  s.figures.push_back(first_refusal(first.told));
  if (first.told.find("--accept-restored") == std::string::npos)
    out.push_back("the refusal does not say how to go on: " + first_refusal(first.told));
  l->settings().server_more.emplace_back("--accept-restored");
  auto const second = start(*l);
  l->settings().server_more.pop_back();
  if (!second.runs) {
    out.push_back("the server refuses an accepted backup: " + second.told);
    return out;
  }
  auto const e = l->collect();
  auto const lowest =
      std::min_element(e.shards.begin(), e.shards.end(), [](auto const& a, auto const& b) {
        return a.epoch < b.epoch;
      })->epoch;
  s.figures.push_back("epochs from " + std::to_string(lowest));
  if (lowest < 1'000'000)
    out.push_back("the epochs did not jump: " + std::to_string(lowest));
  for (auto const& f : contiguous(e))
    out.push_back("C2: " + f);
  l->server().stop(seconds{10});
  if (auto const third = start(*l); !third.runs)
    out.push_back("an accepted backup is refused at the next start: " + third.told);
  auto const made = l->call("POST", "/api/projects",
                            R"({"id":"afterwards","config":{"repository":"/srv/x.git"}})");
  if (!made.ok())
    out.push_back("nothing can be stored after an accepted backup: " + made.body);
  return out;
}

} // namespace

void add_ledger_scenarios(std::vector<scenario>& out) {
  out.push_back({"F25", "a command that throws where it is handled", both, false, poison_command});
  out.push_back({"F25e", "an event that cannot be read", both, false, unreadable_event});
  out.push_back({"F34", "an older backup is restored", both, false, restored_backup});
  out.push_back({"B1", "an event of unknown type", both, true, unknown_type});
  out.push_back({"B2", "an event with a newer schema", both, false, newer_event_schema});
  out.push_back({"B3", "a newer database schema", both, true, newer_schema});
  out.push_back({"B4", "a row with half its text", both, false, corrupt_row});
  out.push_back({"B5", "a changed letter in a row", both, false, changed_row});
  out.push_back(
      {"B10", "a stream whose head is not that of its events", only_sqlite, true, wrong_head});
  out.push_back({"B11", "a stream of a kind that there is not", both, false, unknown_kind});
  out.push_back({"B12", "an event that is gone", both, false, lost_event});
  out.push_back({"B13", "tables that something else has changed", both, true, changed_tables});
  out.push_back({"B6", "a file cut to half", only_sqlite, true, truncated_file});
  out.push_back({"B7", "a file cut in a page", only_sqlite, false, torn_file});
  out.push_back({"B8", "a file of zeros", only_sqlite, false, no_database});
  out.push_back({"B9", "a turned bit", only_sqlite, false, flipped_bits});
}

} // namespace troupe::faults
