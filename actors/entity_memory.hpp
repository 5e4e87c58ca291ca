#pragma once

#include "actors/entity.hpp"
#include "actors/snapshots.hpp"

#include <spdlog/spdlog.h>

namespace troupe {

/// What an entity knows of its stream: the durable state, whether that was read, and what is wrong
/// with it. Of the entity's thread.
template <class Domain>
class entity_memory {
public:
  /// What is to be read next, so that the entity knows its stream.
  enum class wanted : std::uint8_t {
    nothing,
    rest,         ///< what follows `now().version`
    whole_stream, ///< from there too, and no snapshot
  };

  entity_memory(entity_ref const& self, runtime const& rt) : self_(self), rt_(rt), now_(self) {}

  /// As far as it is durable.
  [[nodiscard]] stream_fold<Domain> const& now() const { return now_; }
  /// Not null: the stream cannot be read or continued, and why.
  [[nodiscard]] error const* broken() const { return broken_.get(); }
  /// Read, or taken for new.
  [[nodiscard]] bool begun() const { return begun_; }
  /// Taken for new and not read: an append shows whether it is.
  [[nodiscard]] bool assumed() const { return assumed_; }
  /// The store could not be read, and is not being asked just now.
  [[nodiscard]] bool load_failed() const { return load_failed_; }
  /// Queries can be answered.
  [[nodiscard]] bool known() const { return begun_ && !assumed_; }

  void assume_new() { begun_ = assumed_ = true; }

  /// Forgets everything: the stream is read from its beginning.
  void forget() {
    begun_ = assumed_ = load_failed_ = false;
    now_ = stream_fold<Domain>{self_};
    snapshot_at_ = 0;
  }

  /// Takes a part of the stream that was asked for. Errors: those of the store, after which it is
  /// to be read again; a stream that is not what it must be makes the entity `broken` instead.
  [[nodiscard]] result<wanted> take(loaded const& l) {
    if (!l.events && l.events.error().code != errc::corrupt) {
      load_failed_ = true;
      return l.events.error();
    }
    auto const next = l.events ? fold(l) : wanted::nothing;
    if (!l.events)
      broken_ = std::make_unique<error>(l.events.error());
    begun_ = next == wanted::nothing;
    return next;
  }

  /// What was appended is durable.
  void advance(stream_fold<Domain> next, std::string const& correlation) {
    now_ = std::move(next);
    assumed_ = false;
    if (now_.correlation.empty() || !stream_fold<Domain>::of_one_brief)
      now_.belong_to(correlation);
  }

  /// Has the durable state stored where more than `most` events follow the last snapshot. What it
  /// costs is paid on a reader's thread.
  void keep_snapshot(std::uint64_t most) {
    if (broken_ || now_.version <= rt_.snapshot_after || now_.version - snapshot_at_ <= most)
      return;
    snapshot_at_ = now_.version;
    rt_.journal->keep([ref = self_, kept = std::make_shared<stream_fold<Domain> const>(now_)] {
      return make_snapshot(ref, *kept);
    });
  }

  /// The store would not continue the stream. Whether it refuses to continue what it answers when
  /// it is read, again and again: what it says of the stream and the stream's events differ, and
  /// reading it once more is of no use. It is broken then.
  [[nodiscard]] bool contradicted() {
    constexpr int proof = 3;
    spdlog::error("append conflict entity={} version={}", to_string(self_), now_.version);
    conflicts_ = conflict_at_ == now_.version ? conflicts_ + 1 : 1;
    conflict_at_ = now_.version;
    if (conflicts_ < proof)
      return false;
    broken_ = std::make_unique<error>(
        fail(errc::corrupt, "the events of " + to_string(self_) + " end with version " +
                                std::to_string(now_.version) +
                                ", and the store says that there is another one; run "
                                "`troupe verify`, and restore the ledger"));
    spdlog::error("{}", broken_->message);
    return true;
  }

private:
  [[nodiscard]] wanted fold(loaded const& l) {
    std::span<stored_event const> events{*l.events};
    if (l.from) {
      if (auto const ok = restore(now_, *l.from, events.front()); !ok) {
        spdlog::warn("{}: it is ignored, and the whole stream is read", ok.error().message);
        return wanted::whole_stream;
      }
      snapshot_at_ = now_.version;
      events = events.subspan(1);
    }
    if (auto const ok = now_.take(self_, events); !ok) {
      broken_ = std::make_unique<error>(ok.error());
      spdlog::error("{}", broken_->message);
      return wanted::nothing;
    }
    return l.more ? wanted::rest : wanted::nothing;
  }

  entity_ref const& self_;
  runtime const& rt_;
  stream_fold<Domain> now_;
  std::uint64_t snapshot_at_ = 0; ///< version of the newest snapshot that is known of
  std::unique_ptr<error> broken_;
  bool begun_ = false;
  bool assumed_ = false;
  bool load_failed_ = false;
  int conflicts_ = 0;             ///< of `conflict_at_`, one after the other
  std::uint64_t conflict_at_ = 0; ///< version at which the last append conflicted
};

} // namespace troupe
