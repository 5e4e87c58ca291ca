#include "persistence/postgres/session.hpp"

#include "protocol/hex.hpp"

#include <poll.h>
#include <pqxx/pqxx>

#include <array>
#include <map>

namespace troupe::postgres {

struct rows::impl {
  pqxx::result result;
};

struct session::impl {
  explicit impl(std::string const& url) : connection(url) {}
  pqxx::connection connection;
  // Autocommit; transactions are begun in SQL, so that one kind of object runs everything.
  std::unique_ptr<pqxx::nontransaction> work;
  std::map<char const*, std::string> prepared;
};

namespace {

/// Limits of one connection: what hangs must end before a takeover waits for it. For the operator
/// the application name tells our sessions from others.
constexpr char settings[] = "application_name=troupe&connect_timeout=5&keepalives_idle=5"
                            "&keepalives_interval=2&keepalives_count=3&tcp_user_timeout=10000";

/// Ours first: a later one of the same name, the operator's, wins.
std::string with_settings(std::string const& url) {
  if (url.find("://") == std::string::npos) {
    std::string words = settings;
    for (auto& c : words)
      c = c == '&' ? ' ' : c;
    return words + ' ' + url;
  }
  auto const query = url.find('?');
  if (query == std::string::npos)
    return url + '?' + settings;
  return url.substr(0, query + 1) + settings + '&' + url.substr(query + 1);
}

/// Maps a SQLSTATE class (PostgreSQL manual, appendix A). `lost`: the statement's end is unknown,
/// or the server is not one that we may go on with.
failure of_state(std::string const& state, std::string message) {
  while (!message.empty() && message.back() == '\n')
    message.pop_back();
  auto const kind = state.substr(0, 2);
  if (state == "55P03" || state == "57014" || state == "40P01" || state == "40001")
    return {errc::busy, "the store is busy: " + message, false};
  if (state == "25006") // a standby, after a failover
    return {errc::unavailable, "the database is read only: " + message, true};
  if (kind == "08" || kind == "57" || kind == "53" || kind == "58")
    return {errc::unavailable, "the database is not available: " + message, true};
  if (kind == "XX")
    return {errc::corrupt, "the database is damaged: " + message, false};
  if (kind == "23")
    return {errc::conflict, "the store refuses: " + message, false};
  return {errc::internal, "the database refuses (" + state + "): " + message, false};
}

/// Runs `f` and turns every exception of libpqxx into ours.
template <class F>
auto guarded(pqxx::connection* connection, F f) {
  auto const open = [&] { return connection != nullptr && connection->is_open(); };
  try {
    return f();
  } catch (pqxx::broken_connection const& e) {
    throw failure{errc::unavailable, "the connection to the database is lost", true};
  } catch (pqxx::in_doubt_error const& e) {
    throw failure{errc::unavailable, "the outcome of a commit is unknown", true};
  } catch (pqxx::sql_error const& e) {
    // libpqxx 6 also reports a connection that died within a statement in this way.
    if (!open())
      throw failure{errc::unavailable, "the connection to the database is lost", true};
    throw of_state(e.sqlstate(), e.what());
  } catch (pqxx::failure const& e) {
    throw failure{errc::unavailable, std::string{"the database failed: "} + e.what(), true};
  } catch (std::logic_error const& e) { // usage_error, argument_error, range_error, …
    throw failure{open() ? errc::internal : errc::unavailable, e.what(), true};
  }
}

} // namespace

void array::comma() {
  if (text_.size() > 1)
    text_ += ',';
}

void array::add(std::string_view text) {
  comma();
  text_ += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '"' || text[i] == '\\') {
      text_.append(text, plain, i - plain);
      text_ += '\\';
      plain = i;
    }
  text_.append(text, plain);
  text_ += '"';
}

void array::add(std::int64_t n) {
  comma();
  text_ += std::to_string(n);
}

void array::add(bool b) {
  comma();
  text_ += b ? 't' : 'f';
}

void array::add(std::optional<std::int64_t> const& n) {
  if (n)
    return add(*n);
  comma();
  text_ += "NULL";
}

namespace {

void put_big_endian(std::string& out, std::uint64_t n, std::size_t width) {
  for (auto shift = 8 * width; shift != 0; shift -= 8)
    out += static_cast<char>(n >> (shift - 8) & 0xff);
}

} // namespace

std::string binary_int2(std::int16_t n) {
  std::string out;
  put_big_endian(out, static_cast<std::uint16_t>(n), 2);
  return out;
}

std::string binary_int4(std::int32_t n) {
  std::string out;
  put_big_endian(out, static_cast<std::uint32_t>(n), 4);
  return out;
}

std::string binary_int8(std::int64_t n) {
  std::string out;
  put_big_endian(out, static_cast<std::uint64_t>(n), 8);
  return out;
}

binary_array::binary_array(of type) : type_(type) {}

void binary_array::put(std::uint64_t n, std::size_t width) {
  put_big_endian(text_, n, width);
}

void binary_array::element(std::uint64_t n, std::uint32_t width) {
  ++count_;
  put(width, 4);
  put(n, width);
}

void binary_array::add_text(std::string_view text) {
  ++count_;
  put(text.size(), 4);
  text_ += text;
}

void binary_array::add_uuid(std::string_view uuid) {
  auto const bytes = bytes_of_uuid(uuid);
  add_text({bytes.data(), bytes.size()});
}

void binary_array::add_hex(std::string_view digits) {
  add_text(unhex(digits));
}

void binary_array::add_null() {
  ++count_;
  nulls_ = true;
  put(0xffffffff, 4);
}

std::string binary_array::bytes() const {
  std::string out;
  out.reserve(20 + text_.size());
  put_big_endian(out, count_ == 0 ? 0 : 1, 4); // dimensions
  put_big_endian(out, nulls_ ? 1 : 0, 4);
  put_big_endian(out, static_cast<std::uint32_t>(type_), 4);
  if (count_ != 0) {
    put_big_endian(out, count_, 4);
    put_big_endian(out, 1, 4); // lower bound
  }
  return out + text_;
}

std::size_t rows::size() const {
  return p_->result.size();
}
std::size_t rows::affected() const {
  return p_->result.affected_rows();
}

std::string_view rows::view(std::size_t row, int column) const {
  auto const field = p_->result[static_cast<pqxx::result::size_type>(row)][column];
  return {field.c_str(), field.size()};
}

bool rows::null(std::size_t row, int column) const {
  return p_->result[static_cast<pqxx::result::size_type>(row)][column].is_null();
}

std::string rows::text(std::size_t row, int column) const {
  return std::string{view(row, column)};
}

std::string rows::bytes(std::size_t row, int column) const {
  return unhex(view(row, column).substr(2)); // behind `\\x`, see bytea_output
}

std::int64_t rows::number(std::size_t row, int column) const {
  auto const text = view(row, column);
  std::int64_t n = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), n).ec != std::errc{})
    throw failure{errc::corrupt,
                  "the database answers \"" + std::string{text} + "\" where a number must stand"};
  return n;
}

bool rows::truth(std::size_t row, int column) const {
  return view(row, column) == "t";
}

session::session(std::string const& url) {
  guarded(nullptr, [&] {
    try {
      p_ = std::make_unique<impl>(with_settings(url));
    } catch (pqxx::sql_error const& e) {
      throw;
    } catch (pqxx::failure const& e) {
      throw failure{errc::unavailable, std::string{"cannot reach the database: "} + e.what(), true};
    }
    // A connection that comes back by itself has lost its settings and the knowledge that an
    // outcome is unknown.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    p_->connection.inhibit_reactivation(true);
#pragma GCC diagnostic pop
    p_->work = std::make_unique<pqxx::nontransaction>(p_->connection);
  });
  run("set statement_timeout = '5s'; set lock_timeout = '2s';"
      "set idle_in_transaction_session_timeout = '5s';"
      "set client_connection_check_interval = '2s';"
      "set synchronous_commit = on; set client_encoding = 'UTF8'; set bytea_output = hex;"
      "set default_transaction_isolation = 'read committed';"
      "set client_min_messages = warning; set search_path = troupe;"
      // Every query has its index; a plan made while the tables were small is kept as they grow. No
      // plan depends on its parameters, so none is made a second time.
      "set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off;"
      "set plan_cache_mode = force_generic_plan; set jit = off");
}

session::~session() = default;

std::string const& session::prepared(char const* sql) {
  auto& name = p_->prepared[sql];
  if (name.empty()) {
    auto const fresh = "q" + std::to_string(p_->prepared.size());
    p_->connection.prepare(fresh, sql);
    name = fresh;
  }
  return name;
}

rows session::query(char const* sql, params const& given) {
  return guarded(&p_->connection, [&] {
    auto const& name = prepared(sql);
    std::vector<char const*> values;
    values.reserve(given.values().size());
    for (auto const& v : given.values())
      values.push_back(v ? v->c_str() : nullptr);
    return rows{std::make_shared<rows::impl>(
        rows::impl{p_->work->exec_prepared(name, pqxx::prepare::make_dynamic_params(values))})};
  });
}

rows session::query_binary(char const* sql, std::vector<std::string> const& given) {
  return guarded(&p_->connection, [&] {
    auto const& name = prepared(sql);
    std::vector<pqxx::binarystring> const values{given.begin(), given.end()};
    return rows{std::make_shared<rows::impl>(
        rows::impl{p_->work->exec_prepared(name, pqxx::prepare::make_dynamic_params(values))})};
  });
}

void session::run(std::string const& sql) {
  guarded(&p_->connection, [&] { p_->work->exec(sql); });
}

bool session::alive() const {
  pollfd peer{p_->connection.sock(), POLLRDHUP, 0};
  return peer.fd >= 0 && ::poll(&peer, 1, 0) >= 0 &&
         (peer.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) == 0;
}

int session::socket() const {
  return p_->connection.sock();
}

void session::rollback() noexcept {
  try {
    p_->work->exec("rollback");
  } catch (...) { // NOLINT(bugprone-empty-catch): see the declaration
  }
}

} // namespace troupe::postgres
