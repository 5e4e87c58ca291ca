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
  s.bills.push_back({s.money.id, s.money.budget, spent, charged, {}});
  s.money = {};
  end_money_wait(s);
}

void pay(state& s, lease_status how, std::int64_t spent) {
  bool const charged = how == lease_status::RELEASED || spent > 0;
  // Who declined has spent nothing; of the others nobody knows yet.
  if (!charged && s.money.granted && how != lease_status::DECLINED) {
    s.seen.owed.push_back({s.holder.token, s.money.budget, s.money.scope});
    if (s.seen.owed.size() > max_owed)
      s.seen.owed.erase(s.seen.owed.begin());
  }
  empty_purse(s, spent, charged);
}

void pay_late(state& s, std::int64_t token, std::int64_t spent) {
  auto const from = std::find_if(s.seen.owed.begin(), s.seen.owed.end(),
                                 [&](unpaid const& u) { return u.token == token; });
  if (from == s.seen.owed.end() || spent <= 0)
    return;
  s.bills.push_back({next_reservation(s), from->budget, spent, true, from->scope});
  s.seen.owed.erase(from);
}

void keep_purse(state& s) {
  if (s.money.token > s.last_token && !has_price(s))
    empty_purse(s, 0, false);
  if (s.money.token > s.last_token || !wants_money(s))
    return;
  s.money = {};
  s.money.token = s.last_token + 1;
  s.money.id = next_reservation(s);
  s.money.budget = s.limits.front().scope;
  s.money.scope = s.limits.back().scope;
}

} // namespace troupe::ticket
