#pragma once

#include "actors/ports.hpp"

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

namespace troupe {

/// What an engine inside the server is asked with.
struct thought_request {
  entity_ref agent;
  agent_spec spec;
  envelope message;
};

/// Reads the present state of an entity; blocks (engines have threads of their own).
using state_reader = std::function<result<json::value>(entity_ref const&)>;

/// One way to think; called on an engine thread, may block. Answers the parts and the engine name.
class thinker {
public:
  virtual ~thinker() = default;
  [[nodiscard]] virtual result<envelope> think(thought_request const& r,
                                               state_reader const& read) = 0;
};

/// An answer with what every answer has in common, whatever thought it up: id, cause, addresses.
[[nodiscard]] envelope complete(envelope answer, thought_request const& asked);

/// The rule engine: drafts briefs and plans, criticises, replans and answers questions from the
/// brief, without a model.
[[nodiscard]] std::unique_ptr<thinker> make_rules_thinker();
/// Replays a script file (docs/scripted-engine.md) and says so in every message; what the script
/// does not know goes to `fallback`. Errors: not_found, invalid_argument with the place.
[[nodiscard]] result<std::unique_ptr<thinker>>
make_scripted_thinker(std::filesystem::path const& file, std::shared_ptr<thinker> fallback);

struct engine_load {
  std::size_t waiting = 0; ///< messages that no thread has taken yet
  std::size_t busy = 0;    ///< threads
  std::size_t threads = 0;
};

/// The engines of the server's own agents, on a few threads.
class thinkers : public engine_port {
public:
  /// `by_engine` holds what is installed; an agent with another engine gets an answer that says so,
  /// except `human`, who answers over the API in his own time.
  thinkers(std::map<engine_kind, std::shared_ptr<thinker>> by_engine, state_reader read,
           int threads);
  ~thinkers() override;
  void perform(entity_ref self, agent_spec spec, envelope message,
               std::function<void(result<envelope>)> done) override;
  void stop();
  [[nodiscard]] engine_load load() const;

private:
  struct request {
    thought_request what;
    std::function<void(result<envelope>)> done;
  };
  void run();

  std::map<engine_kind, std::shared_ptr<thinker>> by_engine_;
  state_reader read_;
  mutable std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<request> queue_;
  std::size_t busy_ = 0; ///< threads
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

} // namespace troupe
