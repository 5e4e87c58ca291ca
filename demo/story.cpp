#include "demo/story.hpp"

#include "cli/text/render.hpp"
#include "demo/answers.hpp"
#include "demo/conclusion.hpp"
#include "demo/patience.hpp"
#include "demo/stage.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <map>
#include <set>

namespace troupe::demo {

namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

class story {
public:
  explicit story(options o)
      : o_(std::move(o)), say_(o_.json, o_.color), limit_(o_.time_limit_s, o_.stop),
        shop_(must(workshop::open(o_.folder))), stage_(o_, shop_, limit_, say_) {}

  int tell() {
    introduce();
    to_ = stage_.open_server();
    make_project();
    stage_.open_laptops(*to_);
    submit();
    approve_brief();
    refuse_cycle();
    approve_plan();
    watch_the_work();
    return conclude();
  }

  void clean_up() {
    if (to_)
      to_->close();
    stage_.close();
    if (!o_.keep)
      shop_.remove();
    else if (say_.is_heard())
      say_.line("The folder is kept: " + shop_.folder().string());
  }

private:
  // ---- the stage -----------------------------------------------------------------------------

  void introduce() {
    say_.heading("A team, a meeting, a repository");
    auto const main = must(shop_.inspect());
    if (main.test_exit_code == 127)
      throw broken_off{"perl's `prove` is missing; install the package perl", 2};
    if (main.test_exit_code != 0)
      throw broken_off{"the tests of the fresh repository fail: " + main.test_output};
    say_.happened("repository", {{"path", shop_.origin().string()}, {"commits", main.log.size()}},
                  "A real repository with a small Perl library and passing tests: " +
                      shop_.origin().string());
    say_.line(
        "The model is played by a script and says so: [scripted]. Everything else is real: the\n"
        "server, its ledger, two daemons, git, the tests and the gates.");
  }

  void make_project() {
    json::object const config{
        {"repository", shop_.origin().string()},
        {"target_branch", "main"},
        {"test_command", "prove -l t"},
        {"roster", roster()},
        {"limits", json::object{{"lease", 4000}, {"rounds", 2}, {"stall", 120000}}}};
    auto const r = must(to_->call("POST", "/api/projects",
                                  json::object{{"id", "duration"},
                                               {"name", "Duration"},
                                               {"template_name", "standard@1"},
                                               {"config", config}}));
    if (!r.ok())
      throw broken_off{"the project was refused: " + json::canonical(r.body)};
  }

  static json::array roster() {
    auto const member = [](char const* name, char const* role, char const* engine, int capacity) {
      json::object a{{"name", name}, {"role", role}, {"engine", engine}};
      if (capacity != 1)
        a.emplace("capacity", capacity);
      return a;
    };
    return {member("chief", "chief-of-staff", "rules", 1),
            member("pm", "pm", "scripted", 1),
            member("lead", "tech-lead", "scripted", 2),
            member("qa", "qa", "rules", 1),
            member("ada", "dev", "scripted", 1),
            member("bob", "dev", "scripted", 1),
            member("eve", "dev", "scripted", 1)};
  }

  // ---- what is wanted ------------------------------------------------------------------------

  void submit() {
    say_.heading("The meeting becomes a brief");
    auto const made = must(to_->call("POST", "/api/briefs",
                                     json::object{{"project", "duration"},
                                                  {"name", "meeting.vtt"},
                                                  {"text", read_text(shop_.meeting())}}));
    if (!made.ok())
      throw broken_off{"the transcript was refused: " + json::canonical(made.body)};
    brief_ = text_at(made.body, "id");
    to_->follow("brief=" + brief_);
    stage_.inflict_early();
  }

  void approve_brief() {
    auto const brief = await_status("/api/briefs/" + brief_, "pending_approval");
    hear_what_came();
    say_.text(render_brief(brief, style()));
    say_.happened("brief",
                  {{"brief", brief_}, {"requirements", brief.at("content").at("requirements")}});
    if (!ask("Approve this brief?"))
      throw broken_off{"not approved; nothing was planned and nothing was spent"};
    await_ok("POST", "/api/briefs/" + brief_ + "/approve",
             json::object{{"content_hash", text_at(brief, "content_hash")}});
    say_.happened("approved", {{"what", "brief"}, {"id", brief_}}, "Approved: brief " + brief_);
    stage_.inflict_early();
  }

  void refuse_cycle() {
    say_.heading("The brief becomes a plan");
    plan_ = brief_ + ".p1";
    auto const plan = await_status("/api/plans/" + plan_, "pending_approval");
    // On purpose: make the first ticket wait for the last one that waits for it.
    auto content = plan.at("content");
    auto& items = content.get_object().at("items").get_array();
    auto const waiting = std::find_if(items.begin(), items.end(), [](json::value const& i) {
      return i.get_object().contains("blocked_by");
    });
    if (waiting == items.end())
      throw broken_off{"no ticket of the plan depends on another"};
    auto const blocker = text_at(waiting->at("blocked_by").get_array().front(), {});
    for (auto& i : items) {
      if (text_at(i, "key") == blocker)
        i.get_object()["blocked_by"] = json::array{text_at(*waiting, "key")};
    }
    auto const refused =
        must(to_->call("PUT", "/api/plans/" + plan_, json::object{{"content", content}}));
    if (refused.status != 409)
      throw broken_off{"a plan with a cycle was answered with " + std::to_string(refused.status)};
    hear_of_plan();
    say_.text(render_plan(plan, style()));
    say_.happened("plan", {{"plan", plan_}, {"items", plan.at("content").at("items")}});
    say_.happened("cycle_refused",
                  {{"path", refused.body.get_object().contains("path") ? refused.body.at("path")
                                                                       : json::value{}}},
                  "An edit that makes ticket " + blocker + " wait for ticket " +
                      text_at(*waiting, "key") +
                      " is refused (409): " + text_at(refused.body, "detail"));
  }

  void approve_plan() {
    auto const plan = await_status("/api/plans/" + plan_, "pending_approval");
    if (!ask("Approve this plan?"))
      throw broken_off{"not approved; no work was started and nothing was spent"};
    await_ok("POST", "/api/plans/" + plan_ + "/approve",
             json::object{{"content_hash", text_at(plan, "content_hash")}});
    say_.happened("approved", {{"what", "plan"}, {"id", plan_}}, "Approved: plan " + plan_);
  }

  // ---- the work ------------------------------------------------------------------------------

  void watch_the_work() {
    say_.heading("The team works");
    for (;;) {
      limit_.check();
      if (limit_.over())
        throw broken_off{"the work did not end within the time limit"};
      stage_.inflict(shown_.size());
      auto const event = to_->next(milliseconds{100});
      if (!event) {
        if (is_over())
          return;
        continue;
      }
      auto const type = hear(*event);
      if (type == "brief.ended" || (type == "approval.opened" && is_over()))
        return;
    }
  }

  /// Tells one event and does what follows from it; its type, empty for one that was told before.
  std::string hear(json::object const& event) {
    auto type = text_at(event, "event");
    if (type == "snapshot")
      return {};
    auto const& data = event.at("data");
    if (!shown_.insert(text_at(data, "id")).second)
      return {}; // the server was started anew and told again
    delivered_ = delivered_ || type == "brief.delivery_began";
    plan_is_told_ = plan_is_told_ || type == "plan.approval_asked";
    auto const line = news_.tell(data).value_or(std::string{});
    say_.happened("event", data.get_object(), shows_itself(type) ? std::string{} : line);
    on_event(type, data);
    return type;
  }

  /// Whether the story shows what an event says in words of its own: the brief, the plan, and what
  /// was decided about them.
  [[nodiscard]] bool shows_itself(std::string const& type) const {
    return type.starts_with("approval.") ||
           (!delivered_ && (type.starts_with("brief.") || type.starts_with("plan.")));
  }

  /// What the agents have said to one another up to now.
  void hear_what_came() {
    while (auto const event = to_->next(milliseconds{0}))
      (void)hear(*event);
  }

  /// The same, and what led to the plan, which comes on a way of its own: a plan whose approval is
  /// asked for may be read before the events are here.
  void hear_of_plan() {
    constexpr auto patience = std::chrono::seconds{5}; // the server may be away just now
    for (auto const end = clock::now() + patience; !plan_is_told_ && clock::now() < end;)
      if (auto const event = to_->next(milliseconds{100}))
        (void)hear(*event);
    hear_what_came();
  }

  [[nodiscard]] bool is_over() {
    if (clock::now() < next_look_)
      return false;
    next_look_ = clock::now() + std::chrono::seconds{1};
    auto const brief = to_->get("/api/briefs/" + brief_);
    if (!brief)
      return false;
    auto const status = text_at(*brief, "status");
    return status == "COMPLETED" || status == "FAILED" || status == "CANCELLED";
  }

  void on_event(std::string const& type, json::value const& e) {
    if (type == "ticket.leased") {
      auto const ticket = text_at(e, "entity");
      auto const daemon = text_at(e, "data.daemon");
      if (ticket == killed_ticket_ && lease_lost_ && !lease_moved_) {
        lease_moved_ = daemon != holders_[ticket];
        stage_.restart_laptops(); // only now: the other one had to take it
      }
      holders_[ticket] = daemon;
    } else if (type == "ticket.attempt_started") {
      auto const ticket = text_at(e, "entity");
      if (!killed_ && text_at(e, "data.token") == "1" &&
          title_of(ticket).find("negative") != std::string::npos) {
        killed_ = true;
        killed_ticket_ = ticket;
        stage_.kill_laptop(holders_[ticket], "while it works on ticket " + ticket);
      }
    } else if (type == "ticket.attempt_ended" && text_at(e, "entity") == killed_ticket_ &&
               text_at(e, "data.how") == "LOST") {
      lease_lost_ = true;
    } else if (type == "plan.approval_asked" && text_at(e, "entity") != plan_) {
      auto const id = text_at(e, "entity");
      auto const plan = await_status("/api/plans/" + id, "pending_approval");
      auto const tickets = to_->get("/api/tickets?limit=500&brief=" + brief_);
      say_.text("\n" + render_plan(plan, style(), tickets ? *tickets : json::value{},
                                   plan_details::changed));
      say_.happened("plan", {{"plan", id}, {"items", plan.at("content").at("items")}});
      if (!ask("Approve version " + id.substr(id.rfind('p') + 1) + " of the plan?"))
        throw broken_off{"the new version was not approved; the work stops here"};
      await_ok("POST", "/api/plans/" + id + "/approve",
               json::object{{"content_hash", text_at(plan, "content_hash")}});
      say_.happened("approved", {{"what", "plan"}, {"id", id}}, "Approved: plan " + id + "\n");
    }
  }

  std::string title_of(std::string const& ticket) {
    auto const t = to_->get("/api/tickets/" + ticket);
    return t ? text_at(*t, "item.title") + " " + text_at(*t, "item.text") : std::string{};
  }

  // ---- the end -------------------------------------------------------------------------------

  int conclude() {
    return demo::conclude({.brief = brief_,
                           .lease_moved = lease_moved_,
                           .kills = stage_.kills(),
                           .chaos_kills = stage_.chaos_kills(),
                           .seconds = limit_.seconds(),
                           .verify = [this] { return verify(); }},
                          *to_, shop_, say_, style());
  }

  /// `troupe verify`, as the user would run it.
  ran verify() {
    bool const sqlite = o_.store.empty();
    return demo::run({self().string(), "verify", "--config", shop_.settings().string(),
                      sqlite ? "--data" : "--store",
                      sqlite ? (shop_.folder() / "server").string() : o_.store});
  }

  // ---- small things --------------------------------------------------------------------------

  [[nodiscard]] text_style style() const {
    text_style s;
    s.colour = o_.color;
    s.width = 110;
    return s;
  }

  /// The next line of the terminal; none at its end. Looks up now and then: a Ctrl-C that comes
  /// just before the reading begins does not interrupt it.
  std::optional<std::string> typed_line() {
    for (;;) {
      limit_.check();
      if (auto const end = typed_.find('\n'); end != std::string::npos) {
        auto line = typed_.substr(0, end);
        typed_.erase(0, end + 1);
        return line;
      }
      pollfd terminal{0, POLLIN, 0};
      if (::poll(&terminal, 1, 200) <= 0)
        continue;
      std::array<char, 256> part{};
      auto const got = ::read(0, part.data(), part.size());
      if (got == 0 || (got < 0 && errno != EINTR))
        return std::nullopt;
      if (got > 0)
        typed_.append(part.data(), static_cast<std::size_t>(got));
    }
  }

  /// On a terminal a person decides; without one, or with --yes, it is approved after it was shown.
  bool ask(std::string const& question) {
    if (o_.yes || o_.json || ::isatty(0) == 0) {
      say_.line(question + " yes (no terminal, or --yes)");
      return true;
    }
    for (;;) {
      std::cout << question << " [Y/n] " << std::flush;
      auto const typed = typed_line();
      if (!typed)
        return false;
      auto const& answer = *typed;
      if (answer.empty() || answer == "y" || answer == "Y" || answer == "yes" || answer == "Yes")
        return true;
      if (answer == "n" || answer == "N" || answer == "no" || answer == "No")
        return false;
      std::cout << "Answer y or n, please.\n";
    }
  }

  json::value await_status(std::string const& path, std::string const& status) {
    json::value last;
    limit_.await(path + " to be " + status, [&] {
      auto r = to_->get(path);
      if (!r)
        return false;
      last = std::move(*r);
      return text_at(last, "status") == status;
    });
    return last;
  }

  /// A command that may come a moment too early (the approval is being opened).
  void await_ok(std::string const& method, std::string const& path, json::value const& body) {
    std::string last;
    limit_.await(path + " (" + last + ")", [&] {
      auto const r = to_->call(method, path, body);
      if (r && r->ok())
        return true;
      last = r ? json::canonical(r->body) : r.error().message;
      return false;
    });
  }

  options o_;
  teller say_;
  patience limit_;
  clock::time_point next_look_{};
  workshop shop_;
  stage stage_;
  std::string typed_; ///< by the person, not read yet
  std::string brief_;
  std::string plan_;
  std::unique_ptr<connection> to_;
  std::map<std::string, std::string> holders_;
  std::set<std::string> shown_;
  event_teller news_{style()};
  bool delivered_ = false;    ///< the first plan is approved, and its tickets are worked
  bool plan_is_told_ = false; ///< up to the question whether it may begin
  bool killed_ = false;
  bool lease_lost_ = false;
  bool lease_moved_ = false;
  std::string killed_ticket_;
};

} // namespace

int run(options const& o) {
  // Who reads the story may go away (`troupe demo | head`): then it must end like any other, with
  // its processes stopped and its folder removed, and not by a signal in the middle of a line.
  std::signal(SIGPIPE, SIG_IGN);
  std::unique_ptr<story> s;
  int code = 1;
  try {
    s = std::make_unique<story>(o);
    code = s->tell();
  } catch (broken_off const& b) {
    // Ctrl-C reaches git and the tests as well, whose failure then says nothing.
    bool const stopped = o.stop != nullptr && *o.stop;
    std::cerr << (stopped ? "\n" : "") << "troupe demo: "
              << (stopped ? "stopped; its processes are ended, and your own repositories were "
                            "never touched"
                          : b.why)
              << std::endl;
    code = stopped ? 130 : b.exit_code;
  }
  try {
    if (s)
      s->clean_up();
  } catch (broken_off const& b) { // its last line had no reader
    code = code == 0 ? b.exit_code : code;
  }
  return code;
}

} // namespace troupe::demo
