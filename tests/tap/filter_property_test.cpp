#include "records.hpp"

#include <catch2/catch.hpp>
#include <rapidcheck/catch.h>

#include <functional>

using namespace troupe;
using namespace troupe::traffic;

namespace {

int pick(int n) {
  return *rc::gen::inRange(0, n);
}
template <class T>
T one_of(std::vector<T> const& all) {
  return all.at(static_cast<std::size_t>(pick(static_cast<int>(all.size()))));
}

/// An expression as text, and what it means, written down without the library's parser.
struct expression {
  std::string text;
  std::function<bool(header const&)> means;
};

std::string spaced(std::string const& what) {
  return one_of<std::string>({"", "", " "}) + what + one_of<std::string>({"", "", "  "});
}

std::vector<std::string> const names = {"a", "ab", "abc", "b", "tally.ab", "tally.b", "x:y"};

bool is_one(std::string_view have, std::vector<std::string> const& wanted) {
  return std::any_of(wanted.begin(), wanted.end(), [&](std::string const& w) {
    if (have.empty())
      return false;
    return w.back() == '*' ? have.substr(0, w.size() - 1) == w.substr(0, w.size() - 1) : have == w;
  });
}

expression name_test() {
  auto const f = static_cast<field>(pick(static_cast<int>(field_count)));
  bool const agent = f == field::agent || pick(4) == 0;
  std::vector<std::string> wanted;
  for (int i = pick(3); i >= 0; --i)
    wanted.push_back(one_of(names) + one_of<std::string>({"", "", "*"}));
  expression out;
  bool const negated = pick(3) == 0;
  auto const field_word = agent ? std::string{"agent"} : std::string{to_string(f)};
  if (wanted.size() == 1 && pick(2) == 0) {
    out.text = field_word + spaced(negated ? "!=" : "=") + wanted.front();
  } else {
    out.text = field_word + (negated ? " not in" : " in") + spaced("(");
    for (auto const& w : wanted)
      out.text += (&w == &wanted.front() ? "" : spaced(",")) + w;
    out.text += ")";
  }
  out.means = [=](header const& h) {
    if (!agent)
      return is_one(h.get(f), wanted) != negated;
    for (auto const place : {field::from, field::to, field::agent}) {
      auto id = h.get(place);
      if (place != field::agent && !id.starts_with("agent:"))
        continue;
      if (place != field::agent)
        id.remove_prefix(6);
      if (is_one(id, wanted) ||
          (id.find('.') != std::string_view::npos && is_one(id.substr(id.find('.') + 1), wanted)))
        return !negated;
    }
    return negated;
  };
  return out;
}

expression single_test() {
  switch (pick(6)) {
  case 0: {
    auto const c = static_cast<category>(pick(static_cast<int>(category_count)));
    return {"point=" + std::string{to_string(c)}, [c](header const& h) { return h.point == c; }};
  }
  case 1: {
    auto const d = static_cast<direction>(pick(3));
    return {"direction != " + std::string{to_string(d)},
            [d](header const& h) { return h.way != d; }};
  }
  case 2: {
    auto const o = static_cast<outcome>(pick(18));
    return {"outcome = " + std::string{to_string(o)}, [o](header const& h) { return h.how == o; }};
  }
  case 3:
    return {"errors", [](header const& h) {
              return h.how != outcome::ok && h.how != outcome::open && h.how != outcome::duplicate;
            }};
  case 4: {
    auto const ms = static_cast<std::uint32_t>(pick(5));
    bool const above = pick(2) == 0;
    return {"latency" + spaced(above ? ">=" : "<") + std::to_string(ms) + "ms",
            [=](header const& h) {
              return h.latency_us != no_latency &&
                     (above ? h.latency_us >= ms * 1000 : h.latency_us < ms * 1000);
            }};
  }
  default:
    return name_test();
  }
}

expression any_expression(int depth) {
  if (depth == 0)
    return pick(2) == 0 ? single_test() : name_test();
  switch (pick(4)) {
  case 0: {
    auto inner = any_expression(depth - 1);
    return {"not (" + inner.text + ")", [inner](header const& h) { return !inner.means(h); }};
  }
  case 1:
  case 2: {
    auto a = any_expression(depth - 1);
    auto b = any_expression(depth - 1);
    bool const both = pick(2) == 0;
    return {"(" + a.text + (both ? ") and (" : ") or (") + b.text + ")", [=](header const& h) {
              return both ? a.means(h) && b.means(h) : a.means(h) || b.means(h);
            }};
  }
  default:
    return any_expression(0);
  }
}

header any_record() {
  header h{static_cast<category>(pick(static_cast<int>(category_count))),
           static_cast<direction>(pick(3))};
  h.how = static_cast<outcome>(pick(18));
  if (pick(2) == 0)
    h.took(std::chrono::microseconds{one_of<int>({0, 999, 1000, 1001, 2000, 3999, 4000, 70'000})});
  for (std::size_t f = 0; f < field_count; ++f) {
    if (pick(3) != 0)
      h.set(static_cast<field>(f), (pick(3) == 0 ? "agent:" : "") + one_of(names));
  }
  return h;
}

} // namespace

TEST_CASE("tap filter: a program answers as the expression means, on random records", "[tap]") {
  rc::prop("random expressions and records", [] {
    auto const e = any_expression(pick(4));
    auto const f = filter::parse(e.text);
    RC_ASSERT(f.has_value());
    for (int i = 0; i < 20; ++i) {
      auto const h = any_record();
      RC_ASSERT(f->matches(h) == e.means(h));
      if (e.means(h))
        RC_ASSERT((f->categories() & bit_of(h.point)) != 0);
    }
  });
}

TEST_CASE("tap filter: random text is read or refused with a column in it", "[tap]") {
  std::vector<std::string> const pieces = {
      "kind",   "agent", "latency", "errors", "point",     "outcome", "conversation", "=",    "!=",
      "<",      ">=",    "(",       ")",      ",",         "and",     "or",           "not",  "in",
      "50ms",   "\"",    "\\",      "*",      "a*",        "journal", "\xC3\xBC",     "\xFF", "!",
      "fenced", "\t",    "&",       ";",      "latency>1s"};
  rc::prop("random pieces", [&] {
    std::string text;
    for (int i = pick(30); i > 0; --i) {
      text += pick(12) == 0 ? std::string(1, static_cast<char>(pick(256))) : one_of(pieces);
      if (pick(3) != 0)
        text += ' ';
    }
    auto const f = filter::parse(text);
    if (f) {
      (void)f->matches(any_record());
      RC_ASSERT(f->text() == text);
    } else {
      auto const column = f.error().details.at("column").to_number<std::size_t>();
      RC_ASSERT(column >= 1u);
      RC_ASSERT(column <= text.size() + 1);
      RC_ASSERT(!f.error().details.at("expected").as_string().empty());
    }
  });
}
