#pragma once

#include "persistence/sqlite/database.hpp"
#include "persistence/sqlite/sqlite_store.hpp"

namespace troupe::sqlite {

/// Brings the rows of table `event`, of which a store of the first schema had one for each event,
/// into `record`, within the transaction in which that table is made. Each becomes a row of its own
/// and keeps its hash, whether it is right or not: `troupe verify` tells of them what it told
/// before. Throws failure, and store_failure where an event is none that a server could have
/// written: then the store stays as it is. `tell` hears how far it is.
void bring_events_over(database& db, conversion_progress const& tell);

} // namespace troupe::sqlite
