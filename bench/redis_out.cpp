// Locks and admissions a second through the engine redis, beside bare hiredis on the same server in
// the same run:
//     bench_redis_out HOST:PORT [SECONDS]
// A lock round trip is acquire and release, two scripts; its bare peer is SET NX PX and DEL of one
// blocking connection. An admission of the shared limiter asks no network; its bare peer is one
// INCR for each request, the usual way.
#include <hiredis/hiredis.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "engine/local/limiter.hpp"
#include "engine/redis/limiter.hpp"
#include "engine/redis/lock.hpp"
#include "engine/redis/trace.hpp"

namespace {

using namespace hongyan;

/// How often work(thread, i) is done in a second by so many threads.
double rate(int threads, double seconds, const std::function<void(int, int)>& work) {
    std::atomic<std::int64_t> done{0};
    std::vector<std::thread> running;
    const auto begin = std::chrono::steady_clock::now();
    const auto end = begin + std::chrono::duration<double>(seconds);
    for (int t = 0; t < threads; ++t) {
        running.emplace_back([&, t] {
            int i = 0;
            while (i % 16 != 0 || std::chrono::steady_clock::now() < end) work(t, i++);
            done += i;
        });
    }
    for (auto& thread : running) thread.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    return static_cast<double>(done) / took.count();
}

void show(const char* what, int threads, double ours, double bare) {
    std::printf("%-22s %2d threads  %12.0f /s   bare hiredis %10.0f /s   ratio %.2f\n", what,
                threads, ours, bare, ours / bare);
}

class Bare {
  public:
    Bare(const std::string& host, int port) : context_(redisConnect(host.c_str(), port)) {
        if (context_ == nullptr || context_->err != 0) std::exit(1);
    }
    Bare(Bare&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
    Bare(const Bare&) = delete;
    Bare& operator=(const Bare&) = delete;
    ~Bare() {
        if (context_ != nullptr) redisFree(context_);
    }
    template <class... Args>
    void command(const char* format, Args... args) {
        void* reply = redisCommand(context_, format, args...);
        if (reply == nullptr) std::exit(1);
        freeReplyObject(reply);
    }

  private:
    redisContext* context_;
};

void measure_locks(redis::Client& client, std::vector<Bare>& bare, double seconds) {
    SystemClock clock;
    redis::RedisLock lock(client, clock, {});
    for (const int threads : {1, 8}) {
        const double ours = rate(threads, seconds, [&](int t, int) {
            LockRequest request;
            request.name = "bench" + std::to_string(t);
            request.owner = "o";
            const auto lease = lock.acquire(request);
            if (!lease || !lock.release(*lease)) std::exit(1);
        });
        const double peer = rate(threads, seconds, [&](int t, int) {
            bare[static_cast<std::size_t>(t)].command("SET bench:%d o NX PX 30000", t);
            bare[static_cast<std::size_t>(t)].command("DEL bench:%d", t);
        });
        show("lock round trips", threads, ours, peer);
    }
}

void measure_admissions(redis::Client& client, std::vector<Bare>& bare, double seconds) {
    SystemClock clock;
    Log log(LogLevel::error);
    local::LocalLimiter inner(clock);
    redis::Quota::Settings settings;
    settings.node = "bench";
    redis::SharedLimiter limiter({client, inner, clock, log}, settings);
    LimitRule rule;
    rule.id = 1;
    rule.resource = "api:/messages/send";
    rule.max_value = 1e9;
    limiter.set_rules({rule});
    for (const int threads : {1, 2}) {
        std::atomic<std::int64_t> refused{0};
        const double ours = rate(threads, seconds, [&](int, int) {
            if (limiter.admit(rule.resource).ok) {
                limiter.leave(rule.resource);
            } else {
                ++refused;
            }
        });
        const double peer = rate(threads, seconds, [&](int t, int) {
            bare[static_cast<std::size_t>(t)].command("INCR bench:count");
        });
        show("admissions", threads, ours, peer);
        if (refused > 0) std::printf("  of these refused: %lld\n", static_cast<long long>(refused));
    }
}

void measure_traces(redis::Client& client, double seconds) {
    redis::RedisTrace trace(client, {});
    (void)rate(1, seconds, [&](int, int i) {
        LiveNode node;
        node.name = "send";
        node.status = "success";
        trace.add(1'000'000 + i % 100'000, std::move(node));
        const auto counts = trace.counts();
        if (counts.added - counts.written - counts.dropped > 15'000)
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    const auto counts = trace.counts();
    std::printf("%-22s  1 threads  %12.0f /s   dropped %lld\n", "trace nodes written",
                static_cast<double>(counts.written) / seconds,
                static_cast<long long>(counts.dropped));
}

}  // namespace

int main(int argc, char** argv) {
    const std::string place = argc > 1 ? argv[1] : "127.0.0.1:6379";
    const double seconds = argc > 2 ? std::atof(argv[2]) : 2;
    redis::LinkOptions options;
    options.address.host = place.substr(0, place.rfind(':'));
    options.address.port = place.substr(place.rfind(':') + 1);
    Log log(LogLevel::error);
    redis::Client client(options, log);
    client.start();
    if (!client.wait_up(Millis(5'000))) {
        std::fprintf(stderr, "%s\n", client.health().text.c_str());
        return 1;
    }
    std::vector<Bare> bare;
    for (int i = 0; i < 8; ++i)
        bare.emplace_back(options.address.host, std::atoi(options.address.port.c_str()));
    measure_locks(client, bare, seconds);
    measure_admissions(client, bare, seconds);
    measure_traces(client, seconds);
    client.stop();
    return 0;
}
