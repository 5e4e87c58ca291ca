#pragma once

#include <memory>
#include <utility>

namespace troupe {

/// The state of one entity. Copies of a cell share it; it is changed in place only as long as
/// nobody else was given it, so what was shared stays as it was, on whatever thread it is read.
template <class State>
class state_cell {
public:
  explicit state_cell(State s) : it_(std::make_shared<State>(std::move(s))) {}
  /// What was made for this cell.
  explicit state_cell(std::shared_ptr<State> made) : it_(std::move(made)) {}
  /// What somebody else has made, and does not change any more.
  explicit state_cell(std::shared_ptr<State const> made)
      : it_(std::const_pointer_cast<State>(std::move(made))), shared_(true) {}

  state_cell(state_cell const& other) : it_(other.it_), shared_(true) { other.shared_ = true; }
  state_cell(state_cell&&) noexcept = default;
  state_cell& operator=(state_cell const& other) { return *this = state_cell{other}; }
  state_cell& operator=(state_cell&&) noexcept = default;
  ~state_cell() = default;

  [[nodiscard]] State const& operator*() const { return *it_; }
  [[nodiscard]] State const* operator->() const { return it_.get(); }

  /// For who applies events: the state itself, or a copy of it where others see it.
  [[nodiscard]] State& change() {
    if (shared_) {
      it_ = std::make_shared<State>(*it_);
      shared_ = false;
    }
    return *it_;
  }
  /// From here on the state belongs to whoever holds it.
  [[nodiscard]] std::shared_ptr<State const> share() const {
    shared_ = true;
    return it_;
  }

private:
  std::shared_ptr<State> it_;   ///< null only after a move
  mutable bool shared_ = false; ///< somebody else has seen `it_`; says nothing of other cells
};

} // namespace troupe
