#pragma once

#include "protocol/result.hpp"

#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The one place that knows libpqxx: everything else in this folder sees only what stands here.
namespace troupe::postgres {

/// What the server or the connection reported. Stays within this folder.
struct failure {
  errc code = errc::internal;
  std::string message;
  bool lost = false; ///< the connection is of no use any more
};

/// Elements of an array parameter, written as Postgres reads them.
class array {
public:
  void add(std::string_view text);
  void add(std::int64_t n);
  void add(std::uint64_t n) { add(static_cast<std::int64_t>(n)); }
  void add(std::uint32_t n) { add(std::int64_t{n}); }
  void add(std::int32_t n) { add(std::int64_t{n}); }
  void add(bool b);
  void add(std::optional<std::int64_t> const& n);
  [[nodiscard]] std::string text() && { return std::move(text_) + '}'; }

private:
  void comma();
  std::string text_ = "{";
};

/// Parameters of a statement, in order, in text form.
class params {
public:
  params& add(std::string_view text) {
    values_.emplace_back(text);
    return *this;
  }
  params& add(std::int64_t n) {
    values_.push_back(std::to_string(n));
    return *this;
  }
  params& add(std::optional<std::int64_t> const& n) {
    if (n)
      return add(*n);
    values_.emplace_back();
    return *this;
  }
  params& add(array&& a) {
    values_.push_back(std::move(a).text());
    return *this;
  }
  [[nodiscard]] std::vector<std::optional<std::string>> const& values() const { return values_; }

private:
  std::vector<std::optional<std::string>> values_;
};

template <class... Ts>
[[nodiscard]] params with(Ts&&... xs) {
  params out;
  (out.add(std::forward<Ts>(xs)), ...);
  return out;
}

/// The rows of an answer.
class rows {
public:
  struct impl;
  explicit rows(std::shared_ptr<impl const> p) : p_(std::move(p)) {}
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool null(std::size_t row, int column) const;
  [[nodiscard]] std::string text(std::size_t row, int column) const;
  [[nodiscard]] std::int64_t number(std::size_t row, int column) const;
  [[nodiscard]] std::uint64_t whole(std::size_t row, int column) const {
    return static_cast<std::uint64_t>(number(row, column));
  }
  [[nodiscard]] bool truth(std::size_t row, int column) const;
  /// Rows that a statement without an answer has changed.
  [[nodiscard]] std::size_t affected() const;

private:
  [[nodiscard]] std::string_view view(std::size_t row, int column) const;
  std::shared_ptr<impl const> p_;
};

/// One connection; every statement is its own transaction unless `begin` stands before it. All
/// members throw failure. After one with `lost` the object must be thrown away.
class session {
public:
  /// Connects and sets the limits of reference: statements 5 s, locks 2 s, idle in transaction 5 s.
  explicit session(std::string const& url);
  ~session();
  session(session const&) = delete;
  session& operator=(session const&) = delete;

  /// Runs a query constant: prepared once, found again by its address.
  rows query(char const* sql, params const& given = {});
  /// Runs any number of statements as one transaction.
  void run(std::string const& sql);
  void begin() { run("begin"); }
  /// If the connection is lost here, the outcome is unknown.
  void commit() { run("commit"); }
  /// False: the server has closed the connection, so what has not been sent yet never will be. True
  /// says little. Asks the kernel, not the server.
  [[nodiscard]] bool alive() const;
  /// To wait for its end; not for reading.
  [[nodiscard]] int socket() const;
  /// Never throws: a connection that cannot roll back is closed by the server.
  void rollback() noexcept;

private:
  struct impl;
  std::unique_ptr<impl> p_;
};

} // namespace troupe::postgres
