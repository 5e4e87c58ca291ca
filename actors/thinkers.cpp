#include "actors/thinkers.hpp"

#include "actors/domain/domain.hpp"
#include "protocol/log_about.hpp"

#include <spdlog/spdlog.h>

namespace troupe {

envelope complete(envelope answer, thought_request const& asked) {
  auto const& m = asked.message;
  answer.id = m.id + ".a";
  answer.cause = m.id;
  answer.correlation = m.correlation;
  answer.reply_to = m.id;
  answer.from = principal_of(asked.agent);
  answer.to = m.from;
  answer.hops = m.hops + 1;
  answer.trace = m.trace;
  if (answer.kind == message_kind::note)
    answer.kind = message_kind::answer;
  return answer;
}

thinkers::thinkers(std::map<engine_kind, std::shared_ptr<thinker>> by_engine, state_reader read,
                   int threads)
    : by_engine_(std::move(by_engine)), read_(std::move(read)) {
  for (int i = 0; i < threads; ++i)
    threads_.emplace_back([this] { run(); });
}

thinkers::~thinkers() {
  stop();
}

void thinkers::perform(entity_ref self, agent_spec spec, envelope message,
                       std::function<void(result<envelope>)> done) {
  if (spec.engine == engine_kind::human)
    return; // answered by a person: POST /api/agents/{id}/answer
  {
    std::lock_guard lock{mutex_};
    queue_.push_back({{std::move(self), std::move(spec), std::move(message)}, std::move(done)});
  }
  wakeup_.notify_one();
}

engine_load thinkers::load() const {
  std::lock_guard lock{mutex_};
  return {queue_.size(), busy_, threads_.size()};
}

void thinkers::run() {
  for (bool worked = false;; worked = true) {
    request r;
    {
      std::unique_lock lock{mutex_};
      busy_ -= worked ? 1 : 0;
      wakeup_.wait(lock, [&] { return stopping_ || !queue_.empty(); });
      if (stopping_)
        return;
      r = std::move(queue_.front());
      queue_.pop_front();
      ++busy_;
    }
    log_about const about{r.what.message.correlation, &r.what.agent};
    // Agents whose work runs on a daemon still answer questions: by the rules.
    auto it = by_engine_.find(r.what.spec.engine);
    if (it == by_engine_.end())
      it = by_engine_.find(engine_kind::rules);
    if (it == by_engine_.end()) {
      r.done(fail(errc::unsupported, "no engine is installed for this agent"));
      continue;
    }
    auto answer = [&]() -> result<envelope> {
      try {
        return it->second->think(r.what, read_);
      } catch (std::exception const& x) { // an engine's bug must not end the server
        return fail(errc::internal, std::string{"the engine failed: "} + x.what());
      } catch (...) {
        return fail(errc::internal, "the engine failed");
      }
    }();
    if (!answer && answer.error().code == errc::internal)
      spdlog::error("engine threw agent={} message={} what=\"{}\"", to_string(r.what.agent),
                    r.what.message.id, answer.error().message);
    try {
      if (answer)
        r.done(complete(std::move(*answer), r.what));
      else
        r.done(answer.error());
    } catch (std::exception const& x) { // the agent asks again when it wakes
      spdlog::error("answer lost agent={} message={} what=\"{}\"", to_string(r.what.agent),
                    r.what.message.id, x.what());
    }
  }
}

void thinkers::stop() {
  {
    std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wakeup_.notify_all();
  for (auto& t : threads_) {
    if (t.joinable())
      t.join();
  }
}

} // namespace troupe
