#pragma once

// The one place that includes napi.h: defines what it needs to be told, once for all of native/addon.
#include <napi.h>
