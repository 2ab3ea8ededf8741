// For tests: the provider "smtp" with an account at the simulated mail server. Header only; one
// test at a time.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>

#include "base/text.hpp"
#include "channel/mail/provider.hpp"
#include "universe/core/testing/running_universe.hpp"
#include "universe/mail/service.hpp"

namespace hongyan::universe::mail::testing {

using universe::testing::KeptOutbound;
using universe::testing::RunningUniverse;

class Collector {
  public:
    void add(std::vector<Sent> sent) {
        const std::lock_guard lock(mutex_);
        for (Sent& each : sent) all_.push_back(std::move(each));
        changed_.notify_all();
    }
    [[nodiscard]] const std::vector<Sent>& wait(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, std::chrono::seconds(30), [&] { return all_.size() >= count; });
        EXPECT_EQ(all_.size(), count);
        return all_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Sent> all_;
};

class SmtpPair : public ::testing::Test {
  protected:
    void run(const std::string& toml = "") {
        ServiceList services;
        add_services(services);
        universe_ = std::make_unique<RunningUniverse>(std::move(services), toml);
        hongyan::mail::add_providers(providers_);
    }

    /// The service's own sample, changed.
    [[nodiscard]] std::string settings(const boost::json::object& changes = {}) const {
        const auto services = (*universe_)->services();
        auto sample = boost::json::parse(services.front().sample_settings).as_object();
        for (const auto& change : changes) sample[change.key()] = change.value();
        return boost::json::serialize(sample);
    }

    void open(const boost::json::object& changes = {}) {
        const auto text = settings(changes);
        const auto problems = providers_.front()->check_settings(text);
        for (const auto& each : problems) ADD_FAILURE() << each.path << " " << each.detail;
        auto opened = providers_.front()->open({7, 1, "sandbox", text}, {outbound_, clock_, log_});
        ASSERT_TRUE(opened) << opened.error().detail;
        account_ = std::move(*opened);
        ASSERT_TRUE(account_->start([this](auto sent) { outcomes_.add(std::move(sent)); }, {}));
    }

    MessagePtr message(const std::string& recipient) {
        auto made = std::make_unique<Message>();
        made->id = first_id_at(clock_.now_ms()) + ++number_;
        made->channel = ChannelKind::email;
        made->recipient = recipient;
        made->subject = "Grüße 您好 " + std::to_string(number_);
        made->content = "Line one\n.dot line\n..two dots\n.\nlast";
        made->html = "<p>Line <b>one</b></p>";
        return made;
    }

    void send(const std::string& recipient, std::int64_t in_ms = 20'000) {
        std::vector<MessagePtr> batch;
        batch.push_back(message(recipient));
        account_->send(std::move(batch), clock_.now_ms() + in_ms);
    }

    [[nodiscard]] Outcome outcome_of(const std::string& recipient, std::int64_t in_ms = 20'000) {
        send(recipient, in_ms);
        const auto& all = outcomes_.wait(++waited_);
        return all.empty() ? Outcome() : all.back().outcome;
    }

    [[nodiscard]] AccountTest tested() {
        std::promise<AccountTest> result;
        account_->test([&](AccountTest test) { result.set_value(std::move(test)); });
        return result.get_future().get();
    }

    [[nodiscard]] std::vector<Inbox::Entry> arrivals() const {
        InboxFilter filter;
        filter.limit = 10'000;
        return (*universe_)->inbox().find(filter);
    }

    ProviderList providers_;
    KeptOutbound outbound_;
    SystemClock clock_;
    Log log_{LogLevel::error};
    Collector outcomes_;
    std::unique_ptr<RunningUniverse> universe_;
    std::unique_ptr<Account> account_;
    std::int64_t number_ = 0;
    std::size_t waited_ = 0;
};

}  // namespace hongyan::universe::mail::testing
