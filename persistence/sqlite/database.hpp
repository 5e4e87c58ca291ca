#pragma once

#include "protocol/result.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace troupe::sqlite {

/// How long a writer waits for its turn; longer than any batch takes.
constexpr std::chrono::milliseconds busy_timeout{5000};

/// What SQLite reported. Stays within this folder: the store catches it and answers `to_error`.
struct failure {
  int code = 0; ///< extended result code
  std::string message;
};
/// busy (SQLITE_BUSY, SQLITE_LOCKED), corrupt, unsupported (read only), else unavailable.
[[nodiscard]] error to_error(failure const& f);

/// Bytes that are no text.
struct blob {
  std::string_view bytes;
};

/// One execution of a prepared statement: bound from the left, stepped, and reset at its end, so
/// that no read transaction stays open behind the caller's back.
class statement {
public:
  explicit statement(sqlite3_stmt* s) : s_(s) {}
  ~statement();
  statement(statement const&) = delete;
  statement& operator=(statement const&) = delete;

  /// Texts and blobs are not copied: they must live until the statement's end.
  template <class... Ts>
  statement& bind(Ts const&... xs) {
    (put(xs), ...);
    return *this;
  }
  /// True while there is a row. Throws failure.
  bool step();
  /// Runs a statement without rows. Throws failure.
  void run() {
    while (step()) {
    }
  }
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::string bytes(int column) const;
  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::uint64_t whole(int column) const {
    return static_cast<std::uint64_t>(number(column));
  }
  [[nodiscard]] bool null(int column) const;

private:
  void put(std::string_view x);
  void put(blob x);
  void put(std::int64_t x);
  void put(std::optional<std::int64_t> const& x);

  sqlite3_stmt* s_;
  int next_ = 1;
};

/// One connection with its prepared statements. Throws failure.
class database {
public:
  enum class mode { read_only, read_write };
  database(std::filesystem::path const& file, mode m);
  ~database();
  database(database const&) = delete;
  database& operator=(database const&) = delete;

  /// Runs any number of statements without results.
  void run(char const* sql);
  /// Prepared once for each query constant: found again by its address.
  [[nodiscard]] statement query(char const* sql);
  /// Rows changed by the last statement.
  [[nodiscard]] std::size_t changes() const;
  [[nodiscard]] bool in_transaction() const;

private:
  struct closer {
    void operator()(sqlite3* p) const;
  };
  struct finalizer {
    void operator()(sqlite3_stmt* p) const;
  };
  std::unique_ptr<sqlite3, closer> db_;
  std::map<char const*, std::unique_ptr<sqlite3_stmt, finalizer>> prepared_;
};

/// BEGIN IMMEDIATE now, ROLLBACK at the end unless committed.
class transaction {
public:
  explicit transaction(database& db);
  ~transaction();
  transaction(transaction const&) = delete;
  transaction& operator=(transaction const&) = delete;
  void commit();

private:
  database& db_;
};

} // namespace troupe::sqlite
