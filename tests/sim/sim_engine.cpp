#include "tests/sim/sim_engine.hpp"

namespace troupe::sim {

namespace {

json::value nonsense(chance& luck) {
  switch (luck.pick(4)) {
  case 0:
    return json::object{{"refused", "no"}};
  case 1:
    return json::object{{"nonsense", 1}};
  case 2:
    return json::value("text");
  default:
    return {};
  }
}

} // namespace

sim_engine::sim_engine(context& c) : c_(c), rules_(make_rules_thinker()) {}

void sim_engine::perform(entity_ref self, agent_spec spec, envelope message,
                         std::function<void(result<envelope>)> done) {
  if (spec.engine == engine_kind::human || !*alive_)
    return;
  bool const trouble_now = c_.can(trouble::agents);
  auto const wait = trouble_now ? c_.luck.skewed(duration{50}, std::chrono::minutes{2})
                                : c_.luck.between(duration{50}, duration{3000});
  bool const down = trouble_now && c_.luck.percent(4);
  bool const mad = trouble_now && c_.luck.percent(6);
  if (down || mad)
    c_.note(down ? happening::engine_down : happening::engine_nonsense);
  c_.time.after(wait, [this, alive = alive_, down, mad,
                       r = thought_request{std::move(self), std::move(spec), std::move(message)},
                       done = std::move(done)] {
    if (!*alive)
      return;
    if (down) {
      done(fail(errc::unavailable, "the provider is down"));
      return;
    }
    auto answer = think(r);
    if (mad) {
      envelope e;
      e.engine = "scripted";
      e.parts = {text_part("Hm."), data_part(nonsense(c_.luck))};
      answer = std::move(e);
    }
    if (answer)
      done(complete(std::move(*answer), r));
    else
      done(answer.error());
  });
}

/// It sees what is durable, as an entity that is asked would show it.
result<envelope> sim_engine::think(thought_request const& r) {
  return rules_->think(r, [this](entity_ref const& of) -> result<json::value> {
    auto state = c_.audit.ledger().states().state_of(of);
    if (state.is_null())
      return fail(errc::not_found, "there is no " + to_string(of));
    return state;
  });
}

} // namespace troupe::sim
