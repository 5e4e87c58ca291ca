#include "persistence/postgres/postgres_store.hpp"
#include "persistence/postgres/session.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>

/// What a batch costs in the Postgres adapter alone, without the journal's threads: time, processor
/// time of this process and of the database's, WAL and table bytes, beside a plain INSERT of as
/// many rows. One connection, one batch after the other.
using namespace troupe;
using steady = std::chrono::steady_clock;

namespace {

constexpr char help[] = R"(usage: store_append_bench URL [SECONDS]

URL: a database of its own on a server that waits for its disk; the tables are made in it.
SECONDS: of each line (default 3).

Example: store_append_bench postgresql://postgres@127.0.0.1:5432/bench 5
)";

std::string uuid(std::uint64_t n) {
  char text[64];
  auto const ms = 1'790'000'000'000 + n / 8;
  std::snprintf(text, sizeof text, "%08llx-%04llx-7000-8000-%012llx",
                static_cast<unsigned long long>(ms >> 16),
                static_cast<unsigned long long>(ms & 0xffff),
                static_cast<unsigned long long>(n * 2654435761u & 0xffffffffffff));
  return text;
}

/// Wall clock and own processor seconds of one call.
struct spent {
  double wall = 0;
  double cpu = 0;
};

double thread_cpu() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

template <class F>
spent timed(F call) {
  auto const cpu = thread_cpu();
  auto const begin = steady::now();
  call();
  return {std::chrono::duration<double>(steady::now() - begin).count(), thread_cpu() - cpu};
}

/// Processor seconds of a process: the backend of the database.
double cpu_of(int pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  std::string word;
  double ticks = 0;
  for (int i = 1; in >> word; ++i)
    if (i == 14 || i == 15)
      ticks += std::stod(word);
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

/// The one backend that is not `watcher`.
struct watch {
  postgres::session s;
  explicit watch(std::string const& url) : s(url + "?application_name=watcher") {}
  int backend() {
    return static_cast<int>(
        s.query("select max(pid) from pg_stat_activity where application_name = 'troupe' "
                "and datname = current_database()")
            .number(0, 0));
  }
  double wal() {
    return static_cast<double>(
        s.query("select (pg_current_wal_insert_lsn() - '0/0')::bigint").number(0, 0));
  }
};

struct entity {
  entity_ref ref;
  std::uint64_t version = 0;
  std::string hash{no_hash()};
};

struct source {
  std::vector<entity> all;
  std::vector<std::uint64_t> epochs;
  std::uint64_t ids = 0;
  std::size_t next = 0;
  bool wakes = false;

  unit make(std::size_t events) {
    auto& x = all[next++ % all.size()];
    unit u;
    u.shard = shard_of(x.ref);
    u.epoch = epochs[u.shard];
    u.tenant = x.ref.tenant;
    stream_write w{x.ref, x.version, {}, {}};
    if (wakes)
      w.wake_at = time_point{
          duration{x.version % 2 == 0 ? 0 : 1'790'000'000'000 + static_cast<std::int64_t>(ids)}};
    for (std::size_t i = 0; i < events; ++i) {
      new_event e;
      e.event_id = uuid(++ids);
      e.type = "ticket.commented";
      e.at = time_point{duration{1'790'000'000'000 + static_cast<std::int64_t>(ids / 8)}};
      e.principal = "agent:tally.dev-ada";
      e.cause = uuid(ids + 1'000'000'000);
      e.correlation = "k3f9q2mx";
      e.data = R"({"id":"c1","text":")" + std::string(170, 'x') + "\"}";
      e.hash = chain_hash(x.hash, x.ref, ++x.version, e);
      x.hash = e.hash;
      w.events.push_back(std::move(e));
    }
    u.writes.push_back(std::move(w));
    return u;
  }
};

struct line {
  double rate, p50, p99, own_us, db_us, wal;
};

template <class F>
line run(watch& w, int pid, double seconds, std::size_t rows, F batch) {
  for (auto const end = steady::now() + std::chrono::milliseconds{400}; steady::now() < end;)
    batch();
  std::vector<double> took;
  auto const wal = w.wal();
  auto const db = cpu_of(pid);
  auto const begin = steady::now();
  auto const s = [](auto d) { return std::chrono::duration<double>(d).count(); };
  spent sum;
  for (auto at = begin; s(at - begin) < seconds; at = steady::now()) {
    auto const one = batch();
    took.push_back(one.wall);
    sum.wall += one.wall;
    sum.cpu += one.cpu;
  }
  auto const n = static_cast<double>(took.size() * rows);
  line out{n / sum.wall,       0, 0, sum.cpu / n * 1e6, (cpu_of(pid) - db) / n * 1e6,
           (w.wal() - wal) / n};
  std::sort(took.begin(), took.end());
  out.p50 = took[took.size() / 2] * 1e6;
  out.p99 = took[took.size() * 99 / 100] * 1e6;
  return out;
}

void print(char const* what, std::size_t batch, std::size_t each, line const& l) {
  std::printf("| %s | %zu | %zu | %.0f | %.0f | %.0f | %.1f | %.1f | %.0f |\n", what, batch, each,
              l.rate, l.p50, l.p99, l.own_us, l.db_us, l.wal);
  std::fflush(stdout);
}

void must(bool ok, std::string const& why) {
  if (ok)
    return;
  std::cerr << "store_append_bench: " << why << '\n';
  std::exit(1);
}

} // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argv[1] == std::string{"--help"}) {
    std::cerr << help;
    return argc < 2 ? 2 : 0;
  }
  std::string const url = argv[1];
  double const seconds = argc > 2 ? std::atof(argv[2]) : 3;
  auto factory = open_postgres_store(url);
  must(factory.has_value(), factory ? "" : factory.error().message);
  watch w{url};
  std::puts(
      "| what | writes a batch | events a write | events a second | p50 µs a batch | "
      "p99 µs a batch | own CPU µs an event | database CPU µs an event | WAL bytes an event |\n"
      "|---|---:|---:|---:|---:|---:|---:|---:|---:|");
  {
    // Rows as wide as ours, with a key and one more index.
    postgres::session s{url};
    s.run(
        "create table if not exists public.plain (shard integer, seq bigint, stream text, version "
        "bigint, body text, primary key (shard, seq), unique (stream, version))");
    auto const pid = w.backend();
    std::uint64_t seq = 0;
    std::string const body(470, 'x');
    for (std::size_t const rows : {1u, 64u, 128u})
      print("plain INSERT", rows, 1, run(w, pid, seconds, rows, [&] {
              postgres::array shards, seqs, streams, bodies;
              for (std::size_t i = 0; i < rows; ++i) {
                shards.add(std::uint64_t{++seq % 256});
                seqs.add(seq);
                streams.add("acme/ticket/k3f9q2mx-" + std::to_string(seq % 2000));
                bodies.add(std::string_view{body});
              }
              return timed([&] {
                s.query(
                    "insert into public.plain select x.shard, x.seq, x.stream, x.seq, x.body from "
                    "unnest($1::integer[], $2::bigint[], $3::text[], $4::text[]) as x (shard, seq, "
                    "stream, body)",
                    postgres::with(std::move(shards), std::move(seqs), std::move(streams),
                                   std::move(bodies)));
              });
            }));
  }
  auto store = (*factory)();
  must(store.has_value(), "cannot open the store");
  source from;
  auto epochs = (*store)->claim_all("bench");
  must(epochs.has_value(), "cannot claim");
  from.epochs = *epochs;
  for (int i = 0; i < 2000; ++i)
    from.all.push_back({{tenant_id{"acme"}, entity_kind::ticket, "k3f9q2mx-" + std::to_string(i)}});
  auto const pid = w.backend();
  std::uint64_t events = 0;
  for (bool const wakes : {false, true})
    for (std::size_t const each : {1u, 4u})
      for (std::size_t const writes : {1u, 64u, 128u}) {
        from.wakes = wakes;
        auto const l = run(w, pid, seconds, writes * each, [&] {
          std::vector<unit> batch;
          for (std::size_t i = 0; i < writes; ++i)
            batch.push_back(from.make(each));
          result<std::vector<unit_result>> out = fail(errc::internal, "not sent");
          auto const took = timed([&] { out = (*store)->append(batch); });
          must(out.has_value(), out ? "" : out.error().message);
          for (auto const& r : *out)
            must(r.status == unit_status::ok, "an append was refused");
          events += writes * each;
          return took;
        });
        print(wakes ? "append, each sets a timer" : "append", writes, each, l);
      }
  std::printf("\nevents stored: %llu\n", static_cast<unsigned long long>(events));
  std::puts("| relation | MiB | bytes an event |\n|---|---:|---:|");
  auto const sizes = w.s.query(
      "select c.relname, pg_relation_size(c.oid) from pg_class c join pg_namespace n on n.oid = "
      "c.relnamespace where n.nspname = 'troupe' and c.relkind in ('r', 'i') and "
      "pg_relation_size(c.oid) > 65536 order by 2 desc");
  for (std::size_t i = 0; i < sizes.size(); ++i)
    std::printf("| %s | %.1f | %.0f |\n", sizes.text(i, 0).c_str(),
                static_cast<double>(sizes.number(i, 1)) / 1048576,
                static_cast<double>(sizes.number(i, 1)) / static_cast<double>(events));
}
