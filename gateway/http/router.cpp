#include "gateway/http/router.hpp"

#include <set>
#include <stdexcept>

namespace troupe {

namespace {

using segment_list = std::vector<std::string>;

bool is_parameter(std::string const& s) {
  return s.size() > 2 && s.front() == '{';
}
bool is_tail(std::string const& s) {
  return is_parameter(s) && s[s.size() - 2] == '*';
}

segment_list split(std::string const& pattern) {
  segment_list out;
  if (pattern.empty() || pattern.front() != '/')
    throw std::logic_error("route pattern without leading slash: " + pattern);
  for (std::size_t at = 1; at < pattern.size();) {
    auto const slash = std::min(pattern.find('/', at), pattern.size());
    auto segment = pattern.substr(at, slash - at);
    if (segment.empty() || (segment.front() == '{') != (segment.back() == '}'))
      throw std::logic_error("bad route pattern: " + pattern);
    if (is_tail(segment) && slash != pattern.size())
      throw std::logic_error("{…*} must be the last segment: " + pattern);
    out.push_back(std::move(segment));
    at = slash + 1;
  }
  return out;
}

/// How well a pattern fits: one letter a segment, smaller is better; empty: it does not fit.
std::string fit(segment_list const& pattern, segment_list const& path) {
  std::string rank = "=";
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_tail(pattern[i]))
      return rank + 'c';
    if (i >= path.size())
      return {};
    if (is_parameter(pattern[i]))
      rank += 'b';
    else if (pattern[i] == path[i])
      rank += 'a';
    else
      return {};
  }
  return pattern.size() == path.size() ? rank : std::string{};
}

std::map<std::string, std::string> bind(segment_list const& pattern, segment_list const& path) {
  std::map<std::string, std::string> out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    auto const& p = pattern[i];
    if (is_tail(p)) {
      std::string rest;
      for (auto k = i; k < path.size(); ++k)
        rest += (k == i ? "" : "/") + path[k];
      out.emplace(p.substr(1, p.size() - 3), std::move(rest));
    } else if (is_parameter(p)) {
      out.emplace(p.substr(1, p.size() - 2), path[i]);
    }
  }
  return out;
}

bool plain(route const& r) {
  return r.kind == route_kind::json || r.kind == route_kind::raw;
}

} // namespace

void router::add(route r) {
  auto segments = split(r.pattern);
  std::size_t const wanted = plain(r) ? 0 : r.kind == route_kind::sse ? 1 : 2;
  if (r.handle.index() != wanted ||
      std::visit([](auto const& h) { return h == nullptr; }, r.handle))
    throw std::logic_error("handler of the wrong kind for " + r.method + " " + r.pattern);
  if (!plain(r) && r.method != "GET")
    throw std::logic_error("a stream must be a GET: " + r.pattern);
  // Names of parameters do not tell two routes apart.
  auto shape = [](segment_list const& from) {
    std::string out;
    for (auto const& s : from)
      out += '/' + (is_tail(s) ? "{*}" : is_parameter(s) ? "{}" : s);
    return out;
  };
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].method == r.method && shape(patterns_[i]) == shape(segments))
      throw std::logic_error("route given twice: " + r.method + " " + r.pattern);
  }
  rows_.push_back(std::move(r));
  patterns_.push_back(std::move(segments));
}

router::match router::find(std::string_view method, segment_list const& segments) const {
  match out;
  std::set<std::string> methods;
  std::string best;
  std::size_t best_row = 0;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    auto const rank = fit(patterns_[i], segments);
    if (rank.empty())
      continue;
    methods.insert(rows_[i].method);
    bool const head = rows_[i].method == "GET" && plain(rows_[i]);
    if (head)
      methods.insert("HEAD");
    if (rows_[i].method != method && !(head && method == "HEAD"))
      continue;
    if (best.empty() || rank < best) {
      best = rank;
      best_row = i;
    }
  }
  if (!best.empty()) {
    out.found = &rows_[best_row];
    out.params = bind(patterns_[best_row], segments);
  }
  if (!methods.empty())
    methods.insert("OPTIONS");
  for (auto const& m : methods)
    out.allow += (out.allow.empty() ? "" : ", ") + m;
  return out;
}

} // namespace troupe
