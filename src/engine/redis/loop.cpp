#include "engine/redis/loop.hpp"

#include <optional>
#include <thread>

#include "base/thread.hpp"
#include "engine/redis/asio.hpp"

namespace hongyan::redis {

namespace asio = boost::asio;

struct Loop::Held {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> guard =
        asio::make_work_guard(context);
    std::thread thread = start_thread("redis", [this] { context.run(); });
};

Loop::Loop() : held_(std::make_unique<Held>()) {}

Loop::~Loop() { stop(); }

void Loop::post(UniqueFunction<void()> work) {
    asio::post(held_->context, [work = std::move(work)]() mutable { work(); });
}

void Loop::stop() {
    held_->context.stop();
    if (!held_->thread.joinable()) return;
    HY_ASSERT(!is_own_thread());
    held_->thread.join();
}

bool Loop::is_own_thread() const { return held_->thread.get_id() == std::this_thread::get_id(); }

asio::io_context& Loop::context() { return held_->context; }

struct Timer::Held {
    explicit Held(asio::io_context& context) : timer(context) {}
    asio::steady_timer timer;
    UniqueFunction<void()> work;
    std::uint64_t run = 0;
};

Timer::Timer(Loop& loop) : held_(std::make_shared<Held>(loop.context())) {}

Timer::~Timer() { cancel(); }

void Timer::start(Millis pause, UniqueFunction<void()> work) {
    held_->work = std::move(work);
    const std::uint64_t run = ++held_->run;
    held_->timer.expires_after(pause);
    held_->timer.async_wait([held = held_, run](const boost::system::error_code& failed) {
        if (failed || held->run != run || !held->work) return;
        auto due = std::move(held->work);
        due();
    });
}

void Timer::cancel() {
    ++held_->run;
    held_->work = nullptr;
    held_->timer.cancel();
}

}  // namespace hongyan::redis
