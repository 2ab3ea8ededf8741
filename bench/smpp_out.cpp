// Messages a second of the SMPP sender, against the simulated centre in the same process or, with
// --to HOST:PORT, another one. Prints one line of JSON.
//
//   bench_smpp_out [--messages N] [--window N] [--binds N] [--receipts] [--to HOST:PORT]
//
// Bind it to one core with taskset -c 0; the sender's thread and the centre's then share it, and
// cpu_us_per_message is what both together cost.
#include <sys/resource.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>

#include "channel/smpp/provider.hpp"
#include "universe/smpp/service.hpp"
#include "universe/smpp/testing/plain_world.hpp"

namespace {

using namespace hongyan;

class NoOutbound final : public Outbound {
  public:
    void call(OutboundRequest, OutboundDone) override { HY_ASSERT(!"SMPP makes no HTTP calls"); }
};

struct Wanted {
    std::size_t messages = 200'000;
    std::string window = "100";
    std::string binds = "1";
    std::string to;
    bool receipts = false;
};

Wanted read_arguments(int argc, char** argv) {
    Wanted wanted;
    for (int i = 1; i < argc; ++i) {
        const std::string name = argv[i];
        const auto value = [&]() -> std::string { return ++i < argc ? argv[i] : ""; };
        if (name == "--messages") wanted.messages = std::stoul(value());
        if (name == "--window") wanted.window = value();
        if (name == "--binds") wanted.binds = value();
        if (name == "--to") wanted.to = value();
        if (name == "--receipts") wanted.receipts = true;
    }
    return wanted;
}

double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// Counts what came back and lets the sender keep 2,000 messages under way, as delivery does.
class Tally {
  public:
    void add(const std::vector<Sent>& sent) {
        const std::lock_guard lock(mutex_);
        done_ += sent.size();
        for (const auto& one : sent) {
            if (one.outcome.kind == OutcomeClass::accepted) ++accepted_;
        }
        changed_.notify_one();
    }
    void wait_until_below(std::size_t handed, std::size_t under_way) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return handed - done_ <= under_way; });
    }
    std::size_t accepted() {
        const std::lock_guard lock(mutex_);
        return accepted_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t done_ = 0;
    std::size_t accepted_ = 0;
};

std::vector<MessagePtr> make_batch(std::size_t first, std::size_t count) {
    std::vector<MessagePtr> batch;
    for (std::size_t i = 0; i < count; ++i) {
        auto message = std::make_unique<Message>();
        message->id = static_cast<MessageId>(first + i);
        message->recipient = "+86138" + std::to_string(10'000'000 + first + i);
        message->content = "Your code is 123456. It is good for ten minutes.";
        batch.push_back(std::move(message));
    }
    return batch;
}

}  // namespace

int main(int argc, char** argv) {
    const Wanted wanted = read_arguments(argc, argv);
    universe::ServiceList services;
    universe::smpp::add_services(services);
    universe::WireService& centre = *services.wire.front();
    universe::testing::PlainWorld world;
    world.take_defaults(centre);
    world.keeps_arrivals = false;
    std::string host = wanted.to.substr(0, wanted.to.rfind(':'));
    std::string port = wanted.to.substr(wanted.to.rfind(':') + 1);
    if (wanted.to.empty()) {
        const auto listening = centre.start(world, 0);
        HY_ASSERT(listening.ok());
        host = "127.0.0.1";
        port = std::to_string(*listening);
    }
    SystemClock clock;
    Log log(LogLevel::error);
    NoOutbound outbound;
    ProviderList providers;
    smpp::add_providers(providers);
    const std::string settings =
        R"({"host":")" + host + R"(","port":)" + port +
        R"(,"system_id":"hongyan","password":"secret","source_addr":"ACME","window":)" +
        wanted.window + R"(,"binds":)" + wanted.binds + R"(,"registered_delivery":")" +
        (wanted.receipts ? "final" : "none") + "\"}";
    auto account = providers.front()->open({1, 1, "bench", settings}, {outbound, clock, log});
    HY_ASSERT(account.ok());
    Tally tally;
    std::atomic<std::size_t> receipts{0};
    const auto started = (*account)->start(
        [&tally](std::vector<Sent> sent) { tally.add(sent); },
        [&receipts](std::vector<Receipt> some, UniqueFunction<void(bool)> stored) {
            receipts += some.size();
            stored(true);
        });
    HY_ASSERT(started.ok());

    const double cpu = cpu_seconds();
    const auto began_us = clock.steady_us();
    constexpr std::size_t batch = 256;
    for (std::size_t handed = 0; handed < wanted.messages; handed += batch) {
        const std::size_t count = std::min(batch, wanted.messages - handed);
        (*account)->send(make_batch(handed + 1, count), clock.now_ms() + 60'000);
        tally.wait_until_below(handed + count, 2'000);
    }
    tally.wait_until_below(wanted.messages, 0);
    const double seconds = static_cast<double>(clock.steady_us() - began_us) / 1e6;
    const double used = cpu_seconds() - cpu;
    (*account)->stop(Millis(2'000));
    const auto n = static_cast<double>(wanted.messages);
    std::printf(
        "{\"messages\":%zu,\"accepted\":%zu,\"arrived\":%llu,\"receipts\":%zu,\"seconds\":%.3f,"
        "\"per_second\":%.0f,\"cpu_us_per_message\":%.2f}\n",
        wanted.messages, tally.accepted(), static_cast<unsigned long long>(world.count()),
        receipts.load(), seconds, n / seconds, used / n * 1e6);
    centre.stop();
    return tally.accepted() == wanted.messages ? EXIT_SUCCESS : EXIT_FAILURE;
}
