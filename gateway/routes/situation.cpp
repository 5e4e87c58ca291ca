#include "gateway/routes/situation.hpp"

#include "actors/domain/domain.hpp"
#include "actors/domain/ticket.hpp"
#include "gateway/routes/rows.hpp"

namespace troupe {

namespace {

using namespace rows;
using ticket::status;

bool is(std::string const& word, status s) {
  return word == name(s);
}

/// A principal as people say it: `dev-ada` of `agent:tally.dev-ada`.
std::string person(std::string const& principal) {
  auto const colon = principal.find(':');
  if (colon == std::string::npos)
    return principal.substr(principal.rfind('.') + 1);
  auto const kind = principal.substr(0, colon);
  auto const rest = principal.substr(colon + 1);
  if (kind == "role")
    return "a person";
  if (kind == "human")
    return rest;
  return kind == "agent" ? rest.substr(rest.rfind('.') + 1) : kind + " " + rest;
}

std::string with_spaces(std::string word) {
  for (auto& c : word)
    if (c == '_')
      c = ' ';
  return word;
}

std::string ended_with(std::string sentence) {
  if (sentence.empty() || (sentence.back() != '.' && sentence.back() != '!'))
    sentence += '.';
  return sentence;
}

/// `a`, `a and b`, `a, b and 3 more`.
std::string all_of(std::vector<std::string> const& names) {
  constexpr std::size_t most = 4;
  auto const shown = names.size() > most ? most - 1 : names.size();
  std::string out;
  for (std::size_t i = 0; i < shown; ++i) {
    bool const last = i + 1 == names.size();
    out += (i == 0 ? "" : last ? " and " : ", ") + names[i];
  }
  if (shown < names.size())
    out += " and " + std::to_string(names.size() - shown) + " more";
  return out;
}

/// One ticket's sentence.
class narrator {
public:
  narrator(json::value const& t, json::value const& lack, time_point now)
      : t_(t), lack_(lack), is_(word(t, "is")),
        now_(
            std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count()) {
    out_.emplace("text", "");
    if (auto const at = number(t, "changed_at"); at > 0)
      out_.emplace("since", at);
  }

  json::object told() {
    if (!over() && !lacking() && !waiting() && !failed() && !held())
      resting();
    return std::move(out_);
  }

private:
  void say(std::string text) { out_["text"] = ended_with(std::move(text)); }
  void wait_for(std::string const& what, std::string text, std::string const& way_out = {}) {
    say("Waits for " + std::move(text));
    out_["for"] = what;
    if (!way_out.empty())
      out_["do"] = way_out;
  }
  [[nodiscard]] std::string why() const {
    auto const why = word(t_, "why");
    return why.empty() ? why : ": " + why;
  }

  bool over() {
    if (!is_over(is_))
      return false;
    auto const merged = word(t_, "merged_as");
    if (is(is_, status::DONE))
      say(merged.empty() ? "Done" : "Merged as " + merged.substr(0, 10));
    else if (is(is_, status::FAILED))
      say("Failed" + why() +
          (flag(t_, "replan_wanted") ? "; the next version of the plan replaces it" : ""));
    else
      say("Cancelled" + why());
    return true;
  }
  bool lacking() {
    if (!lack_.is_object())
      return false;
    wait_for(word(lack_, "for"), word(lack_, "text"), word(lack_, "do"));
    return true;
  }
  /// Somebody is asked for something; all of them, because each can hold it up.
  bool waiting() {
    auto const& waits = list(t_, "waits");
    if (waits.empty())
      return false;
    std::vector<std::string> all;
    std::int64_t until = 0;
    for (auto const& w : waits) {
      auto const owner = word(w, "owner");
      auto const asked = person(word(member(w, "question"), "from"));
      auto const action = word(w, "action");
      if (owner == system_principal().value)
        all.push_back("the moment when the " + action);
      else if (!asked.empty())
        all.push_back(person(owner) + " to answer a question of " + asked);
      else
        all.push_back(person(owner) + ": " + action);
      if (auto const at = number(w, "deadline"); at > 0 && (until == 0 || at < until))
        until = at;
    }
    std::string text;
    for (auto const& one : all)
      text += (text.empty() ? "" : "; and for ") + one;
    wait_for(word(waits.front(), "owner"), text);
    if (until > 0)
      out_["until"] = until;
    return true;
  }
  bool failed() {
    if (!is(is_, status::failed_pending))
      return false;
    auto const resolver = word(t_, "resolver");
    auto const id = id_of(t_);
    wait_for(resolver.empty() ? "role:approver" : "agent:" + resolver,
             (resolver.empty() ? "a person" : person(resolver)) + " to say what becomes of it" +
                 why(),
             "Say it with `troupe ticket retry " + id + "`, `troupe ticket replan " + id +
                 "` or `troupe ticket fail " + id + "`.");
    return true;
  }
  /// Somebody has it.
  bool held() {
    auto const& h = member(t_, "holder");
    auto const lease = word(h, "is");
    if (lease != name(ticket::lease_status::offered) && lease != name(ticket::lease_status::held))
      return false;
    if (auto const since = number(h, "since"); since > 0)
      out_["since"] = since;
    auto const daemon = word(h, "daemon");
    auto const at = daemon.empty() ? std::string{} : " on " + daemon;
    auto const who = word(h, "agent");
    if (is(is_, status::merging)) {
      say("Is being merged" + at);
    } else if (is(is_, status::in_gates) || who.empty()) {
      say("Its gates run" + at);
    } else {
      auto const attempt = number(h, "attempt_number", 1);
      auto const round = number(t_, "round");
      say(person(who) + at +
          (is(is_, status::in_review) ? " reviews it"
           : is(is_, status::claimed) ? " is about to begin on it"
                                      : " works on it") +
          " (" + stage(number(h, "stage")) +
          (attempt > 1 ? ", attempt " + std::to_string(attempt) : "") +
          (round > 0 ? ", sent back " + std::to_string(round) + (round > 1 ? " times" : " time")
                     : "") +
          ")");
    }
    return true;
  }
  /// Nobody has it, and nothing is known to be missing.
  void resting() {
    std::vector<std::string> blockers;
    for (auto const& b : list(t_, "open_blockers"))
      if (b.is_string())
        blockers.emplace_back(std::string_view{b.get_string()});
    bool const placed = !is(is_, status::backlog) && !is(is_, status::blocked);
    auto const retry = number(t_, "retry_at");
    auto const& money = member(t_, "money");
    if (!placed && !blockers.empty())
      wait_for("tickets", all_of(blockers) + " to be done");
    else if (!placed)
      say("Is about to become ready");
    else if (!word(money, "refused").empty())
      wait_for(
          "money",
          "money of " + word(money, "refused") +
              (word(money, "why").empty() ? "" : ": " + word(money, "why")),
          "Give it more with `troupe budget grant`; `troupe budget list` shows what there is.");
    else if (retry > now_) {
      auto const cause = word(member(t_, "holder"), "why");
      wait_for("time",
               "a while before it is tried again" + (cause.empty() || cause == name(reason::none)
                                                         ? std::string{}
                                                         : ": " + with_spaces(cause)));
      out_["until"] = retry;
    } else if (number(money, "token") > 0 && !flag(money, "granted"))
      wait_for("money", "money to be reserved for its next attempt");
    else if (is(is_, status::merging) || is(is_, status::in_gates) || role().empty())
      wait_for("daemon", std::string{"a free place on a daemon for its "} +
                             (is(is_, status::merging) ? "merge" : "gates"));
    else
      wait_for("agent", "a free agent with the role " + role() +
                            (is(is_, status::in_review) ? " to review it"
                             : is(is_, status::rework)  ? " to mend it"
                                                        : ""));
  }

  [[nodiscard]] json::value const& stage_at(std::int64_t index) const {
    static json::value const nothing;
    auto const& stages = list(t_, "stages");
    auto const at = static_cast<std::size_t>(index);
    return index >= 0 && at < stages.size() ? stages[at] : nothing;
  }
  [[nodiscard]] std::string stage(std::int64_t index) const {
    auto const name = word(stage_at(index), "name");
    return name.empty() ? "merge" : name;
  }
  /// Whose work the present stage is: the stage's role, else the ticket's own.
  [[nodiscard]] std::string role() const {
    auto const of_stage = word(stage_at(number(t_, "stage_index")), "role");
    return of_stage.empty() ? word(member(t_, "item"), "role") : of_stage;
  }

  json::value const& t_;
  json::value const& lack_;
  std::string const is_;
  std::int64_t const now_;
  json::object out_;
};

} // namespace

json::object situation_of(json::value const& ticket, json::value const& lack, time_point now) {
  return narrator{ticket, lack, now}.told();
}

} // namespace troupe
