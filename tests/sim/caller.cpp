#include "tests/sim/caller.hpp"

namespace troupe::sim {

namespace {

constexpr duration second{1000};

bool may_pass(error const& e) {
  return e.code == errc::busy || e.code == errc::unavailable || e.code == errc::timeout;
}

} // namespace

void caller::request(entity_ref to, any_command what) {
  auto p = std::make_shared<pending>();
  p->number = c_.audit.asks();
  p->key = ++keys_;
  p->to = std::move(to);
  p->what = std::move(what);
  send(p);
}

void caller::again(pending_ptr const& p, int of_try, duration wait) {
  c_.time.after(wait, [this, p, of_try] {
    if (p->over || p->tries != of_try)
      return;
    c_.note(happening::sent_again);
    send(p);
  });
}

void caller::send(pending_ptr const& p) {
  auto* s = present_();
  if (s == nullptr) {
    c_.time.after(c_.luck.between(second, 5 * second), [this, p, of_try = p->tries] {
      if (!p->over && p->tries == of_try)
        send(p);
    });
    return;
  }
  auto const of_try = ++p->tries;
  submit_options o;
  o.by = principal_id{name_};
  o.cause = "req-" + std::to_string(p->number) + "." + std::to_string(of_try);
  // Each tenant counts its keys for itself, so they are those of the others, too.
  auto const digits = std::to_string(p->key);
  o.idempotency =
      inbox_entry{"api", "key-" + digits, std::string(64 - digits.size(), '0') + digits, {}};
  c_.audit.sent(p->number, o.cause, tenant_);
  c_.trace([&] { return name_ + " asks " + to_string(p->to) + " " + o.cause; });
  bool const lost = c_.can(trouble::people) && c_.luck.percent(4); // the answer, on its way
  s->submit(p->to, p->what, std::move(o), [this, p, of_try, lost](command_result const& r) {
    if (p->over || lost)
      return;
    if (!r && may_pass(r.error())) {
      again(p, of_try, c_.luck.between(second, 10 * second));
      return;
    }
    p->over = true;
    c_.trace([&] {
      return "answer to req-" + std::to_string(p->number) + ": " +
             (r ? "version " + std::to_string(r->version) : r.error().message);
    });
    c_.audit.answered(p->number, r);
  });
  // Sometimes the same is sent twice at once.
  bool const twice = c_.can(trouble::people) && c_.luck.percent(4);
  if (twice)
    c_.note(happening::sent_twice);
  again(p, of_try, twice ? c_.luck.between(duration{1}, duration{200}) : 30 * second);
}

void caller::read_news() {
  if (c_.audit.events() == read_to_)
    return;
  read_to_ = c_.audit.events();
  known_ = c_.audit.ledger().states().entities();
  std::erase_if(known_, [this](auto const& of) { return of.tenant != tenant_; });
}

std::vector<std::string> caller::unfinished() {
  read_news();
  std::vector<std::string> out;
  auto const add = [&](auto const& s) {
    if (!is_terminal(s.is))
      out.push_back(to_string(s.self) + " is " + name(s.is));
  };
  for (auto const* s : all<brief_domain>())
    add(*s);
  for (auto const* s : all<plan_domain>())
    add(*s);
  for (auto const* s : all<run_domain>())
    add(*s);
  for (auto const* s : all<ticket_domain>())
    add(*s);
  for (auto const* s :
       all<approval_domain>()) // one that was sent back is over: another one follows
    if (s->is != approval::status::revision_requested)
      add(*s);
  for (auto const* a : all<agent_domain>())
    if (!a->inbox.empty() || !a->outbox.empty())
      out.push_back(to_string(a->self) + " has messages left");
  return out;
}

} // namespace troupe::sim
