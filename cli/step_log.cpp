#include "cli/step_log.hpp"

#include "protocol/command.hpp"
#include "protocol/log_about.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

namespace troupe {

namespace {

/// Sorted, to be looked up before anything of an event is read.
constexpr std::array<std::string_view, 23> main_steps = {"approval.escalated",
                                                         "brief.approval_recorded",
                                                         "brief.draft_refused",
                                                         "brief.drafted",
                                                         "brief.ended",
                                                         "brief.resent",
                                                         "brief.submitted",
                                                         "plan.activated",
                                                         "plan.approval_asked",
                                                         "plan.approval_recorded",
                                                         "plan.ended",
                                                         "run.created",
                                                         "run.ended",
                                                         "run.moved",
                                                         "ticket.attempt_ended",
                                                         "ticket.attempt_started",
                                                         "ticket.cancelled",
                                                         "ticket.gated",
                                                         "ticket.leased",
                                                         "ticket.merge_refused",
                                                         "ticket.merged",
                                                         "ticket.reviewed",
                                                         "ticket.sent_back"};
static_assert(std::is_sorted(main_steps.begin(), main_steps.end()));

bool is_main_step(std::string_view type) {
  return std::binary_search(main_steps.begin(), main_steps.end(), type);
}

template <class E>
std::string_view word(E e) {
  return boost::describe::enum_to_string(e, "");
}

std::string of_brief(std::string const& id, brief::event const& e) {
  auto const ready = [&] { return "brief ready for approval brief=" + id; };
  return std::visit(overloaded{
                        [&](brief::submitted const& x) {
                          return "brief submitted brief=" + id + " project=" + x.project.value;
                        },
                        [&](brief::drafted const& x) {
                          return x.to == brief::status::pending_approval
                                     ? ready() + " round=" + std::to_string(x.round)
                                     : std::string{};
                        },
                        [&](brief::resent const&) { return ready(); },
                        [&](brief::draft_refused const&) { return "brief rejected brief=" + id; },
                        [&](brief::approval_recorded const& x) {
                          return fmt::format("brief decided brief={} how={} by={}", id, word(x.how),
                                             x.by.value);
                        },
                        [&](brief::ended const& x) {
                          return fmt::format("brief ended brief={} status={}", id, word(x.to));
                        },
                        [](auto const&) { return std::string{}; },
                    },
                    e);
}

std::string of_plan(std::string const& id, plan::event const& e) {
  return std::visit(
      overloaded{
          [&](plan::approval_asked const&) { return "plan ready for approval plan=" + id; },
          [&](plan::approval_recorded const& x) {
            return fmt::format("plan {} plan={} by={}", x.approved ? "approved" : "sent back", id,
                               x.by.value);
          },
          [&](plan::activated const&) { return "plan approved plan=" + id + " by=autonomy"; },
          [&](plan::ended const& x) {
            return fmt::format("plan ended plan={} status={}", id, word(x.to));
          },
          [](auto const&) { return std::string{}; },
      },
      e);
}

std::string of_run(std::string const& id, run::event const& e) {
  return std::visit(overloaded{
                        [&](run::created const& x) {
                          return fmt::format("run begun run={} plan={} tickets={}", id,
                                             x.plan.empty() ? "none" : x.plan.value,
                                             x.items.size());
                        },
                        [&](run::moved const& x) {
                          return fmt::format("run moved run={} status={}", id, word(x.to));
                        },
                        [&](run::ended const& x) {
                          return fmt::format("run ended run={} status={}", id, word(x.to));
                        },
                        [](auto const&) { return std::string{}; },
                    },
                    e);
}

std::string failed_gates(std::vector<gate_result> const& all) {
  std::string out;
  for (auto const& g : all)
    if (!g.passed)
      out += (out.empty() ? "" : ",") + g.gate;
  return out;
}

std::string of_ticket(std::string const& id, ticket::event const& e) {
  return std::visit(overloaded{
                        [&](ticket::leased const& x) {
                          return fmt::format("ticket leased ticket={} token={} agent={} daemon={}",
                                             id, x.token, x.agent.empty() ? "none" : x.agent.value,
                                             x.daemon.empty() ? "none" : x.daemon.value);
                        },
                        [&](ticket::attempt_started const& x) {
                          return fmt::format("attempt begun ticket={} token={}", id, x.token);
                        },
                        [&](ticket::attempt_ended const& x) {
                          return fmt::format("attempt ended ticket={} token={} how={} why={}", id,
                                             x.token, word(x.how), word(x.why));
                        },
                        [&](ticket::reviewed const& x) {
                          return x.by.value == "system" // there was no review
                                     ? std::string{}
                                     : fmt::format("verdict ticket={} approved={} by={}", id,
                                                   x.approved, x.by.value);
                        },
                        [&](ticket::gated const& x) {
                          return x.passed ? "gates passed ticket=" + id
                                          : fmt::format("gate failed ticket={} gates={}", id,
                                                        failed_gates(x.results));
                        },
                        [&](ticket::sent_back const& x) {
                          return fmt::format("ticket sent back ticket={} by={} round={} status={}",
                                             id, x.stage, x.round, word(x.to));
                        },
                        [&](ticket::merge_refused const& x) {
                          return fmt::format("merge refused ticket={} round={}", id, x.round);
                        },
                        [&](ticket::merged const& x) {
                          return fmt::format("ticket merged ticket={} commit={} status={}", id,
                                             x.commit, word(x.to));
                        },
                        [&](ticket::cancelled const&) { return "ticket cancelled ticket=" + id; },
                        [](auto const&) { return std::string{}; },
                    },
                    e);
}

std::string of_approval(std::string const& id, approval::event const& e) {
  auto const* x = std::get_if<approval::escalated>(&e);
  return x == nullptr ? std::string{}
                      : fmt::format("escalation raised approval={} owner={}", id, x->owner.value);
}

/// Reads the event as one of its domain.
template <class Event, class F>
std::string told(stored_event const& e, F const& tell) {
  auto const data = json::parse(e.event.data);
  if (!data)
    return {};
  auto const name = std::string_view{e.event.type}.substr(e.event.type.find('.') + 1);
  auto const read = json::from_named<Event>(name, *data);
  return read ? tell(e.stream.id, *read) : std::string{};
}

} // namespace

std::string step_of(stored_event const& e) {
  if (!is_main_step(e.event.type))
    return {};
  switch (e.stream.kind) {
  case entity_kind::brief:
    return told<brief::event>(e, of_brief);
  case entity_kind::plan:
    return told<plan::event>(e, of_plan);
  case entity_kind::run:
    return told<run::event>(e, of_run);
  case entity_kind::ticket:
    return told<ticket::event>(e, of_ticket);
  case entity_kind::approval:
    return told<approval::event>(e, of_approval);
  default:
    return {};
  }
}

step_log::step_log(board& view, bounds within)
    : view_(view), within_(within), room_(within.at_once), since_(clock::now()),
      thread_([this] { run(); }) {
  listens_ = view_.subscribe([this](board_event const& e) { hear(e.event); }, {});
}

step_log::~step_log() {
  view_.unsubscribe(listens_);
  {
    std::lock_guard lock{mutex_};
    over_ = true;
  }
  wakeup_.notify_all();
  thread_.join();
}

/// On the board's thread.
void step_log::hear(event_ptr const& e) {
  if (!is_main_step(e->event.type))
    return;
  {
    std::lock_guard lock{mutex_};
    if (has_room()) {
      --room_;
      waiting_.push_back({e, std::exchange(left_out_, 0)});
    } else {
      if (++left_out_ > 1)
        return; // the writer knows already that there are some
      count_at_ = clock::now() + within_.count_after;
    }
  }
  wakeup_.notify_one();
}

bool step_log::has_room() {
  auto const now = clock::now();
  std::chrono::duration<double> const passed = now - since_;
  room_ = std::min(within_.at_once, room_ + passed.count() * within_.a_second);
  since_ = now;
  return room_ >= 1 && waiting_.size() < within_.waiting;
}

/// Waits for what is to be written: a step with the count of those before it, or their count alone;
/// nothing of either at the end.
step_log::work step_log::next(std::unique_lock<std::mutex>& lock) {
  auto const due = [this] { return over_ || !waiting_.empty(); };
  wakeup_.wait(lock, [&] { return due() || left_out_ > 0; });
  // A step that comes meanwhile takes the count with it.
  wakeup_.wait_until(lock, count_at_, due);
  if (waiting_.empty())
    return {nullptr, std::exchange(left_out_, 0)};
  auto out = std::move(waiting_.front());
  waiting_.pop_front();
  return out;
}

void step_log::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    auto const [step, left_out] = next(lock);
    if (!step && left_out == 0)
      return;
    lock.unlock();
    if (left_out > 0)
      spdlog::info("steps without a line, because there were too many at once count={}", left_out);
    if (auto const line = step ? step_of(*step) : std::string{}; !line.empty()) {
      log_about const about{step->event.correlation, &step->stream};
      spdlog::info("{}", line);
    }
    lock.lock();
  }
}

} // namespace troupe
