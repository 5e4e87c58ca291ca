#pragma once

/// Every kind of entity that has a domain, in the order of `entity_kind`: `X(project) X(brief) …`.
/// The one list of them for all that is written once a kind.
#define TROUPE_EACH_KIND(X)                                                                        \
  X(project)                                                                                       \
  X(brief)                                                                                         \
  X(plan)                                                                                          \
  X(run)                                                                                           \
  X(ticket)                                                                                        \
  X(agent)                                                                                         \
  X(approval)                                                                                      \
  X(budget)                                                                                        \
  X(daemon)                                                                                        \
  X(principal)
