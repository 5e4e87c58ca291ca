#include "demo/conclusion.hpp"

#include "demo/answers.hpp"
#include "demo/processes.hpp"

#include <algorithm>
#include <cstdlib>

namespace troupe::demo {

namespace {

bool blocked_by_secrets(json::value const& e) {
  if (text_at(e, "type") != "ticket.gated")
    return false;
  auto const* results = e.at("data").get_object().if_contains("results");
  return results != nullptr && std::any_of(results->get_array().begin(), results->get_array().end(),
                                           [](json::value const& r) {
                                             return text_at(r, "gate") == "secrets" &&
                                                    text_at(r, "passed").empty();
                                           });
}

/// What each ticket took, by the server's word.
class cost_table {
public:
  void add(json::value const& ticket) {
    auto const number = [&](std::string_view path) {
      auto const text = text_at(ticket, path);
      return text.empty() ? std::int64_t{0} : std::stoll(text);
    };
    row r{text_at(ticket, "id"), number("used.wall"),
          number("used.input_tokens") + number("used.output_tokens"), number("used.cost_micros")};
    sum_.wall += r.wall;
    sum_.tokens += r.tokens;
    sum_.micros += r.micros;
    rows_.push_back(std::move(r));
  }
  void tell(teller& say) const {
    say.line("\nWhat it took (no model was called):");
    say.line(line("ticket", "at work", "tokens", "cost"));
    for (auto const& r : rows_)
      say.line(line(r));
    say.line(line(sum_));
  }
  [[nodiscard]] std::int64_t micros() const { return sum_.micros; }

private:
  struct row {
    std::string ticket;
    std::int64_t wall = 0;   ///< milliseconds
    std::int64_t tokens = 0; ///< in and out
    std::int64_t micros = 0; ///< millionths of the currency's unit
  };
  static std::string line(std::string const& ticket, std::string const& wall,
                          std::string const& tokens, std::string const& cost) {
    auto const right = [](std::string const& text, std::size_t width) {
      return std::string(width > text.size() ? width - text.size() : 1, ' ') + text;
    };
    return "  " + ticket + std::string(ticket.size() < 14 ? 14 - ticket.size() : 1, ' ') +
           right(wall, 9) + right(tokens, 9) + right(cost, 11);
  }
  static std::string line(row const& r) {
    auto const part = [](std::int64_t n, std::int64_t of, std::size_t digits) {
      auto const rest = std::to_string(n % of);
      return std::to_string(n / of) + "." +
             std::string(digits - std::min(digits, rest.size()), '0') + rest;
    };
    return line(r.ticket, part(r.wall / 100, 10, 1) + " s", std::to_string(r.tokens),
                part(r.micros, 1'000'000, 6));
  }

  std::vector<row> rows_;
  row sum_{"all", 0, 0, 0};
};

/// The line that makes `troupe` a command, where it is none.
std::string where_the_program_is() {
  auto const here = self().parent_path().string();
  auto const* path = std::getenv("PATH");
  std::string const all = std::string{":"} + (path != nullptr ? path : "") + ":";
  for (std::size_t at = 1, end; at < all.size(); at = end + 1) {
    end = all.find(':', at);
    std::error_code ec;
    if (end > at && std::filesystem::exists(all.substr(at, end - at) + "/troupe", ec))
      return {};
  }
  return "  export PATH=\"" + here + ":$PATH\"\n";
}

/// What the story promises must really have happened, by the ledger's word.
template <class FailIf>
void check_promises(ended_story const& story, connection& to, FailIf const& fail_if) {
  bool secret_blocked = false;
  bool sent_back = false;
  bool replaced = false;
  bool answered = false;
  for (std::string after = "0";;) {
    auto const page =
        must(to.get("/api/events?limit=1000&brief=" + story.brief + "&after=" + after));
    for (auto const& e : items_of(page)) {
      auto const type = text_at(e, "type");
      secret_blocked = secret_blocked || blocked_by_secrets(e);
      sent_back = sent_back || (type == "ticket.reviewed" && text_at(e, "data.approved").empty());
      replaced = replaced || (type == "plan.created" && !text_at(e, "data.failed_key").empty());
      answered = answered || (type == "ticket.wait_ended");
    }
    after = text_at(page, "after");
    if (after.empty())
      break;
  }
  fail_if(!sent_back, "no review sent work back");
  fail_if(!secret_blocked, "no gate blocked the planted secret");
  fail_if(!replaced, "no ticket was replanned");
  fail_if(!answered, "no question was answered");
  // Under chaos the attempt that was to be killed may have been lost to another kill before.
  fail_if(story.chaos_kills == 0 && !story.lease_moved, "no lease moved to the other daemon");
}

} // namespace

int conclude(ended_story const& story, connection& to, workshop const& shop, teller& say,
             text_style const& style) {
  say.heading("What came of it");
  bool good = true;
  auto const fail_if = [&](bool bad, std::string const& why) {
    if (bad) {
      good = false;
      say.happened("wrong", {{"why", why}}, "WRONG: " + why);
    }
  };
  auto const ended = must(to.get("/api/briefs/" + story.brief));
  fail_if(text_at(ended, "status") != "COMPLETED",
          "the brief is " + text_at(ended, "status") + ": " + text_at(ended, "why"));
  auto const tickets = items_of(must(to.get("/api/tickets?limit=500&brief=" + story.brief)));
  std::size_t done = 0;
  cost_table costs;
  json::array outcome;
  std::string a_commit;
  for (auto const& t : tickets) {
    auto const status = text_at(t, "status");
    done += status == "DONE" ? 1 : 0;
    costs.add(t);
    outcome.push_back(json::object{{"title", text_at(t, "item.title")}, {"status", status}});
    if (status == "DONE" && text_at(t, "item.title").find("week") != std::string::npos)
      a_commit = text_at(t, "merged_as");
    if (status == "DONE" && a_commit.empty())
      a_commit = text_at(t, "merged_as");
  }
  auto const main = must(shop.inspect());
  fail_if(main.test_exit_code != 0, "the tests of main fail:\n" + main.test_output);
  fail_if(main.log.size() != done + 1, "main has " + std::to_string(main.log.size() - 1) +
                                           " merges for " + std::to_string(done) +
                                           " finished tickets");
  fail_if(shop.history_has(std::string{"aws_access_"}.append("key_id")),
          "the planted secret is in the history of main");
  say.line("main, as a fresh clone sees it:");
  for (auto const& l : main.log)
    say.line("  " + l);
  say.line("its tests: " + std::string{main.test_exit_code == 0 ? "pass" : "FAIL"});
  std::sort(outcome.begin(), outcome.end(),
            [](auto const& x, auto const& y) { return json::canonical(x) < json::canonical(y); });
  costs.tell(say);

  auto const verified = story.verify();
  fail_if(verified.exit_code != 0, "troupe verify: " + verified.output);
  say.text("troupe verify: " + verified.output);

  if (!a_commit.empty()) {
    auto const why = must(to.get("/api/why/" + a_commit));
    say.line("\nWhy is commit " + a_commit.substr(0, 10) + " there?");
    say.text(render_why(why, style));
    say.happened("why", {{"why", why}});
  }
  check_promises(story, to, fail_if);
  say.happened("outcome", {{"good", good},
                           {"status", text_at(ended, "status")},
                           {"tickets", outcome},
                           {"merges", main.log.size() - 1},
                           {"tests", main.test_exit_code},
                           {"cost_micros", costs.micros()},
                           {"kills", story.kills},
                           {"chaos_kills", story.chaos_kills},
                           {"seconds", story.seconds},
                           {"verify", verified.exit_code}});
  say.line("\nNext, in your own repository:\n" + where_the_program_is() +
           "  troupe serve                       # in a terminal of its own\n"
           "  cd your/repository && troupe init  # finds your tests and your coding CLIs\n"
           "  troupe daemon code | troupe daemon enroll --code -\n"
           "  troupe daemon run                  # in a terminal of its own; without a coding CLI: "
           "--command 'your script'\n"
           "  troupe brief submit notes.txt      # nothing is spent before you approve\n"
           "  troupe approve                     # what waits for you");
  return good ? 0 : 1;
}

} // namespace troupe::demo
