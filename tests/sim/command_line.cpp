#include "tests/sim/command_line.hpp"

#include "tests/sim/plants.hpp"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <sstream>

namespace troupe::sim {

namespace {

template <class Number>
bool read_number(std::string_view text, Number& out) {
  auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), out);
  return failed == std::errc{} && end == text.data() + text.size();
}

bool read_troubles(std::string const& text, std::set<trouble>& out) {
  std::istringstream in{text};
  for (std::string word; std::getline(in, word, ',');) {
    bool known = false;
    for (int i = 0; i < troubles; ++i)
      if (word == to_string(static_cast<trouble>(i))) {
        out.insert(static_cast<trouble>(i));
        known = true;
      }
    if (!known)
      return false;
  }
  return true;
}

} // namespace

std::string usage() {
  std::string out =
      "usage: troupe-sim [--seed N | --seeds N | --seeds A..B] [--hours H] [--briefs N]\n"
      "                  [--without TROUBLE,...] [--most N] [--plant BUG] [--jobs N]\n"
      "                  [--worlds FILE] [--keep FILE] [--resume FILE] [--twice]\n"
      "                  [--trace] [--json] | --list | --prove\n"
      "troubles:";
  for (int i = 0; i < troubles; ++i)
    out += std::string{" "} + to_string(static_cast<trouble>(i));
  return out + "\n";
}

result<command_line> parse(std::string const& text) {
  command_line out;
  std::map<std::string_view, bool*> const flags = {
      {"--trace", &out.world.trace}, {"--json", &out.json},   {"--list", &out.list},
      {"--prove", &out.prove},       {"--twice", &out.twice},
  };
  std::map<std::string_view, std::string*> const files = {
      {"--worlds", &out.file}, {"--keep", &out.keep}, {"--resume", &out.resume}};
  std::istringstream in{text};
  auto const wrong = [](std::string const& name) {
    return fail(errc::invalid_argument, "wrong or no value for " + name);
  };
  for (std::string name; in >> name;) {
    if (name.starts_with('#'))
      break; // the rest of a line of worlds is its story
    if (auto const f = flags.find(name); f != flags.end()) {
      *f->second = true;
      continue;
    }
    std::string value;
    in >> value;
    bool good = true;
    if (name == "--seed") {
      good = read_number(value, out.first);
      out.last = out.first;
      out.seeds = true;
    } else if (name == "--seeds") {
      auto const dots = value.find("..");
      out.first = 1;
      good = dots == std::string::npos
                 ? read_number(value, out.last)
                 : read_number(std::string_view{value}.substr(0, dots), out.first) &&
                       read_number(std::string_view{value}.substr(dots + 2), out.last);
      good = good && out.first <= out.last;
      out.seeds = true;
    } else if (name == "--hours") {
      good = read_number(value, out.world.hours) && out.world.hours > 0 && out.world.hours <= 1000;
    } else if (name == "--briefs") {
      good = read_number(value, out.world.briefs) && out.world.briefs >= 1 && out.world.briefs <= 9;
    } else if (name == "--most") {
      good = read_number(value, out.world.most) && out.world.most >= 0;
    } else if (name == "--jobs") {
      good = read_number(value, out.jobs) && out.jobs >= 1 && out.jobs <= 256;
    } else if (name == "--without") {
      good = read_troubles(value, out.world.without);
    } else if (name == "--plant") {
      good = is_plant(value);
      out.world.plant = value;
    } else if (auto const f = files.find(name); f != files.end()) {
      good = !value.empty();
      *f->second = value;
    } else {
      return fail(errc::invalid_argument, "unknown option " + name);
    }
    if (!good)
      return wrong(name);
  }
  out.world.seed = out.first;
  return out;
}

std::string spell(options const& o) {
  options const usual;
  std::ostringstream out;
  out << "--seed " << o.seed;
  if (o.hours != usual.hours)
    out << " --hours " << o.hours;
  if (o.briefs != usual.briefs)
    out << " --briefs " << o.briefs;
  if (o.most != usual.most)
    out << " --most " << o.most;
  for (auto const* sep = " --without "; auto const t : o.without) {
    out << sep << to_string(t);
    sep = ",";
  }
  if (!o.plant.empty())
    out << " --plant " << o.plant;
  return out.str();
}

std::string kept_line(options const& o, std::string const& problem) {
  auto story = problem.substr(0, 200);
  std::replace(story.begin(), story.end(), '\n', ' ');
  return spell(o) + " # " + story;
}

result<std::vector<options>> read_worlds(std::string const& file) {
  std::ifstream in{file};
  if (!in)
    return fail(errc::not_found, "cannot read " + file);
  std::vector<options> out;
  for (std::string text; std::getline(in, text);) {
    auto const c = parse(text);
    if (!c)
      return fail(errc::invalid_argument, file + ": " + text + ": " + c.error().message);
    if (text.find_first_not_of(" \t") != std::string::npos && !text.starts_with('#'))
      out.push_back(c->world);
  }
  return out;
}

options shrink(options failed, int tries) {
  auto const fails = [&](options const& o) { return tries-- > 0 && !run(o).problems.empty(); };
  auto const keep_if_it_fails = [&](options const& o) {
    bool const so = fails(o);
    if (so)
      failed = o;
    return so;
  };
  for (int i = 0; i < troubles; ++i) {
    auto o = failed;
    if (o.without.insert(static_cast<trouble>(i)).second)
      keep_if_it_fails(o);
  }
  for (auto o = failed; o.briefs > 1; --o.briefs) {
    auto fewer = failed;
    fewer.briefs = 1;
    if (keep_if_it_fails(fewer))
      break;
    fewer.briefs = o.briefs - 1;
    if (!keep_if_it_fails(fewer))
      break;
  }
  for (auto o = failed; o.hours > 0.02;) {
    o.hours /= 2;
    if (!keep_if_it_fails(o))
      break;
  }
  // The fewest of those troubles that have a time of their own.
  int least = 0;
  int most = std::min(failed.most, run(failed).scheduled);
  while (least < most && tries > 0) {
    auto o = failed;
    o.most = least + (most - least) / 2;
    if (keep_if_it_fails(o))
      most = o.most;
    else
      least = o.most + 1;
  }
  return failed;
}

} // namespace troupe::sim
