#pragma once

#include "cli/text/style.hpp"
#include "protocol/json.hpp"

#include <deque>
#include <optional>
#include <set>
#include <vector>

/// What people read of what the API answers. Every function takes the JSON as it came, shows no
/// control character of it, and ends with a line end (`render_event_line` excepted).
namespace troupe {

/// A brief: goal, requirements with criteria, decisions, questions, people; each with the sentence
/// (speaker, time) that it comes from.
[[nodiscard]] std::string render_brief(json::value const& brief, text_style const& style);
/// What of a plan is shown in words below its graph: every ticket, or those that the version before
/// did not have so.
enum class plan_details { all, changed };
/// A plan as a graph: every ticket below the one it waits for. `tickets`: the `items` of
/// `/api/tickets`, to show how far each is; null: only the plan.
[[nodiscard]] std::string render_plan(json::value const& plan, text_style const& style,
                                      json::value const& tickets = {},
                                      plan_details details = plan_details::all);
/// A ticket: state, attempts, gates, evidence, and its conversation in order.
[[nodiscard]] std::string render_ticket(json::value const& ticket, text_style const& style);
/// A run with its tickets as a graph, what they used, and what it waits for. `tickets`: the `items`
/// of `/api/tickets`, to show how far each is and what it waits for; null: only the run.
[[nodiscard]] std::string render_run(json::value const& run, text_style const& style,
                                     json::value const& tickets = {});
/// What tickets wait for that only somebody's word or deed can end: each with the reason and the
/// command. Nothing of those that lack a daemon, an agent or their run (`lack_sentence`).
[[nodiscard]] std::string render_waiting(json::array const& tickets, text_style const& style);
/// A budget: what every scope of it has, spent and has left, and who waits for money.
[[nodiscard]] std::string render_budget(json::value const& budget, text_style const& style);
/// A project with its roster, process and limits.
[[nodiscard]] std::string render_project(json::value const& project, text_style const& style);
/// An agent with what lies on its desk.
[[nodiscard]] std::string render_agent(json::value const& agent, text_style const& style);
/// An approval with its question.
[[nodiscard]] std::string render_approval(json::value const& approval, text_style const& style);
/// The answer of `/api/why/{ref}`: the chain of causes down to the sentence.
[[nodiscard]] std::string render_why(json::value const& why, text_style const& style);
/// A page (`items`, `total`) of a kind, as an aligned table: `project`, `brief`, `plan`, `ticket`,
/// `run`, `budget`, `agent`, `approval`, `daemon`, `token`.
[[nodiscard]] std::string render_list(std::string_view kind, json::value const& page,
                                      text_style const& style);
/// A conversation (array of envelopes) in order.
[[nodiscard]] std::string render_conversation(json::array const& messages, text_style const& style,
                                              std::size_t indent = 0);

/// What a ticket waits for that is not there, and the way out, of its member `lacks`: `a connected
/// daemon with the profile command. Start one: …`; empty where it lacks nothing.
[[nodiscard]] std::string lack_sentence(json::value const& lacks);

/// One readable line about a ledger event, without a line end:
/// `12:03:04 ✉ dev-ada → pm  Does an upper case "W" count…?`. Cut to the width of the style.
[[nodiscard]] std::string render_event_line(json::value const& event, text_style const& style);
/// What an event is about, for choosing what to show.
struct event_gist {
  std::string message; ///< id of the message it carries; empty: none
  bool noise = false;  ///< bookkeeping of the runtime: lease renewals, settled obligations
};
[[nodiscard]] event_gist gist_of(json::value const& event);

namespace views {
struct telling; // event_words.hpp
}

/// How much of a stream of events is told.
enum class telling_of {
  story,     ///< all kinds come: what the line before or after says as well is left out
  some,      ///< only some kinds come, so each speaks for itself; a message still comes once
  everything ///< bookkeeping too
};

/// Tells a stream of events: one line each, bookkeeping left out, and a message once, although
/// sender, receiver and ticket each record it. A reason that was told in full is not told again by
/// those who pass it on: there it is `…`.
class event_teller {
public:
  explicit event_teller(text_style style, telling_of what = telling_of::story)
      : style_(style), what_(what) {}
  /// The line, or none where there is nothing (new) to tell.
  [[nodiscard]] std::optional<std::string> tell(json::value const& event);
  /// The same before it is a line.
  [[nodiscard]] std::optional<views::telling> words(json::value const& event);

private:
  /// A sentence that was told, and of which ticket; empty: of none.
  struct reason {
    std::string ticket;
    std::string said;
  };
  [[nodiscard]] std::string shortened(std::string text, std::string const& ticket) const;
  void remember(std::string const& ticket, json::value const& data, std::string const& line);

  text_style style_;
  telling_of what_;
  std::set<std::string> told_;
  std::deque<reason> reasons_; ///< the newest last
};

} // namespace troupe
