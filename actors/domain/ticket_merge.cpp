#include "actors/domain/ticket_stages.hpp"

namespace troupe::ticket {

namespace {

bool complete(stage const& s, std::vector<gate_result> const& results) {
  return std::all_of(s.gates.begin(), s.gates.end(), [&](gate_spec const& g) {
    return std::any_of(results.begin(), results.end(),
                       [&](gate_result const& x) { return x.gate == g.name; });
  });
}

void refuse_merge(drafting& d, link::finished const& r) {
  auto const who = holder_of(d.now_at());
  end_attempt(d, failed(r, attempt_status::FAILED, reason::none, {}));
  auto const& s = d.now_at();
  std::string text = r.summary.empty() ? "The merge is in conflict." : r.summary;
  json::array files;
  for (auto const& f : r.proof.files)
    files.emplace_back(f);
  d.post(message_kind::bug, who, author_of(s), lines(text, r.proof.files),
         json::object{{"head", s.proof->head}, {"conflicts", std::move(files)}}, r.engine);
  merge_refused e;
  e.files = r.proof.files;
  e.why = std::move(text);
  e.round = s.round + 1;
  e.next_stage = mending_stage(s);
  d.add(std::move(e));
  if (d.now_at().round > d.now_at().rounds) {
    sent_back back;
    back.round = d.now_at().round;
    back.stage = "merge";
    back.next_stage = d.now_at().stage_index;
    back.to = status::failed_pending;
    d.add(std::move(back));
  }
}

} // namespace

void finish_gates(drafting& d, link::finished const& r) {
  auto const stage = d.now_at().stage_index;
  if (!complete(d.now_at().stages[static_cast<std::size_t>(stage)], r.gates)) {
    fail_attempt(d, failed(r, attempt_status::FAILED, reason::invalid_output,
                           "The report does not answer every gate."));
    return;
  }
  auto const head = d.now_at().proof->head;
  if (std::any_of(r.gates.begin(), r.gates.end(),
                  [&](gate_result const& g) { return g.proof.head != head; })) {
    about_another_head(d, r);
    return;
  }
  bool const passed =
      std::all_of(r.gates.begin(), r.gates.end(), [](gate_result const& g) { return g.passed; });
  auto const who = holder_of(d.now_at());
  end_attempt(d, succeeded(r));
  if (!passed) {
    std::vector<std::string> found;
    json::array bad;
    for (auto const& g : r.gates) {
      if (g.passed)
        continue;
      found.push_back(g.gate + ": " + g.message);
      bad.push_back(json::to(g));
    }
    d.post(message_kind::bug, who, author_of(d.now_at()), lines({}, found),
           json::object{{"head", head}, {"gates", std::move(bad)}}, r.engine);
  }
  gated e;
  e.stage = stage;
  e.passed = passed;
  e.results = r.gates;
  e.head = head;
  e.next_stage = passed ? stage + 1 : stage;
  if (passed && is_merge(d.now_at(), stage + 1))
    e.to = has_commits(d.now_at()) ? status::merging : status::DONE;
  d.add(std::move(e));
  if (!passed)
    send_back(d, stage_name(d.now_at(), stage));
}

void finish_merge(drafting& d, link::finished const& r) {
  if (r.how == link::outcome::conflict || r.how == link::outcome::changes_requested) {
    refuse_merge(d, r);
    return;
  }
  auto const& s = d.now_at();
  if (r.merged.empty()) {
    fail_attempt(d, failed(r, attempt_status::FAILED, reason::invalid_output,
                           "The report does not name the merged commit."));
    return;
  }
  if (r.proof.head != s.proof->head || s.gated_head != s.proof->head) {
    about_another_head(d, r);
    return;
  }
  end_attempt(d, succeeded(r));
  merged e;
  e.commit = r.merged;
  e.proof = r.proof;
  d.add(std::move(e));
}

} // namespace troupe::ticket
