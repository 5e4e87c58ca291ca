#include "actors/request_desk.hpp"

#include "actors/choke_points.hpp"
#include "actors/region.hpp"
#include "actors/stored_answer.hpp"

namespace troupe {

void request_desk::submit(entity_ref to, any_command command, submit_options options,
                          completion done) {
  auto m = std::make_shared<command_message>();
  m->to = std::move(to);
  m->command = std::move(command);
  m->context.id = options.cause.empty() ? ids_.uuid() : options.cause;
  m->context.by = std::move(options.by);
  m->context.correlation = std::move(options.correlation);
  m->context.trace = std::move(options.trace);
  m->want_state = options.want_state;
  m->asked = options.asked;
  m->inbox = options.idempotency;
  if (!m->inbox) {
    m->done = std::move(done);
    send(std::move(m));
    return;
  }
  // The same request again gets the stored answer: looked up before, and once more when the command
  // is refused or changed nothing, because the first one may have been on its way meanwhile.
  auto const ref = m->to;
  auto const asked = *m->inbox;
  auto const stored_answer = [this, ref, want = m->want_state](inbox_entry const& given,
                                                               inbox_entry const& found,
                                                               completion const& answer) {
    if (found.request_hash != given.request_hash) {
      answer(fail(errc::conflict,
                  "this Idempotency-Key was used for another request; use a new one",
                  {{"idempotency_key", true}}));
      return;
    }
    auto r = stored_receipt(ref, found.answer);
    if (!want) {
      answer(std::move(r));
      return;
    }
    auto was = r.entity;
    query(std::move(was), [r, answer](result<json::value> state) mutable {
      if (state)
        r.state = std::move(*state);
      answer(std::move(r));
    });
  };
  auto const tenant = ref.tenant;
  log_.find_inbox(tenant, asked.source, asked.key,
                  [this, m, tenant, asked, stored_answer,
                   done = std::move(done)](result<std::optional<inbox_entry>> found) mutable {
                    if (!found) {
                      done(found.error());
                      return;
                    }
                    if (*found) {
                      stored_answer(asked, **found, done);
                      return;
                    }
                    m->done = [this, tenant, asked, stored_answer, done](command_result r) {
                      bool const perhaps_before =
                          r ? r->events == 0
                            : r.error().code == errc::conflict &&
                                  !r.error().details.contains("idempotency_key");
                      if (!perhaps_before) {
                        done(std::move(r));
                        return;
                      }
                      log_.find_inbox(tenant, asked.source, asked.key,
                                      [asked, stored_answer, done,
                                       r](result<std::optional<inbox_entry>> again) {
                                        if (again && *again)
                                          stored_answer(asked, **again, done);
                                        else
                                          done(r);
                                      });
                    };
                    send(m);
                  });
}

/// What was stored for this request is looked up before: whoever asks again for work that was taken
/// gets the answer, also in an overload.
void request_desk::send(command_ptr m) const {
  if (door_ != nullptr && m->asked && admission::begins_work(m->command)) {
    auto done = std::exchange(m->done, {});
    auto const taken = door_->ask(std::chrono::steady_clock::now());
    if (!taken) {
      choke::admitted(*m, taken.error().code); // who watches sees what is turned away as well
      if (done)
        done(taken.error());
      return;
    }
    m->done = [door = door_, taken = *taken, done = std::move(done)](command_result r) {
      if (r)
        door->answered(taken, std::chrono::steady_clock::now());
      if (done)
        done(std::move(r));
    };
  }
  where_.deliver(std::move(m));
}

void request_desk::query(entity_ref to, std::function<void(result<json::value>)> done) {
  where_.query(std::make_shared<query_message>(query_message{std::move(to), std::move(done)}));
}

} // namespace troupe
