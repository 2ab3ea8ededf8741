// Threads with names, which `top -H`, debuggers and profilers show.
#pragma once

#include <pthread.h>

#include <thread>
#include <utility>

namespace hongyan {

/// Starts run() on a thread of its own. The name is for eyes only: a literal of at most 15
/// characters, which is what Linux keeps.
template <std::size_t size, class Run>
[[nodiscard]] std::thread start_thread(const char (&name)[size], Run run) {
    static_assert(size <= 16);
    return std::thread([name = &name[0], run = std::move(run)]() mutable {
        pthread_setname_np(pthread_self(), name);
        run();
    });
}

}  // namespace hongyan
