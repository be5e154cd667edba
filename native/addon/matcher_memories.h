#pragma once

#include "addon/node_api.h"

namespace ucb::addon {

napi_value TrackMemories(napi_env env, napi_callback_info info);
napi_value TakeChangedMemories(napi_env env, napi_callback_info info);
napi_value NoteChangedMemories(napi_env env, napi_callback_info info);
napi_value ExportMemories(napi_env env, napi_callback_info info);
napi_value ImportMemories(napi_env env, napi_callback_info info);
napi_value RememberedMemories(napi_env env, napi_callback_info info);

// Adds the functions that export and import what rules remember: add(name, callback) adds one.
template <typename Add>
void AddMatcherMemories(Add&& add) {
  add("matcherTrackMemories", TrackMemories);
  add("matcherTakeChangedMemories", TakeChangedMemories);
  add("matcherNoteChangedMemories", NoteChangedMemories);
  add("matcherExportMemories", ExportMemories);
  add("matcherImportMemories", ImportMemories);
  add("matcherRemembered", RememberedMemories);
}

}  // namespace ucb::addon
