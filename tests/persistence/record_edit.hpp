#pragma once

#include "persistence/postgres/session.hpp"
#include "persistence/record/merged_body.hpp"
#include "persistence/record/record.hpp"
#include "persistence/sqlite/queries.hpp"
#include "persistence/sqlite/row_mapping.hpp"
#include "protocol/hex.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <sstream>
#include <stdexcept>

namespace troupe::test {

/// Changes settled rows of `troupe.record` as somebody would who knows their form: `edit` gets each
/// body taken apart and says whether it is to be stored so, with a sum that is right again. `sql`
/// runs a statement and answers lines of columns with `|` between them.
inline void edit_records(std::function<std::string(std::string const&)> const& sql,
                         std::string const& where,
                         std::function<bool(records::merged_body&)> const& edit) {
  std::istringstream rows{
      sql("select shard, seq, first_id, coalesce(last_id, first_id), encode(hash, 'hex'), "
          "encode(body, 'hex') from troupe.record where " +
          where)};
  for (std::string row; std::getline(rows, row);) {
    std::vector<std::string> columns;
    std::istringstream rest{row};
    for (std::string column; std::getline(rest, column, '|');)
      columns.push_back(column);
    records::body_keys const keys{columns.at(2), columns.at(3), columns.at(4)};
    auto body = records::decode_merged(unhex(columns.at(5)), keys);
    if (!edit(body))
      continue;
    (void)sql("update troupe.record set body = decode('" +
              hex_of(records::encode_merged(body, keys)) +
              "', 'hex') where shard = " + columns.at(0) + " and seq = " + columns.at(1));
  }
}

/// The same for a row of a ledger in a file, from its events.
inline void edit_sqlite_row(std::filesystem::path const& file, std::uint32_t shard,
                            std::uint64_t seq,
                            std::function<void(std::vector<stored_event>&)> const& edit) {
  sqlite::database db{file, sqlite::database::mode::read_write};
  records::record row;
  {
    auto q = db.query(sqlite::sql::read_shard);
    if (!q.bind(sqlite::num(shard), sqlite::num(seq - 1), std::int64_t{1}).step())
      throw std::runtime_error{"there is no such row"};
    row = sqlite::record_of(q);
  }
  auto events = unpack(row);
  edit(events);
  std::vector<new_event> changed;
  for (auto const& e : events)
    changed.push_back(e.event);
  pack(row, events.front().epoch, changed);
  auto const first = bytes_of_uuid(row.first_id);
  auto const last = bytes_of_uuid(row.last_id);
  auto const hash = unhex(row.hash);
  db.query("update record set first_id = ?, last_id = ?, hash = ?, body = ? "
           "where shard = ? and seq = ?")
      .bind(sqlite::blob{{first.data(), first.size()}}, sqlite::blob{{last.data(), last.size()}},
            sqlite::blob{hash}, sqlite::blob{row.body}, sqlite::num(row.shard),
            sqlite::num(row.seq))
      .run();
}

/// Puts one text for another where it stands; whether it did.
inline bool put_text(std::string& lines, std::string const& text, std::string const& in_place_of) {
  auto const at = lines.find(in_place_of);
  if (at == std::string::npos)
    return false;
  lines.replace(at, in_place_of.size(), text);
  return true;
}

/// The same as an edit.
inline std::function<bool(records::merged_body&)> putting(std::string const& text,
                                                          std::string const& in_place_of) {
  return [=](records::merged_body& body) {
    return std::any_of(body.parts.begin(), body.parts.end(),
                       [&](auto& part) { return put_text(part.lines, text, in_place_of); });
  };
}

} // namespace troupe::test
