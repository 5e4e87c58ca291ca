#include "tests/faults/history.hpp"

namespace troupe::faults {

namespace {
constexpr std::string_view mark_begin = "[[";
constexpr std::string_view mark_end = "]]";
} // namespace

std::string mark_of(std::string const& key) {
  return std::string{mark_begin} + key + std::string{mark_end};
}

std::vector<std::string> marks_in(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = text.find(mark_begin); at != std::string_view::npos;
       at = text.find(mark_begin, at)) {
    at += mark_begin.size();
    auto const end = text.find(mark_end, at);
    if (end == std::string_view::npos)
      break;
    auto const key = text.substr(at, end - at);
    // JSON has lists in lists, too; a key is a word.
    if (!key.empty() && key.find_first_of("[]{}\",: ") == std::string_view::npos)
      out.emplace_back(key);
  }
  return out;
}

recorder::recorder(std::filesystem::path const& file) : out_(file, std::ios::app) {}

std::int64_t recorder::now() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                               start_)
      .count();
}

void recorder::line(std::string_view what, json::value const& v) {
  out_ << json::canonical(json::object{{what, v}}) << '\n' << std::flush;
}

void recorder::invoked(operation& o) {
  std::lock_guard const lock{mutex_};
  o.number = static_cast<std::int64_t>(all_.operations.size()) + 1;
  o.begun = now();
  all_.operations.push_back(o);
  line("invoke", json::to(o));
}

void recorder::answered(operation o, outcome how) {
  std::lock_guard const lock{mutex_};
  o.how = how;
  o.ended = now();
  acknowledged_ += how == outcome::ok && o.kind != op_kind::read ? 1 : 0;
  all_.operations.at(static_cast<std::size_t>(o.number - 1)) = o;
  line("answer", json::to(o));
}

void recorder::struck(strike s) {
  std::lock_guard const lock{mutex_};
  line("strike", json::to(s));
  all_.strikes.push_back(std::move(s));
}

history recorder::so_far() const {
  std::lock_guard const lock{mutex_};
  return all_;
}

std::size_t recorder::acknowledged() const {
  std::lock_guard const lock{mutex_};
  return acknowledged_;
}

result<history> history::read(std::filesystem::path const& file) {
  std::ifstream in{file};
  if (!in)
    return fail(errc::not_found, "there is no history " + file.string());
  history out;
  std::size_t number = 0;
  for (std::string text; std::getline(in, text);) {
    auto const wrong = fail(errc::corrupt, file.string() + ":" + std::to_string(++number) +
                                               " is no line of a history");
    auto const v = json::parse(text);
    if (!v || !v->is_object() || v->get_object().size() != 1)
      return wrong;
    auto const& [what, body] = *v->get_object().begin();
    if (what == "strike") {
      auto s = json::from<strike>(body);
      if (!s)
        return wrong;
      out.strikes.push_back(std::move(*s));
      continue;
    }
    auto o = json::from<operation>(body);
    if (!o || o->number < 1)
      return wrong;
    auto const at = static_cast<std::size_t>(o->number - 1);
    if (what == "invoke" && at == out.operations.size())
      out.operations.push_back(std::move(*o));
    else if (what == "answer" && at < out.operations.size())
      out.operations[at] = std::move(*o);
    else
      return wrong;
  }
  return out;
}

} // namespace troupe::faults
