#include "cli/commands.hpp"
#include "cli/text/columns.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

namespace troupe {

namespace {

bool waits_for_person(json::value const& ticket) {
  auto const& waits = look::list(ticket, "waits");
  return std::any_of(waits.begin(), waits.end(), [](json::value const& w) {
    auto const owner = look::text(w, "owner");
    return owner.starts_with("human:") || owner.starts_with("role:");
  });
}

/// What waits for a person: open approvals, tickets that wait for somebody, and runs that the
/// server stopped.
int list(console& out) {
  auto approvals = out.api().all("/api/approvals", {{"status", "pending"}});
  if (!approvals)
    return out.fail(approvals.error());
  json::array waiting;
  // One that waits for money of its own is ready, or comes back from a review.
  for (std::string const status : {"waiting", "ready", "rework", "failed_pending"}) {
    auto const tickets = out.api().all("/api/tickets", {{"status", status}});
    if (!tickets)
      return out.fail(tickets.error());
    for (auto const& t : look::list(*tickets, "items"))
      if (status == "failed_pending" || waits_for_person(t))
        waiting.push_back(t);
  }
  // Runs that the server stopped: whoever stopped one himself knows that it rests.
  json::array rests;
  for (auto const* status : {"STOPPED_BUDGET", "STOPPED_POLICY"}) {
    auto const runs = out.api().all("/api/runs", {{"status", status}});
    if (!runs)
      return out.fail(runs.error());
    for (auto const& r : look::list(*runs, "items"))
      if (look::at(r, "lacks").is_object() && !look::flag(r, "asking")) // that one is an approval
        rests.push_back(r);
  }
  auto const& asked = look::list(*approvals, "items");
  std::string text;
  if (asked.empty() && waiting.empty() && rests.empty())
    text = "Nothing waits for a person.\n";
  if (!asked.empty())
    text += render_list("approval", *approvals, out.style());
  if (!waiting.empty())
    text += (text.empty() ? "" : "\n") +
            render_list("ticket", json::object{{"items", waiting}}, out.style()) +
            render_waiting(waiting, out.style());
  if (!rests.empty()) {
    text += (text.empty() ? "" : "\n") +
            render_list("run", json::object{{"items", rests}}, out.style());
    for (auto const& r : rests)
      text += columns::paragraph("• " + lack_sentence(look::at(r, "lacks")), 2, out.style().width);
  }
  auto const code =
      out.show(json::object{{"approvals", asked}, {"tickets", waiting}, {"runs", rests}}, text);
  if (!asked.empty()) {
    auto const& first = asked.front();
    auto next = "\nNext: ";
    auto const subject = look::text(first, "subject");
    auto const colon = subject.find(':');
    auto const kind = subject.substr(0, colon);
    out.note(
        next +
        (kind == "brief" || kind == "plan" || kind == "run"
             ? "`troupe " + kind + " show " + subject.substr(colon + 1) + "`, then "
             : std::string{}) +
        "`troupe approve " + look::text(first, "id") + "`" +
        (asked.size() > 1 ? "; all of them, one after the other: `troupe approve --all`." : "."));
  }
  return code;
}

/// The brief that a subject belongs to; empty for others.
std::string brief_of(std::string const& subject) {
  auto const id = subject.substr(subject.find(':') + 1);
  return subject.starts_with("brief:") || subject.starts_with("plan:") ||
                 subject.starts_with("run:")
             ? id.substr(0, id.find('.'))
             : std::string{};
}

struct batch_flags {
  bool replans = false; ///< only plans that replace a failed ticket
  bool yes = false;
  int wait_s = 60; ///< for the next version of a plan
  std::string brief, project;
};

/// Decides one approval after another. What waits behind a plan (each failed ticket is replaced in
/// a version of its own, and the next is made when the one before is decided) is waited for.
class batch {
public:
  batch(console& out, batch_flags const& f) : out_(out), f_(f) {}

  int run() {
    if (!f_.yes && !out_.interactive())
      return out_.misuse("without a terminal nothing is approved unasked",
                         "Say --yes, or decide them one by one: `troupe approve`.");
    for (;;) {
      auto const next = next_one();
      if (!next)
        return out_.fail(next.error());
      if (next->is_null())
        break;
      seen_.insert(look::text(*next, "id"));
      if (auto const code = decide_one(*next); code != exit_code::ok)
        return code;
      if (left_)
        break;
    }
    auto const n = static_cast<std::int64_t>(decided_.size());
    auto const text = n == 0 ? std::string{"Nothing was approved.\n"}
                             : look::count(n, "approval") + " given: " + look::joined(ids_) + ".\n";
    if (unfinished_.empty())
      return out_.show(json::object{{"approved", decided_}}, text);
    if (!out_.json())
      out_.print(text);
    return out_.fail(fail(errc::timeout,
                          what_comes_ + " of brief " + unfinished_ + " is not made " + "after " +
                              std::to_string(f_.wait_s) + " s, so that something may " +
                              "still come",
                          {{"brief", unfinished_}, {"approved", decided_}}),
                     "`troupe brief show " + unfinished_ +
                         "` says what it waits for; `troupe approve` lists what waits for you.");
  }

private:
  /// The next approval that is meant and was not shown yet; null where none comes any more.
  result<json::value> next_one() {
    auto const end = std::chrono::steady_clock::now() + std::chrono::seconds{f_.wait_s};
    for (;;) {
      api_client::query q{{"status", "pending"}};
      if (!f_.project.empty())
        q.emplace_back("project", f_.project);
      auto const page = out_.api().all("/api/approvals", q);
      if (!page)
        return page.error();
      auto const& items = look::list(*page, "items");
      left_open_.clear();
      for (auto const& a : items)
        if (auto const id = look::text(a, "id"); seen_.contains(id) && !given_.contains(id))
          left_open_.insert(brief_of(look::text(a, "subject")));
      // Oldest first, as they were asked.
      for (auto at = items.rbegin(); at != items.rend(); ++at) {
        if (seen_.contains(look::text(*at, "id")))
          continue;
        auto const meant = is_meant(*at);
        if (!meant)
          return meant.error();
        if (*meant)
          return *at;
      }
      auto const more = more_come();
      if (!more)
        return more.error();
      if (more->empty())
        return json::value{};
      if (std::chrono::steady_clock::now() > end) {
        unfinished_ = *more;
        return json::value{};
      }
      out_.progress(what_comes_ + " of brief " + *more + " is being made …");
      std::this_thread::sleep_for(std::chrono::milliseconds{100}); // between two looks
    }
  }

  result<bool> is_meant(json::value const& approval) {
    auto const subject = look::text(approval, "subject");
    if (!f_.brief.empty() && brief_of(subject) != f_.brief)
      return false;
    if (!f_.replans)
      return true;
    if (!subject.starts_with("plan:"))
      return false;
    auto const plan = out_.api().get("/api/plans/" + segment(subject.substr(5)));
    if (!plan)
      return plan.error();
    return !look::text(*plan, "failed_key").empty();
  }

  /// A brief that was approved here, or a plan of it, and that makes a plan, or will; empty: none.
  result<std::string> more_come() {
    for (auto const& id : briefs_) {
      if (left_open_.contains(id)) // its plan is made, and it was not approved
        continue;
      auto const brief = out_.api().get("/api/briefs/" + segment(id));
      if (!brief)
        return brief.error();
      // The run tells the brief, which begins the next: for a moment it is in neither state.
      auto const status = look::text(*brief, "status");
      bool const first = look::number(*brief, "active_version") == 0;
      bool const making =
          status == "planning" && (first || look::number(*brief, "planning_version") > 0);
      // The approval tells the brief that it was given.
      bool const will = first && (status == "pending_approval" || status == "approved");
      if (making || will || (status == "in_delivery" && !look::list(*brief, "queue").empty())) {
        what_comes_ = first ? "the plan" : "the next version of the plan";
        return id;
      }
    }
    return std::string{};
  }

  int decide_one(json::value const& approval) {
    auto const id = look::text(approval, "id");
    auto const subject = look::text(approval, "subject");
    auto const about = subject.substr(subject.find(':') + 1);
    out_.progress({});
    if (!out_.json()) {
      auto const& style = out_.style();
      auto shown = render_approval(approval, style);
      if (subject.starts_with("plan:")) {
        if (auto const plan = out_.api().get("/api/plans/" + segment(about))) {
          auto const tickets =
              out_.api().all("/api/tickets", {{"brief", look::text(*plan, "brief")}});
          shown =
              render_plan(*plan, style, tickets ? *tickets : json::value{}, plan_details::changed);
        }
      } else if (subject.starts_with("brief:")) {
        if (auto const brief = out_.api().get("/api/briefs/" + segment(about)))
          shown = render_brief(*brief, style);
      }
      out_.print(shown);
    }
    if (!f_.yes) {
      auto const said = out_.ask("Approve " + id + "? (y, n, q to stop)", "n");
      if (said == "q")
        left_ = true;
      if (said != "y" && said != "Y" && said != "yes")
        return exit_code::ok;
    }
    auto const done = out_.api().post(
        "/api/approvals/" + segment(id) + "/decide",
        json::object{{"how", "approve"}, {"content_hash", look::text(approval, "content_hash")}});
    if (!done)
      return out_.fail(done.error());
    decided_.push_back(*done);
    ids_.push_back(id);
    given_.insert(id);
    if (subject.starts_with("plan:") || (subject.starts_with("brief:") && !f_.replans))
      briefs_.insert(brief_of(subject));
    if (!out_.json())
      out_.print("Approved: " + id + "\n\n");
    return exit_code::ok;
  }

  console& out_;
  batch_flags const& f_;
  std::set<std::string> seen_;
  std::set<std::string> given_;
  std::set<std::string> briefs_;    ///< that were approved here, or whose plans were
  std::set<std::string> left_open_; ///< briefs with something that was shown and not approved
  std::string what_comes_;          ///< of the brief that is waited for
  json::array decided_;
  std::vector<std::string> ids_;
  std::string unfinished_; ///< the brief for whose next plan it was waited in vain
  bool left_ = false;
};

/// Of an approval that can be decided no more: the one that is open in its place.
std::string open_instead(console& out, json::value const& approval) {
  auto const subject = look::text(approval, "subject");
  auto const brief = brief_of(subject);
  auto const pending = out.api().all("/api/approvals", {{"status", "pending"}});
  if (!pending)
    return {};
  std::string of_brief;
  for (auto const& p : look::list(*pending, "items")) {
    auto const about = look::text(p, "subject");
    auto const id = look::text(p, "id");
    if (about == subject)
      return "The one that is open about it now is " + id + ": `troupe approve " + id + "`.";
    if (!brief.empty() && brief_of(about) == brief)
      of_brief = id;
  }
  return of_brief.empty() ? "Nothing about it waits any more: `troupe approve --show " +
                                look::text(approval, "id") + "` says who decided, and how."
                          : "What waits of brief " + brief + " now is " + of_brief +
                                ": `troupe approve " + of_brief + "`.";
}

int decide(console& out, std::string const& id, std::string const& how, std::string const& notes) {
  auto const path = "/api/approvals/" + segment(id);
  auto const approval = out.api().get(path);
  if (!approval)
    return out.fail(approval.error(), "`troupe approve` lists what waits for a person.");
  auto const done = out.api().post(
      path + "/decide", json::object{{"how", how},
                                     {"notes", notes},
                                     {"content_hash", look::text(*approval, "content_hash")}});
  if (!done && done.error().code == errc::conflict)
    return out.fail(done.error(), open_instead(out, *approval));
  return show_done(out, done, done ? status_line(out, "Approval", *done) : std::string{});
}

} // namespace

void add_approve_command(command_line& line) {
  struct flags {
    std::string id, notes;
    bool revise = false, reject = false, show = false, all = false;
    batch_flags batch;
    std::optional<option> wait;
  };
  auto const f = std::make_shared<flags>();
  auto const c = line.add(
      line.root(), "approve", "Lists what waits for a person, or decides one approval.",
      "  troupe approve                     # what waits\n"
      "  troupe approve k3f9q2mx.a1\n"
      "  troupe approve k3f9q2mx.a1 --revise --notes \"leave months out\"\n"
      "  troupe approve --all                # shows and asks, one after the other\n"
      "  troupe approve --replans --brief k3f9q2mx --yes",
      [f](console& out) {
        bool const many = f->all || f->batch.replans;
        if (many && (!f->id.empty() || f->revise || f->reject || f->show))
          return out.misuse("--all and --replans only approve, and name no single one",
                            "See `troupe approve --help`.");
        if (many)
          return batch{out, f->batch}.run();
        if (f->batch.yes || !f->batch.brief.empty() || !f->batch.project.empty())
          return out.misuse("--yes, --brief and --project go with --all or --replans",
                            "See `troupe approve --help`.");
        if (f->wait->given())
          return out.misuse("--wait goes with --all or --replans: one approval is decided at once",
                            "For example `troupe approve --all --wait " +
                                std::to_string(f->batch.wait_s) + "`; without --wait it is " +
                                "decided as it stands.");
        bool const decides = f->revise || f->reject || !f->notes.empty();
        if (f->id.empty() && (decides || f->show))
          return out.misuse("which approval?", "`troupe approve` lists them with their ids.");
        if (f->id.empty())
          return list(out);
        if (f->show && decides)
          return out.misuse("--show decides nothing: leave it out to decide",
                            "See `troupe approve --help`.");
        if (f->revise && f->reject)
          return out.misuse("say either --revise or --reject", "See `troupe approve --help`.");
        if (f->revise && f->notes.find_first_not_of(" \t\r\n") == std::string::npos)
          return out.misuse("--revise needs --notes: what is to change",
                            "For example --notes \"leave months out\".");
        if (f->show)
          return show_one(out, "/api/approvals/" + segment(f->id), render_approval);
        return decide(out, f->id,
                      f->reject   ? "reject"
                      : f->revise ? "revise"
                                  : "approve",
                      f->notes);
      });
  c.add_option("approval", f->id, "id of the approval; left out: lists")
      .type_name("ID")
      .not_empty();
  c.add_option("--notes", f->notes, "why, or what is to change").type_name("TEXT");
  c.add_flag("--revise", f->revise, "send it back instead");
  c.add_flag("--reject", f->reject, "reject it instead");
  c.add_flag("--show", f->show, "only show the question");
  c.add_flag("--all", f->all, "approve what waits, after showing each; also what waits behind it");
  c.add_flag("--replans", f->batch.replans, "the same for plans that replace a failed ticket");
  c.add_option("--brief", f->batch.brief, "only this brief's").type_name("ID");
  c.add_option("--project", f->batch.project, "only this project's").type_name("ID").not_empty();
  c.add_flag("--yes", f->batch.yes, "without asking");
  f->wait =
      c.add_option("--wait", f->batch.wait_s,
                   "with --all or --replans: how long to wait for the plan of a brief, or its "
                   "next version (60); then it ends with code 5")
          .type_name("SECONDS")
          .between(0, 86'400);
}

} // namespace troupe
