#pragma once

#include "tests/api/puppet.hpp"

namespace troupe::test {

/// Plays a whole team on one link: what is ordered is done, but for the first gates, whose tests
/// fail.
class one_man_team {
public:
  explicit one_man_team(api_lab const& lab) : lab_(lab), daemon_(lab) { daemon_.connect(); }

  /// Works until the ticket is over.
  void finish(std::string const& ticket) {
    while (lab_.get("/api/tickets/" + ticket).text("status") != "DONE")
      answer(daemon_.hear<link::order>());
  }

  /// What it was ordered, in order.
  [[nodiscard]] std::vector<link::order> const& orders() const { return orders_; }

private:
  void answer(link::order const& o) {
    orders_.push_back(o);
    link::started s;
    s.ticket = o.ticket;
    s.token = o.token;
    s.base = std::string(40, 'b');
    daemon_.say(++seq_, s);
    link::finished f;
    f.ticket = o.ticket;
    f.token = o.token;
    f.proof.base = s.base;
    f.proof.head = o.expected_head;
    f.summary = "It is done.";
    switch (o.kind) {
    case link::order_kind::work:
      f.proof.head = std::string(39, 'a') + std::to_string(++work_);
      f.proof.commits = {f.proof.head};
      f.used = {1000, 200, 30000, std::chrono::seconds{7}};
      break;
    case link::order_kind::review:
      f.used = {500, 10, 5000, std::chrono::seconds{1}};
      break;
    case link::order_kind::gates:
      for (auto const& g : o.gates)
        f.gates.push_back({g.name, g.kind != gate_kind::tests || gated_, {}, f.proof});
      gated_ = true;
      break;
    case link::order_kind::merge:
      f.merged = std::string(40, 'e');
      break;
    }
    daemon_.say(++seq_, f);
    // The next order comes after the answer, and the loop above must not look before that.
    REQUIRE(eventually([&] {
      auto const t = lab_.get("/api/tickets/" + o.ticket.value);
      auto const& holder = t.json.at("holder").as_object();
      return holder.at("token") != o.token || text_at(holder, "is") == "RELEASED";
    }));
  }

  api_lab const& lab_;
  puppet daemon_;
  std::vector<link::order> orders_;
  std::uint64_t seq_ = 0;
  int work_ = 0;
  bool gated_ = false;
};

} // namespace troupe::test
