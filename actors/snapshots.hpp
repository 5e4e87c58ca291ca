#pragma once

#include "actors/stream_fold.hpp"

#include <span>

/// Snapshots of entities: a fold that is kept beside its stream, so that a long stream need not be
/// read from its beginning. A cache: nothing is decided by one, and without any of them everything
/// is the same but slower. See docs/snapshots.md.
namespace troupe {

/// What stands in the body of a stored snapshot: all that a `stream_fold` holds.
struct snapshot_content {
  std::uint64_t version = 0;
  std::string hash; ///< of the event with this version
  std::string last_event_id;
  std::string correlation;
  json::value state;
};
/// A checksum, a line end, and canonical JSON.
[[nodiscard]] std::string write_body(snapshot_content const& c);
/// Errors: corrupt (not what `write_body` wrote for this version).
[[nodiscard]] result<snapshot_content> read_body(snapshot const& s);

/// The format, the rules and the members of this build's states of a kind: a snapshot with another
/// one is of another build, and is ignored.
[[nodiscard]] std::string const& fingerprint_of(entity_kind kind);

template <class Domain>
[[nodiscard]] snapshot make_snapshot(entity_ref const& self, stream_fold<Domain> const& fold);
/// Puts a snapshot in place of the events up to its version. `last` is the stored event with this
/// version: it shows that the snapshot is of this stream as it is. Errors: corrupt; `into` is
/// unchanged then.
template <class Domain>
[[nodiscard]] result<void> restore(stream_fold<Domain>& into, snapshot const& s,
                                   stored_event const& last);

/// Reads what was asked for, on a thread that may block.
[[nodiscard]] loaded read_part(event_store& store, entity_ref const& stream, stream_part const& p);

/// Holds stored snapshots against replay, for `troupe verify`: byte for byte, where the replay
/// passes the snapshot's version.
class snapshot_check {
public:
  explicit snapshot_check(event_store& store) : store_(store) {}
  /// To be called with each event of the store, versions in order, after it was applied; `state`
  /// answers the state with it. Answers what is wrong with the snapshot of this version.
  [[nodiscard]] std::optional<std::string> after(stored_event const& e,
                                                 std::function<json::value()> const& state);
  [[nodiscard]] std::uint64_t looked_at() const { return looked_at_; }

private:
  event_store& store_;
  std::map<entity_ref, snapshot> ahead_; ///< not passed yet
  std::uint64_t looked_at_ = 0;
};

} // namespace troupe
