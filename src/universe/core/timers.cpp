#include "universe/core/timers.hpp"

#include <algorithm>

#include "base/thread.hpp"

namespace hongyan::universe {
namespace {

constexpr std::size_t waiting_max = 500'000;

}  // namespace

Timers::Timers() : thread_(start_thread("sim-timers", [this] { run(); })) {}

Timers::~Timers() { stop(); }

bool Timers::add(Millis pause, UniqueFunction<void()> work) {
    const auto due = std::chrono::steady_clock::now() + std::max(pause, Millis{0});
    {
        auto state = state_.lock();
        if (state->stopped || state->heap.size() >= waiting_max) return false;
        state->heap.push_back({due, state->next_order++, std::move(work)});
        std::push_heap(state->heap.begin(), state->heap.end());
    }
    changed_.notify_one();
    return true;
}

void Timers::stop() {
    std::vector<Entry> dropped;  // destroyed without the lock
    {
        auto state = state_.lock();
        state->stopped = true;
        dropped.swap(state->heap);
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Timers::run() {
    while (true) {
        UniqueFunction<void()> work;
        {
            auto state = state_.lock();
            if (state->stopped) return;
            if (state->heap.empty()) {
                changed_.wait(state.lock());
                continue;
            }
            const Time due = state->heap.front().due;
            if (due > std::chrono::steady_clock::now()) {
                changed_.wait_until(state.lock(), due);
                continue;
            }
            std::pop_heap(state->heap.begin(), state->heap.end());
            work = std::move(state->heap.back().work);
            state->heap.pop_back();
        }
        work();
    }
}

}  // namespace hongyan::universe
