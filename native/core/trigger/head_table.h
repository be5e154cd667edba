#pragma once

#include <span>
#include <string_view>

#include "core/trigger/program.h"
#include "core/trigger/term_layout.h"

namespace ucb::trigger {

// What events of a name and type are compared with.
struct NamedList {
  std::string_view name;
  EventType type;
  TermList list;
};

// Fills the heads of the tables, by which a list is found from the start of an event's text.
void PlaceHeads(std::span<const NamedList> lists, TermTables& tables);

}  // namespace ucb::trigger
