#include "actors/domain/ticket_purse.hpp"

namespace troupe::ticket {

namespace {

/// Ids rise: by that a budget knows an old one again.
std::string next_reservation(state& s) {
  return s.self.id + ".money" + std::to_string(++s.counted.reservations);
}

} // namespace

void end_money_wait(state& s) {
  if (s.is != status::waiting)
    std::erase_if(s.waits, [](wait const& w) { return w.question.id.empty(); });
}

void empty_purse(state& s, std::int64_t spent, bool charged) {
  s.bills.push_back({s.money->id, s.money->budget, spent, charged, {}});
  s.money = {};
  end_money_wait(s);
}

void pay(state& s, lease_status how, std::int64_t spent) {
  bool const charged = how == lease_status::RELEASED || spent > 0;
  // Who declined has spent nothing; of the others nobody knows yet.
  if (!charged && s.money->granted && how != lease_status::DECLINED) {
    auto& owed = s.seen.change().owed;
    owed.push_back({s.holder->token, s.money->budget, s.money->scope});
    if (owed.size() > max_owed)
      owed.erase(owed.begin());
  }
  empty_purse(s, spent, charged);
}

void pay_late(state& s, std::int64_t token, std::int64_t spent) {
  auto const same = [&](unpaid const& u) { return u.token == token; };
  auto const from = std::find_if(s.seen->owed.begin(), s.seen->owed.end(), same);
  if (from == s.seen->owed.end() || spent <= 0)
    return;
  s.bills.push_back({next_reservation(s), from->budget, spent, true, from->scope});
  auto& owed = s.seen.change().owed;
  owed.erase(std::find_if(owed.begin(), owed.end(), same));
}

void keep_purse(state& s) {
  if (s.money->token > s.last_token && !has_price(s))
    empty_purse(s, 0, false);
  if (s.money->token > s.last_token || !wants_money(s))
    return;
  purse next;
  next.token = s.last_token + 1;
  next.id = next_reservation(s);
  next.budget = s.limits.front().scope;
  next.scope = s.limits.back().scope;
  s.money = std::move(next);
}

} // namespace troupe::ticket
