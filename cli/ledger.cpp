#include "actors/domain/checker.hpp"
#include "actors/snapshots.hpp"
#include "cli/commands.hpp"
#include "cli/ledgers.hpp"
#include "persistence/export_import.hpp"
#include "persistence/verify.hpp"
#include "protocol/redact.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <utility>

namespace troupe {

namespace {

struct place {
  std::string data, store, file;
};

void add_place(command c, std::shared_ptr<place> const& p) {
  auto const data =
      c.add_option("--data", p->data, "data folder of a server").type_name("DIR").not_empty();
  c.add_option("--store", p->store, "PostgreSQL database of a server")
      .type_name("URL")
      .not_empty()
      .excludes(data);
}

/// Where the ledger is: as the flags say, else as the settings do.
struct located {
  std::string url; ///< empty: the file
  std::filesystem::path file;
  std::string shown;
};

result<located> locate(console const& out, place const& p) {
  located at;
  auto const& s = out.configured();
  if (!p.store.empty()) {
    at.url = p.store;
  } else if (p.data.empty()) {
    auto const url = store_url(s);
    if (!url)
      return fail(errc::invalid_argument, "cannot read store.url_file " + s.store.url_file);
    at.url = *url;
  }
  if (auto const wrong = wrong_store_url(at.url); !wrong.empty())
    return fail(errc::invalid_argument, wrong);
  at.file = (p.data.empty() ? out.data() : std::filesystem::path{p.data}) / "ledger.db";
  at.shown = at.url.empty() ? at.file.string() : masked(at.url);
  return at;
}

constexpr char const* name_a_ledger =
    "Name the ledger with --data DIR, --store URL or --file EXPORT.";

std::optional<std::string> find_secret(std::string_view text) {
  auto const hits = find_secrets(text);
  if (hits.empty())
    return std::nullopt;
  return std::string{hits.front().rule};
}

/// What was held against the ledger; in a small one there is nothing to try some of them on.
std::string invariants_held(std::set<int> const& examined) {
  auto const all = std::to_string(invariant_checker::invariants);
  if (static_cast<int>(examined.size()) == invariant_checker::invariants)
    return "all " + all + " invariants hold";
  std::string others;
  for (int n = 1; n <= invariant_checker::invariants; ++n)
    if (!examined.contains(n)) {
      others += others.empty() ? "" : "; ";
      others += std::to_string(n) + ", " + std::string{invariant_checker::subject(n)};
    }
  return std::to_string(examined.size()) + " of " + all +
         " invariants hold (there is nothing yet to try the others on: " + others + ")";
}

int report(console const& out, std::string const& where, verify_report const& r,
           std::set<int> const& examined, std::uint64_t snapshots = 0) {
  json::array problems;
  for (auto const& p : r.problems)
    problems.emplace_back(p);
  json::array warnings;
  for (auto const& w : r.warnings)
    warnings.emplace_back(w);
  json::object document{
      {"ok", r.ok()},
      {"ledger", where},
      {"events", r.events},
      {"streams", r.streams},
      {"shards", r.shards},
      {"snapshots", snapshots},
      {"invariants", examined.size()},
      {"invariants_examined", json::to(std::vector<int>(examined.begin(), examined.end()))},
      {"problem_count", r.problem_count},
      {"problems", std::move(problems)},
      {"warnings", std::move(warnings)}};
  auto const& style = out.style();
  std::string text;
  auto const counted = look::count(static_cast<std::int64_t>(r.events), "event") + " in " +
                       look::count(static_cast<std::int64_t>(r.streams), "stream") + ", " +
                       look::count(static_cast<std::int64_t>(r.shards), "shard");
  if (r.ok() && r.events == 0) {
    text = "There is nothing to verify: " + where + " holds no event yet.\n";
  } else if (r.ok()) {
    text = paint(style, ink::good, "✓ ") + counted + ": versions, sequences, hash chains and " +
           invariants_held(examined) + ".\n";
  } else {
    text = paint(style, ink::bad, "✗ ") + counted + ": " +
           look::count(static_cast<std::int64_t>(r.problem_count), "problem") + ".\n";
    if (r.first_bad) {
      auto const& b = *r.first_bad;
      text += "first bad event: " + b.event_id + ", version " + std::to_string(b.version) + " of " +
              to_string(b.stream) + ", shard " + std::to_string(b.shard) + " seq " +
              std::to_string(b.seq) + "\n  " + b.sentence + "\n";
      document.emplace("first_bad", json::object{{"event", b.event_id},
                                                 {"stream", to_string(b.stream)},
                                                 {"version", b.version},
                                                 {"shard", b.shard},
                                                 {"seq", b.seq},
                                                 {"sentence", b.sentence}});
    }
    for (auto const& p : r.problems)
      text += "  - " + p + "\n";
    if (r.problem_count > r.problems.size())
      text += "  … and " + std::to_string(r.problem_count - r.problems.size()) + " more\n";
  }
  for (auto const& w : r.warnings)
    text += paint(style, ink::attention, "! ") + w + "\n";
  out.show(document, text);
  return r.ok() ? exit_code::ok : exit_code::unsound;
}

int verify(console& out, place const& p) {
  // Shards come one after another, so what one stream says of another is looked at in the end.
  invariant_checker checker{find_secret, invariant_checker::order::unordered};
  checker.fold_twice();
  std::uint64_t seen = 0;
  std::uint32_t shard = 0;
  std::vector<std::string> unlike; ///< streams whose folds are not the same
  verify_options options;
  std::optional<snapshot_check> snapshots; ///< only a store has any
  options.visit = [&](stored_event const& e) -> std::optional<std::string> {
    if (++seen % 10'000 == 0)
      out.progress("verified " + std::to_string(seen) + " events …");
    // A stream lies in one shard: what the shard before had is complete.
    if (std::exchange(shard, e.shard) != e.shard)
      for (auto& sentence : checker.compare_folds())
        unlike.push_back(std::move(sentence));
    auto wrong = checker.check(e.stream, e.version, e.event.type, e.event.schema, e.event.data,
                               {e.version, e.event.at, e.event.cause});
    if (!wrong && snapshots)
      wrong = snapshots->after(e, [&] { return checker.states().state_of(e.stream); });
    return wrong;
  };
  options.finish = [&] {
    for (auto& sentence : checker.finish())
      unlike.push_back(std::move(sentence));
    return std::move(unlike);
  };
  if (!p.file.empty()) {
    std::ifstream in{p.file, std::ios::binary};
    if (!in)
      return out.fail(fail(errc::not_found, "cannot read " + p.file), name_a_ledger);
    auto const r = verify_export(in, options);
    out.progress({});
    return report(out, p.file, r, checker.examined());
  }
  auto const at = locate(out, p);
  if (!at)
    return out.misuse(at.error().message, name_a_ledger);
  auto const store = open_ledger_readonly(at->url, at->file);
  if (!store)
    return out.fail(store.error(), store.error().code == errc::corrupt ? "" : name_a_ledger);
  snapshots.emplace(**store);
  auto const r = verify_store(**store, options);
  if (!r)
    return out.fail(r.error());
  return report(out, at->shown, *r, checker.examined(), snapshots->looked_at());
}

json::object counted(export_stats const& s) {
  return {{"events", s.events},   {"shards", s.shards},   {"wakes", s.wakes},
          {"effects", s.effects}, {"answers", s.answers}, {"digest", s.digest}};
}

/// Writes beside the file and renames: a broken export never looks like a whole one. The ledger is
/// private, so the file is.
int export_to(console& out, place const& p, std::string const& file, bool force) {
  if (out.json() && file == "-")
    return out.misuse("--json and an export to standard output do not go together",
                      "Name a file with --out FILE.");
  std::error_code ec;
  if (file != "-" && !force && std::filesystem::is_regular_file(file, ec))
    return out.misuse(file + " exists already",
                      "Name another file, or write over it with --force.");
  auto const at = locate(out, p);
  if (!at)
    return out.misuse(at.error().message, name_a_ledger);
  auto const store = open_ledger_readonly(at->url, at->file);
  if (!store)
    return out.fail(store.error(), "Name the ledger with --data DIR or --store URL.");
  if (file == "-") {
    auto const s = export_store(**store, std::cout);
    if (!s)
      return out.fail(s.error());
    out.note("exported " + look::count(static_cast<std::int64_t>(s->events), "event"));
    return exit_code::ok;
  }
  auto const partial = file + ".partial";
  int const fd = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    return out.fail(fail(errc::invalid_argument, "cannot write " + partial),
                    "Name a file in a folder that you may write to.");
  ::close(fd);
  std::ofstream to{partial, std::ios::binary};
  auto const s = export_store(**store, to);
  to.flush();
  if (!s || !to) {
    std::filesystem::remove(partial);
    return out.fail(s ? fail(errc::invalid_argument, "cannot write all of " + partial) : s.error());
  }
  to.close();
  std::filesystem::rename(partial, file);
  auto document = counted(*s);
  document.emplace("file", file);
  return out.show(document, "Exported " +
                                look::count(static_cast<std::int64_t>(s->events), "event") +
                                " to " + file + " (sha256 " + look::short_hash(s->digest) + ").\n");
}

/// A ledger that was made for an import that failed: an empty one would look like one that worked.
void remove_ledger(std::filesystem::path const& file, bool with_folder) {
  std::error_code ec;
  for (auto const* end : {"", "-wal", "-shm"})
    std::filesystem::remove(file.string() + end, ec);
  std::filesystem::remove(file.parent_path() / "troupe.lock", ec);
  if (with_folder)
    std::filesystem::remove(file.parent_path(), ec); // only where nothing else is in it
}

int import_from(console& out, place const& p) {
  std::ifstream in{p.file, std::ios::binary};
  if (!in)
    return out.fail(fail(errc::not_found, "cannot read " + p.file), "Name an export.");
  auto const at = locate(out, p);
  if (!at)
    return out.misuse(at.error().message, name_a_ledger);
  std::error_code ec;
  bool const fresh = at->url.empty() && !std::filesystem::exists(at->file, ec);
  bool const fresh_folder =
      fresh && !std::filesystem::exists(std::filesystem::absolute(at->file, ec).parent_path(), ec);
  auto store = open_ledger(at->url, at->file);
  if (!store)
    return out.fail(store.error(), store.error().code == errc::busy
                                       ? "Stop the server that uses it, or name another place with "
                                         "--data DIR or --store URL."
                                       : "Name another place with --data DIR or --store URL.");
  auto const s = import_store(**store, in);
  if (!s) {
    store->reset();
    if (fresh)
      remove_ledger(at->file, fresh_folder);
    bool const full = s.error().message.find("is not empty") != std::string::npos;
    bool const of_file = s.error().code == errc::corrupt || s.error().code == errc::conflict;
    return out.fail(s.error(), full      ? "Import into an empty data folder or database."
                               : of_file ? "Nothing was imported. `troupe verify --file " + p.file +
                                               "` says what is wrong with the export."
                                         : "");
  }
  auto document = counted(*s);
  document.emplace("ledger", at->shown);
  return out.show(document, "Imported " +
                                look::count(static_cast<std::int64_t>(s->events), "event") +
                                " into " + at->shown + ".\n");
}

} // namespace

void add_ledger_commands(command_line& line) {
  {
    auto const p = std::make_shared<place>();
    auto const c =
        line.add(line.root(), "verify",
                 "Checks a ledger: versions, sequences, hash chains and the 13 invariants. "
                 "Works while a server runs. Exit code 7 if something is wrong.",
                 "  troupe verify\n"
                 "  troupe verify --store postgres://troupe@db/troupe\n"
                 "  troupe verify --file ledger.jsonl",
                 [p](console& out) { return verify(out, *p); });
    add_place(c, p);
    auto const file = c.add_option("--file", p->file, "an export").type_name("EXPORT").not_empty();
    for (auto const* other : {"--data", "--store"})
      file.excludes(*c.find_option(other));
  }
  {
    auto const p = std::make_shared<place>();
    auto const file = std::make_shared<std::string>("-");
    auto const force = std::make_shared<bool>(false);
    auto const c = line.add(
        line.root(), "export", "Writes the whole ledger to a file, also while a server runs.",
        "  troupe export --out ledger.jsonl\n"
        "  troupe export --data ./data | zstd > ledger.jsonl.zst",
        [p, file, force](console& out) { return export_to(out, *p, *file, *force); });
    add_place(c, p);
    c.add_option("--out", *file, "file to write; left out: standard output").type_name("FILE");
    c.add_flag("--force", *force, "write over a file that exists");
  }
  {
    auto const p = std::make_shared<place>();
    auto const c = line.add(line.root(), "import",
                            "Fills an empty ledger from an export; the server must not run.",
                            "  troupe import ledger.jsonl --data ./data\n"
                            "  troupe import ledger.jsonl --store postgres://troupe@db/troupe",
                            [p](console& out) { return import_from(out, *p); });
    add_place(c, p);
    c.add_option("file", p->file, "an export").required().type_name("EXPORT");
  }
}

} // namespace troupe
