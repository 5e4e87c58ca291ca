#include "cli/commands.hpp"

#include <boost/json/serialize.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <utility>

namespace troupe {

void add_commands(command_line& line) {
  add_serve_command(line);
  add_daemon_commands(line);
  add_demo_command(line);
  add_init_command(line);
  add_doctor_command(line);
  add_project_commands(line);
  add_brief_commands(line);
  add_plan_commands(line);
  add_ticket_commands(line);
  add_run_commands(line);
  add_budget_commands(line);
  add_approve_command(line);
  add_agent_commands(line);
  add_watch_command(line);
  add_why_command(line);
  add_ledger_commands(line);
  add_bench_command(line);
  add_token_commands(line);
  add_config_commands(line);
  add_dashboard_command(line);
  add_dead_letter_command(line);
  add_completion_command(line);
  add_help_commands(line);
}

int run_command_line(int argc, char const* const* argv) {
  command_line line;
  add_commands(line);
  return line.run(argc, argv);
}

void add_list_flags(command to, std::shared_ptr<list_flags> const& flags,
                    std::vector<std::string> const& filters) {
  for (auto const& name : filters)
    to.add_option_function(
          "--" + name, [flags, name](std::string const& v) { flags->filters[name] = v; },
          "only those of this " + name)
        .type_name(name == "status" ? "STATUS" : "ID");
  to.add_option("--skip", flags->skip, "leave out the first N")
      .between(0, 100'000'000)
      .type_name("N");
  to.add_option("--limit", flags->limit, "at most N (50)").between(1, 500).type_name("N");
  to.add_flag("--all", flags->all, "every page");
}

int show_list(console& out, std::string_view kind, std::string const& path,
              list_flags const& flags) {
  api_client::query q{flags.filters.begin(), flags.filters.end()};
  if (!flags.all) {
    q.emplace_back("skip", std::to_string(flags.skip));
    q.emplace_back("limit", std::to_string(flags.limit));
  }
  auto const page = flags.all ? out.api().all(path, std::move(q)) : out.api().get(path, q);
  if (!page) {
    // A filter that means nothing is a mistyped argument; the message says what there is.
    auto const field = look::text(json::value(page.error().details), "field");
    if (page.error().code == errc::invalid_argument && flags.filters.contains(field))
      return out.misuse(page.error().message,
                        "Mend --" + field + "; statuses in capitals are ends.");
    return out.fail(page.error());
  }
  auto const code = out.show(*page, render_list(kind, *page, out.style()));
  if (look::list(*page, "items").empty() && !flags.filters.empty()) {
    std::string all;
    for (auto const& [name, value] : flags.filters)
      all += " --" + name + " " + value;
    out.note("Only those with" + all + " were looked for.");
  }
  note_lacks(out, look::list(*page, "items"));
  return code;
}

void note_lacks(console const& out, json::array const& waiting) {
  std::vector<std::pair<std::string, std::vector<std::string>>> by_lack;
  for (auto const& w : waiting) {
    auto const said = lack_sentence(look::at(w, "lacks"));
    if (said.empty())
      continue;
    auto at = std::find_if(by_lack.begin(), by_lack.end(),
                           [&](auto const& known) { return known.first == said; });
    if (at == by_lack.end())
      at = by_lack.insert(at, {said, {}});
    at->second.push_back(look::text(w, "id"));
  }
  for (auto const& [said, ids] : by_lack)
    out.note((ids.size() == 1 ? ids.front() + " waits for "
                              : std::to_string(ids.size()) + " tickets wait for ") +
             said);
}

int show_one(console& out, std::string const& path, renderer render) {
  auto const found = out.api().get(path);
  if (!found)
    return out.fail(found.error());
  return out.show(*found, render(*found, out.style()));
}

int show_done(console& out, result<json::value> const& done, std::string_view text) {
  if (!done)
    return out.fail(done.error());
  return out.show(*done, text);
}

std::string status_line(console const& out, std::string_view kind, json::value const& entity) {
  return std::string{kind} + " " + paint(out.style(), ink::name, look::text(entity, "id")) +
         " is " + paint_status(out.style(), look::text(entity, "status")) + ".\n";
}

namespace {

std::atomic<bool> interrupted{false};

extern "C" void take_interrupt(int) {
  interrupted = true;
}

} // namespace

std::atomic<bool>& stop_on_interrupt() {
  static bool const once = [] {
    struct sigaction action {};
    action.sa_handler = take_interrupt;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    return true;
  }();
  (void)once;
  return interrupted;
}

result<json::value> wait_for(console& out, std::string const& path, std::string const& brief,
                             std::function<bool(json::value const& entity)> const& ended,
                             std::function<void()> const& begun) {
  auto& stop = stop_on_interrupt();
  auto answer = out.api().get(path);
  if (!answer || ended(*answer))
    return answer;
  event_teller teller{out.style()};
  bool over = false;
  // The stream tells when to look; what counts is always the entity itself. One flag ends it, so
  // that Ctrl-C is heard also while the stream is quiet.
  auto const followed = out.api().follow(
      "/api/stream", {{"brief", brief}},
      [&, first = true](std::string const& name, json::value const& event) mutable {
        if (std::exchange(first, false) && begun)
          begun();
        if (name != "snapshot" && out.shows_progress()) {
          if (auto const told = teller.tell(event)) {
            out.progress({});
            out.print(*told + "\n");
          }
        }
        if (name == "progress")
          return; // nothing has changed
        auto now = out.api().get(path);
        if (!now && (now.error().code == errc::unavailable || now.error().code == errc::timeout))
          return; // the link says so, and a snapshot comes when the server is back
        answer = std::move(now);
        over = !answer || ended(*answer);
        if (over)
          stop = true;
      },
      stop,
      [&, lost = false, linked = false](bool up, std::string const& why) mutable {
        if (!up)
          out.remark(out.api().link_broken(why));
        else if (lost)
          out.remark(linked ? "connected again" : "connected");
        lost = !up;
        linked = linked || up;
      });
  if (!followed)
    return followed.error();
  if (!over)
    return fail(errc::timeout, "interrupted; it goes on without you", {{"interrupted", true}});
  stop = false;
  return answer;
}

int fail_waiting(console& out, error const& e, std::string_view way_out) {
  bool const interrupted = look::flag(json::value(e.details), "interrupted");
  return out.fail(e, way_out, interrupted ? std::optional{exit_code::interrupted} : std::nullopt);
}

namespace {

void write_pretty(json::value const& v, std::string const& indent, std::string& out) {
  auto const inner = indent + "  ";
  if (v.is_object() && !v.get_object().empty()) {
    out += "{\n";
    bool first = true;
    for (auto const& m : v.get_object()) {
      out += (first ? "" : ",\n") + inner + boost::json::serialize(json::value(m.key())) + ": ";
      write_pretty(m.value(), inner, out);
      first = false;
    }
    out += "\n" + indent + "}";
  } else if (v.is_array() && !v.get_array().empty()) {
    out += "[\n";
    bool first = true;
    for (auto const& item : v.get_array()) {
      out += (first ? "" : ",\n") + inner;
      write_pretty(item, inner, out);
      first = false;
    }
    out += "\n" + indent + "]";
  } else {
    out += boost::json::serialize(v);
  }
}

} // namespace

std::string pretty_json(json::value const& v) {
  std::string out;
  write_pretty(v, {}, out);
  return out + "\n";
}

result<std::string> edit_text(console& out, std::string const& text, std::string const& name,
                              std::string& kept) {
  auto const env = process_environment();
  std::string editor;
  for (auto const* variable : {"VISUAL", "EDITOR"}) {
    if (auto const found = env.find(variable); editor.empty() && found != env.end())
      editor = found->second;
  }
  if (editor.empty())
    return fail(errc::not_found, "no editor: VISUAL and EDITOR are not set", {{"field", "EDITOR"}});
  auto pattern = (std::filesystem::temp_directory_path() / (name + "-XXXXXX")).string();
  int const fd = ::mkstemp(pattern.data());
  if (fd < 0)
    return fail(errc::unavailable, "cannot make a file in the temporary folder");
  ::close(fd);
  kept = pattern;
  std::ofstream{kept} << text;
  out.note("editing " + kept);
  // Through the shell, because EDITOR may hold arguments; the file is an argument, not text of it.
  pid_t const child = ::fork();
  if (child == 0) {
    auto const line = editor + " \"$1\"";
    ::execl("/bin/sh", "sh", "-c", line.c_str(), "sh", kept.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (child < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail(errc::invalid_argument, "the editor `" + editor +
                                            "` ended with an error; nothing "
                                            "was sent");
  return read_input(kept);
}

} // namespace troupe
