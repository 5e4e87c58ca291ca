#include "tests/rules/score.hpp"

#include "actors/engines/rules/text.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace troupe::test {
namespace {

std::string text_of(boost::json::value const& v) {
  return std::string{std::string_view{v.as_string()}};
}

gold_item item_of(std::string what, boost::json::value const& terms) {
  gold_item item;
  item.what = std::move(what);
  for (auto const& group : terms.as_array()) {
    item.terms.emplace_back();
    for (auto const& term : group.as_array())
      item.terms.back().push_back(rules::lower(text_of(term)));
  }
  return item;
}

std::vector<gold_item> items_of(boost::json::value const& list) {
  std::vector<gold_item> out;
  for (auto const& x : list.as_array()) {
    out.push_back(item_of(text_of(x.at("what")), x.at("terms")));
    if (auto const* topic = x.as_object().if_contains("topic"))
      out.back().topic = text_of(*topic);
  }
  return out;
}

std::size_t groups_in(std::string const& text, gold_item const& item) {
  return static_cast<std::size_t>(
      std::count_if(item.terms.begin(), item.terms.end(), [&](auto const& group) {
        return std::any_of(group.begin(), group.end(),
                           [&](auto const& term) { return text.find(term) != std::string::npos; });
      }));
}

} // namespace

double score::recall() const {
  return wanted == 0 ? 1 : static_cast<double>(found) / static_cast<double>(wanted);
}
double score::precision() const {
  return drafted == 0 ? 1 : static_cast<double>(right) / static_cast<double>(drafted);
}

std::string data_file(std::string const& path) {
  std::ifstream in(std::string{TROUPE_TEST_DATA} + "/" + path, std::ios::binary);
  if (!in)
    throw std::runtime_error("no test data " + path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<gold> golds_in(std::string const& folder) {
  namespace fs = std::filesystem;
  std::vector<gold> out;
  auto const base = "transcripts/" + folder + "/";
  std::vector<std::string> files;
  for (auto const& f : fs::directory_iterator(std::string{TROUPE_TEST_DATA} + "/" + base))
    files.push_back(f.path().filename().string());
  std::sort(files.begin(), files.end());
  for (auto const& f : files) {
    auto const at = f.find(".gold.json");
    if (at == std::string::npos)
      continue;
    auto const stem = f.substr(0, at) + ".";
    gold g;
    for (auto const& other : files)
      if (other.starts_with(stem) && !other.ends_with(".json"))
        g.name = other;
    auto const json = boost::json::parse(data_file(base + f));
    g.transcript = data_file(base + g.name);
    g.must = items_of(json.at("must"));
    g.must_not = items_of(json.at("must_not"));
    g.nice = items_of(json.at("nice"));
    if (auto const* order = json.as_object().if_contains("order"))
      for (auto const& x : order->as_array())
        g.order.push_back({item_of(text_of(x.at("what")), x.at("later")),
                           item_of(text_of(x.at("what")), x.at("earlier"))});
    g.due = text_of(json.at("due"));
    for (auto const& p : json.at("people").as_array())
      g.people.emplace_back(text_of(p.at("person")), text_of(p.at("does")));
    out.push_back(std::move(g));
  }
  return out;
}

score score_of(brief_content const& b, gold const& g) {
  score out;
  std::vector<std::string> texts;
  for (auto const& r : b.requirements) {
    auto text = r.title + "\n" + r.text;
    for (auto const& c : r.criteria)
      text += "\n" + c;
    texts.push_back(rules::lower(text));
  }
  auto const holds = [](std::string const& text, gold_item const& item) {
    return groups_in(text, item) == item.terms.size();
  };
  out.wanted = g.must.size();
  out.drafted = texts.size();
  for (auto const& item : g.must) {
    if (std::any_of(texts.begin(), texts.end(), [&](auto const& t) { return holds(t, item); }))
      ++out.found;
    else
      out.missing.push_back(item.what);
  }
  for (auto const& item : g.must) {
    if (item.topic.empty() ||
        std::none_of(texts.begin(), texts.end(), [&](auto const& t) { return holds(t, item); }))
      continue;
    ++out.topical;
    bool const apart = std::any_of(texts.begin(), texts.end(), [&](auto const& t) {
      return holds(t, item) && std::none_of(g.must.begin(), g.must.end(), [&](auto const& other) {
               return !other.topic.empty() && other.topic != item.topic && holds(t, other);
             });
    });
    if (!apart)
      out.mixed.push_back(item.what);
  }
  for (auto const& item : g.must_not)
    if (std::any_of(texts.begin(), texts.end(), [&](auto const& t) { return holds(t, item); }))
      out.forbidden.push_back(item.what);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto const about = [&](gold_item const& item) {
      return holds(texts[i], item) || groups_in(texts[i], item) >= 2;
    };
    if (std::any_of(g.must.begin(), g.must.end(), about) ||
        std::any_of(g.nice.begin(), g.nice.end(), about))
      ++out.right;
    else
      out.invented.push_back(b.requirements[i].title);
  }
  for (auto const& o : g.order) {
    bool kept = false;
    for (std::size_t i = 0; i < texts.size(); ++i)
      for (std::size_t k = 0; k < texts.size() && holds(texts[i], o.later); ++k) {
        auto const& after = b.requirements[i].after;
        kept =
            kept || (i != k && holds(texts[k], o.earlier) &&
                     std::find(after.begin(), after.end(), b.requirements[k].key) != after.end());
      }
    if (kept)
      ++out.ordered;
    else
      out.unordered.push_back(o.later.what);
  }
  auto const due = rules::lower(b.due);
  out.due = !due.empty() && due.find(rules::lower(g.due)) != std::string::npos;
  for (auto const& [who, what] : g.people) {
    bool const there = std::any_of(b.people.begin(), b.people.end(), [&](duty const& d) {
      return rules::lower(d.person).find(rules::lower(who)) != std::string::npos &&
             rules::lower(d.does).find(rules::lower(what)) != std::string::npos;
    });
    if (!there)
      out.people_missing.push_back(who + ": " + what);
  }
  return out;
}

} // namespace troupe::test
