// FakeOutbound: an Outbound for the tests of providers. It records each request and answers from a
// script: reply(...) queues the next answer, on_call(...) computes one from the request, hold()
// keeps calls open until answer() or answer_all(). Without a script each call is answered 200 with
// "{}". Answers are given inside call(), on the caller's thread, so that a test needs no waiting.
// Safe from every thread.
//
//     FakeOutbound outbound;
//     outbound.reply(200, R"({"code":0})");
//     outbound.reply_end(CallEnd::lost, "connection reset");
//     ... account->send(...);
//     EXPECT_EQ(outbound.requests().at(0).url, "https://...");
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contract/outbound.hpp"

namespace hongyan {

class FakeOutbound final : public Outbound {
  public:
    using Headers = std::vector<std::pair<std::string, std::string>>;
    using Handler = std::function<OutboundReply(const OutboundRequest&)>;

    /// A whole answer; header names in lower case.
    [[nodiscard]] static OutboundReply answer_of(int status, std::string body,
                                                 Headers headers = {}) {
        OutboundReply reply;
        reply.end = CallEnd::answered;
        reply.status = status;
        reply.headers = std::move(headers);
        reply.body = std::move(body);
        return reply;
    }

    /// Queues the answer of the next call that has none yet.
    void reply(int status, std::string body, Headers headers = {}) {
        reply_with(answer_of(status, std::move(body), std::move(headers)));
    }
    /// Queues an end without an answer.
    void reply_end(CallEnd end, std::string detail = "as scripted") {
        OutboundReply reply;
        reply.end = end;
        reply.detail = std::move(detail);
        reply_with(std::move(reply));
    }
    void reply_with(OutboundReply reply) {
        const std::lock_guard lock(mutex_);
        script_.push_back(std::move(reply));
    }
    /// Answers every call that finds the script empty.
    void on_call(Handler handler) {
        const std::lock_guard lock(mutex_);
        handler_ = std::move(handler);
    }
    /// From now on calls stay open, until answer() or answer_all(), or the fake is destroyed.
    void hold() {
        const std::lock_guard lock(mutex_);
        held_ = true;
    }
    /// Answers the oldest open call; with the script if no reply is given. False if none is open.
    bool answer(std::optional<OutboundReply> reply = std::nullopt) {
        Open open;
        {
            const std::lock_guard lock(mutex_);
            if (open_.empty()) return false;
            open = std::move(open_.front());
            open_.pop_front();
        }
        open.done(reply ? std::move(*reply) : next_reply(open.request));
        return true;
    }
    /// Ends hold() and answers what is open.
    void answer_all() {
        {
            const std::lock_guard lock(mutex_);
            held_ = false;
        }
        while (answer()) {
        }
    }
    /// All requests so far, oldest first.
    [[nodiscard]] std::vector<OutboundRequest> requests() const {
        const std::lock_guard lock(mutex_);
        return requests_;
    }
    [[nodiscard]] std::size_t count() const { return requests().size(); }
    [[nodiscard]] std::size_t open_calls() const {
        const std::lock_guard lock(mutex_);
        return open_.size();
    }

    void call(OutboundRequest request, OutboundDone done) override {
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(request);
            if (held_) {
                open_.push_back({std::move(request), std::move(done)});
                return;
            }
        }
        done(next_reply(request));
    }

    /// The value of a request's header, whatever the case of its name; "" if it is absent.
    [[nodiscard]] static std::string header_of(const OutboundRequest& request,
                                               std::string_view name) {
        const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; };
        for (const auto& [key, value] : request.headers) {
            bool same = key.size() == name.size();
            for (std::size_t i = 0; same && i < key.size(); ++i) {
                same = lower(key[i]) == lower(name[i]);
            }
            if (same) return value;
        }
        return {};
    }

  private:
    struct Open {
        OutboundRequest request;
        OutboundDone done;
    };
    /// The handler is called without the lock, so that it may look at the fake.
    OutboundReply next_reply(const OutboundRequest& request) {
        Handler handler;
        {
            const std::lock_guard lock(mutex_);
            if (!script_.empty()) {
                OutboundReply reply = std::move(script_.front());
                script_.pop_front();
                return reply;
            }
            handler = handler_;
        }
        return handler ? handler(request) : answer_of(200, "{}");
    }

    mutable std::mutex mutex_;
    // Under mutex_:
    bool held_ = false;
    Handler handler_;
    std::deque<OutboundReply> script_;
    std::deque<Open> open_;
    std::vector<OutboundRequest> requests_;
};

}  // namespace hongyan
