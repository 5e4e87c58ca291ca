#include "daemon/output_reader.hpp"

#include "daemon/git.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace troupe::local {

namespace {

/// A member as text; empty if it is missing or something else.
std::string text_at(json::object const& o, std::string_view name) {
  auto const* v = o.if_contains(name);
  return v != nullptr && v->is_string() ? std::string{std::string_view{v->get_string()}}
                                        : std::string{};
}

std::int64_t number_at(json::object const& o, std::string_view name) {
  auto const* v = o.if_contains(name);
  if (v == nullptr)
    return 0;
  if (v->is_int64())
    return std::max<std::int64_t>(0, v->get_int64());
  if (v->is_double() && v->get_double() > 0 && v->get_double() < 9e15)
    return std::llround(v->get_double());
  return 0;
}

double decimal_at(json::object const& o, std::string_view name) {
  auto const* v = o.if_contains(name);
  if (v == nullptr)
    return 0;
  if (v->is_double())
    return v->get_double();
  return v->is_int64() ? static_cast<double>(v->get_int64()) : 0;
}

json::object const* object_at(json::object const& o, std::string_view name) {
  auto const* v = o.if_contains(name);
  return v != nullptr ? v->if_object() : nullptr;
}

json::array const* array_at(json::object const& o, std::string_view name) {
  auto const* v = o.if_contains(name);
  return v != nullptr ? v->if_array() : nullptr;
}

/// What the API's answer means for the attempt.
reason reason_of_status(std::int64_t status, std::string_view message) {
  if (message.find("prompt is too long") != std::string_view::npos ||
      message.find("context window") != std::string_view::npos ||
      message.find("context_length") != std::string_view::npos)
    return reason::context_overflow;
  if (status == 401 || status == 403)
    return reason::auth;
  if (status == 402)
    return reason::quota;
  if (status == 429)
    return reason::rate_limited;
  if (status >= 500)
    return reason::provider_server;
  if (status >= 400)
    return reason::invalid_output;
  auto const says = [&](std::string_view word) {
    return std::search(message.begin(), message.end(), word.begin(), word.end(),
                       [](char a, char b) {
                         return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
                       }) != message.end();
  };
  if (says("rate limit") || says("usage limit") || says("too many requests"))
    return reason::rate_limited;
  if (says("api key") || says("unauthorized") || says("please run /login") || says("log in"))
    return reason::auth;
  if (says("credit balance") || says("quota"))
    return reason::quota;
  if (says("connection") || says("network") || says("stream disconnected") || says("timed out"))
    return reason::provider_network;
  return reason::invalid_output;
}

class text_reader : public output_reader {
public:
  text_reader(runner_profile const& profile, reader_events events)
      : profile_(profile), events_(std::move(events)) {}
  void line(std::string_view) override {}
  tool_verdict end(int exit_code, link::order_kind) override {
    auto const meaning = meaning_of(profile_, exit_code);
    said_.how = meaning.how;
    said_.why = meaning.why;
    return std::move(said_);
  }

protected:
  runner_profile profile_;
  reader_events events_;
  tool_verdict said_;
};

class jsonl_reader final : public text_reader {
public:
  using text_reader::text_reader;
  void line(std::string_view text) override {
    auto const begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos || text[begin] != '{')
      return;
    auto const parsed = json::parse(text);
    if (!parsed)
      return; // output that merely begins with a brace
    auto const& o = parsed->as_object();
    auto const type = text_at(o, "type");
    if (type == "progress") {
      events_.progress(text_at(o, "text"));
    } else if (type == "question") {
      auto to = text_at(o, "to");
      events_.said({message_kind::question, to.empty() ? "pm" : std::move(to), text_at(o, "text"),
                    text_at(o, "engine")});
    } else if (type == "message") {
      message(o);
    } else if (type == "result") {
      said_.summary = text_at(o, "summary");
      said_.engine = text_at(o, "engine");
      if (auto session = text_at(o, "session"); !session.empty())
        said_.session = std::move(session);
      if (auto const* notes = array_at(o, "notes"))
        for (auto const& n : *notes)
          if (n.is_string())
            said_.notes.emplace_back(std::string_view{n.get_string()});
    } else if (type == "usage") {
      // Each line is what was used since the last one.
      said_.used.input_tokens += number_at(o, "input_tokens");
      said_.used.output_tokens += number_at(o, "output_tokens");
      said_.used.cost_micros += number_at(o, "cost_micros");
    }
  }

private:
  void message(json::object const& o) {
    static constexpr std::pair<std::string_view, message_kind> kinds[] = {
        {"bug", message_kind::bug},
        {"verdict", message_kind::verdict},
        {"report", message_kind::report},
        {"note", message_kind::note}};
    tool_message m{message_kind::note, text_at(o, "to"), text_at(o, "text"), text_at(o, "engine")};
    auto const kind = text_at(o, "kind");
    for (auto const& [name, value] : kinds)
      if (name == kind)
        m.kind = value;
    events_.said(std::move(m));
  }
};

/// Claude Code's stream: judged by `is_error`, the exit code and whether a result line came, never
/// by the subtype, which says `success` also after an API error.
class claude_reader final : public text_reader {
public:
  using text_reader::text_reader;
  void line(std::string_view text) override {
    if (text.empty() || text.front() != '{')
      return;
    auto const parsed = json::parse(text);
    if (!parsed || !parsed->is_object())
      return;
    auto const& o = parsed->get_object();
    if (auto session = text_at(o, "session_id"); !session.empty())
      said_.session = std::move(session);
    auto const type = text_at(o, "type");
    if (type == "assistant")
      assistant(o);
    else if (type == "result")
      result_line(o);
  }
  tool_verdict end(int exit_code, link::order_kind kind) override {
    auto const meaning = meaning_of(profile_, exit_code);
    if (!has_result_) {
      said_.how = link::outcome::failed;
      said_.why = meaning.why;
    } else if (is_error_ || exit_code != 0) {
      said_.how = link::outcome::failed;
      said_.why = error_;
    } else if (kind == link::order_kind::review) {
      read_verdict(said_.summary, said_);
    }
    return std::move(said_);
  }

private:
  void assistant(json::object const& o) {
    auto const* m = object_at(o, "message");
    auto const* content = m != nullptr ? array_at(*m, "content") : nullptr;
    if (content == nullptr)
      return;
    for (auto const& block : *content) {
      auto const* b = block.if_object();
      if (b == nullptr)
        continue;
      auto const type = text_at(*b, "type");
      if (type == "text") {
        events_.progress(text_at(*b, "text"));
      } else if (type == "tool_use") {
        // The name of the tool and of the file; what it writes stays here.
        std::string what = "uses " + text_at(*b, "name");
        if (auto const* input = object_at(*b, "input"))
          for (auto const* key : {"file_path", "path", "notebook_path"})
            if (auto const file = text_at(*input, key); !file.empty())
              what += " on " + file.substr(file.rfind('/') + 1);
        events_.progress(std::move(what));
      }
    }
  }

  void result_line(json::object const& o) {
    has_result_ = true;
    said_.summary = text_at(o, "result");
    auto const* flag = o.if_contains("is_error");
    is_error_ = flag != nullptr && flag->is_bool() && flag->get_bool();
    auto const subtype = text_at(o, "subtype");
    if (subtype == "error_max_budget_usd") {
      is_error_ = true;
      error_ = reason::budget;
    } else {
      error_ = reason_of_status(number_at(o, "api_error_status"), said_.summary);
    }
    if (auto const* u = object_at(o, "usage")) {
      said_.used.input_tokens = number_at(*u, "input_tokens") +
                                number_at(*u, "cache_creation_input_tokens") +
                                number_at(*u, "cache_read_input_tokens");
      said_.used.output_tokens = number_at(*u, "output_tokens");
    }
    said_.used.cost_micros = std::llround(decimal_at(o, "total_cost_usd") * 1e6);
    // `… usage limit reached|1760000000`: when it may go on, in seconds since 1970.
    if (auto const bar = said_.summary.rfind('|');
        error_ == reason::rate_limited && bar != std::string::npos) {
      std::int64_t seconds = 0;
      std::from_chars(said_.summary.data() + bar + 1, said_.summary.data() + said_.summary.size(),
                      seconds);
      said_.resume_at = time_point{std::chrono::seconds{seconds}};
    }
  }

  bool has_result_ = false;
  bool is_error_ = false;
  reason error_ = reason::invalid_output;
};

/// `codex exec --json`: no money in it, tokens only; an error event may be a mere warning, a failed
/// turn is the end.
class codex_reader final : public text_reader {
public:
  using text_reader::text_reader;
  void line(std::string_view text) override {
    if (text.empty() || text.front() != '{')
      return;
    auto const parsed = json::parse(text);
    if (!parsed || !parsed->is_object())
      return;
    auto const& o = parsed->get_object();
    auto const type = text_at(o, "type");
    if (type == "thread.started") {
      said_.session = text_at(o, "thread_id");
    } else if (type == "item.completed") {
      if (auto const* i = object_at(o, "item"))
        item(*i);
    } else if (type == "turn.completed") {
      completed_ = true;
      if (auto const* u = object_at(o, "usage")) {
        said_.used.input_tokens += number_at(*u, "input_tokens");
        said_.used.output_tokens += number_at(*u, "output_tokens");
      }
    } else if (type == "turn.failed") {
      if (auto const* e = object_at(o, "error"))
        failure_ = text_at(*e, "message");
      failed_ = true;
    } else if (type == "error") {
      failure_ = text_at(o, "message");
    }
  }
  tool_verdict end(int exit_code, link::order_kind kind) override {
    auto const meaning = meaning_of(profile_, exit_code);
    if (failed_ || !completed_ || exit_code != 0) {
      said_.how = link::outcome::failed;
      said_.why = exit_code == 127 ? meaning.why : reason_of_status(0, failure_);
      if (!failure_.empty())
        said_.summary = failure_;
    } else if (kind == link::order_kind::review) {
      read_verdict(said_.summary, said_);
    }
    return std::move(said_);
  }

private:
  void item(json::object const& o) {
    auto const type = text_at(o, "type");
    if (type == "agent_message") {
      said_.summary = text_at(o, "text");
      events_.progress(said_.summary);
    } else if (type == "command_execution") {
      events_.progress("ran a command");
    } else if (type == "file_change") {
      std::string what = "changed";
      if (auto const* changes = array_at(o, "changes"))
        for (auto const& c : *changes)
          if (auto const* change = c.if_object()) {
            auto const path = text_at(*change, "path");
            what += ' ' + path.substr(path.rfind('/') + 1);
          }
      events_.progress(std::move(what));
    }
  }

  bool completed_ = false;
  bool failed_ = false;
  std::string failure_;
};

} // namespace

std::unique_ptr<output_reader> make_reader(runner_profile const& profile, reader_events events) {
  switch (profile.format) {
  case output_format::jsonl:
    return std::make_unique<jsonl_reader>(profile, std::move(events));
  case output_format::claude_stream_json:
    return std::make_unique<claude_reader>(profile, std::move(events));
  case output_format::codex_jsonl:
    return std::make_unique<codex_reader>(profile, std::move(events));
  case output_format::text:
    break;
  }
  return std::make_unique<text_reader>(profile, std::move(events));
}

void read_verdict(std::string_view text, tool_verdict& into) {
  into.how = link::outcome::failed;
  into.why = reason::none; // asked again, the model may keep to the form
  for (auto const& raw : lines_of(text)) {
    auto const begin = raw.find_first_not_of(" \t*#>");
    if (begin == std::string::npos)
      continue;
    std::string_view const line = std::string_view{raw}.substr(begin);
    if (line.starts_with("VERDICT:")) {
      if (line.find("CHANGES_REQUESTED") != std::string_view::npos) {
        into.how = link::outcome::changes_requested;
        into.why = reason::changes_requested;
      } else if (line.find("APPROVED") != std::string_view::npos) {
        into.how = link::outcome::done;
        into.why = reason::none;
      }
    } else if (raw.find_first_of("-*") == raw.find_first_not_of(" \t") && line.starts_with("- ")) {
      into.notes.emplace_back(line.substr(2));
    } else if (raw.starts_with("* ")) {
      into.notes.emplace_back(raw.substr(2));
    }
  }
}

} // namespace troupe::local
