#include "core/trigger/term_index_builder.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ucb::trigger {

TermIndexBuilder::TermIndexBuilder(const Program& program, const PatternClasses& classes, uint64_t seed)
    : program_(program), classes_(classes), stored_(program.pattern_count(), kNone) {
  tables_.seed = seed;
  tables_.words.push_back(0);
  tables_.cells.resize(kWildCells);
  drafts_.resize(kWildCells);
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
    if (term.context == ContextKind::kLabel) draft.uses_labels = true;
    if (!IsFixed(item.shape)) draft.shapes |= uint64_t{1} << item.shape;
    items_.push_back(item);
  }
}

TermTables TermIndexBuilder::Build() {
  LinkDone();
  std::sort(items_.begin(), items_.end());
  items_.erase(std::unique(items_.begin(), items_.end()), items_.end());
  for (std::size_t at = 0; at < items_.size();) at = WriteBucket(at);
  std::vector<Item>().swap(items_);
  BuildSlots();
  BuildLists();
  BuildHeads();
  tables_.words.resize(tables_.words.size() + WordsOf(kTextPadding));
  tables_.words.shrink_to_fit();
  tables_.lists.shrink_to_fit();
  tables_.cells.shrink_to_fit();
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
  return cell_index_.Find(tables_.HashName(name, type), [&](uint32_t cell) {
    return tables_.cells[cell].type == type && tables_.NameOf(tables_.cells[cell]) == name;
  });
}

uint32_t TermIndexBuilder::CellOf(std::string_view name, EventType type) {
  const uint32_t found = FindCell(name, type);
  if (found != kNone) return found;
  const auto cell = static_cast<uint32_t>(tables_.cells.size());
  tables_.cells.push_back(Cell{.name = LoadPlain(name),
                               .name_at = static_cast<uint32_t>(tables_.names.size()),
                               .name_length = static_cast<uint32_t>(name.size()),
                               .type = type,
                               .list = 0});
  drafts_.push_back(Draft());
  tables_.names += name;
  cell_index_.Insert(HashCell(cell), cell, [this](uint32_t other) { return HashCell(other); });
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
std::size_t TermIndexBuilder::WriteBucket(std::size_t first) {
  const Item& item = items_[first];
  const auto bucket = static_cast<uint32_t>(tables_.words.size());
  const ContextShape context = ContextOf(item.shape);
  const bool exact = ExtraOf(item.shape) == ExtraShape::kExact;
  const std::string_view extra = exact ? classes_.Prefix(static_cast<uint32_t>(item.extra)) : std::string_view();
  tables_.words.push_back(item.cell);
  tables_.words.push_back(item.shape | static_cast<uint32_t>(extra.size()) << kLengthShift);
  if (context == ContextShape::kJob) {
    tables_.words.push_back(static_cast<uint32_t>(item.context));
    tables_.words.push_back(static_cast<uint32_t>(item.context >> 32));
  } else if (context == ContextShape::kExactLabel) {
    const std::string_view label = classes_.Prefix(static_cast<uint32_t>(item.context));
    tables_.words.push_back(static_cast<uint32_t>(label.size()));
    WriteText(label);
  }
  WriteText(extra);
  if (IsFixed(item.shape)) {
    Draft& draft = drafts_[item.cell];
    if (draft.fixed_count++ == 0) draft.fixed_at = fixed_.size();
    fixed_.push_back(bucket);
  } else {
    hashed_.push_back(Hashed{HashOf(item), bucket});
  }

  std::size_t end = first;
  while (end < items_.size() && SameBucket(items_[end], item)) ++end;
  // In order, items without patterns come last: if the first has none, there is one entry and no pattern at all.
  const bool plain = item.name_pattern == kNone && item.label_pattern == kNone && item.extra_pattern == kNone;
  if (plain) tables_.words[std::size_t{bucket} + 1] |= kPlain;
  for (std::size_t at = first; at < end;) {
    std::size_t next = at;
    while (next < end && SameEntry(items_[next], items_[at])) ++next;
    WriteEntry(at, next, !plain, next == end);
    at = next;
  }
  return end;
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

void TermIndexBuilder::WriteText(std::string_view text) {
  if (text.empty()) return;
  const std::size_t at = tables_.words.size();
  tables_.words.resize(at + WordsOf(text.size()));
  std::memcpy(tables_.words.data() + at, text.data(), text.size());
}

uint64_t TermIndexBuilder::HashOf(const Item& item) const {
  const bool label = ContextOf(item.shape) == ContextShape::kExactLabel;
  const bool exact = ExtraOf(item.shape) == ExtraShape::kExact;
  const uint64_t context =
      label ? tables_.HashLabel(classes_.Prefix(static_cast<uint32_t>(item.context))) : item.context;
  const uint64_t extra = exact ? tables_.HashExtra(classes_.Prefix(static_cast<uint32_t>(item.extra))) : item.extra;
  return TermTables::HashBucket(TermTables::ProbeOf(item.cell, item.shape), context, extra);
}

void TermIndexBuilder::BuildSlots() {
  if (hashed_.empty()) return;
  // Where there are few, room costs nothing.
  const bool few = hashed_.size() <= 2048;
  tables_.slots.resize(few ? hashed_.size() * 4 : hashed_.size() * 5 / 3 + 1, TermTables::Slot{.tag = 0, .bucket = 0});
  // Most probes find nothing; a word for a few buckets tells so in the fewest cache lines.
  tables_.filter.assign(std::bit_ceil(few ? hashed_.size() : (hashed_.size() + 7) / 8), 0);
  tables_.filter_mask = tables_.filter.size() - 1;
  for (const Hashed& entry : hashed_) {
    tables_.filter[tables_.FilterWord(entry.hash)] |= TermTables::FilterBits(entry.hash);
    std::size_t at = tables_.Home(entry.hash);
    while (tables_.slots[at].bucket != 0) at = at + 1 == tables_.slots.size() ? 0 : at + 1;
    tables_.slots[at] = TermTables::Slot{.tag = static_cast<uint32_t>(entry.hash), .bucket = entry.bucket};
  }
}

void TermIndexBuilder::BuildLists() {
  for (uint32_t type = 0; type < kEventTypes; ++type) tables_.other_names[type] = WriteList({type, kNone, kNone});
  for (uint32_t cell = kWildCells; cell < tables_.cells.size(); ++cell) {
    const auto wild = static_cast<uint32_t>(tables_.cells[cell].type);
    tables_.cells[cell].list = WriteList({cell, drafts_[cell].done, wild});
  }
}

uint32_t TermIndexBuilder::WriteList(std::array<uint32_t, 3> cells) {
  std::vector<uint32_t>& lists = tables_.lists;
  const std::size_t list = lists.size();
  lists.insert(lists.end(), {0, 0});
  for (const uint32_t cell : cells) {
    if (cell == kNone) continue;
    const Draft& draft = drafts_[cell];
    for (std::size_t i = 0; i < draft.fixed_count; ++i) lists.push_back(fixed_[draft.fixed_at + i]);
    lists[list] += static_cast<uint32_t>(draft.fixed_count);
    if (draft.uses_labels) lists[list + 1] |= kUsesLabels;
  }
  for (const uint32_t cell : cells) {
    if (cell == kNone) continue;
    for (uint64_t shapes = drafts_[cell].shapes; shapes != 0; shapes &= shapes - 1) {
      const auto shape = static_cast<Shape>(std::countr_zero(shapes));
      if (ExtraOf(shape) > ExtraShape::kNothing) lists[list + 1] |= kUsesPrefixes;
      lists.push_back(TermTables::ProbeOf(cell, shape));
      ++lists[list + 1];
    }
  }
  if (lists.size() == list + 2) {
    lists.resize(list);
    return 0;
  }
  const uint32_t probes = lists[list + 1] & ~(kUsesLabels | kUsesPrefixes);
  const uint32_t missing = probes == 0 ? 2 : probes % 2;
  lists.insert(lists.end(), missing, kNoProbe);
  lists[list + 1] += missing;
  return static_cast<uint32_t>(list);
}

void TermIndexBuilder::BuildHeads() {
  const std::size_t named = tables_.cells.size() - kWildCells;
  if (named == 0) return;
  // Where there are few, room enough that nearly every name stands where it is looked for.
  const std::size_t room = named <= 1024 ? 8 : 2;
  tables_.heads.assign(std::bit_ceil(named * room), TermTables::Head{.tag = 0, .cell = kNone});
  tables_.head_mask = tables_.heads.size() - 1;
  for (auto cell = kWildCells; cell < tables_.cells.size(); ++cell) {
    const uint64_t hash = HashCell(cell);
    std::size_t at = tables_.HeadHome(hash);
    while (tables_.heads[at].cell != kNone) at = (at + 1) & tables_.head_mask;
    tables_.heads[at] = TermTables::Head{.tag = static_cast<uint32_t>(hash), .cell = cell};
  }
}

// Numbers of patterns are bound to be few enough to stay below kNone, see kMaxPatternBytes.
uint32_t TermIndexBuilder::StoredPattern(uint32_t pattern_class) {
  uint32_t& stored = stored_[pattern_class];
  if (stored == kNone) stored = tables_.patterns.Add(program_, pattern_class);
  return stored;
}

}  // namespace ucb::trigger
