#include "actors/tap/encode.hpp"

#include "protocol/json.hpp"
#include "protocol/redact_json.hpp"

#include <algorithm>

namespace troupe::traffic {

namespace {

/// JSON of a text of which nobody knows whether it is UTF-8.
std::string quoted(std::string text) {
  auto out = json::canonical(json::value(text));
  if (json::parse(out))
    return out;
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return json::canonical(json::value(text));
}

/// Cut at the beginning of a character.
void cut_at(std::string& text, std::size_t size) {
  if (text.size() <= size)
    return;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0u) == 0x80u)
    --size;
  text.resize(size);
}

void put_number(std::string& out, std::string_view name, std::uint64_t n) {
  out += ",\"";
  out += name;
  out += "\":";
  out += std::to_string(n);
}

void put_hash(std::string& out, std::string_view name, std::uint64_t h) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += ",\"";
  out += name;
  out += "\":\"";
  for (int shift = 60; shift >= 0; shift -= 4)
    out += digits[(h >> static_cast<unsigned>(shift)) & 15u];
  out += '"';
}

} // namespace

std::string shown_content(preview const& content) {
  // Longer than the tokens of any issuer, with room for what it is assigned to.
  constexpr std::size_t doubtful = 1024;
  auto text = content.text;
  redact_string(text);
  bool cut = content.cut;
  if (content.cut)
    cut_at(text, text.size() > doubtful ? text.size() - doubtful : 0);
  if (text.size() > most_shown_content) {
    cut = true;
    cut_at(text, most_shown_content - 3);
  }
  if (cut)
    text += "...";
  return text;
}

line_encoder::shown_name const& line_encoder::name(std::string_view text) {
  constexpr std::size_t most = 8192;
  if (auto const known = names_.find(text); known != names_.end())
    return known->second;
  if (names_.size() >= most)
    names_.clear();
  std::string clean{text};
  bool const was_clean = redact_string(clean) == 0;
  return names_.emplace(std::string{text}, shown_name{quoted(std::move(clean)), was_clean})
      .first->second;
}

std::string line_encoder::record(header const& h, std::string const* content, bool outlier) {
  std::string out;
  out.reserve(384 + (content != nullptr ? content->size() : 0));
  out += R"({"type":"record")";
  put_number(out, "at_us", static_cast<std::uint64_t>(std::max<std::int64_t>(h.at_ns, 0) / 1000));
  out += R"(,"point":")";
  out += to_string(h.point);
  out += '"';
  if (h.way != direction::none) {
    out += R"(,"direction":")";
    out += to_string(h.way);
    out += '"';
  }
  out += R"(,"outcome":")";
  out += to_string(h.how);
  out += '"';
  // Names tell of others, a ticket's of its brief: part of what is no name but a secret would not
  // be known for one. So would the beginning of a name that was cut.
  bool doubtful = false;
  for (auto const f : {field::kind, field::from, field::to, field::agent, field::ticket,
                       field::brief, field::project}) {
    auto const text = h.get(f);
    if (text.empty())
      continue;
    bool const derived = f == field::ticket || f == field::brief || f == field::project;
    if (derived && doubtful)
      break;
    auto const& shown = name(text);
    doubtful = doubtful || !shown.clean || h.is_cut(f);
    out += ",\"";
    out += to_string(f);
    out += "\":";
    out += h.is_cut(f) ? R"("...")" : shown.json;
  }
  if (h.latency_us != no_latency)
    put_number(out, "latency_us", h.latency_us);
  if (outlier)
    out += R"(,"outlier":true)";
  if (h.conversation != 0)
    put_hash(out, "conversation", h.conversation);
  if (h.message != 0)
    put_hash(out, "message", h.message);
  if (h.shard != no_shard) {
    put_number(out, "shard", h.shard);
    put_number(out, "seq", h.seq);
  }
  if (h.thread != no_thread) {
    put_number(out, "thread", h.thread);
    put_number(out, "number", h.number);
  }
  if (content != nullptr) {
    out += R"(,"content":)";
    out += quoted(*content);
  }
  out += '}';
  return out;
}

} // namespace troupe::traffic
