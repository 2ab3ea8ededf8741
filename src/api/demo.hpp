// Demo traffic: a bounded stream of messages that only the built-in sandbox delivers, over all of
// its channels, templates and priorities, some failing, some slow, some with receipts; so that
// every chart of the console shows something on the first day. One run at a time, in memory only:
// a restart ends it. A channel on which the tenant has a provider account is left out, and every
// recipient is one that no provider would reach (numbers reserved for fiction, example.com), so
// that nothing can ever leave. Members are safe from every thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "api/route.hpp"
#include "base/result.hpp"

namespace hongyan::api {

struct DemoWish {
    std::int64_t tenant_id = 1;
    int seconds = 60;
    int per_second = 50;
    double failure_percent = 5;
};
struct DemoState {
    bool running = false;
    std::int64_t sent = 0;  ///< accepted messages of the last run
    std::int64_t refused = 0;
    std::int64_t remaining_seconds = 0;
};

class Demo {
  public:
    /// context must outlive the demo.
    explicit Demo(const Context& context) : context_(context) {}
    ~Demo() { end(); }

    /// Errors: conflict (one runs), unavailable (no channel is the sandbox's alone), and what the
    /// store says.
    [[nodiscard]] Status start(const DemoWish& wish);
    /// Of this tenant's run.
    [[nodiscard]] DemoState state(std::int64_t tenant_id) const;
    /// Ends this tenant's run, if there is one.
    void stop(std::int64_t tenant_id);
    /// Ends any run; before the delivery stops.
    void end();

  private:
    struct Late {
        std::int64_t due_ms = 0;
        MessageId id = 0;
        ChannelKind channel = ChannelKind::sms;
    };
    /// What the accept's completion touches; it may come after the run.
    struct Progress {
        std::atomic<std::int64_t> sent{0};
        std::atomic<std::int64_t> refused{0};
        std::atomic<std::int64_t> under_way{0};
    };

    void run();
    void send_one(std::mt19937_64& dice);
    void send_receipts(std::int64_t now_ms);
    using Templates = std::vector<std::pair<ChannelKind, std::int64_t>>;
    [[nodiscard]] std::vector<ChannelKind> open_channels() const;
    [[nodiscard]] Status read_templates(std::int64_t tenant_id, Templates& found) const;

    const Context& context_;
    mutable std::mutex mutex_;
    std::condition_variable stopped_;
    // Under mutex_:
    bool running_ = false;
    bool stopping_ = false;
    std::int64_t until_us_ = 0;
    std::thread thread_;
    // Of the running thread, set before it starts:
    DemoWish wish_;
    Templates templates_;
    std::vector<ChannelKind> channels_;
    std::deque<Late> receipts_;
    std::int64_t number_ = 0;
    std::shared_ptr<Progress> progress_ = std::make_shared<Progress>();
};

void add_demo_routes(Routes& routes);

}  // namespace hongyan::api
