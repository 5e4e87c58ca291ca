#pragma once

#include "protocol/json.hpp"

#include <memory>

namespace troupe {

/// A value that never changes and that copies of its owner share: copying the owner costs one count
/// instead of the value. Read as if it were the value; written as the same JSON. Assigning puts
/// another value in its place.
template <class T>
class shared_value {
  static constexpr bool is_container = requires(T const& t) {
    t.begin();
    t.size();
  };

public:
  shared_value() = default;
  shared_value(T v) // NOLINT: stands wherever a T could
      : it_(std::make_shared<T const>(std::move(v))) {}

  [[nodiscard]] T const& get() const {
    static T const nothing{};
    return it_ ? *it_ : nothing;
  }
  operator T const&() const { return get(); } // NOLINT
  T const& operator*() const { return get(); }
  T const* operator->() const { return &get(); }

  /// For who builds it up: a copy of the value that is nobody else's yet.
  T& change() {
    auto copy = std::make_shared<T>(get());
    auto& out = *copy;
    it_ = std::move(copy);
    return out;
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
  std::shared_ptr<T const> it_; ///< null: a T by default
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
