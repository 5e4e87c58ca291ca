#include "protocol/redact_json.hpp"

#include "protocol/json_string.hpp"
#include "protocol/quick_hash.hpp"
#include "protocol/redact.hpp"

#include <algorithm>
#include <unordered_set>

namespace troupe {

namespace {

constexpr std::size_t shortest_secret = 8; // of every rule, with what makes it one
constexpr int rounds = 4;

std::string spelled(std::string_view text) {
  std::string out;
  json::put_string(out, text);
  return out;
}

/// How many characters JSON needs for one of a string.
std::size_t width(char c) {
  switch (c) {
  case '"':
  case '\\':
  case '\b':
  case '\f':
  case '\n':
  case '\r':
  case '\t':
    return 2;
  default:
    return static_cast<unsigned char>(c) < 0x20 ? 6 : 1;
  }
}

/// Redacts what is found in the string's JSON text. `begin`: where its first character stands.
std::string redact_spelled(std::string_view text, std::vector<secret_hit> const& hits,
                           std::size_t begin) {
  std::string out;
  std::size_t at = 0;
  std::size_t place = begin;
  // A piece that begins or ends within an escape begins or ends after it.
  auto const skip_to = [&](std::size_t offset, bool keep) {
    for (; at < text.size() && place < offset; ++at) {
      if (keep)
        out += text[at];
      place += width(text[at]);
    }
  };
  for (auto const& hit : hits) {
    skip_to(hit.offset, true);
    skip_to(hit.offset + hit.length, false);
    out += "[redacted:" + std::string{hit.rule} + "]";
  }
  skip_to(std::string::npos, true);
  return out;
}

std::string redact_once(std::string text, std::string_view name) {
  bool const escapes = std::any_of(text.begin(), text.end(), [](char c) { return width(c) != 1; });
  if (escapes) // else its JSON text is the string itself
    text = redact(text);
  auto const before = name.empty() ? std::string{} : spelled(name) + ":";
  auto const hits = find_secrets(before + spelled(text));
  return hits.empty() ? text : redact_spelled(text, hits, before.size() + 1);
}

/// Short strings that were found clean lately: names, ids and the words of the protocol come again
/// with every event, and a text with each of a ticket's; looking them up costs a hundredth of
/// looking at them.
class clean_strings {
public:
  [[nodiscard]] bool knows(std::string_view text, std::string_view name) const {
    return text.size() < shortest_secret || known_.contains(named{text, name});
  }
  void learn(std::string_view text, std::string_view name) {
    if (text.size() + name.size() > longest)
      return;
    if (known_.size() == most)
      known_.clear();
    known_.emplace(text, name);
  }

private:
  struct named {
    std::string_view text;
    std::string_view name;
  };
  struct kept {
    kept(std::string_view t, std::string_view n) : text(t), name(n) {}
    operator named() const { return {text, name}; } // NOLINT
    std::string text;
    std::string name;
  };
  struct hash {
    using is_transparent = void;
    std::size_t operator()(named const& x) const {
      return quick_hash(x.text) * 31 + quick_hash(x.name);
    }
  };
  struct same {
    using is_transparent = void;
    bool operator()(named const& a, named const& b) const {
      return a.text == b.text && a.name == b.name;
    }
  };

  static constexpr std::size_t longest = 512;
  static constexpr std::size_t most = 4096;
  std::unordered_set<kept, hash, same> known_;
};

clean_strings& clean_ones() {
  thread_local clean_strings known;
  return known;
}

std::size_t redact_value(json::value& v, std::string_view name);

std::size_t redact_object(json::object& o) {
  std::size_t changed = 0;
  bool names = false;
  for (auto& m : o) {
    changed += redact_value(m.value(), m.key());
    if (clean_ones().knows(m.key(), {}))
      continue;
    std::string name{m.key()};
    names = redact_string(name) != 0 || names;
  }
  if (!names)
    return changed;
  json::object renamed;
  for (auto& m : o) {
    std::string name{m.key()};
    changed += redact_string(name);
    renamed.insert_or_assign(name, std::move(m.value()));
  }
  o = std::move(renamed);
  return changed;
}

std::size_t redact_value(json::value& v, std::string_view name) {
  if (v.is_object())
    return redact_object(v.get_object());
  std::size_t changed = 0;
  if (v.is_array()) {
    for (auto& item : v.get_array())
      changed += redact_value(item, {});
  } else if (v.is_string() && !clean_ones().knows(v.get_string(), name)) {
    std::string text{std::string_view{v.get_string()}};
    changed = redact_string(text, name);
    if (changed != 0)
      v = text;
  }
  return changed;
}

} // namespace

std::size_t redact_string(std::string& text, std::string_view name) {
  if (clean_ones().knows(text, name))
    return 0;
  auto clean = redact_once(text, name);
  if (clean == text) {
    clean_ones().learn(text, name);
    return 0;
  }
  // What stands around a removed piece may read as another one.
  for (int i = 1; i < rounds; ++i) {
    auto again = redact_once(clean, name);
    if (again == clean) {
      text = std::move(clean);
      return 1;
    }
    clean = std::move(again);
  }
  text = "[redacted:text]";
  return 1;
}

bool is_clean(std::string_view text, std::string_view name) {
  if (clean_ones().knows(text, name))
    return true;
  std::string copy{text};
  return redact_string(copy, name) == 0;
}

std::size_t redact_json(json::value& v) {
  return redact_value(v, {});
}

} // namespace troupe
