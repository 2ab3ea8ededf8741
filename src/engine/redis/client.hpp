// Client: what the rest of this engine knows of Redis: commands, scripts, subscriptions and the
// state of the link. It has one thread and two connections, one for commands and one that listens.
// All members are safe from every thread; completions and callbacks run on the client's thread and
// must not block. Scripts go by their hash; one that Redis has forgotten is sent whole.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/guarded.hpp"
#include "base/log.hpp"
#include "engine/redis/link.hpp"

namespace hongyan::redis {

/// A Lua script and its hash. Build once; immutable.
class Script {
  public:
    explicit Script(std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] const std::string& hash() const { return hash_; }

  private:
    const std::string text_;
    const std::string hash_;
};

struct ScriptCall {
    Words keys;
    Words arguments;
};

struct Health {
    bool up = false;
    std::string text;        ///< a sentence for operators
    std::string last_error;  ///< also when it is over; "" = none so far
    std::int64_t connects = 0;
    std::int64_t failures = 0;       ///< commands that were not sent or whose answer was lost
    std::int64_t round_trip_us = 0;  ///< of late, with the time on our way out; 0 = none yet
};

/// Called with what was published, and with "" whenever something may have been missed.
using Listener = std::function<void(std::string_view payload)>;

class Client final : public LinkEvents {
  public:
    Client(LinkOptions options, Log& log);
    ~Client() override;

    void start();
    /// Ends the thread; what is pending is answered before that.
    void stop();

    /// Completion is called for each of the commands, in their order.
    void call(Commands commands, Completion completion);
    void call(const Words& words, Completion completion) {
        call(Commands(words), std::move(completion));
    }
    void run(const Script& script, ScriptCall call, Completion completion);
    /// The same, waiting for the answer; failures of Redis come as errors. Not on the client's
    /// thread.
    [[nodiscard]] Result<Value> ask(const Words& words);
    [[nodiscard]] Result<Value> ask(const Script& script, ScriptCall call);

    /// The number ends the subscription; the listener may be called once more after that.
    [[nodiscard]] std::int64_t subscribe(const std::string& channel, Listener listener);
    void unsubscribe(std::int64_t subscription);

    /// Calls work again and again on the client's thread, until end_timer(), after which it does
    /// not run any more; so not from the work itself.
    [[nodiscard]] std::int64_t start_timer(Millis period, std::function<void()> work);
    void end_timer(std::int64_t timer);

    [[nodiscard]] bool is_up() const { return up_.load(std::memory_order_relaxed); }
    [[nodiscard]] Health health() const;
    /// Waits until it is up, at most so long; for the start of the program and for tests.
    [[nodiscard]] bool wait_up(Millis most) const;

  private:
    struct Request {
        Commands commands;
        Completion completion;
    };
    struct Waiting {
        std::vector<Request> requests;
        bool closed = true;  ///< nobody would answer a request
    };
    struct Subscription {
        std::string channel;
        Listener listener;
    };
    struct Tick {
        Timer timer;
        Millis period;
        std::shared_ptr<Guarded<std::function<void()>>> work;
    };
    using Ticks = std::map<std::int64_t, std::shared_ptr<Guarded<std::function<void()>>>>;
    void tick(std::int64_t number);
    /// The second connection speaks through this.
    struct Ear final : public LinkEvents {
        explicit Ear(Client& of) : client(of) {}
        void on_up(const std::string& run_id) override;
        void on_down(const std::string& why) override;
        void on_push(const Value& value) override;
        Client& client;
    };
    void on_up(const std::string& run_id) override;
    void on_down(const std::string& why) override;
    void on_push(const Value& /*value*/) override {}
    void drain();
    void note(const Result<Value>& answer, std::int64_t sent_us);
    static void refuse(Request& request);
    void tell(const std::string& channel, std::string_view payload);

    // Fixed after construction.
    const LinkOptions options_;
    Log& log_;
    // Own synchronisation.
    Guarded<Waiting> waiting_;
    mutable Guarded<std::string> why_down_;
    mutable Guarded<std::string> last_error_;
    Guarded<Ticks> works_;
    std::atomic<bool> up_{false};
    std::atomic<bool> stopped_{true};
    std::atomic<std::int64_t> connects_{0};
    std::atomic<std::int64_t> failures_{0};
    std::atomic<std::int64_t> round_trip_us_{0};
    std::atomic<std::int64_t> next_number_{1};
    Loop loop_;
    // The loop's thread only.
    Ear ear_{*this};
    std::map<std::int64_t, Subscription> subscriptions_;
    std::map<std::int64_t, Tick> ticks_;
    std::unique_ptr<Link> commands_;
    std::unique_ptr<Link> listening_;
};

}  // namespace hongyan::redis
