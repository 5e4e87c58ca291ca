#include "persistence/verify.hpp"

#include "persistence/batch.hpp"
#include "persistence/export_format.hpp"
#include "persistence/walk.hpp"

#include <array>
#include <cstring>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace troupe {

namespace {

constexpr time_point earliest{std::chrono::sys_days{std::chrono::year{2020} / 1 / 1}};
constexpr duration clock_doubt = std::chrono::hours{24};

using uuid_bytes = std::array<std::uint64_t, 2>;

/// The id as 16 bytes: a shard may hold a million of them.
uuid_bytes compact(std::string const& id) {
  uuid_bytes out{};
  std::size_t digit = 0;
  for (char const c : id) {
    if (c == '-')
      continue;
    auto const value = static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    auto& word = out.at(digit++ / 16);
    word = word << 4 | value;
  }
  return out;
}

struct uuid_hash {
  std::size_t operator()(uuid_bytes const& x) const {
    return static_cast<std::size_t>(x[0] * 0x9e3779b97f4a7c15u ^ x[1]);
  }
};

/// Follows the events in the order of (shard, seq).
class checker {
public:
  explicit checker(verify_options const& options)
      : options_(options),
        now_(options.now != time_point{}
                 ? options.now
                 : std::chrono::floor<duration>(std::chrono::system_clock::now())) {}

  void event(stored_event const& e) {
    ++report_.events;
    if (auto const ok = check_event(e); !ok) {
      bad(e, ok.error().message);
      // Its stream cannot be followed; its place in the shard can.
      follow_shard(e);
      return;
    }
    follow_shard(e);
    if (!ids_.insert(compact(e.event.event_id)).second)
      bad(e, "its id stands twice in the shard");
    follow_stream(e);
    clocks(e);
    if (options_.visit)
      if (auto const wrong = options_.visit(e))
        bad(e, *wrong);
  }

  /// After the events of a shard: what its row and its streams' rows say.
  void shard_row(shard_info const& s) {
    begin_shard(s.shard);
    auto const name = "shard " + std::to_string(s.shard);
    if (s.last_seq != seq_)
      problem(name + " says that its last seq is " + std::to_string(s.last_seq) +
              ", but its last event has " + std::to_string(seq_));
    if (s.epoch < epoch_)
      problem(name + " is at epoch " + std::to_string(s.epoch) +
              ", but its last event was written under " + std::to_string(epoch_));
  }
  void stream_row(stream_info const& s) {
    if (!known(s.stream.kind)) {
      problem("the head of " + s.stream.tenant.value + "/" + s.stream.id + " has an unknown kind");
      return;
    }
    auto const name = "stream " + to_string(s.stream);
    auto const found = heads_.find(s.stream);
    if (found == heads_.end()) {
      problem(name + " has a head but no event");
      return;
    }
    found->second.seen = true;
    if (found->second.version != s.version)
      problem(name + " says that its version is " + std::to_string(s.version) +
              ", but its last event has " + std::to_string(found->second.version));
    else if (found->second.hash != s.hash)
      problem(name + " has another hash than its last event");
  }
  /// Every stream has a row: called only where all rows were shown.
  void all_stream_rows_seen() {
    for (auto const& [ref, last] : heads_)
      if (!last.seen)
        problem("stream " + to_string(ref) + " has events but no head");
  }
  void effect(std::uint32_t shard, outbox_row const& row) {
    ++report_.effects;
    if (!tenants_.contains(row.tenant.value))
      problem("effect " + row.effect_id + " of shard " + std::to_string(shard) + " is of tenant " +
              row.tenant.value + ", which has no event");
    if (!known(row.declared))
      problem("effect " + row.effect_id + " of shard " + std::to_string(shard) +
              " has an unknown class");
    if (row.attempt < 0 || (row.running && row.attempt == 0))
      problem("effect " + row.effect_id + " of shard " + std::to_string(shard) +
              " runs without an attempt");
  }
  void answer(inbox_row const& row) {
    ++report_.answers;
    if (!tenants_.contains(row.tenant.value))
      warning("answer " + row.entry.key + " is of tenant " + row.tenant.value +
              ", which has no event");
  }

  void problem(std::string sentence) {
    if (++report_.problem_count <= options_.max_problems)
      report_.problems.push_back(std::move(sentence));
  }

  void begin_shard(std::uint32_t shard) {
    if (shard_ == shard)
      return;
    end_shard();
    shard_ = shard;
  }

  verify_report finish() {
    end_shard();
    if (options_.finish)
      for (auto& sentence : options_.finish())
        problem(std::move(sentence));
    return std::move(report_);
  }

private:
  struct head {
    std::uint64_t version = 0;
    std::string hash{no_hash()};
    bool seen = false;
  };

  void end_shard() {
    report_.streams += heads_.size();
    report_.shards += seq_ != 0 ? 1 : 0;
    heads_.clear();
    ids_.clear();
    shard_.reset();
    seq_ = 0;
    epoch_ = 0;
  }

  void bad(stored_event const& e, std::string const& sentence) {
    auto name = "event " + e.event.event_id + " (shard " + std::to_string(e.shard) + ", seq " +
                std::to_string(e.seq) + ", " + e.stream.tenant.value + "/" + e.stream.id +
                " version " + std::to_string(e.version) + "): " + sentence;
    if (!report_.first_bad)
      report_.first_bad =
          bad_event{e.shard, e.seq, e.stream, e.version, e.event.event_id, sentence};
    problem(std::move(name));
  }

  void warning(std::string sentence) {
    if (report_.warnings.size() < options_.max_problems)
      report_.warnings.push_back(std::move(sentence));
  }

  // Each follows what is stored, so that one fault is told once and not at every later event.

  void follow_shard(stored_event const& e) {
    begin_shard(e.shard);
    if (e.seq != seq_ + 1)
      bad(e, "its seq does not follow " + std::to_string(seq_));
    if (e.epoch == 0 || e.epoch < epoch_)
      bad(e, "its epoch " + std::to_string(e.epoch) + " is older than " + std::to_string(epoch_) +
                 ", that of the event before it");
    seq_ = e.seq;
    epoch_ = e.epoch;
  }

  void follow_stream(stored_event const& e) {
    auto& h = heads_[e.stream];
    tenants_.insert(e.stream.tenant.value);
    if (e.version != h.version + 1)
      bad(e, "its version does not follow " + std::to_string(h.version));
    else if (chain_hash(h.hash, e.stream, e.version, e.event) != e.event.hash)
      bad(e, "its hash does not continue the chain: it, or the event before it in its stream, was "
             "changed");
    h.version = e.version;
    h.hash = e.event.hash;
  }

  void clocks(stored_event const& e) {
    if (e.event.at < earliest || e.event.at > now_ + clock_doubt)
      warning("event " + e.event.event_id + " (shard " + std::to_string(e.shard) + ", seq " +
              std::to_string(e.seq) + ") has a doubtful time, " +
              std::to_string(e.event.at.time_since_epoch().count()) + " ms");
  }

  verify_options const& options_;
  time_point now_;
  verify_report report_;
  std::optional<std::uint32_t> shard_;
  std::uint64_t seq_ = 0;
  std::uint64_t epoch_ = 0;
  std::unordered_map<entity_ref, head> heads_;
  std::unordered_set<uuid_bytes, uuid_hash> ids_;
  std::set<std::string> tenants_;
};

/// Shows the checker a store: what is wrong with the data never ends the walk.
struct store_check {
  checker& out;

  result<void> shards(std::vector<shard_info> const& all) {
    if (all.size() != shard_count)
      out.problem("the store has " + std::to_string(all.size()) + " shards, not 256");
    return {};
  }
  bool wants(shard_info const&) { return true; }
  result<void> event(stored_event const& e) {
    out.event(e);
    return {};
  }
  result<void> shard(shard_info const& s) {
    out.shard_row(s);
    return {};
  }
  result<void> stream(stream_info const& s) {
    out.stream_row(s);
    return {};
  }
  result<void> all_streams(std::uint32_t) {
    out.all_stream_rows_seen();
    return {};
  }
  result<void> effect(std::uint32_t shard, outbox_row const& row) {
    out.effect(shard, row);
    return {};
  }
  result<void> answer(inbox_row const& row) {
    out.answer(row);
    return {};
  }
};

} // namespace

result<verify_report> verify_store(event_store& store, verify_options const& options) {
  checker out{options};
  store_check check{out};
  if (auto ok = walk(store, check); !ok)
    return ok.error();
  return out.finish();
}

verify_report verify_export(std::istream& in, verify_options const& options) {
  checker out{options};
  export_reader reader{in};
  std::optional<std::uint32_t> last;
  // Lines come shard by shard; a shard that comes again would begin a second ledger in it.
  auto const in_order = [&](std::uint32_t shard) {
    if (last && shard < *last)
      out.problem("line " + std::to_string(reader.line()) + " of the export: shard " +
                  std::to_string(shard) + " stands after shard " + std::to_string(*last));
    last = shard;
    out.begin_shard(shard);
  };
  while (true) {
    auto const record = reader.next();
    if (!record) {
      out.problem(record.error().message);
      break;
    }
    if (!*record)
      break;
    std::visit(overloaded{
                   [&](stored_event const& e) {
                     in_order(e.shard);
                     out.event(e);
                   },
                   [&](shard_info const& s) {
                     in_order(s.shard);
                     out.shard_row(s);
                   },
                   [&](stream_info const& s) { out.stream_row(s); },
                   [&](shard_effect const& x) { out.effect(x.first, x.second); },
                   [&](inbox_row const& row) { out.answer(row); },
               },
               **record);
  }
  return out.finish();
}

} // namespace troupe
