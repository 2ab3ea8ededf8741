// HY_ASSERT: for what cannot happen. Stays on in release builds: a broken invariant stops the
// process with the place and the condition, and the store recovers at the next start. For what can
// happen use Result.
#pragma once

namespace hongyan {

/// Prints the failed condition with its place to stderr and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace hongyan

#define HY_ASSERT(condition) \
    ((condition) ? void(0) : ::hongyan::assertion_failed(#condition, __FILE__, __LINE__))
