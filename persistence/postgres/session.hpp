#pragma once

#include "persistence/store_failure.hpp"

#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The one place that knows libpqxx: everything else in this folder sees only what stands here.
namespace troupe::postgres {

using failure = store_failure;

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

/// Elements of an array parameter in the binary form: big texts go over unescaped and unread.
class binary_array {
public:
  enum class of : std::uint32_t {
    booleans = 16,
    bytes = 17,
    int8 = 20,
    int2 = 21,
    int4 = 23,
    texts = 25,
    uuids = 2950
  }; ///< the numbers that Postgres gives its types (pg_type.dat), for ever
  explicit binary_array(of type);
  void add_int2(std::int16_t n) { element(static_cast<std::uint16_t>(n), 2); }
  void add_int4(std::int32_t n) { element(static_cast<std::uint32_t>(n), 4); }
  void add_int8(std::int64_t n) { element(static_cast<std::uint64_t>(n), 8); }
  void add(bool b) { element(b ? 1u : 0u, 1); }
  void add_text(std::string_view text);
  void add_uuid(std::string_view uuid);
  /// Hexadecimal digits: a hash.
  void add_hex(std::string_view digits);
  void add_null();
  [[nodiscard]] std::string bytes() const;

private:
  void put(std::uint64_t n, std::size_t width);
  void element(std::uint64_t n, std::uint32_t width);
  std::string text_; // behind the head, which needs the count
  of type_;
  std::uint32_t count_ = 0;
  bool nulls_ = false;
};

/// The rows of an answer.
class rows {
public:
  struct impl;
  explicit rows(std::shared_ptr<impl const> p) : p_(std::move(p)) {}
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] bool null(std::size_t row, int column) const;
  [[nodiscard]] std::string text(std::size_t row, int column) const;
  /// A bytea.
  [[nodiscard]] std::string bytes(std::size_t row, int column) const;
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
  /// Connects and sets the limits of the session: statements 5 s, locks 2 s, idle in transaction 5
  /// s.
  explicit session(std::string const& url);
  ~session();
  session(session const&) = delete;
  session& operator=(session const&) = delete;

  /// Runs a query constant: prepared once, found again by its address.
  rows query(char const* sql, params const& given = {});
  /// The same with all parameters in the binary form (`binary_array`, `binary_int8`).
  rows query_binary(char const* sql, std::vector<std::string> const& given);
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
  std::string const& prepared(char const* sql);
  std::unique_ptr<impl> p_;
};

/// Plain values in the binary form; a text is its own bytes.
[[nodiscard]] std::string binary_int2(std::int16_t n);
[[nodiscard]] std::string binary_int4(std::int32_t n);
[[nodiscard]] std::string binary_int8(std::int64_t n);

} // namespace troupe::postgres
