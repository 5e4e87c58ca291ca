#include "actors/tap/filter_program.hpp"
#include "actors/tap/filter_text.hpp"

#include <algorithm>

namespace troupe::traffic {

namespace {

constexpr char const* fields_told = "tenant, project, brief, ticket, agent, from, to, kind, point, "
                                    "direction, outcome, conversation, latency, errors";

template <class F>
std::string words_until(F const& word_of) {
  std::string out;
  for (unsigned i = 0; word_of(i) != "unknown"; ++i)
    out += (out.empty() ? "" : ", ") + std::string{word_of(i)};
  return out;
}

} // namespace

/// Reads the text by recursive descent, keeps it as a tree, and writes the program from its end to
/// its beginning, so that each test knows where to go on.
class filter_compiler : private filter_text {
public:
  explicit filter_compiler(std::string_view text) : filter_text(text) {}

  result<filter> run() {
    if (source().size() > filter::most_bytes)
      return refuse(filter::most_bytes, "at most " + std::to_string(filter::most_bytes) + " bytes");
    if (auto ok = next(); !ok)
      return ok.error();
    auto made = std::make_shared<filter::program>();
    program_ = made.get();
    program_->source = std::string{source()};
    if (now().is != token::type::end) {
      auto const root = any(0);
      if (!root)
        return root.error();
      if (now().is != token::type::end)
        return unexpected("'and', 'or' or the end");
      program_->entry = write(*root, instruction::accept, instruction::reject);
      program_->categories = 0;
      for (unsigned c = 0; c < category_count; ++c) {
        if (program_->reachable(static_cast<category>(c)))
          program_->categories |= bit_of(static_cast<category>(c));
      }
    }
    filter out;
    out.program_ = std::move(made);
    return out;
  }

private:
  struct node {
    enum class type { test, all, any, negation };
    type is = type::test;
    instruction test;
    std::vector<node> of;
  };

  // ---- grammar ---------------------------------------------------------------------------------

  result<node> any(std::size_t depth) {
    return chain(node::type::any, "or", depth, [&] { return all(depth); });
  }
  result<node> all(std::size_t depth) {
    return chain(node::type::all, "and", depth, [&] { return unary(depth); });
  }
  template <class F>
  result<node> chain(node::type is, std::string_view joint, std::size_t depth, F const& part) {
    if (depth > filter::most_depth)
      return refuse(now().at,
                    "at most " + std::to_string(filter::most_depth) + " levels of nesting");
    auto first = part();
    if (!first || !is_joint(joint))
      return first;
    node out{is, {}, {}};
    out.of.push_back(std::move(*first));
    while (is_joint(joint)) {
      if (auto ok = next(); !ok)
        return ok.error();
      auto more = part();
      if (!more)
        return more;
      out.of.push_back(std::move(*more));
    }
    return out;
  }
  result<node> unary(std::size_t depth) {
    if (is_joint("not")) {
      if (depth >= filter::most_depth)
        return refuse(now().at,
                      "at most " + std::to_string(filter::most_depth) + " levels of nesting");
      if (auto ok = next(); !ok)
        return ok.error();
      auto inner = unary(depth + 1);
      if (!inner)
        return inner;
      return negation(std::move(*inner));
    }
    if (is_mark("(")) {
      if (auto ok = next(); !ok)
        return ok.error();
      auto inner = any(depth + 1);
      if (!inner)
        return inner;
      if (!is_mark(")"))
        return unexpected("'and', 'or' or ')'");
      if (auto ok = next(); !ok)
        return ok.error();
      return inner;
    }
    return test();
  }
  static node negation(node inner) {
    node out{node::type::negation, {}, {}};
    out.of.push_back(std::move(inner));
    return out;
  }

  result<node> test() {
    if (now().is != token::type::word || is_keyword(now()))
      return unexpected("a field, 'not' or '('");
    if (++tests_ > filter::most_tests)
      return refuse(now().at, "at most " + std::to_string(filter::most_tests) + " tests");
    auto const name = now().text;
    node out;
    auto& i = out.test;
    if (name == "errors") {
      i.test = instruction::what::outcome;
      for (unsigned o = 0; to_string(static_cast<outcome>(o)) != "unknown"; ++o)
        i.mask |= is_error(static_cast<outcome>(o)) ? 1u << o : 0u;
      if (auto ok = next(); !ok)
        return ok.error();
      return out;
    }
    if (name == "latency")
      return latency();
    if (name == "agent") {
      i.test = instruction::what::agent;
    } else if (name == "point") {
      i.test = instruction::what::point;
    } else if (name == "direction") {
      i.test = instruction::what::direction;
    } else if (name == "outcome") {
      i.test = instruction::what::outcome;
    } else if (name == "conversation") {
      i.test = instruction::what::conversation;
    } else if (auto const f = parse_field(name)) {
      i.of = *f;
    } else {
      return unexpected(std::string{"a field ("} + fields_told + ")");
    }
    return of_values(std::move(out));
  }

  result<node> of_values(node out) {
    auto& i = out.test;
    i.first = static_cast<std::uint16_t>(program_->patterns.size());
    auto const name = now().text;
    if (auto ok = next(); !ok)
      return ok.error();
    bool negated = false;
    if (is_mark("=") || is_mark("!=")) {
      negated = is_mark("!=");
      if (auto ok = next(); !ok)
        return ok.error();
      if (auto ok = value(i); !ok)
        return ok.error();
    } else {
      if (is_joint("not")) {
        negated = true;
        if (auto ok = next(); !ok)
          return ok.error();
      }
      if (!is_joint("in"))
        return unexpected(negated ? "'in'" : "'=', '!=', 'in' or 'not in' after " + name);
      if (auto ok = next(); !ok)
        return ok.error();
      if (auto ok = list(i); !ok)
        return ok.error();
    }
    i.count = static_cast<std::uint16_t>(program_->patterns.size() - i.first);
    if (i.test == instruction::what::name && i.of == field::kind && i.mask != 0)
      out = kind_or_category(i);
    return negated ? negation(std::move(out)) : std::move(out);
  }

  /// `kind=journal` means the choke point; it may stand in one list with kinds of messages.
  static node kind_or_category(instruction const& i) {
    node at;
    at.test.test = instruction::what::point;
    at.test.mask = i.mask;
    if (i.count == 0)
      return at;
    node name;
    name.test = i;
    name.test.mask = 0;
    node both{node::type::any, {}, {}};
    both.of.push_back(std::move(at));
    both.of.push_back(std::move(name));
    return both;
  }

  result<void> list(instruction& i) {
    if (!is_mark("("))
      return unexpected("'('");
    do {
      if (auto ok = next(); !ok)
        return ok;
      if (auto ok = value(i); !ok)
        return ok;
    } while (is_mark(","));
    if (!is_mark(")"))
      return unexpected("',' or ')'");
    return next();
  }

  result<void> value(instruction& i) {
    bool const is_value = now().is == token::type::word || now().is == token::type::quoted;
    if (!is_value || is_keyword(now()))
      return unexpected(is_keyword(now()) ? "a value (this word in quotes, if it is one)"
                                          : "a value");
    if (++values_ > filter::most_values)
      return refuse(now().at, "at most " + std::to_string(filter::most_values) + " values");
    auto const take_word = [&](auto parsed, auto word_of) -> result<void> {
      if (!parsed)
        return unexpected("one of " + words_until(word_of));
      i.mask |= 1u << static_cast<unsigned>(*parsed);
      return next();
    };
    switch (i.test) {
    case instruction::what::point:
      return take_word(parse_category(now().text),
                       [](unsigned n) { return to_string(static_cast<category>(n)); });
    case instruction::what::direction:
      return take_word(parse_direction(now().text),
                       [](unsigned n) { return to_string(static_cast<direction>(n)); });
    case instruction::what::outcome:
      return take_word(parse_outcome(now().text),
                       [](unsigned n) { return to_string(static_cast<outcome>(n)); });
    case instruction::what::name:
      if (i.of == field::kind && now().is == token::type::word) {
        if (auto const c = parse_category(now().text)) {
          i.mask |= bit_of(*c);
          return next();
        }
      }
      [[fallthrough]];
    default:
      return name_value(i);
    }
  }

  result<void> name_value(instruction const& i) {
    std::string_view name{now().text};
    bool prefix = false;
    if (now().is == token::type::word) {
      if (auto const star = name.find('*'); star != std::string_view::npos) {
        if (i.test == instruction::what::conversation)
          return refuse(now().at + star, "a whole name: a conversation has no pattern");
        if (star + 1 != name.size())
          return refuse(now().at + star, "'*' only at the end of a value");
        prefix = true;
        name.remove_suffix(1);
      }
    }
    if (name.empty() && !prefix)
      return unexpected("a value that is not empty");
    program_->patterns.push_back({static_cast<std::uint16_t>(program_->names.size()),
                                  static_cast<std::uint16_t>(name.size()), prefix, hash_of(name)});
    program_->names += name;
    return next();
  }

  result<node> latency() {
    node out;
    auto& i = out.test;
    i.test = instruction::what::latency;
    if (auto ok = next(); !ok)
      return ok.error();
    if (is_mark("<"))
      i.compare = comparison::less;
    else if (is_mark("<="))
      i.compare = comparison::less_equal;
    else if (is_mark(">"))
      i.compare = comparison::greater;
    else if (is_mark(">="))
      i.compare = comparison::greater_equal;
    else
      return unexpected("'<', '<=', '>' or '>=' after latency");
    if (auto ok = next(); !ok)
      return ok.error();
    auto const us = microseconds();
    if (!us)
      return us.error();
    i.number = *us;
    if (auto ok = next(); !ok)
      return ok.error();
    return out;
  }

  [[nodiscard]] result<std::uint32_t> microseconds() const {
    constexpr std::uint64_t most = 3'600'000'000;
    std::string_view const all{now().text};
    auto const digits = std::min(all.find_first_not_of("0123456789"), all.size());
    auto const unit = all.substr(digits);
    std::uint64_t const one = unit == "us"    ? 1
                              : unit == "ms"  ? 1000
                              : unit == "s"   ? 1'000'000
                              : unit == "min" ? 60'000'000
                                              : 0;
    if (now().is != token::type::word || digits == 0 || one == 0)
      return unexpected("a whole number with us, ms, s or min, such as 50ms");
    std::uint64_t n = 0;
    for (char const c : all.substr(0, digits))
      n = std::min(n * 10 + static_cast<std::uint64_t>(c - '0'), most + 1);
    if (n * one > most)
      return unexpected("at most 60min");
    return static_cast<std::uint32_t>(n * one);
  }

  // ---- program ---------------------------------------------------------------------------------

  /// Adds the code of a node; where it begins.
  std::int16_t write(node const& n, std::int16_t yes, std::int16_t no) {
    switch (n.is) {
    case node::type::test: {
      auto i = n.test;
      i.yes = yes;
      i.no = no;
      program_->code.push_back(i);
      return static_cast<std::int16_t>(program_->code.size() - 1);
    }
    case node::type::negation:
      return write(n.of.front(), no, yes);
    case node::type::all:
      for (auto part = n.of.rbegin(); part != n.of.rend(); ++part)
        yes = write(*part, yes, no);
      return yes;
    case node::type::any:
      for (auto part = n.of.rbegin(); part != n.of.rend(); ++part)
        no = write(*part, yes, no);
      return no;
    }
    return no;
  }

  std::size_t tests_ = 0;
  std::size_t values_ = 0;
  filter::program* program_ = nullptr;
};

result<filter> filter::parse(std::string_view text) {
  return filter_compiler{text}.run();
}

} // namespace troupe::traffic
