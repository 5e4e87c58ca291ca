#pragma once

#include "actors/domain/replay.hpp"

#include <functional>
#include <map>
#include <set>

namespace troupe {

/// What the maker of an event knows of it, both of the stream's domain; null where it is not at
/// hand. Without the state the event is folded here, as those are that come before the last of a
/// write: every rule sees what was true before an event and what is true after it, in any case.
struct made_event {
  void const* decoded = nullptr;       ///< the event that `data_json` says
  std::shared_ptr<void const> after{}; ///< the state after it
};

/// Looks at the 13 invariants (docs/domain.md), and at every transition table, over a whole ledger
/// that is fed event by event. Used by `verify` and by the property tests.
class invariant_checker {
public:
  /// Answers what looks like a secret in a text, none if nothing does.
  using secret_finder = std::function<std::optional<std::string>(std::string_view text)>;
  /// Whether an event comes after all that caused it. `unordered` (streams or shards one after
  /// another): what one stream must say about another is looked at in `finish`.
  enum class order { causal, unordered };

  explicit invariant_checker(secret_finder find_secret = {}, order fed = order::causal);

  /// Takes one stored event; versions of a stream must come in order. Answers the first thing that
  /// is wrong with it, as one sentence. After a problem the checker goes on with the next event.
  [[nodiscard]] std::optional<std::string> check(entity_ref const& stream, std::uint64_t version,
                                                 std::string_view type, std::int32_t schema,
                                                 std::string_view data_json,
                                                 event_context const& ctx);
  /// The same for one who also wants to know whether the event could be applied at all. Errors:
  /// those of `replayer::apply`; nothing is changed then.
  /// `made`: what is at hand of it.
  [[nodiscard]] result<std::optional<std::string>>
  take(entity_ref const& stream, std::uint64_t version, std::string_view type, std::int32_t schema,
       std::string_view data_json, event_context const& ctx, made_event made = {});
  /// Applies without looking.
  [[nodiscard]] result<void> apply(entity_ref const& stream, std::uint64_t version,
                                   std::string_view type, std::int32_t schema,
                                   std::string_view data_json, event_context const& ctx,
                                   made_event made = {});
  /// Invariant 11: the snapshot of the version that was fed last must be what replay gives.
  [[nodiscard]] std::optional<std::string>
  check_snapshot(entity_ref const& stream, std::uint64_t version, std::string_view canonical) const;
  /// Makes of a snapshot what a store gives back of it.
  using keeper = std::function<std::string(std::string canonical)>;
  /// Invariant 11 of the folds themselves: from here on every stream is folded a second time,
  /// through snapshots that are written, read and gone on from (at versions 1, 2, 4, 8, …), and
  /// both folds must be the same bytes. To be called before the first event.
  void fold_twice(keeper keep = {});
  /// Compares the two folds of every stream that came since the last call, and forgets the second:
  /// to be called where no more events of these streams come. `finish` does it, too.
  [[nodiscard]] std::vector<std::string> compare_folds();
  /// What shows only when the whole ledger is known.
  [[nodiscard]] std::vector<std::string> finish();

  [[nodiscard]] replayer const& states() const { return states_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  /// How many invariants there are.
  static constexpr int invariants = 13;
  /// What invariant 1 to `invariants` is about, in a few words; for people.
  [[nodiscard]] static std::string_view subject(int invariant);
  /// The numbers of those that something in the ledger was really held against.
  [[nodiscard]] std::set<int> const& examined() const { return examined_; }

private:
  struct ticket_money {
    std::string budget;
    std::string id;
  };
  using problem = std::optional<std::string>;
  using question = std::function<problem()>;

  /// The event that comes next: `made`, or read into `room`.
  template <class Domain>
  result<typename Domain::event const*> next(entity_ref const& stream, std::uint64_t version,
                                             std::string_view type, std::int32_t schema,
                                             std::string_view data_json, made_event const& made,
                                             std::optional<typename Domain::event>& room) const;
  /// The state with it: the one that was made, or folded.
  template <class Domain>
  typename Domain::state const& advance(entity_ref const& stream, std::uint64_t version,
                                        typename Domain::event const& e, event_context const& ctx,
                                        std::shared_ptr<void const> made);
  template <class Domain>
  result<problem> take_as(entity_ref const& stream, std::uint64_t version, std::string_view type,
                          std::int32_t schema, std::string_view data_json, event_context const& ctx,
                          made_event made);
  /// Asks now, or in `finish` where the other stream may not have been fed yet.
  template <class Where, class Question>
  problem ask(Where const& where, Question q);
  /// Invariant 10: what another tenant has and this one does not is a foreign reference.
  problem refers(entity_ref const& from, entity_kind kind, std::string const& id) const;
  problem cleared_for_work(entity_ref const& ticket) const;
  /// Invariant 3: what an agent does where there is a limit has its reservation.
  problem is_funded(entity_ref const& ticket, ticket_money const& money) const;
  problem is_done(entity_ref const& ticket, std::string const& blocker) const;
  /// Notes which invariants this event is held against.
  template <class Domain>
  void note_examined(typename Domain::event const& e, typename Domain::state const& now);
  problem fold_again(entity_ref const& stream, std::uint64_t version, std::string_view type,
                     std::int32_t schema, std::string_view data_json, event_context const& ctx);

  secret_finder find_secret_;
  order order_;
  replayer states_;
  std::uint64_t events_ = 0;
  std::map<entity_ref, std::string> unsettled_; ///< ready and must not stay so: what comes next?
  std::vector<std::pair<std::string, question>> later_;
  /// Whose an entity is: mostly of the tenant that came first, and that it has one says `states_`.
  /// Here are only those of the others.
  std::optional<tenant_id> home_;
  std::map<std::pair<entity_kind, std::string>, std::set<tenant_id>> owners_;
  std::set<entity_ref> approved_;                         ///< briefs
  std::set<std::pair<entity_ref, std::string>> reserved_; ///< by budget; only where unordered
  std::set<int> examined_;
  std::optional<keeper> keep_; ///< set: streams are folded twice
  replayer second_;
};

} // namespace troupe
