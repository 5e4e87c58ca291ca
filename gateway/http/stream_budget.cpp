#include "gateway/http/stream_budget.hpp"

#include <vector>

namespace troupe {

void stream_budget::shed_most() {
  // Let go of at the end only: the last hold on a reader may run what its owner left with it.
  std::vector<std::shared_ptr<slow_reader>> ended;
  std::lock_guard lock{relief_};
  while (over()) {
    auto reader = most_waiting();
    if (!reader)
      return;
    reader->shed();
    shed_.fetch_add(1, std::memory_order_relaxed);
    ended.push_back(std::move(reader));
  }
}

/// Null: nothing waits, or the reader is just going, and its bytes with it.
std::shared_ptr<slow_reader> stream_budget::most_waiting() const {
  std::lock_guard lock{mutex_};
  waiting_bytes const* most = nullptr;
  for (auto const* w : all_) {
    if (w->held() > (most == nullptr ? 0 : most->held()))
      most = w;
  }
  return most == nullptr ? nullptr : most->reader_.lock();
}

waiting_bytes::~waiting_bytes() {
  {
    std::lock_guard lock{budget_->mutex_};
    budget_->all_.erase(this);
  }
  remove(held());
}

void waiting_bytes::belongs_to(std::weak_ptr<slow_reader> reader) {
  reader_ = std::move(reader);
  std::lock_guard lock{budget_->mutex_};
  budget_->all_.insert(this);
}

} // namespace troupe
