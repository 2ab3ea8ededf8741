// For tests of the transport: a mail server that does exactly what the test says, one function for
// each connection, on a thread of its own; and an account that talks to it. Header only.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <boost/json.hpp>
#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "channel/mail/provider.hpp"

namespace hongyan::mail::testing {

/// The server's end of one connection; every wait ends after ten seconds.
class Line {
  public:
    explicit Line(int socket) : socket_(socket) {
        const timeval limit{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    ~Line() { ::close(socket_); }

    void say(std::string_view bytes) const {
        (void)::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    /// All up to mark and mark itself; "" if the peer is gone.
    std::string hear(std::string_view mark = "\r\n") {
        while (heard_.find(mark) == heard_.npos) {
            char room[8192];
            const auto count = ::recv(socket_, room, sizeof(room), 0);
            if (count <= 0) return "";
            heard_.append(room, static_cast<std::size_t>(count));
        }
        const auto end = heard_.find(mark) + mark.size();
        std::string out = heard_.substr(0, end);
        heard_.erase(0, end);
        return out;
    }
    /// True if nothing more was heard than was taken.
    [[nodiscard]] bool has_heard_all() const { return heard_.empty(); }
    /// Greeting and EHLO with these offers, e.g. "PIPELINING\nSIZE 100".
    void greet(const std::string& offers) {
        say("220 test ESMTP\r\n");
        (void)hear();
        std::string reply = "250-test\r\n";
        std::string offer;
        for (const char c : offers + "\n") {
            if (c != '\n') {
                offer += c;
            } else if (!offer.empty()) {
                reply += "250-" + std::exchange(offer, "") + "\r\n";
            }
        }
        say(reply + "250 HELP\r\n");
    }
    /// MAIL, RCPT and DATA answered well, as they come in a pipeline or one by one.
    void take_envelope() {
        for (const char* reply : {"250 2.1.0 Ok\r\n", "250 2.1.5 Ok\r\n", "354 go\r\n"}) {
            (void)hear();
            say(reply);
        }
    }
    std::string take_content() { return hear("\r\n.\r\n"); }

  private:
    const int socket_;
    std::string heard_;
};

class ScriptedServer {
  public:
    using Script = std::function<void(Line&, int number)>;

    explicit ScriptedServer(Script script)
        : script_(std::move(script)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        // A small window, so that a mail which is not read is not swallowed by buffers.
        const int window = 32 * 1024;
        ::setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &window, sizeof(window));
        sockaddr_in here{};
        here.sin_family = AF_INET;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(here);
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&here), size), 0);
        EXPECT_EQ(::listen(listener_, 64), 0);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size);
        port_ = ntohs(here.sin_port);
        thread_ = std::thread([this] { accept(); });
    }
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;
    ~ScriptedServer() {
        over_ = true;
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        for (auto& each : lines_) each.join();
        ::close(listener_);
    }
    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] int connections() const { return count_; }

  private:
    void accept() {
        while (!over_) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (socket < 0) continue;
            lines_.emplace_back([this, socket, number = count_++] {
                Line line(socket);
                script_(line, number);
            });
        }
    }
    const Script script_;
    const int listener_;
    int port_ = 0;
    std::atomic<bool> over_ = false;
    std::atomic<int> count_ = 0;
    std::vector<std::thread> lines_;
    std::thread thread_;
};

class NoOutbound final : public Outbound {
  public:
    void call(OutboundRequest, OutboundDone done) override { done({}); }
};

/// An account at a port of this machine, and what came of its mails.
class Mailer {
  public:
    explicit Mailer(int port, boost::json::object changes = {},
                    const NetworkList* allowed = nullptr) {
        add_providers(providers_);
        boost::json::object settings{
            {"host", "127.0.0.1"},  {"port", port},
            {"tls", "off"},         {"helo", "client.example"},
            {"max_connections", 1}, {"mail", {{"from", "Hongyan <sender@example.com>"}}}};
        for (const auto& change : changes) settings[change.key()] = change.value();
        auto opened = providers_.front()->open({1, 1, "test", boost::json::serialize(settings)},
                                               {outbound_, clock_, log_, allowed});
        EXPECT_TRUE(opened) << opened.error().detail;
        if (!opened) return;
        account_ = std::move(*opened);
        (void)account_->start([this](std::vector<Sent> sent) { take(std::move(sent)); }, {});
    }
    Mailer(const Mailer&) = delete;
    Mailer& operator=(const Mailer&) = delete;
    ~Mailer() { stop(Millis(200)); }

    void send(int count = 1, std::int64_t in_ms = 10'000, const std::string& content = "text\n",
              const std::string& domain = "example.org") {
        std::vector<MessagePtr> batch;
        for (int i = 0; i < count; ++i) {
            auto message = std::make_unique<Message>();
            message->id = first_id_at(clock_.now_ms()) + ++number_;
            message->channel = ChannelKind::email;
            message->recipient = "ann@" + domain;
            message->subject = "Number " + std::to_string(number_);
            message->content = content;
            batch.push_back(std::move(message));
        }
        account_->send(std::move(batch), clock_.now_ms() + in_ms);
    }
    /// The outcomes in the order in which they came, once there are so many.
    std::vector<Outcome> wait(std::size_t count) {
        std::unique_lock lock(mutex_);
        came_.wait_for(lock, std::chrono::seconds(20), [&] { return outcomes_.size() >= count; });
        EXPECT_EQ(outcomes_.size(), count);
        return outcomes_;
    }
    Outcome outcome(std::int64_t in_ms = 10'000, const std::string& content = "text\n") {
        send(1, in_ms, content);
        auto all = wait(++waited_);
        return all.empty() ? Outcome() : all.back();
    }
    void stop(Millis grace) {
        if (account_) account_->stop(grace);
    }
    Account& account() { return *account_; }

  private:
    void take(std::vector<Sent> sent) {
        const std::lock_guard lock(mutex_);
        for (Sent& each : sent) outcomes_.push_back(std::move(each.outcome));
        came_.notify_all();
    }
    NoOutbound outbound_;
    SystemClock clock_;
    Log log_{LogLevel::error};
    ProviderList providers_;
    std::mutex mutex_;
    std::condition_variable came_;
    std::vector<Outcome> outcomes_;
    std::unique_ptr<Account> account_;
    std::int64_t number_ = 0;
    std::size_t waited_ = 0;
};

}  // namespace hongyan::mail::testing
