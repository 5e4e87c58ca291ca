#include "cli/text/columns.hpp"
#include "cli/text/event_words.hpp"
#include "cli/text/look.hpp"
#include "cli/text/traffic.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// After so many lines the names are out of sight.
constexpr std::size_t heads_each = 40;
/// So long a message may take from the send point into the ledger.
constexpr std::int64_t on_its_way_ms = 1'000;
constexpr std::size_t most_pending = 1'000;

/// The id of a message as records have it: FNV-1a, 64 bits (actors/tap/header.hpp).
std::string hash_of(std::string_view text) {
  std::uint64_t h = 14695981039346656037ull;
  for (char const c : text)
    h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4)
    out += digits[(h >> static_cast<unsigned>(shift)) & 15u];
  return out;
}

bool is_wrong(std::string_view outcome) {
  return outcome != "ok" && outcome != "open" && outcome != "duplicate";
}

/// `ticket:k3-1` is ticket and k3-1.
std::pair<std::string, std::string> parts_of(std::string const& principal) {
  auto const colon = principal.find(':');
  if (colon == std::string::npos)
    return {{}, principal};
  return {principal.substr(0, colon), principal.substr(colon + 1)};
}

void replace_all(std::string& text, std::string const& what, std::string_view with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

/// What of the contents of a record is text: data follows it.
std::string said_in(json::value const& line) {
  auto const all = look::block(line, "content");
  return columns::printable(all.substr(0, all.find("\n{")));
}

/// Steps of an entity that others tell of: a ticket is ready when it was opened or what it waited
/// for is done, and whoever takes it begins.
bool is_told_beside(std::string_view type) {
  return type == "ticket.readiness_changed" || type == "ticket.attempt_started";
}

/// An event of bookkeeping, where no more is known of it than its type.
bool is_noise(std::string_view type) {
  if (is_told_beside(type))
    return true;
  for (auto const* name :
       {".settled", ".renewed", ".funded", ".reserved", ".released", ".approval_recorded",
        ".approval_asked", ".critique_began", ".ticket_recorded", ".replied", "plan.created"})
    if (type.ends_with(name))
      return true;
  return false;
}

ink ink_of_verdict(json::value const& message) {
  for (auto const& part : look::list(message, "parts"))
    if (auto const& said = look::at(look::at(part, "data"), "approved"); said.is_bool())
      return said.get_bool() ? ink::good : ink::attention;
  return ink::name;
}

} // namespace

sequence_view::sequence_view(text_style style, std::string const& followed, bool everything)
    : style_(style), brief_(followed.substr(0, followed.rfind('-'))),
      ticket_(followed.find('-') == std::string::npos ? std::string{} : followed),
      everything_(everything), teller_(text_style{false, 0, style.local_time},
                                       everything ? telling_of::everything : telling_of::story),
      lanes_(style) {}

/// How somebody is called above a lane: what belongs to the brief needs no id.
std::string sequence_view::lane_of(std::string const& principal) const {
  auto const [kind, id] = parts_of(principal);
  if (kind == "agent" || kind == "human" || kind == "daemon")
    return look::who(principal);
  bool const ours = id == brief_ || id.starts_with(brief_ + ".") || id.starts_with(brief_ + "-");
  if (!ours)
    return look::who(principal);
  if (kind != "approval")
    return kind;
  // `k3.p1.a1`: whoever asks for it has the lane.
  auto const of = id.substr(0, id.rfind('.'));
  return of.find(".p") != std::string::npos   ? "plan"
         : of.find(".r") != std::string::npos ? "run"
         : of == brief_                       ? "brief"
                                              : "ticket";
}

std::string sequence_view::shortened(std::string text) const {
  replace_all(text, brief_ + "-", "#");
  replace_all(text, brief_ + ".", "");
  // The script says so itself.
  replace_all(text, " (scripted): [scripted]", ": [scripted]");
  return text;
}

/// `#3 ` before what is said of a ticket; nothing where one ticket is followed.
std::string sequence_view::about(std::string const& ticket) const {
  return ticket.empty() || ticket == ticket_ ? std::string{} : shortened(ticket) + " ";
}

std::string sequence_view::title() const {
  auto const text = (ticket_.empty() ? "brief " + brief_ : "ticket " + ticket_) +
                    " · ──▶ in the ledger · ╌╌▶ sent, not there yet" +
                    (ticket_.empty() ? " · #1 its ticket " + brief_ + "-1" : std::string{});
  std::string out;
  for (auto const& line : columns::wrap(text, static_cast<std::size_t>(std::max(style_.width, 0))))
    out += paint(style_, ink::faint, line) + "\n";
  return out;
}

std::string sequence_view::draw(json::value const& line, told what) {
  std::string out = lines_++ == 0 ? title() : std::string{};
  if (lines_ - heads_at_ > heads_each) {
    out += lines_ > 1 ? lanes_.heads() : std::string{};
    heads_at_ = lines_;
  }
  lanes::stroke s;
  s.from = lanes_.of(what.from);
  s.to = lanes_.of(what.to, s.from);
  out += lanes_.newcomers();
  s.sign = what.sign;
  s.dashed = what.dashed;
  s.meaning = what.meaning;
  // Who has no lane is named.
  if ((!what.from.empty() && !s.from) || (!what.to.empty() && !s.to))
    what.words = what.from + (what.from.empty() || what.to.empty() ? "" : " → ") + what.to + ": " +
                 what.words;
  return out + lanes_.line(look::clock(look::number(line, "at_us") / 1000, style_.local_time), s,
                           what.words, what.words_meaning, what.message ? 3 : 2);
}

/// A message is in the ledger now; whether it is to be shown.
bool sequence_view::landed(std::string const& message) {
  auto const hash = hash_of(message);
  std::erase_if(pending_, [&](sent const& s) { return s.hash == hash; });
  return told_.insert(hash).second || everything_;
}

/// A message that has passed the send point, or was refused there.
std::string sequence_view::show_sent(json::value const& line) {
  auto const outcome = look::text(line, "outcome");
  bool const wrong = is_wrong(outcome);
  auto const said = said_in(line);
  told t;
  t.from = lane_of(look::text(line, "from"));
  t.to = lane_of(look::text(line, "to"));
  t.words = shortened(about(look::text(line, "ticket")) + look::text(line, "kind") +
                      (wrong ? " refused, " + outcome : "") + (said.empty() ? "" : ": " + said));
  t.meaning = t.words_meaning = wrong ? ink::bad : ink::name;
  t.sign = wrong ? "✗" : "✉";
  t.dashed = t.message = true;
  return draw(line, std::move(t));
}

/// Whose deed it was: an entity's own steps are nobody's, and what a daemon reports is the work of
/// the agent that it runs.
std::string sequence_view::who_did(json::value const& event) const {
  auto const by = look::text(event, "by");
  auto const kind = parts_of(by).first;
  if (kind == "daemon") {
    auto const holder = holders_.find(look::text(event, "entity"));
    return holder == holders_.end() ? std::string{} : lane_of(holder->second);
  }
  return kind.empty() || kind == "approval" ? std::string{} : lane_of(by);
}

std::string sequence_view::show_event(json::value const& line, json::value const& event) {
  auto const type = look::text(event, "type");
  auto const& data = look::at(event, "data");
  auto const entity = look::text(event, "kind") + ":" + look::text(event, "entity");
  auto const agent = look::text(data, "agent");
  if (type == "ticket.leased") // gates and merges are no agent's
    holders_[look::text(event, "entity")] = agent.empty() ? std::string{} : "agent:" + agent;
  auto const& message = look::at(data, "message");
  if (auto const id = look::text(message, "id"); !id.empty() && !landed(id))
    return {};
  auto words = teller_.words(event);
  // What a gate has found is told twice here: at the ticket, and on its way to whoever mends it.
  if (!words && look::text(message, "kind") == "bug")
    words = views::words_for(event);
  if (!words || (!everything_ && is_told_beside(type)))
    return {};
  told t;
  t.sign = words->sign;
  t.meaning = words->meaning;
  t.words_meaning = words->text_meaning;
  auto ticket = look::text(line, "ticket");
  t.message = !words->message.empty();
  if (t.message) {
    auto const from = look::text(message, "from");
    auto const to = look::text(message, "to");
    for (auto const& end : {from, to})
      if (auto const [kind, id] = parts_of(end); kind == "ticket" && ticket.empty())
        ticket = id;
    t.from = lane_of(from == "system" ? entity : from);
    t.to = lane_of(to);
    if (look::text(message, "kind") == "verdict")
      t.meaning = ink_of_verdict(message);
  } else {
    t.from = type == "ticket.leased" && !agent.empty() ? lane_of(entity) : who_did(event);
    t.to = type == "ticket.leased" && !agent.empty() ? lane_of("agent:" + agent) : lane_of(entity);
  }
  t.words = shortened(about(ticket) + words->text);
  return draw(line, std::move(t));
}

/// What is known of a record by itself.
std::string sequence_view::show_record(json::value const& line) {
  auto const outcome = look::text(line, "outcome");
  bool const wrong = is_wrong(outcome);
  auto const kind = look::text(line, "kind");
  if (!wrong && !everything_ && is_noise(kind))
    return {};
  told t;
  auto const from = look::text(line, "from");
  t.from = from == "system" || from.starts_with("approval:") ? std::string{} : lane_of(from);
  t.to = lane_of(look::text(line, "to"));
  t.words = shortened(about(look::text(line, "ticket")) + kind + (wrong ? ": " + outcome : ""));
  t.meaning = t.words_meaning = wrong ? ink::bad : ink::plain;
  t.sign = wrong ? "✗" : "●";
  return draw(line, std::move(t));
}

std::string sequence_view::show(json::value const& line, json::value const* event,
                                std::int64_t now) {
  if (look::text(line, "type") != "record")
    return render_traffic_line(line, style_) + "\n";
  if (look::text(line, "point") != "send")
    return event != nullptr ? show_event(line, *event) : show_record(line);
  auto const hash = look::text(line, "message");
  if (everything_ || is_wrong(look::text(line, "outcome")))
    return show_sent(line);
  if (told_.contains(hash))
    return {};
  pending_.push_back({line, now, hash});
  return overdue(pending_.size() > most_pending ? now + on_its_way_ms : now);
}

std::string sequence_view::overdue(std::int64_t now) {
  std::string out;
  while (!pending_.empty() && now - pending_.front().at >= on_its_way_ms) {
    told_.insert(pending_.front().hash);
    out += show_sent(pending_.front().line);
    pending_.pop_front();
  }
  return out;
}

} // namespace troupe
