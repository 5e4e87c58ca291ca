#include "cli/text/heading.hpp"

namespace troupe {

namespace {

using namespace views;

std::string stage_at(json::value const& ticket, std::int64_t index) {
  auto const& stages = look::list(ticket, "stages");
  if (index < 0 || static_cast<std::size_t>(index) >= stages.size())
    return "merge";
  return look::text(stages[static_cast<std::size_t>(index)], "name");
}

/// `develop, round 1 of 3`: how often work was sent back, and may be. The last time may be the one
/// that was not allowed any more.
std::string stage_and_round(json::value const& t) {
  auto const round = look::number(t, "round");
  auto const rounds = look::number(t, "rounds", 3);
  return stage_at(t, look::number(t, "stage_index")) + ", " +
         (round > rounds ? "every round used (" + std::to_string(rounds) + ")"
                         : "round " + std::to_string(round) + " of " + std::to_string(rounds));
}

std::string facts(json::value const& t, text_style const& style) {
  auto const& item = look::at(t, "item");
  std::string out;
  out += fact("project", look::text(t, "project"), style);
  out += fact("plan", look::text(t, "plan"), style);
  auto const status = look::text(t, "status");
  bool const over = !status.empty() && status.front() >= 'A' && status.front() <= 'Z';
  if (!over)
    out += fact("stage", stage_and_round(t), style);
  out += fact("for", look::joined(look::texts(item, "requirements")), style);
  out += fact("after", look::joined(look::texts(t, "blocked_by")), style);
  out += fact("still after", look::joined(look::texts(t, "open_blockers")), style);
  out += fact("instead of", look::text(t, "supersedes"), style);
  out += fact("files", look::joined(look::texts(item, "files")), style);
  if (auto const merged = look::text(t, "merged_as"); !merged.empty())
    out += fact("merged", merged + " into " + look::text(t, "target_branch"), style);
  out += fact("why", look::text(t, "why"), style);
  return out;
}

std::string situation(json::value const& t, text_style const& style) {
  auto const text = situation_of(t, style);
  if (text.empty())
    return {};
  bool const waits = !look::text(look::at(t, "now"), "for").empty();
  return part("Now", style) + said(text, 2, style, waits ? ink::attention : ink::plain, "• ");
}

std::string attempts(json::value const& t, text_style const& style) {
  std::string out;
  auto const& h = look::at(t, "holder");
  if (look::number(h, "token") > 0) {
    auto const state = look::text(h, "attempt");
    auto text = look::who("agent:" + look::text(h, "agent"));
    if (auto const d = look::text(h, "daemon"); !d.empty())
      text += " on " + d;
    text += ", " + stage_at(t, look::number(h, "stage")) + " attempt " +
            std::to_string(look::number(h, "attempt_number", 1)) + ", token " +
            std::to_string(look::number(h, "token"));
    if (auto const why = look::text(h, "why"); !why.empty() && why != "none")
      text += ", " + why;
    if (auto const summary = look::text(h, "summary"); !summary.empty())
      text += ": " + summary;
    out += part("Last attempt", style);
    // Of an attempt that ended well only its verdict counts; that is shown below.
    out += said(text, 2, style, ink::plain,
                state.empty()          ? ""
                : state == "SUCCEEDED" ? "ended  "
                                       : state + "  ");
  }
  auto const& workers = look::list(t, "workers");
  if (!workers.empty()) {
    out += part("Worked by", style);
    for (auto const& w : workers) {
      auto text = look::who("agent:" + look::text(w, "agent"));
      if (auto const d = look::text(w, "daemon"); !d.empty())
        text += " on " + d;
      text += ", " + stage_at(t, look::number(w, "stage"));
      if (look::flag(w, "author"))
        text += ", gave the evidence";
      out += said(text, 2, style, ink::plain, "• ");
    }
  }
  return out;
}

std::string judged(json::value const& t, text_style const& style) {
  std::string out;
  auto const& reviews = look::list(t, "reviews");
  if (!reviews.empty())
    out += part("Reviews", style);
  for (auto const& r : reviews) {
    bool const yes = look::flag(r, "approved");
    auto head = look::text(r, "stage") + " by " + look::who(look::text(r, "by")) +
                (yes ? ": approved" : ": changes requested");
    if (auto const commit = look::text(r, "head"); !commit.empty())
      head += " at " + look::short_hash(commit);
    out += said(head, 2, style, yes ? ink::good : ink::bad, yes ? "✓ " : "✗ ");
    for (auto const& note : look::texts(r, "notes"))
      out += said(note, 4, style, ink::plain, "• ");
  }
  auto const& gates = look::list(t, "gate_results");
  if (!gates.empty())
    out += part("Gates", style);
  for (auto const& g : gates) {
    bool const yes = look::flag(g, "passed");
    auto text = look::text(g, "gate");
    if (auto const m = look::text(g, "message"); !m.empty())
      text += ": " + m;
    out += said(text, 2, style, yes ? ink::good : ink::bad, yes ? "✓ " : "✗ ");
  }
  return out;
}

/// The full output of the tests never leaves the machine where they ran.
std::string place_of_log(json::value const& t) {
  std::string daemon;
  for (auto const& w : look::list(t, "workers")) {
    if (look::flag(w, "author"))
      daemon = look::text(w, "daemon");
  }
  return "attempts/" + look::text(t, "id") + "-*/tests.log in the data folder of " +
         (daemon.empty() ? std::string{"its daemon"} : "daemon " + daemon);
}

std::string proof_of(json::value const& t, text_style const& style) {
  auto const& p = look::at(t, "proof");
  auto const head = look::text(p, "head");
  if (head.empty())
    return {};
  auto out = part("Evidence", style);
  out += fact("branch", look::text(p, "branch"), style);
  out += fact("commit", look::short_hash(head) + " on " + look::short_hash(look::text(p, "base")),
              style);
  auto const files = look::texts(p, "files");
  out += fact("changed",
              look::count(static_cast<std::int64_t>(files.size()), "file") + ", +" +
                  std::to_string(look::number(p, "insertions")) + " -" +
                  std::to_string(look::number(p, "deletions")) +
                  (files.empty() ? "" : ": " + look::joined(files)),
              style);
  if (auto const command = look::text(p, "command"); !command.empty())
    out += fact("tests",
                command + " → exit code " + std::to_string(look::number(p, "exit_code")) +
                    ", log sha256 " + look::short_hash(look::text(p, "log_digest")),
                style);
  if (!look::text(p, "log_digest").empty())
    out += fact("log", place_of_log(t), style);
  return out;
}

std::string comments_of(json::value const& t, text_style const& style) {
  auto const& comments = look::list(t, "comments");
  if (comments.empty())
    return {};
  auto out = part("Comments", style);
  for (auto const& c : comments) {
    out += "  " + paint(style, ink::faint, look::date(look::number(c, "at"), style.local_time)) +
           "  " + paint(style, ink::name, look::who(look::text(c, "by"))) + "\n";
    out += said(look::block(c, "text"), 4, style);
    if (look::at(c, "metrics").is_object()) {
      std::vector<std::string> parts;
      for (auto const& m : look::at(c, "metrics").get_object())
        parts.push_back(columns::printable(m.key()) + " = " +
                        look::text(look::at(c, "metrics"), m.key()));
      out += said(look::joined(parts), 4, style, ink::faint, "metrics: ");
    }
    for (auto const& b : look::texts(c, "blockers"))
      out += said(b, 4, style, ink::bad, "blocked: ");
    for (auto const& n : look::texts(c, "next_steps"))
      out += said(n, 4, style, ink::plain, "next: ");
  }
  return out;
}

} // namespace

std::string views::situation_of(json::value const& ticket, text_style const& style) {
  auto const& now = look::at(ticket, "now");
  auto out = look::text(now, "text");
  if (auto const until = look::number(now, "until"); until > 0)
    out += " Until " + look::date(until, style.local_time) + ".";
  if (auto const way_out = look::text(now, "do"); !way_out.empty())
    out += " " + way_out;
  return out;
}

std::string render_waiting(json::array const& tickets, text_style const& style) {
  std::string out;
  for (auto const& t : tickets) {
    // What nobody takes is said elsewhere, once for all that lack the same; what is about to be
    // taken, or waits for others of the run, needs no word of anybody.
    auto const whom = look::text(look::at(t, "now"), "for");
    if (whom.find(':') == std::string::npos || look::at(t, "lacks").is_object())
      continue;
    auto const why = look::text(t, "why");
    bool const failed = look::text(t, "status") == "failed_pending" && !why.empty();
    out += said(failed ? "failed: " + why : look::text(t, "status"), 2, style, ink::plain,
                look::text(t, "id") + "  ");
    out += said(situation_of(t, style), 4, style, ink::attention, "• ");
  }
  return out;
}

namespace {

/// What a bug is about, and where its proof is.
std::string proof_of_bug(json::value const& data) {
  std::string out = "commit " + look::short_hash(look::text(data, "head"));
  if (auto const attempt = look::text(data, "attempt"); !attempt.empty())
    out += ", attempt " + attempt;
  auto const& proof = look::at(data, "evidence");
  if (auto const digest = look::text(proof, "log_digest"); !digest.empty())
    out += ": exit code " + std::to_string(look::number(proof, "exit_code")) + ", log sha256 " +
           look::short_hash(digest);
  return out;
}

} // namespace

std::string render_conversation(json::array const& messages, text_style const& style,
                                std::size_t indent) {
  std::string out;
  for (auto const& m : messages) {
    auto head = paint(style, ink::name, look::who(look::text(m, "from"))) + " → " +
                paint(style, ink::name, look::who(look::text(m, "to"))) + "  " +
                paint(style, ink::faint, look::text(m, "kind", "note"));
    if (auto const engine = look::text(m, "engine"); !engine.empty())
      head += paint(style, ink::faint, " (" + engine + ")");
    out += std::string(indent, ' ') + head + "\n";
    for (auto const& p : look::list(m, "parts")) {
      if (auto const text = look::block(p, "text"); !text.empty())
        out += said(text, indent + 2, style);
      else if (auto const file = look::text(p, "file"); !file.empty())
        out += said(file, indent + 2, style, ink::faint, "file ");
      else if (look::text(m, "kind") == "bug" && !look::text(look::at(p, "data"), "head").empty())
        out += said(proof_of_bug(look::at(p, "data")), indent + 2, style, ink::faint);
    }
  }
  return out;
}

std::string render_ticket(json::value const& ticket, text_style const& style) {
  auto const& item = look::at(ticket, "item");
  auto out = heading("Ticket", ticket, style);
  auto const title = look::text(item, "title");
  out += said(title, 0, style, ink::strong);
  if (auto const text = look::block(item, "text"); !text.empty() && text != title)
    out += said(text, 0, style);
  bool const done = look::text(ticket, "status") == "DONE";
  for (auto const& c : look::texts(item, "criteria"))
    out += said(c, 2, style, ink::plain, done ? "☑ " : "☐ ");
  out += "\n" + facts(ticket, style);
  out += situation(ticket, style);
  out += attempts(ticket, style);
  out += judged(ticket, style);
  out += proof_of(ticket, style);
  auto const& used = look::at(ticket, "used");
  if (used.is_object())
    out += "\n" + fact("used",
                       look::money(look::number(used, "cost_micros")) + ", " +
                           look::span(look::number(used, "wall")) + " of work",
                       style);
  auto const& talk = look::list(ticket, "conversation");
  if (!talk.empty())
    out += part("Conversation", style) + render_conversation(talk, style, 2);
  return out + comments_of(ticket, style);
}

} // namespace troupe
