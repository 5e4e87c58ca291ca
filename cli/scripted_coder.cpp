#include "cli/scripted_coder.hpp"

#include "protocol/daemon_link.hpp"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

namespace troupe {

namespace {

struct file_write {
  std::string path;
  std::string text;
  bool executable = false;
  TROUPE_FIELDS(file_write, path, text, executable);
};
struct file_replace {
  std::string path;
  std::string from; ///< must be there, once
  std::string to;
  TROUPE_FIELDS(file_replace, path, from, to);
};
struct question {
  std::string to;
  std::string text;
  TROUPE_FIELDS(question, to, text);
};

/// One thing to do; exactly one member is set.
struct step {
  std::string say;
  std::optional<file_write> write;
  std::optional<file_replace> replace;
  std::string run; ///< shell command; must exit 0
  std::optional<question> ask;
  std::optional<question> bug;
  std::string key_into; ///< writes a key that looks real into this file (made at run time)
  std::string commit;   ///< commits everything with this subject
  bool amend = false;   ///< rewrites the branch's commits as one
  bool hang = false;    ///< works until somebody stops it
  TROUPE_FIELDS(step, say, write, replace, run, ask, bug, key_into, commit, amend, hang);
};

struct scene {
  std::string match; ///< part of the ticket's title or text
  std::string role;
  std::optional<std::int32_t> round;
  std::optional<std::int32_t> attempt; ///< of the ticket, from its fencing token
  std::optional<bool> replacement;     ///< whether the ticket replaces a failed one
  std::vector<step> steps;
  std::string summary;
  std::vector<std::string> notes;
  std::int32_t exit = 0;
  TROUPE_FIELDS(scene, match, role, round, attempt, replacement, steps, summary, notes, exit);
};

struct script {
  std::vector<scene> coders;
  json::value answers; ///< for the server's scripted agents
  TROUPE_FIELDS(script, coders, answers);
};

result<std::string> read_file(std::filesystem::path const& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in)
    return fail(errc::not_found, "cannot read " + file.string());
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

template <class T>
result<T> read_as(std::filesystem::path const& file) {
  auto const text = read_file(file);
  if (!text)
    return text.error();
  auto const v = json::parse(*text);
  if (!v)
    return fail(v.error().code, file.string() + ": " + v.error().message);
  auto out = json::from<T>(*v);
  if (!out)
    return fail(out.error().code, file.string() + ": " + out.error().message);
  return out;
}

bool write_file(std::filesystem::path const& file, std::string const& text, bool executable) {
  if (file.has_parent_path())
    std::filesystem::create_directories(file.parent_path());
  {
    std::ofstream out{file, std::ios::binary | std::ios::trunc};
    out << text;
    if (!out.flush())
      return false;
  }
  if (executable)
    std::filesystem::permissions(file,
                                 std::filesystem::perms::owner_exec |
                                     std::filesystem::perms::group_exec |
                                     std::filesystem::perms::others_exec,
                                 std::filesystem::perm_options::add);
  return true;
}

void emit(json::object line) {
  std::cout << json::canonical(std::move(line))
            << std::endl; // one line, at once: the daemon waits for it
}

/// Shaped like an AWS access key. Made of random letters, so that none stands in any file of ours.
std::string made_up_key() {
  std::random_device random;
  static constexpr std::string_view letters = "ABCDEFGHJKLMNPQRSTUVWXYZ234567";
  std::string out = std::string{"AK"} + "IA";
  while (out.size() < 20)
    out += letters[random() % letters.size()];
  return out;
}

class performer {
public:
  explicit performer(link::order o) : order_(std::move(o)) {}

  int play(script const& s) {
    for (auto const& x : s.coders) {
      if (fits(x))
        return play(x);
    }
    emit({{"type", "result"},
          {"engine", "scripted"},
          {"summary", "[scripted] no scene for " + order_.role + " on \"" + order_.item->title +
                          "\" in round " + std::to_string(order_.round)}});
    return 1;
  }

private:
  [[nodiscard]] bool fits(scene const& x) const {
    auto const text = order_.item->title + "\n" + order_.item->text;
    return (x.role.empty() || x.role == order_.role) &&
           (x.match.empty() || text.find(x.match) != std::string::npos) &&
           (!x.round || *x.round == order_.round) && (!x.attempt || *x.attempt == order_.token) &&
           (!x.replacement || *x.replacement == !order_.item->supersedes.empty());
  }

  int play(scene const& x) {
    for (auto const& s : x.steps) {
      if (!play(s))
        return 1;
    }
    json::array notes;
    for (auto const& n : x.notes)
      notes.emplace_back(n);
    emit({{"type", "result"},
          {"engine", "scripted"},
          {"summary", "[scripted] " + x.summary},
          {"notes", std::move(notes)}});
    return x.exit;
  }

  bool failed(std::string const& why) {
    emit({{"type", "result"}, {"engine", "scripted"}, {"summary", "[scripted] " + why}});
    return false;
  }

  bool play(step const& s) {
    if (!s.say.empty())
      emit({{"type", "progress"}, {"text", "[scripted] " + s.say}});
    if (s.write && !write_file(s.write->path, s.write->text, s.write->executable))
      return failed("cannot write " + s.write->path);
    if (s.replace) {
      auto text = read_file(s.replace->path);
      if (!text)
        return failed(text.error().message);
      auto const at = text->find(s.replace->from);
      if (text->find(s.replace->to) != std::string::npos)
        return true; // an attempt that was lost has done it
      if (at == std::string::npos)
        return failed("the place to change is not in " + s.replace->path);
      text->replace(at, s.replace->from.size(), s.replace->to);
      if (!write_file(s.replace->path, *text, false))
        return failed("cannot write " + s.replace->path);
    }
    if (!s.key_into.empty()) {
      auto text = read_file(s.key_into);
      if (!write_file(s.key_into,
                      (text ? *text : std::string{}) + "aws_access_key_id = " + made_up_key() +
                          "\n",
                      false))
        return failed("cannot write " + s.key_into);
    }
    if (!s.run.empty() && std::system(("{ " + s.run + "\n} >&2").c_str()) != 0)
      return failed("this failed: " + s.run);
    if (s.amend && !amend())
      return failed("cannot rewrite the branch");
    // Another attempt may have done the same before it was lost: then there is nothing to commit.
    if (!s.commit.empty() &&
        std::system(("git add -A && { git diff --cached --quiet || git commit -q -m '" + s.commit +
                     "' >&2; }")
                        .c_str()) != 0)
      return failed("cannot commit");
    if (s.bug)
      emit({{"type", "message"}, {"kind", "bug"}, {"to", s.bug->to}, {"text", s.bug->text}});
    if (s.ask && !was_answered(s.ask->text)) {
      emit({{"type", "question"}, {"to", s.ask->to}, {"text", "[scripted] " + s.ask->text}});
      std::string answer;
      if (!std::getline(std::cin, answer))
        return failed("no answer came");
    }
    while (s.hang)
      pause();
    return true;
  }

  /// A question that an earlier attempt asked is not asked again: its answer came with the order.
  [[nodiscard]] bool was_answered(std::string const& text) const {
    for (auto const& q : order_.conversation) {
      if (q->kind != message_kind::question || text_of(q).find(text) == std::string::npos)
        continue;
      for (auto const& a : order_.conversation) {
        if (a->reply_to == q->id)
          return true;
      }
    }
    return false;
  }

  /// All commits of the branch as one, so that nothing stays in its history.
  static bool amend() {
    return std::system("git reset -q --soft \"$(git merge-base HEAD "
                       "origin/$TROUPE_TARGET_BRANCH)\" >&2") == 0;
  }

  link::order order_;
};

} // namespace

int run_scripted_coder(std::filesystem::path const& script_file) {
  auto const* order_file = std::getenv("TROUPE_ORDER_FILE");
  if (order_file == nullptr) {
    std::cerr << "scripted-coder: TROUPE_ORDER_FILE is not set; the daemon sets it\n";
    return 64;
  }
  auto s = read_as<script>(script_file);
  if (!s) {
    std::cerr << "scripted-coder: " << s.error().message << '\n';
    return 64;
  }
  auto const text = read_file(order_file);
  auto v = text ? json::parse(*text) : result<json::value>{text.error()};
  if (v && v->is_object())
    v->get_object().erase("type");
  auto o = v ? json::from<link::order>(*v) : result<link::order>{v.error()};
  if (!o) {
    std::cerr << "scripted-coder: " << o.error().message << '\n';
    return 64;
  }
  return performer{std::move(*o)}.play(*s);
}

} // namespace troupe
