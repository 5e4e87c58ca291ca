#include "cli/ledgers.hpp"

#include "persistence/postgres/postgres_store.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace troupe {

namespace {

result<std::unique_ptr<event_store>> first_of(result<store_factory> const& factory) {
  if (!factory)
    return factory.error();
  return (*factory)();
}

} // namespace

result<std::unique_ptr<event_store>> open_ledger_readonly(std::string const& url,
                                                          std::filesystem::path const& file) {
  return first_of(url.empty() ? open_sqlite_readonly(file) : open_postgres_readonly(url));
}

result<std::unique_ptr<event_store>> open_ledger(std::string const& url,
                                                 std::filesystem::path const& file) {
  if (!url.empty())
    return first_of(open_postgres_store(url));
  std::error_code ec;
  std::filesystem::create_directories(file.parent_path(), ec);
  return first_of(open_sqlite_store(file));
}

} // namespace troupe
