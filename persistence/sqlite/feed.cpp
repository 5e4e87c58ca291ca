#include "persistence/sqlite/feed.hpp"

#include "persistence/sqlite/queries.hpp"

namespace troupe::sqlite {

feed_ends find_feed_ends(database& db) {
  auto q = db.query(sql::feed_ends);
  return q.step() ? feed_ends{q.number(0), q.number(1)} : feed_ends{};
}

void feed(database& db, feed_ends const& ends) {
  db.query(sql::feed_records).bind(ends.done, ends.last).run();
  db.query(sql::end_feed).bind(ends.last).run();
}

} // namespace troupe::sqlite
