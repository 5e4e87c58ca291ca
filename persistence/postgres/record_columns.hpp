#pragma once

#include "persistence/postgres/row_mapping.hpp"
#include "persistence/record/record.hpp"

namespace troupe::postgres {

/// Records as parameters of a statement that puts them into `troupe.record`: ten arrays, in the
/// order of the columns.
class record_columns {
public:
  void add(record const& row) {
    shard_.add_int2(static_cast<std::int16_t>(row.shard));
    seq_.add_int8(num(row.seq));
    tenant_.add_text(row.stream.tenant.value);
    kind_.add_int2(static_cast<std::int16_t>(row.stream.kind));
    id_.add_text(row.stream.id);
    version_.add_int8(num(row.version));
    add_ids(first_, last_, row);
    hash_.add_hex(row.hash);
    body_.add_text(row.body);
  }
  void append_to(std::vector<std::string>& params) const {
    for (auto const* a :
         {&shard_, &seq_, &tenant_, &kind_, &id_, &version_, &first_, &last_, &hash_, &body_})
      params.push_back(a->bytes());
  }

private:
  using of = binary_array::of;
  binary_array shard_{of::int2}, seq_{of::int8}, tenant_{of::texts}, kind_{of::int2},
      id_{of::texts}, version_{of::int8}, first_{of::uuids}, last_{of::uuids}, hash_{of::bytes},
      body_{of::bytes};
};

} // namespace troupe::postgres
