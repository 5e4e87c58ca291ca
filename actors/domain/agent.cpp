#include "actors/domain/agent.hpp"

#include "actors/domain/settling.hpp"

namespace troupe::agent {

namespace {

using events = std::vector<event>;

envelope const* find(std::vector<envelope> const& all, std::string_view id) {
  auto const at =
      std::find_if(all.begin(), all.end(), [&](envelope const& m) { return m.id == id; });
  return at == all.end() ? nullptr : &*at;
}

/// Decides one command; one small function an alternative.
struct judge {
  state const& s;
  command_context const& ctx;

  [[nodiscard]] error refuse(std::string sentence) const {
    return conflict(std::move(sentence), s.is, transitions());
  }
  [[nodiscard]] std::string here() const { return "agent " + s.self.id + " is " + name(s.is); }

  result<events> operator()(hire const& c) const {
    if (s.is == status::RETIRED)
      return refuse(here() + "; hire another one under another name");
    if (s.is == status::none)
      return events{hired{c.project, c.spec, status::idle}};
    if (c.project != s.project)
      return refuse("agent " + s.self.id + " belongs to project " + s.project.value);
    if (c.spec == s.spec)
      return events{};
    return events{hired{c.project, c.spec, status::none}};
  }

  result<events> operator()(receive const& c) const {
    auto m = c.message;
    if (m.id.empty())
      return fail(errc::invalid_argument, "a message needs an id", {{"field", "message.id"}});
    if (m.from == principal_of(s.self))
      return fail(errc::invalid_argument,
                  "agent " + s.self.id + " does not take messages from itself",
                  {{"field", "message.from"}});
    if (m.hops > hop_limit)
      return fail(errc::invalid_argument,
                  "the message went through more than " + std::to_string(hop_limit) + " hands",
                  {{"field", "message.hops"}});
    if (find(s.inbox, m.id) || is_settled(s.closed, m.id))
      return events{};
    if (!wants_answer(m.kind))
      return events{received{m, status::none}};
    // Nobody waits for a person without an end.
    if (s.spec.engine == engine_kind::human && m.deadline == time_point{})
      m.deadline = ctx.now + answer_time;
    events out{received{m, s.is == status::idle ? status::working : status::none}};
    // Whoever asks one that is gone must not wait for ever.
    if (s.is == status::RETIRED)
      out.emplace_back(replied{refusal(m, "the agent is retired"), status::none});
    return out;
  }

  result<events> operator()(reply const& c) const {
    auto const* asked = find(s.inbox, c.message.reply_to);
    if (!asked)
      return closed_or_unknown(c.message.reply_to);
    auto m = c.message;
    return events{replied{address(*asked, std::move(m)), after_answer()}};
  }

  result<events> operator()(give_up const& c) const {
    auto const* asked = find(s.inbox, c.message);
    if (!asked)
      return closed_or_unknown(c.message);
    auto text = c.text;
    if (text.empty())
      text = c.why == reason::none ? "no answer" : name(c.why);
    return events{replied{refusal(*asked, text), after_answer()}};
  }

  result<events> operator()(pause const& c) const {
    if (s.is == status::paused)
      return events{};
    if (s.is != status::idle && s.is != status::working)
      return refuse(here() + " and cannot be paused");
    return events{moved{status::paused, c.why}};
  }

  result<events> operator()(resume const&) const {
    if (s.is == status::idle || s.is == status::working)
      return events{};
    if (s.is != status::paused && s.is != status::crashed && s.is != status::quarantined)
      return refuse(here() + " and has nothing to resume");
    events out{moved{status::idle, "resumed"}};
    if (!s.inbox.empty())
      out.emplace_back(moved{status::working, "work was waiting"});
    return out;
  }

  result<events> operator()(crash const& c) const {
    if (s.is == status::crashed)
      return events{};
    if (s.is != status::working)
      return refuse(here() + "; only one that works can crash");
    return events{moved{status::crashed, c.why}};
  }

  result<events> operator()(quarantine const& c) const {
    if (s.is == status::quarantined)
      return events{};
    if (s.is != status::working && s.is != status::crashed)
      return refuse(here() + "; only one that crashes is put in quarantine");
    events out;
    if (s.is == status::working)
      out.emplace_back(moved{status::crashed, c.why});
    out.emplace_back(moved{status::quarantined, c.why});
    return out;
  }

  result<events> operator()(retire const&) const {
    if (s.is == status::RETIRED)
      return events{};
    events out;
    for (auto const& m : s.inbox)
      out.emplace_back(replied{refusal(m, "the agent was retired"), status::none});
    out.emplace_back(moved{status::RETIRED, "retired"});
    return out;
  }

  result<events> operator()(settle const& c) const { return settle_one<event>(obligations(s), c); }
  result<events> operator()(tick const&) const {
    events out;
    if (s.spec.engine != engine_kind::human)
      return out;
    auto left = s.inbox.size();
    for (auto const& m : s.inbox) {
      if (m.deadline == time_point{} || m.deadline > ctx.now)
        continue;
      bool const free = --left == 0 && s.is == status::working;
      out.emplace_back(replied{refusal(m, "nobody answered for agent " + s.self.id + " in time"),
                               free ? status::idle : status::none});
    }
    return out;
  }

private:
  /// Where one open message less leaves the agent.
  [[nodiscard]] status after_answer() const {
    return s.inbox.size() == 1 && s.is == status::working ? status::idle : status::none;
  }

  [[nodiscard]] result<events> closed_or_unknown(std::string const& id) const {
    if (is_settled(s.closed, id))
      return events{};
    return fail(errc::not_found, "agent " + s.self.id + " has no open message " + id);
  }

  /// Whatever the engine filled in, an answer goes back to whom it is for, one hop further.
  [[nodiscard]] envelope address(envelope const& asked, envelope m) const {
    if (m.id.empty())
      m.id = asked.id + ".answer";
    m.reply_to = asked.id;
    m.cause = asked.id;
    m.correlation = asked.correlation;
    m.trace = asked.trace;
    m.from = principal_of(s.self);
    m.to = asked.from;
    m.hops = asked.hops + 1;
    if (m.kind == message_kind::note)
      m.kind = message_kind::answer;
    if (m.parts.empty()) // the send point takes nothing that says nothing, and the asker waits
      m.parts.push_back(text_part({}));
    return m;
  }

  [[nodiscard]] envelope refusal(envelope const& asked, std::string const& why) const {
    envelope m;
    m.kind = message_kind::answer;
    m.parts = {text_part(why), data_part(json::object{{"refused", why}})};
    return address(asked, std::move(m));
  }
};

} // namespace

bool wants_answer(message_kind kind) {
  return kind == message_kind::question || kind == message_kind::request ||
         kind == message_kind::assignment;
}

result<std::vector<event>> decide(state const& s, command const& c, command_context const& ctx) {
  if (s.is == status::none && !std::holds_alternative<hire>(c))
    return fail(errc::not_found, "there is no agent " + s.self.id);
  return std::visit(judge{s, ctx}, c);
}

} // namespace troupe::agent
