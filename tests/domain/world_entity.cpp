#include "actors/clean_decision.hpp"
#include "tests/domain/world.hpp"

namespace troupe::test {

namespace {

template <class Domain>
class live_entity : public any_entity {
public:
  explicit live_entity(entity_ref self) : state_(Domain::initial(std::move(self))) {}

  result<std::vector<happened>> execute(any_command const& c, command_context const& ctx,
                                        std::vector<event_context>& at) override {
    auto const* mine = std::get_if<typename Domain::command>(&c);
    if (mine == nullptr)
      return fail(errc::internal, "a command for another kind");
    auto decided = decide_clean<Domain>(state_, *mine, ctx);
    if (!decided)
      return decided.error();
    std::vector<happened> out;
    for (std::size_t i = 0; i < decided->events.size(); ++i) {
      auto const& e = decided->events[i];
      if (decided->data[i] != json::canonical(members_of_event(e)))
        return fail(errc::internal, "its text is another one: " + decided->data[i]);
      out.push_back({std::string{to_string(Domain::kind)} + "." + std::string{json::name_of(e)},
                     decided->data[i]});
      event_context x;
      x.version = state_.version + 1;
      x.at = ctx.now;
      x.cause = ctx.cause.empty() ? ctx.id : ctx.cause;
      state_ = Domain::evolve(std::move(state_), e, x);
      at.push_back(std::move(x));
    }
    return out;
  }
  std::vector<obligation> obligations() const override { return Domain::obligations(state_); }
  std::string canonical() const override { return json::canonical(json::to(state_)); }

private:
  typename Domain::state state_;
};

} // namespace

std::unique_ptr<any_entity> make_entity(entity_ref const& ref) {
  return with_domain(ref.kind, [&](auto domain) -> std::unique_ptr<any_entity> {
    return std::make_unique<live_entity<decltype(domain)>>(ref);
  });
}

} // namespace troupe::test
