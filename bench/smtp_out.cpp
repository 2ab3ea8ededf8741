// Sends mails to one SMTP server as fast as one account can, and prints how many a second: the same
// code that delivery uses, composition included. bench/smtp_out.py runs it beside smtp-source of
// Postfix, against the same smtp-sink, in turns.
//
//   smtp_out --port 2525 --messages 100000 --connections 8 [--bytes 1000] [--dkim none|ed25519|rsa]
//            [--no-pipelining] [--chunking] [--per-connection 1000000] [--compose-only]
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <string>

#include "base/signing.hpp"
#include "base/text.hpp"
#include "channel/mail/compose.hpp"
#include "channel/mail/provider.hpp"
#include "channel/mail/settings.hpp"

namespace {

using namespace hongyan;

struct Options {
    int port = 2525;
    std::int64_t messages = 100'000;
    std::int64_t connections = 8;
    std::int64_t bytes = 1000;
    std::int64_t per_connection = 1'000'000;
    std::string dkim = "none";
    bool pipelining = true;
    bool chunking = false;
    bool compose_only = false;
};

std::optional<Options> read_options(int count, char** words) {
    Options options;
    const std::map<std::string, std::int64_t*> numbers{
        {"--messages", &options.messages},
        {"--connections", &options.connections},
        {"--bytes", &options.bytes},
        {"--per-connection", &options.per_connection}};
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        if (word == "--no-pipelining") {
            options.pipelining = false;
        } else if (word == "--chunking") {
            options.chunking = true;
        } else if (word == "--compose-only") {
            options.compose_only = true;
        } else if (i + 1 == count) {
            return std::nullopt;
        } else if (word == "--port") {
            options.port = std::atoi(words[++i]);
        } else if (word == "--dkim") {
            options.dkim = words[++i];
        } else if (const auto found = numbers.find(word); found != numbers.end()) {
            *found->second = std::atoll(words[++i]);
        } else {
            return std::nullopt;
        }
    }
    return options;
}

/// The DKIM keys as JSON, made anew.
std::string dkim_settings(const Options& options) {
    if (options.dkim == "none") return "[]";
    const bool rsa = options.dkim == "rsa";
    const auto key = SigningKey::generate(rsa ? SigningKey::Kind::rsa : SigningKey::Kind::ed25519);
    return R"([{"domain":"example.com","selector":"bench","algorithm":")" + options.dkim +
           R"(","private_key":)" + json_quoted(key.private_pem()) + "}]";
}

std::string settings_of(const Options& options) {
    return R"({"host":"127.0.0.1","tls":"off","helo":"bench.example.com","port":)" +
           std::to_string(options.port) +
           ",\"max_connections\":" + std::to_string(options.connections) +
           ",\"messages_per_connection\":" + std::to_string(options.per_connection) +
           ",\"pipelining\":" + (options.pipelining ? "true" : "false") +
           ",\"chunking\":" + (options.chunking ? "true" : "false") +
           ",\"dkim\":" + dkim_settings(options) +
           R"(,"mail":{"from":"Hongyan <sender@example.com>"}})";
}

MessagePtr make_message(std::int64_t number, const std::string& content) {
    auto message = std::make_unique<Message>();
    message->id = first_id_at(1'800'000'000'000) + number;
    message->channel = ChannelKind::email;
    message->recipient = "user" + std::to_string(number % 1000) + "@example.org";
    message->subject = "Message " + std::to_string(number);
    message->content = content;
    return message;
}

std::string body_of(std::int64_t bytes) {
    std::string out;
    while (static_cast<std::int64_t>(out.size()) < bytes) {
        out += "The quick brown fox jumps over the lazy dog, once more, and again.\n";
    }
    return out;
}

class NoOutbound final : public Outbound {
  public:
    void call(OutboundRequest, OutboundDone done) override { done({}); }
};

/// Keeps a bounded number of messages under way, as delivery does.
class Run {
  public:
    explicit Run(const Options& options) : options_(options), content_(body_of(options.bytes)) {}

    int go() {
        const auto account = open();
        if (account == nullptr) return 1;
        (void)account->start([this](std::vector<Sent> sent) { done(std::move(sent)); }, nullptr);
        const auto begin = std::chrono::steady_clock::now();
        feed(*account);
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        account->stop(Millis(2000));
        print(took.count());
        return accepted_ == options_.messages ? 0 : 1;
    }

    int compose_only() {
        const auto settings = shape::read<mail::SmtpSettings>(settings_of(options_));
        const auto composer = mail::Composer::make(mail::mail_with_secrets(*settings));
        std::size_t bytes = 0;
        const auto begin = std::chrono::steady_clock::now();
        for (std::int64_t i = 0; i < options_.messages; ++i) {
            bytes += composer->compose(*make_message(i, content_), 1'800'000'000'000)->data.size();
        }
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        accepted_ = options_.messages;
        print(took.count());
        std::printf("bytes a mail %zu\n", bytes / static_cast<std::size_t>(options_.messages));
        return 0;
    }

  private:
    std::unique_ptr<Account> open() {
        mail::add_providers(providers_);
        auto account =
            providers_.front()->open({1, 1, "bench", settings_of(options_)}, {http_, clock_, log_});
        if (account) return std::move(*account);
        std::cerr << account.error().detail << "\n";
        for (const auto& each : account.error().problems) {
            std::cerr << each.path << " " << each.detail << "\n";
        }
        return nullptr;
    }

    void feed(Account& account) {
        const std::int64_t bound = std::max<std::int64_t>(options_.connections * 16, 256);
        std::int64_t given = 0;
        std::unique_lock lock(mutex_);
        while (finished_ < options_.messages) {
            changed_.wait(lock, [&] { return given - finished_ <= bound / 2; });
            std::vector<MessagePtr> batch;
            const auto count = std::min(bound - (given - finished_), options_.messages - given);
            lock.unlock();
            for (std::int64_t i = 0; i < count; ++i) {
                batch.push_back(make_message(given++, content_));
            }
            if (!batch.empty()) account.send(std::move(batch), clock_.now_ms() + 60'000);
            lock.lock();
            if (given == options_.messages) {
                changed_.wait(lock, [&] { return finished_ == options_.messages; });
            }
        }
    }

    void done(std::vector<Sent> sent) {
        const std::lock_guard lock(mutex_);
        for (const Sent& each : sent) {
            const bool fine = each.outcome.kind == OutcomeClass::accepted;
            accepted_ += fine ? 1 : 0;
            if (!fine && errors_++ < 3) {
                std::cerr << to_text(each.outcome.kind) << " " << each.outcome.detail << "\n";
            }
        }
        finished_ += static_cast<std::int64_t>(sent.size());
        changed_.notify_one();
    }

    void print(double seconds) const {
        std::printf("messages %lld seconds %.3f per_second %.0f\n",
                    static_cast<long long>(accepted_), seconds,
                    static_cast<double>(accepted_) / seconds);
    }

    const Options options_;
    const std::string content_;
    ProviderList providers_;
    NoOutbound http_;
    SystemClock clock_;
    Log log_{LogLevel::warn};
    std::mutex mutex_;
    std::condition_variable changed_;
    std::int64_t finished_ = 0;
    std::int64_t accepted_ = 0;
    int errors_ = 0;
};

}  // namespace

int main(int count, char** words) {
    const auto options = read_options(count, words);
    if (!options) {
        std::cerr << "usage: see the head of bench/smtp_out.cpp\n";
        return 2;
    }
    Run run(*options);
    return options->compose_only ? run.compose_only() : run.go();
}
