#pragma once

#include "actors/domain/ticket.hpp"

/// What the parts of the ticket's `decide` share. Not for others.
namespace troupe::ticket {

using events = decided<event, state>;

/// A decision in the making: each event is applied to a copy at once, so that the next one is
/// decided about the state that it will meet.
class drafting {
public:
  drafting(state const& s, command_context const& ctx)
      : now{ctx.now}, by{ctx.by}, s_(std::make_shared<state>(s)),
        cause_(ctx.cause.empty() ? ctx.id : ctx.cause),
        correlation_(s.brief.empty() ? s.self.id : s.brief.value) {}

  void add(event e);
  [[nodiscard]] state const& now_at() const { return *s_; }

  /// Posts a message of the conversation; its id, cause and correlation are filled in.
  void post(envelope message, std::string key = {});
  /// A message about the present work; `to` empty: to the ticket itself.
  void post(message_kind kind, principal_id from, principal_id to, std::string text,
            json::value data, std::string engine);

  /// The events, with the one that puts a ticket back to blocked which may not be ready.
  [[nodiscard]] events take();

  time_point const now;
  principal_id const by;

private:
  std::shared_ptr<state> s_;
  std::string cause_;
  std::string correlation_;
  events out_;
};

/// How long a ticket that failed waits for a person to mend what is around it; then it is given up.
constexpr duration mending_patience = std::chrono::hours{72};

/// How an attempt ended and what follows from it for the counters.
struct ending {
  attempt_status how = attempt_status::FAILED;
  lease_status lease = lease_status::RELEASED;
  reason why = reason::none;
  std::string summary;
  link::finished const* report = nullptr; ///< session, engine and use are taken from it
  bool counted = true;
  bool permanent = false; ///< trying again cannot help
  time_point retry_at{};
  status to = status::none;
};

/// Whether the cause of a command was heeded before (people's words have no other identity).
[[nodiscard]] bool is_heeded(state const& s, command_context const& ctx);
[[nodiscard]] error not_now(state const& s, std::string sentence);

[[nodiscard]] bool is_open(state const& s);
[[nodiscard]] stage_kind kind_of(state const& s, std::int32_t index);
/// External id of the attempt under a lease.
[[nodiscard]] std::string attempt_id(state const& s, std::int64_t token);
/// Where work is offered: the status waits for a lease and the run is active.
[[nodiscard]] bool wants_lease(state const& s);
/// The work stage that mends what was sent back: the last one that codes, else the last.
[[nodiscard]] std::int32_t mending_stage(state const& s);
/// Roles whose work may be words only.
[[nodiscard]] bool may_be_words(std::string_view role);
[[nodiscard]] bool is_author(state const& s, agent_id const& a);
/// When to try again after `failures` failures: 1 s, 2 s, … 5 min, less up to a half by a hash of
/// ticket and token, so that tickets which failed together do not come back together.
[[nodiscard]] time_point retry_time(state const& s, time_point now, std::int32_t failures);

/// Whether a daemon speaks about a lease that it was never given. Tokens are small numbers that
/// anybody can guess: they keep old words of the right daemon apart, not those of a wrong one.
[[nodiscard]] bool is_stranger(state const& s, std::int64_t token, principal_id const& by);
/// What a report that must not be applied leads to: a refusal where the token was never given or
/// was another daemon's; where it is not out any more nothing if the report was applied or kept
/// before, else an `orphaned`. None: the token is out, and the sender has it.
[[nodiscard]] std::optional<result<events>>
not_in_force(state const& s, std::int64_t token, std::string const& kind,
             command_context const& ctx, evidence const& proof = {}, usage const& used = {});
/// A lease that was only granted is taken by its first report.
void take_lease(drafting& d, std::string const& base, std::string const& session);
void end_attempt(drafting& d, ending const& e);
/// Ends an attempt that failed: tried again, or given up with `failed_pending`.
/// What only a person can mend then waits for one.
void fail_attempt(drafting& d, ending e);
/// Whether the reason lies outside of the ticket and stays until a person mends it: no other try
/// and no other plan helps.
[[nodiscard]] bool needs_person(reason r);
/// Ends an attempt without fault of the work: counted only where that happened too often.
void lose_attempt(drafting& d, attempt_status how, lease_status lease, reason why,
                  std::string const& summary, time_point retry_at);
/// Sends the work back for another round, or to failed_pending where none is left.
void send_back(drafting& d, std::string const& stage);
/// What becomes of a ticket in failed_pending; an agent may retry only so often.
void resolve_as(drafting& d, resolution how, std::string why, principal_id const& by);
/// Passes what nobody has to do: no review stage left, no gates or nothing to gate.
void pass_on(drafting& d);

// One function a command; see the commands for what they mean.
[[nodiscard]] result<events> apply(state const& s, open const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, run_changed const& c,
                                   command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, met const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, add_blocker const& c,
                                   command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, swap_blocker const& c,
                                   command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, grant const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, decline const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, start const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, renew const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, lose const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, say const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, finish const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, review const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, comment const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, resolve const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, cancel const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, fund const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, refuse_funds const& c,
                                   command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, hear const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, settle const& c, command_context const& ctx);
[[nodiscard]] result<events> apply(state const& s, tick const& c, command_context const& ctx);

/// These stages, in the place where other tickets have the same ones: most tickets of a server are
/// worked by the same few processes.
[[nodiscard]] shared_value<std::vector<stage>>
same_process(shared_value<std::vector<stage>> const& stages);

} // namespace troupe::ticket
