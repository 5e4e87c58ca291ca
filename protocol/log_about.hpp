#pragma once

#include "protocol/ids.hpp"

#include <string>
#include <utility>

namespace troupe {

/// What this thread's log lines are about from here to the end of the scope: each carries the
/// correlation id, so that whatever was logged of one conversation or request can be found by it.
/// Costs two writes where nothing is logged. Scopes nest; the innermost counts. Not across a
/// `co_await`: the coroutine may go on in another thread.
class log_about {
public:
  /// `correlation` is looked at when a line is logged; where it is empty then, the entity's address
  /// stands in its place, else what the scope around has.
  explicit log_about(std::string const& correlation, entity_ref const* entity = nullptr)
      : correlation_(&correlation), entity_(entity), around_(std::exchange(innermost, this)) {}
  explicit log_about(entity_ref const& entity)
      : entity_(&entity), around_(std::exchange(innermost, this)) {}
  ~log_about() { innermost = around_; }
  log_about(log_about const&) = delete;
  log_about& operator=(log_about const&) = delete;
  // They must outlive the scope.
  explicit log_about(std::string&&, entity_ref const* = nullptr) = delete;
  explicit log_about(entity_ref&&) = delete;

  /// The correlation id for a line that is logged now; empty: it is about nothing of that kind.
  [[nodiscard]] static std::string id() {
    for (auto const* at = innermost; at != nullptr; at = at->around_) {
      if (at->correlation_ != nullptr && !at->correlation_->empty())
        return *at->correlation_;
      if (at->entity_ != nullptr)
        return to_string(*at->entity_);
    }
    return {};
  }

private:
  static inline thread_local log_about const* innermost = nullptr;

  std::string const* correlation_ = nullptr;
  entity_ref const* entity_ = nullptr;
  log_about const* around_;
};

} // namespace troupe
