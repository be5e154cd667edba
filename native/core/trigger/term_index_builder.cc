#include "core/trigger/term_index_builder.h"

#include <algorithm>
#include <bit>

namespace ucb::trigger {

namespace {

uint64_t AllOnesIf(bool condition) {
  return condition ? ~uint64_t{0} : 0;
}

}  // namespace

TermIndexBuilder::TermIndexBuilder(const Program& program, const PatternClasses& classes, uint64_t seed)
    : program_(program),
      classes_(classes),
      stored_(program.pattern_count(), kNone),
      cells_(kWildCells),
      drafts_(kWildCells) {
  tables_.seed = seed;
  tables_.words.push_back(0);
  tables_.probes.clear();
  // Events that change which jobs are attached are told by their lists.
  drafts_[CellOf("submit", EventType::kJob)].flags = TermList::kSubmits;
  drafts_[CellOf("removed", EventType::kJob)].flags = TermList::kRemoves;
}

void TermIndexBuilder::Add(const Program::Term& term, Target target) {
  Item item{.cell = 0,
            .shape = 0,
            .context = 0,
            .extra = 0,
            .name_pattern = kNone,
            .label_pattern = kNone,
            .extra_pattern = kNone,
            .target = target};
  ContextShape context = ContextShape::kSelf;
  switch (term.context) {
    case ContextKind::kSelf:
      break;
    case ContextKind::kParent:
      context = ContextShape::kParent;
      tables_.uses_parents = true;
      break;
    case ContextKind::kJob:
      context = ContextShape::kJob;
      item.context = term.context_value;
      break;
    case ContextKind::kLabel:
      context = PlaceLabel(static_cast<uint32_t>(term.context_value), item);
      tables_.uses_labels = true;
      break;
    case ContextKind::kGlobal:
      context = ContextShape::kGlobal;
      break;
  }
  item.shape = MakeShape(context, PlaceExtra(term.extra, item));

  const bool exact_name = classes_.KindOf(term.name) == PatternKind::kExact;
  if (classes_.KindOf(term.name) == PatternKind::kWildcards) item.name_pattern = classes_.ClassOf(term.name);
  for (uint32_t type = 0; type < kEventTypes; ++type) {
    if ((term.types >> type & 1) == 0) continue;
    item.cell = exact_name ? CellOf(classes_.Prefix(term.name), static_cast<EventType>(type)) : type;
    Draft& draft = drafts_[item.cell];
    if (term.context == ContextKind::kLabel) draft.flags |= TermList::kUsesLabels;
    if (ExtraOf(item.shape) > ExtraShape::kNothing) draft.flags |= TermList::kUsesPrefixes;
    if (!IsFixed(item.shape)) draft.shapes |= uint64_t{1} << item.shape;
    items_.push_back(item);
  }
}

TermTables TermIndexBuilder::Build() {
  LinkDone();
  std::sort(items_.begin(), items_.end());
  items_.erase(std::unique(items_.begin(), items_.end()), items_.end());
  for (std::size_t at = 0; at < items_.size();) at = PlaceBucket(at);
  std::vector<Item>().swap(items_);
  BuildLists();
  PlaceHeads(named_lists_, tables_);
  BuildGroups();
  tables_.words.shrink_to_fit();
  tables_.probes.shrink_to_fit();
  tables_.fixed.shrink_to_fit();
  tables_.short_terms.shrink_to_fit();
  tables_.names.shrink_to_fit();
  tables_.patterns.Shrink();
  return std::move(tables_);
}

bool TermIndexBuilder::SameBucket(const Item& left, const Item& right) {
  return left.cell == right.cell && left.shape == right.shape && left.context == right.context &&
         left.extra == right.extra;
}

bool TermIndexBuilder::SameEntry(const Item& left, const Item& right) {
  return SameBucket(left, right) && left.name_pattern == right.name_pattern &&
         left.label_pattern == right.label_pattern && left.extra_pattern == right.extra_pattern;
}

uint32_t TermIndexBuilder::FindCell(std::string_view name, EventType type) const {
  return cell_index_.Find(HashCell(name, type),
                          [&](uint32_t cell) { return cells_[cell].type == type && cells_[cell].name == name; });
}

uint32_t TermIndexBuilder::CellOf(std::string_view name, EventType type) {
  const uint32_t found = FindCell(name, type);
  if (found != kNone) return found;
  const auto cell = static_cast<uint32_t>(cells_.size());
  cells_.push_back(Cell{.name = name, .type = type});
  drafts_.push_back(Draft());
  cell_index_.Insert(HashCell(name, type), cell,
                     [this](uint32_t other) { return HashCell(cells_[other].name, cells_[other].type); });
  return cell;
}

ExtraShape TermIndexBuilder::PlaceExtra(uint32_t pattern, Item& item) const {
  const PatternKind kind = classes_.KindOf(pattern);
  if (kind == PatternKind::kAnything) return ExtraShape::kNothing;
  if (kind == PatternKind::kExact) {
    item.extra = classes_.ClassOf(pattern);
    return ExtraShape::kExact;
  }
  item.extra_pattern = classes_.ClassOf(pattern);
  const std::string_view prefix = classes_.Prefix(pattern);
  for (const ExtraShape shape :
       {ExtraShape::kEightBytes, ExtraShape::kFourBytes, ExtraShape::kTwoBytes, ExtraShape::kOneByte}) {
    if (prefix.size() < PrefixLength(shape)) continue;
    item.extra = TermTables::PrefixKey(prefix.substr(0, PrefixLength(shape)));
    return shape;
  }
  return ExtraShape::kNothing;
}

ContextShape TermIndexBuilder::PlaceLabel(uint32_t pattern, Item& item) const {
  const PatternKind kind = classes_.KindOf(pattern);
  if (kind == PatternKind::kExact) {
    item.context = classes_.ClassOf(pattern);
    return ContextShape::kExactLabel;
  }
  if (kind == PatternKind::kWildcards) item.label_pattern = classes_.ClassOf(pattern);
  return ContextShape::kLabelPattern;
}

// Where a term waits for `done`, the names that imply it get a cell that leads there, so that an event is looked up
// by its own name only.
void TermIndexBuilder::LinkDone() {
  for (uint32_t type = 0; type < kEventTypes; ++type) {
    const auto event_type = static_cast<EventType>(type);
    if (IsGlobal(event_type)) continue;
    const uint32_t done = FindCell("done", event_type);
    if (done == kNone) continue;
    for (const char* name : {"complete", "killed", "failed"}) drafts_[CellOf(name, event_type)].done = done;
  }
}

// Returns where the next bucket's items start.
std::size_t TermIndexBuilder::PlaceBucket(std::size_t first) {
  const Item& item = items_[first];
  std::size_t end = first;
  while (end < items_.size() && SameBucket(items_[end], item)) ++end;
  const bool has_pattern = item.name_pattern != kNone || item.label_pattern != kNone || item.extra_pattern != kNone;
  const bool is_long = ExtraOf(item.shape) == ExtraShape::kExact &&
                       classes_.Prefix(static_cast<uint32_t>(item.extra)).size() > kShortExtra;
  const bool is_direct = end == first + 1 && !has_pattern && !is_long && IsOwn(ContextOf(item.shape)) &&
                         (item.target.word & kRemembers) == 0;
  const uint32_t target = is_direct ? item.target.word | kDirect : WriteBucket(first, end);
  if (IsFixed(item.shape)) {
    Draft& draft = drafts_[item.cell];
    if (draft.fixed_count++ == 0) draft.fixed_at = fixed_.size();
    fixed_.push_back(target);
  } else {
    Draft& draft = drafts_[item.cell];
    if (draft.hashed_count++ == 0) draft.hashed_at = hashed_.size();
    hashed_.push_back(HashedOf(item, target));
    if (ContextOf(item.shape) == ContextShape::kJob) ++job_items_;
  }
  return end;
}

uint32_t TermIndexBuilder::WriteBucket(std::size_t first, std::size_t end) {
  const Item& item = items_[first];
  const auto bucket = static_cast<uint32_t>(tables_.words.size());
  // In order, items without patterns come last: if the first has none, there is one entry and no pattern at all.
  const bool plain = item.name_pattern == kNone && item.label_pattern == kNone && item.extra_pattern == kNone;
  tables_.words.push_back(item.shape | (plain ? kPlain : 0));
  if (ContextOf(item.shape) == ContextShape::kExactLabel) {
    WriteText(classes_.Prefix(static_cast<uint32_t>(item.context)));
  }
  if (ExtraOf(item.shape) == ExtraShape::kExact) {
    const std::string_view extra = classes_.Prefix(static_cast<uint32_t>(item.extra));
    if (extra.size() > kShortExtra) WriteText(extra);
  }
  for (std::size_t at = first; at < end;) {
    std::size_t next = at;
    while (next < end && SameEntry(items_[next], items_[at])) ++next;
    WriteEntry(at, next, !plain, next == end);
    at = next;
  }
  return bucket;
}

void TermIndexBuilder::WriteEntry(std::size_t first, std::size_t end, bool has_flags, bool last) {
  std::vector<uint32_t>& words = tables_.words;
  const std::size_t flags_at = words.size();
  if (has_flags) {
    const Item& item = items_[first];
    words.push_back(last ? kLastEntry : 0);
    const auto write_pattern = [this, &words, flags_at](uint32_t pattern_class, uint32_t flag) {
      if (pattern_class == kNone) return;
      words[flags_at] |= flag;
      words.push_back(StoredPattern(pattern_class));
    };
    write_pattern(item.name_pattern, kHasNamePattern);
    write_pattern(item.label_pattern, kHasLabelPattern);
    write_pattern(item.extra_pattern, kHasExtraPattern);
  }
  const std::size_t targets_at = words.size();
  for (std::size_t at = first; at < end; ++at) {
    const Target target = items_[at].target;
    words.push_back(target.word | (at + 1 == end ? kLastTarget : 0));
    if ((target.word & kRemembers) != 0) words.push_back(target.bit);
  }
  if (has_flags) words[flags_at] |= static_cast<uint32_t>(words.size() - targets_at) << kEntryFlagBits;
}

// And its length.
void TermIndexBuilder::WriteText(std::string_view text) {
  tables_.words.push_back(static_cast<uint32_t>(text.size()));
  const std::size_t at = tables_.words.size();
  tables_.words.resize(at + WordsOf(text.size()));
  std::copy(text.begin(), text.end(), reinterpret_cast<char*>(tables_.words.data() + at));
}

TermIndexBuilder::Hashed TermIndexBuilder::HashedOf(const Item& item, uint32_t target) const {
  const uint32_t id = TermTables::ProbeId(item.cell, item.shape);
  Hashed hashed{.hash = tables_.HashProbe(id), .entry = {.context = 0, .extra = 0, .id = id, .target = target}};
  if (ContextOf(item.shape) == ContextShape::kJob) {
    hashed.hash += tables_.HashJob(item.context);
    hashed.entry.context = item.context;
  } else if (ContextOf(item.shape) == ContextShape::kExactLabel) {
    const uint64_t label = tables_.HashLabel(classes_.Prefix(static_cast<uint32_t>(item.context)));
    hashed.hash += label;
    hashed.entry.context = label >> 8;
  }
  if (ExtraOf(item.shape) == ExtraShape::kExact) {
    const std::string_view text = classes_.Prefix(static_cast<uint32_t>(item.extra));
    const ExtraKey extra = text.size() > kShortExtra ? TermTables::LongExtraKey(HashText(text, tables_.seed))
                                                     : tables_.ShortExtraKey(LoadPlain(text).low, text.size());
    hashed.hash += extra.hash;
    hashed.entry.context |= extra.size;
    hashed.entry.extra = extra.value;
  } else if (ExtraOf(item.shape) > ExtraShape::kNothing) {
    hashed.hash += tables_.HashPrefix(item.extra);
    hashed.entry.extra = item.extra;
  }
  return hashed;
}

void TermIndexBuilder::BuildGroups() {
  // Where there are few, room costs nothing.
  const bool few = hashed_.size() <= 2048;
  tables_.groups.assign(std::bit_ceil(hashed_.size() / (few ? 1 : 5) + 1) + 1, PrintGroup());
  tables_.group_mask = tables_.groups.size() - 2;
  tables_.jobs.assign(std::bit_ceil(job_items_ / (few ? 1 : 8) + 1), 0);
  tables_.jobs_mask = tables_.jobs.size() - 1;
  for (const Hashed& hashed : hashed_) {
    if (ContextOf(hashed.entry.id & kShapeMask) != ContextShape::kJob) continue;
    const uint64_t job_hash = tables_.HashJob(hashed.entry.context & kMaxJobId);
    tables_.jobs[tables_.JobWord(job_hash)] |= uint64_t{1} << (job_hash % 64);
  }
  std::sort(hashed_.begin(), hashed_.end(), [this](const Hashed& left, const Hashed& right) {
    return tables_.GroupOf(left.hash) < tables_.GroupOf(right.hash);
  });
  tables_.entries.clear();
  tables_.entries.reserve(hashed_.size() + PrintGroup::kPrints);
  for (std::size_t group = 0; group < tables_.groups.size(); ++group) {
    PrintGroup& prints = tables_.groups[group];
    prints.start = static_cast<uint32_t>(tables_.entries.size());
    for (std::size_t in_group = 0;; ++in_group) {
      const std::size_t at = tables_.entries.size();
      if (at == hashed_.size() || tables_.GroupOf(hashed_[at].hash) != group) break;
      if (in_group < PrintGroup::kPrints) {
        prints.prints[in_group] = PrintOf(hashed_[at].hash);
      } else {
        prints.start |= PrintGroup::kCrowded;
      }
      tables_.entries.push_back(hashed_[at].entry);
    }
  }
  tables_.entries.insert(tables_.entries.end(), PrintGroup::kPrints, kNoEntry);
  std::vector<Hashed>().swap(hashed_);
}

void TermIndexBuilder::BuildLists() {
  for (uint32_t type = 0; type < kEventTypes; ++type) {
    // No name is all the names that global events have.
    const auto event_type = static_cast<EventType>(type);
    const uint32_t nameless = IsGlobal(event_type) ? FindCell("", event_type) : kNone;
    tables_.other_names[type] = WriteList({type, kNone, nameless});
  }
  named_lists_.reserve(cells_.size() - kWildCells);
  for (uint32_t cell = kWildCells; cell < cells_.size(); ++cell) {
    const auto& [name, type] = cells_[cell];
    // Global events have no name and are found by their type.
    if (name.empty()) continue;
    const TermList list = WriteList({cell, drafts_[cell].done, static_cast<uint32_t>(type)});
    named_lists_.push_back(NamedList{.name = name, .type = type, .list = list});
  }
}

TermList TermIndexBuilder::WriteList(const ListedCells& cells) {
  TermList list;
  if (WriteShortList(cells, list)) return list;
  list.flags = 0;
  list.first_fixed = static_cast<uint32_t>(tables_.fixed.size());
  list.first_probe = static_cast<uint32_t>(tables_.probes.size());
  const auto add_probes = [&](uint64_t kinds) {
    for (const uint32_t cell : cells) {
      if (cell == kNone) continue;
      for (uint64_t shapes = drafts_[cell].shapes & kinds; shapes != 0; shapes &= shapes - 1) {
        tables_.probes.push_back(ProbeFor(cell, static_cast<Shape>(std::countr_zero(shapes))));
      }
    }
    return tables_.probes.size() - list.first_probe;
  };
  for (const uint32_t cell : cells) {
    if (cell == kNone) continue;
    const Draft& draft = drafts_[cell];
    list.flags |= draft.flags;
    for (std::size_t i = 0; i < draft.fixed_count; ++i) tables_.fixed.push_back(fixed_[draft.fixed_at + i]);
  }
  constexpr uint64_t kOfJobs = uint64_t{0xFF} << MakeShape(ContextShape::kJob, ExtraShape::kExact);
  std::size_t jobless = add_probes(~kOfJobs);
  for (; jobless < 2; ++jobless) tables_.probes.push_back(kNoProbe);
  list.fixed_count = static_cast<uint8_t>(tables_.fixed.size() - list.first_fixed);
  list.jobless_count = static_cast<uint8_t>(jobless);
  list.job_count = static_cast<uint8_t>(add_probes(kOfJobs) - jobless);
  return list;
}

// False if the terms are too many, or others than a short list can have.
bool TermIndexBuilder::WriteShortList(const ListedCells& cells, TermList& list) {
  // Where there are many lists, comparing terms costs fetching them from memory.
  constexpr std::size_t kMostInAll = 1024;
  std::vector<ShortTerm> terms;
  for (const uint32_t cell : cells) {
    if (cell == kNone) continue;
    const Draft& draft = drafts_[cell];
    const std::size_t count = terms.size() + draft.fixed_count + draft.hashed_count;
    if ((draft.flags & TermList::kUnusual) != 0 || count > TermList::kMostShort) return false;
    for (std::size_t i = 0; i < draft.fixed_count; ++i) {
      terms.push_back(
          ShortTermOf(Entry{.context = 0, .extra = 0, .id = kNoShape, .target = fixed_[draft.fixed_at + i]}));
    }
    for (std::size_t i = 0; i < draft.hashed_count; ++i)
      terms.push_back(ShortTermOf(hashed_[draft.hashed_at + i].entry));
  }
  const auto is_bucket = [](const ShortTerm& term) { return (term.callback & kDirect) == 0; };
  if (std::any_of(terms.begin(), terms.end(), is_bucket)) return false;
  for (ShortTerm& term : terms) term.callback &= ~kDirect;
  std::sort(terms.begin(), terms.end(),
            [](const ShortTerm& left, const ShortTerm& right) { return left.callback < right.callback; });
  if (terms.size() % 2 != 0) terms.push_back(kNoShortTerm);
  if (tables_.short_terms.size() + terms.size() > kMostInAll) return false;
  list.first_fixed = static_cast<uint32_t>(tables_.short_terms.size());
  list.fixed_count = static_cast<uint8_t>(terms.size());
  tables_.short_terms.insert(tables_.short_terms.end(), terms.begin(), terms.end());
  return true;
}

// With what its entry leads to in place of the callback.
ShortTerm TermIndexBuilder::ShortTermOf(const Entry& entry) {
  const Shape shape = entry.id & kShapeMask;
  return ShortTerm{.context = entry.context,
                   .extra = entry.extra,
                   .job_mask = AllOnesIf(ContextOf(shape) == ContextShape::kJob),
                   .extra_mask = AllOnesIf(ExtraOf(shape) == ExtraShape::kExact),
                   .callback = entry.target};
}

Probe TermIndexBuilder::ProbeFor(uint32_t cell, Shape shape) const {
  const uint32_t id = TermTables::ProbeId(cell, shape);
  const bool has_job = ContextOf(shape) == ContextShape::kJob;
  const bool has_extra = ExtraOf(shape) == ExtraShape::kExact;
  return Probe{
      .hash = tables_.HashProbe(id), .job_mask = AllOnesIf(has_job), .extra_mask = AllOnesIf(has_extra), .id = id};
}

// Numbers of patterns are bound to be few enough to stay below kNone, see kMaxPatternBytes.
uint32_t TermIndexBuilder::StoredPattern(uint32_t pattern_class) {
  uint32_t& stored = stored_[pattern_class];
  if (stored == kNone) stored = tables_.patterns.Add(program_, pattern_class);
  return stored;
}

}  // namespace ucb::trigger
