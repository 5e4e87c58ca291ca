#include "cli/ledger_mark.hpp"

#include "protocol/content_hash.hpp"

#include <algorithm>
#include <fstream>

namespace troupe {

namespace {

/// More than any server claims between two backups.
constexpr std::uint64_t jump = 1'000'000;

} // namespace

ledger_mark::ledger_mark(std::filesystem::path const& folder, std::string const& url)
    : file_(folder / ("ledger-" + (url.empty() ? "sqlite" : sha256(url).substr(0, 12)) + ".mark")) {
}

result<void> ledger_mark::check(event_store& store, bool accept) {
  auto const shards = store.shards();
  if (!shards)
    return shards.error();
  now_ = {};
  for (auto const& s : *shards) {
    now_.events += s.last_seq;
    now_.epoch = std::max(now_.epoch, s.epoch);
  }
  std::ifstream in{file_, std::ios::binary};
  auto const v = json::parse(std::string{std::istreambuf_iterator<char>{in}, {}});
  auto const before = v ? json::from<values>(*v) : result<values>{v.error()};
  // No mark, or one that a crash has torn: nothing is known.
  if (!before || (before->events <= now_.events && before->epoch <= now_.epoch))
    return {};
  if (!accept)
    return fail(errc::conflict,
                "the ledger holds " + std::to_string(now_.events) + " events (epoch " +
                    std::to_string(now_.epoch) + "), but this data folder has seen " +
                    std::to_string(before->events) + " (epoch " + std::to_string(before->epoch) +
                    ") in it: it was restored from an older backup. What came after that is not in "
                    "it, though daemons and clients may know of it. Bring the newer ledger back, "
                    "or start once with --accept-restored to go on from the older one");
  side_rows rows;
  auto const epoch = std::max(now_.epoch, before->epoch) + jump;
  for (auto s : *shards) {
    s.epoch = epoch;
    rows.shards.push_back(std::move(s));
  }
  now_.epoch = epoch;
  if (auto ok = store.restore(rows); !ok)
    return ok;
  save();
  return {};
}

void ledger_mark::claimed() {
  ++now_.epoch;
  save();
}

void ledger_mark::grew() {
  ++now_.events;
  // No timer of its own: an idle server writes nothing.
  if (auto const now = std::chrono::steady_clock::now(); now - saved_ > std::chrono::seconds{1}) {
    saved_ = now;
    save();
  }
}

void ledger_mark::save() const {
  auto const partial = file_.string() + ".new";
  {
    std::ofstream out{partial, std::ios::binary};
    out << json::canonical(json::to(now_)) << '\n';
    if (!out.flush())
      return; // a full disk: the older mark is true, too
  }
  std::error_code ec;
  std::filesystem::rename(partial, file_, ec);
}

} // namespace troupe
