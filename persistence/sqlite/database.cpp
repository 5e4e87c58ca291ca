#include "persistence/sqlite/database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

namespace troupe::sqlite {

namespace {

[[noreturn]] void raise(sqlite3* db, int code) {
  throw failure{db == nullptr ? code : sqlite3_extended_errcode(db),
                db == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(db)};
}

} // namespace

error to_error(failure const& f) {
  switch (f.code & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return fail(errc::busy, "the store is busy: " + f.message);
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
  case SQLITE_CONSTRAINT: // our rows are checked before they are written
    return fail(errc::corrupt, "the store is damaged: " + f.message);
  case SQLITE_READONLY:
    return fail(errc::unsupported, "the store is open for reading only");
  case SQLITE_FULL:
    return fail(errc::unavailable, "the disk of the store is full");
  default:
    return fail(errc::unavailable, "the store failed: " + f.message);
  }
}

statement::~statement() {
  if (s_ == nullptr)
    return;
  sqlite3_reset(s_);
  sqlite3_clear_bindings(s_);
}

bool statement::step() {
  int const code = sqlite3_step(s_);
  if (code == SQLITE_ROW)
    return true;
  if (code != SQLITE_DONE)
    raise(sqlite3_db_handle(s_), code);
  return false;
}

std::string statement::text(int column) const {
  auto const* data = reinterpret_cast<char const*>(sqlite3_column_text(s_, column));
  auto const size = static_cast<std::size_t>(sqlite3_column_bytes(s_, column));
  return data == nullptr ? std::string{} : std::string{data, size};
}

std::string statement::bytes(int column) const {
  auto const* data = static_cast<char const*>(sqlite3_column_blob(s_, column));
  auto const size = static_cast<std::size_t>(sqlite3_column_bytes(s_, column));
  return data == nullptr ? std::string{} : std::string{data, size};
}

std::int64_t statement::number(int column) const {
  return sqlite3_column_int64(s_, column);
}

bool statement::null(int column) const {
  return sqlite3_column_type(s_, column) == SQLITE_NULL;
}

void statement::put(std::string_view x) {
  // A null pointer would bind NULL.
  auto const* data = x.data() == nullptr ? "" : x.data();
  if (int const code = sqlite3_bind_text64(s_, next_++, data, x.size(), SQLITE_STATIC, SQLITE_UTF8);
      code != SQLITE_OK)
    raise(sqlite3_db_handle(s_), code);
}

void statement::put(blob x) {
  auto const* data = x.bytes.data() == nullptr ? "" : x.bytes.data();
  if (int const code = sqlite3_bind_blob64(s_, next_++, data, x.bytes.size(), SQLITE_STATIC);
      code != SQLITE_OK)
    raise(sqlite3_db_handle(s_), code);
}

void statement::put(std::int64_t x) {
  if (int const code = sqlite3_bind_int64(s_, next_++, x); code != SQLITE_OK)
    raise(sqlite3_db_handle(s_), code);
}

void statement::put(std::optional<std::int64_t> const& x) {
  if (x)
    put(*x);
  else
    ++next_; // unbound is NULL
}

void database::closer::operator()(sqlite3* p) const {
  sqlite3_close_v2(p);
}
void database::finalizer::operator()(sqlite3_stmt* p) const {
  sqlite3_finalize(p);
}

database::database(std::filesystem::path const& file, mode m) {
  if (m == mode::read_write) {
    // SQLite would make it readable for everybody; the WAL files take over this mode.
    int const fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0)
      ::close(fd);
  }
  sqlite3* raw = nullptr;
  int const flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (m == mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
  int const code = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
  db_.reset(raw);
  if (code != SQLITE_OK)
    raise(raw, code);
  sqlite3_busy_timeout(raw, static_cast<int>(busy_timeout.count()));
  run("pragma foreign_keys = on; pragma trusted_schema = off; pragma synchronous = full;");
}

database::~database() = default;

void database::run(char const* sql) {
  if (int const code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr); code != SQLITE_OK)
    raise(db_.get(), code);
}

statement database::query(char const* sql) {
  auto& kept = prepared_[sql];
  if (!kept) {
    sqlite3_stmt* raw = nullptr;
    int const code =
        sqlite3_prepare_v3(db_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (code != SQLITE_OK)
      raise(db_.get(), code);
    kept.reset(raw);
  }
  return statement{kept.get()};
}

std::size_t database::changes() const {
  return static_cast<std::size_t>(sqlite3_changes64(db_.get()));
}

bool database::in_transaction() const {
  return sqlite3_get_autocommit(db_.get()) == 0;
}

transaction::transaction(database& db) : db_(db) {
  db_.query("begin immediate").run();
}

transaction::~transaction() {
  // Some errors have rolled back already.
  if (!db_.in_transaction())
    return;
  try {
    db_.query("rollback").run();
  } catch (failure const&) { // NOLINT(bugprone-empty-catch): the error that led here is told
  }
}

void transaction::commit() {
  db_.query("commit").run();
}

} // namespace troupe::sqlite
