#include "actors/thinkers.hpp"

#include <fstream>
#include <sstream>

namespace troupe {

namespace {

/// One line of the script: to whom, about what, and what is said.
struct scripted_answer {
  std::string role;    ///< of the agent that speaks; empty: any
  std::string request; ///< `draft_brief`, `resolve_ticket`, …; empty: a question
  std::string match;   ///< part of the message's text; empty: any
  std::string text;
  json::value data;
  TROUPE_FIELDS(scripted_answer, role, request, match, text, data);
};
struct script {
  std::vector<scripted_answer> answers;
  TROUPE_FIELDS(script, answers);
};

class scripted_thinker : public thinker {
public:
  scripted_thinker(script s, std::shared_ptr<thinker> fallback)
      : script_(std::move(s)), fallback_(std::move(fallback)) {}

  result<envelope> think(thought_request const& r, state_reader const& read) override {
    auto const text = text_of(r.message);
    std::string request;
    if (auto const& d = data_of(r.message); d.is_object()) {
      if (auto const* what = d.get_object().if_contains("do"); what != nullptr && what->is_string())
        request = std::string{std::string_view{what->get_string()}};
    }
    if (request == "answer") // a question of an agent at work
      request.clear();
    for (auto const& a : script_.answers) {
      if ((!a.role.empty() && a.role != r.spec.role) || a.request != request ||
          text.find(a.match) == std::string::npos)
        continue;
      envelope e;
      e.kind = message_kind::answer;
      e.engine = "scripted";
      e.parts.push_back(text_part("[scripted] " + a.text));
      if (!a.data.is_null())
        e.parts.push_back(data_part(a.data));
      return e;
    }
    return fallback_->think(r, read);
  }

private:
  script script_;
  std::shared_ptr<thinker> fallback_;
};

} // namespace

result<std::unique_ptr<thinker>> make_scripted_thinker(std::filesystem::path const& file,
                                                       std::shared_ptr<thinker> fallback) {
  std::ifstream in{file, std::ios::binary};
  if (!in)
    return fail(errc::not_found, "cannot read the script " + file.string());
  std::ostringstream all;
  all << in.rdbuf();
  auto const v = json::parse(all.str());
  if (!v)
    return fail(v.error().code, file.string() + ": " + v.error().message);
  // The same file may also script the coders of a daemon; only `answers` is ours.
  json::object mine;
  if (v->is_object() && v->get_object().contains("answers"))
    mine.emplace("answers", v->get_object().at("answers"));
  auto s = json::from<script>(mine);
  if (!s)
    return fail(s.error().code, file.string() + ": " + s.error().message);
  return std::unique_ptr<thinker>{
      std::make_unique<scripted_thinker>(std::move(*s), std::move(fallback))};
}

} // namespace troupe
