#include "gateway/daemons/clean_frame.hpp"

#include "protocol/hex.hpp"
#include "protocol/redact_json.hpp"

#include <algorithm>

namespace troupe {

namespace {

bool is_commit(std::string const& text) {
  return (text.size() == 40 || text.size() == 64) && is_hex(text);
}

void bound(evidence& proof) {
  auto& all = proof.commits;
  std::erase_if(all, [](std::string const& c) { return !is_commit(c); });
  proof.commits_left_out = std::max<std::int64_t>(0, proof.commits_left_out);
  if (all.size() <= evidence::max_commits)
    return;
  auto const more = all.size() - evidence::max_commits;
  all.erase(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(more));
  proof.commits_left_out += static_cast<std::int64_t>(more);
}

} // namespace

result<link::frame_body> clean_frame(link::frame_body said) {
  auto text = json::parse(link::encode({0, said}));
  if (!text)
    return text.error();
  if (redact_json(*text) != 0) {
    auto clean = link::decode_frame(json::canonical(*text));
    if (!clean)
      return clean.error();
    said = std::move(clean->body);
  }
  if (auto* f = std::get_if<link::finished>(&said)) {
    bound(f->proof);
    for (auto& g : f->gates)
      bound(g.proof);
  }
  return said;
}

} // namespace troupe
