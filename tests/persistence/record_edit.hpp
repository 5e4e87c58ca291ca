#pragma once

#include "persistence/postgres/merged_body.hpp"
#include "persistence/postgres/session.hpp"
#include "protocol/hex.hpp"

#include <algorithm>
#include <functional>
#include <sstream>

namespace troupe::test {

/// Changes settled rows of `troupe.record` as somebody would who knows their form: `edit` gets each
/// body taken apart and says whether it is to be stored so, with a sum that is right again. `sql`
/// runs a statement and answers lines of columns with `|` between them.
inline void edit_records(std::function<std::string(std::string const&)> const& sql,
                         std::string const& where,
                         std::function<bool(postgres::merged_body&)> const& edit) {
  std::istringstream rows{
      sql("select shard, seq, first_id, coalesce(last_id, first_id), encode(hash, 'hex'), "
          "encode(body, 'hex') from troupe.record where " +
          where)};
  for (std::string row; std::getline(rows, row);) {
    std::vector<std::string> columns;
    std::istringstream rest{row};
    for (std::string column; std::getline(rest, column, '|');)
      columns.push_back(column);
    postgres::body_keys const keys{columns.at(2), columns.at(3), columns.at(4)};
    auto body = postgres::decode_merged(unhex(columns.at(5)), keys);
    if (!edit(body))
      continue;
    (void)sql("update troupe.record set body = decode('" +
              hex_of(postgres::encode_merged(body, keys)) +
              "', 'hex') where shard = " + columns.at(0) + " and seq = " + columns.at(1));
  }
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
inline std::function<bool(postgres::merged_body&)> putting(std::string const& text,
                                                           std::string const& in_place_of) {
  return [=](postgres::merged_body& body) {
    return std::any_of(body.parts.begin(), body.parts.end(),
                       [&](auto& part) { return put_text(part.lines, text, in_place_of); });
  };
}

} // namespace troupe::test
