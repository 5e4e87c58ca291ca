#pragma once

#include "daemon/evidence_collector.hpp"

#include <set>

/// One order from beginning to end, inside this process; no network but git's.
namespace troupe::local {

/// What happens while an attempt runs; called on the attempt's thread. Texts have passed
/// outgoing_text.
struct attempt_events {
  std::function<void(link::started)> started;
  std::function<void(link::progress)> progress;
  std::function<void(link::said)> said;
};

/// Runs one order. `run` blocks; the other functions may be called from any thread, at any time.
class attempt {
public:
  attempt(executor_settings const& settings, std::shared_ptr<repository_pool> repositories,
          link::order what, attempt_events events);

  /// Never fails: whatever goes wrong is in the report, with a reason from the catalogue.
  [[nodiscard]] link::finished run();
  /// The kill ladder begins; the work stays on its branch or in a snapshot.
  void stop(stop_cause cause);
  /// Ends the grace time.
  void hurry();
  /// Hands an answer to the tool; the same one twice counts once.
  void answer(envelope const& message);

  [[nodiscard]] link::order const& what() const { return order_; }

private:
  [[nodiscard]] result<link::finished> perform();
  [[nodiscard]] result<link::finished> work(repository& where, workspaces& rooms);
  [[nodiscard]] result<link::finished> review(repository& where, workspaces& rooms);
  [[nodiscard]] result<link::finished> gates(repository& where, workspaces& rooms);
  [[nodiscard]] result<link::finished> merge(repository& where, workspaces& rooms);
  [[nodiscard]] result<void> make_ready(workspaces& rooms, workspace& w);
  [[nodiscard]] result<workspace> detached_at_head(repository& where, workspaces& rooms);
  [[nodiscard]] link::finished report_of(runner_report const& r) const;
  [[nodiscard]] link::finished stopped() const;
  [[nodiscard]] std::string engine_name(std::string_view said) const;
  void begin(std::string const& base);
  void progress(std::string_view text);
  void say(tool_message m);
  [[nodiscard]] reader_events reading();

  executor_settings const& settings_;
  std::shared_ptr<repository_pool> repositories_;
  link::order order_;
  attempt_events events_;
  tool_control control_;
  int questions_ = 0;
  int messages_ = 0;
  std::mutex mutex_;
  int open_questions_ = 0;
  std::set<std::string> answered_;
};

/// What an error of ours means for the ticket.
[[nodiscard]] reason reason_of(error const& e);

/// Whether the order can be carried out here at all; what is wrong, with a reason, if not.
[[nodiscard]] std::optional<link::declined>
refusal_of(executor_settings const& settings, repository_pool& repositories, link::order const& o);

/// Frames have a bound; names and diff give way, results do not.
void fit(link::finished& f);

} // namespace troupe::local
