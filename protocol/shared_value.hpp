#pragma once

#include "protocol/json.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

namespace troupe {

/// A value that copies of its owner share: copying the owner costs one count instead of the value.
/// Read as if it were the value; written as the same JSON. Assigning puts another value in its
/// place, and `change` gives the owner one of its own: what others hold stays as it is. As large as
/// a pointer, and nothing more where the value is a T by default.
template <class T>
class shared_value {
  static constexpr bool is_container = requires(T const& t) {
    t.begin();
    t.size();
  };

public:
  shared_value() = default;
  shared_value(T v) // NOLINT: stands wherever a T could
      : it_(new shared{std::move(v)}) {}
  shared_value(shared_value const& other) : it_(other.it_) {
    if (it_ != nullptr)
      it_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  shared_value(shared_value&& other) noexcept : it_(std::exchange(other.it_, nullptr)) {}
  shared_value& operator=(shared_value const& other) {
    if (this != &other)
      *this = shared_value{other};
    return *this;
  }
  shared_value& operator=(shared_value&& other) noexcept {
    std::swap(it_, other.it_);
    return *this;
  }
  ~shared_value() {
    if (it_ != nullptr && it_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete it_;
  }

  [[nodiscard]] T const& get() const {
    static T const nothing{};
    return it_ != nullptr ? it_->value : nothing;
  }
  operator T const&() const { return get(); } // NOLINT
  T const& operator*() const { return get(); }
  T const* operator->() const { return &get(); }

  /// For who builds it up: the value where nobody else has it, else a copy.
  T& change() {
    // What others did with it before they let it go has happened before.
    if (it_ == nullptr || it_->owners.load(std::memory_order_acquire) != 1)
      *this = shared_value{new shared{get()}};
    return it_->value;
  }

  // Of a T that is a container.
  [[nodiscard]] auto begin() const requires is_container { return get().begin(); }
  [[nodiscard]] auto end() const requires is_container { return get().end(); }
  [[nodiscard]] std::size_t size() const requires is_container { return get().size(); }
  [[nodiscard]] bool empty() const requires is_container { return get().empty(); }
  template <class Index>
  [[nodiscard]] decltype(auto) operator[](Index i) const requires is_container {
    return get()[i];
  }

  friend bool operator==(shared_value const& a, shared_value const& b) {
    return a.it_ == b.it_ || a.get() == b.get();
  }
  friend bool operator==(shared_value const& a, T const& b) { return a.get() == b; }

private:
  struct shared {
    explicit shared(T&& v) : value(std::move(v)) {}
    explicit shared(T const& v) : value(v) {}
    T value;
    std::atomic<std::uint32_t> owners{1};
  };
  explicit shared_value(shared* it) : it_(it) {}
  shared* it_ = nullptr; ///< null: a T by default
};

/// Makes one value of equal ones, for what many owners have alike and each got by itself. Knows the
/// newest few only: it is meant for what has few forms. Thread-safe.
template <class T>
class value_pool {
public:
  [[nodiscard]] shared_value<T> same(shared_value<T> const& v) {
    std::lock_guard lock{mutex_};
    auto const known = std::find(known_.begin(), known_.end(), v);
    if (known != known_.end())
      std::rotate(known_.begin(), known, known + 1); // most that come are like the last one
    else
      known_.insert(known_.begin(), v);
    if (known_.size() > most)
      known_.pop_back();
    return known_.front();
  }

private:
  static constexpr std::size_t most = 32;
  std::mutex mutex_;
  std::vector<shared_value<T>> known_; ///< what was asked for last comes first
};

namespace json::detail {

template <class T>
struct codec<shared_value<T>> {
  static value write(shared_value<T> const& x) { return detail::write(x.get()); }
  static result<void> read(value const& v, shared_value<T>& out, std::string const& path) {
    T whole{};
    if (auto r = detail::read(v, whole, path); !r)
      return r;
    out = std::move(whole);
    return {};
  }
};

} // namespace json::detail

} // namespace troupe
