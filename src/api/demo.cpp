#include "api/demo.hpp"

#include <algorithm>
#include <boost/json/object.hpp>
#include <cstdio>

#include "base/thread.hpp"
#include "delivery/accept.hpp"
#include "table/templates.hpp"

namespace hongyan::api {
namespace {

constexpr std::chrono::milliseconds step{100};
constexpr std::int64_t most_under_way = 2'000;
constexpr int most_templates = 200;
/// Shares of the messages, in percent.
constexpr double slow_percent = 4;
constexpr double receipt_percent = 40;

double percent(std::mt19937_64& dice) {
    return std::uniform_real_distribution<double>(0, 100)(dice);
}

int number_up_to(std::mt19937_64& dice, int most) {
    return std::uniform_int_distribution<int>(0, most)(dice);
}

/// Someone whom nobody can reach; word steers what the sandbox does.
std::string recipient_for(ChannelKind channel, int person, const std::string& word) {
    char digits[16];
    std::snprintf(digits, sizeof digits, "%02d", person % 100);
    switch (channel) {
        case ChannelKind::sms:  // 555-0100 to 555-0199 belong to fiction
            return "+120255501" + std::string(digits) + word;
        case ChannelKind::email:
            return "demo" + std::string(digits) + word + "@example.com";
        default:
            return "demo-" + std::string(to_text(channel)) + "-" + digits + word;
    }
}

std::uint8_t some_priority(std::mt19937_64& dice) {
    // Most are ordinary, a few urgent, a few can wait.
    constexpr std::array<std::uint8_t, 12> usual{5, 5, 5, 5, 3, 3, 7, 7, 8, 9, 10, 1};
    return usual[static_cast<std::size_t>(number_up_to(dice, static_cast<int>(usual.size()) - 1))];
}

Error no_channel() {
    return make_error(ErrorCode::unavailable,
                      "Demo traffic goes to the built-in sandbox only, and no channel is left to "
                      "it: set sandbox.enabled, or use a tenant without provider accounts.");
}

}  // namespace

std::vector<ChannelKind> Demo::open_channels() const {
    std::vector<ChannelKind> found;
    for (std::size_t i = 0; i < channel_names.size(); ++i) {
        const auto kind = static_cast<ChannelKind>(i);
        const Channel* channel = context_.delivery.channels()[i];
        if (channel != nullptr && channel->provider() == "sandbox" &&
            !context_.accounts.serves(wish_.tenant_id, kind))
            found.push_back(kind);
    }
    return found;
}

Status Demo::read_templates(std::int64_t tenant_id, Templates& found) const {
    return context_.store.read([tenant_id, &found](Session& session) {
        table::TemplateFilter filter;
        filter.tenant_id = tenant_id;
        filter.status = "active";
        filter.limit = most_templates;
        for (const auto& one : table::list_templates(session, filter))
            found.emplace_back(one.channel, one.id);
    });
}

Status Demo::start(const DemoWish& wish) {
    Templates templates;
    if (auto read = read_templates(wish.tenant_id, templates); !read) return read;
    const std::lock_guard lock(mutex_);
    if (running_)
        return make_error(ErrorCode::conflict, "Demo traffic runs already; stop it first.");
    if (thread_.joinable()) thread_.join();
    wish_ = wish;
    channels_ = open_channels();
    if (context_.inbox == nullptr || channels_.empty()) return no_channel();
    templates_ = std::move(templates);
    receipts_.clear();
    progress_ = std::make_shared<Progress>();
    until_us_ = context_.clock.steady_us() + std::int64_t{wish.seconds} * 1'000'000;
    running_ = true;
    stopping_ = false;
    thread_ = start_thread("demo", [this] { run(); });
    return Done{};
}

DemoState Demo::state(std::int64_t tenant_id) const {
    const std::lock_guard lock(mutex_);
    DemoState state;
    if (wish_.tenant_id != tenant_id) return state;
    state.running = running_;
    state.sent = progress_->sent;
    state.refused = progress_->refused;
    const auto left_us = until_us_ - context_.clock.steady_us();
    if (running_)
        state.remaining_seconds = std::max<std::int64_t>(0, (left_us + 999'999) / 1'000'000);
    return state;
}

void Demo::stop(std::int64_t tenant_id) {
    {
        const std::lock_guard lock(mutex_);
        if (wish_.tenant_id != tenant_id) return;
        stopping_ = true;
    }
    stopped_.notify_all();
}

void Demo::end() {
    std::thread thread;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        thread.swap(thread_);
    }
    stopped_.notify_all();
    if (thread.joinable()) thread.join();
}

void Demo::run() {
    std::mt19937_64 dice(std::random_device{}());
    double owed = 0;
    std::int64_t last_us = context_.clock.steady_us();
    std::unique_lock lock(mutex_);
    while (!stopping_ && context_.clock.steady_us() < until_us_) {
        stopped_.wait_for(lock, step, [this] { return stopping_; });
        if (stopping_) break;
        lock.unlock();
        const auto now_us = context_.clock.steady_us();
        // After a pause of the machine it goes on at its pace and does not catch up.
        owed = std::min<double>(wish_.per_second, owed + static_cast<double>(now_us - last_us) *
                                                             wish_.per_second / 1e6);
        last_us = now_us;
        channels_ = open_channels();
        for (; owed >= 1 && progress_->under_way < most_under_way && !channels_.empty(); --owed)
            send_one(dice);
        send_receipts(context_.clock.now_ms());
        lock.lock();
    }
    running_ = false;
}

void Demo::send_one(std::mt19937_64& dice) {
    const auto channel = channels_[static_cast<std::size_t>(
        number_up_to(dice, static_cast<int>(channels_.size()) - 1))];
    std::string word;
    if (percent(dice) < wish_.failure_percent)
        word = number_up_to(dice, 2) == 0 ? ".fail-transient-2" : ".fail-permanent";
    else if (percent(dice) < slow_percent)
        word = ".slow-" + std::to_string(200 + number_up_to(dice, 1'800));
    delivery::Order order;
    order.tenant_id = wish_.tenant_id;
    order.channel = channel;
    order.priority = some_priority(dice);
    std::vector<std::int64_t> fitting;
    for (const auto& [kind, id] : templates_) {
        if (kind == channel) fitting.push_back(id);
    }
    if (!fitting.empty()) {
        const auto most = static_cast<int>(fitting.size()) - 1;
        order.chosen = context_.templates.find(
            wish_.tenant_id, fitting[static_cast<std::size_t>(number_up_to(dice, most))]);
    }
    boost::json::object variables;
    if (order.chosen) variables = render::sample_variables(order.chosen->specs);
    const std::string recipient = recipient_for(channel, number_up_to(dice, 99), word);
    const std::string content = "Demo message " + std::to_string(++number_) + " / 演示消息";
    delivery::Addressee to;
    to.recipient = recipient;
    to.metadata = R"({"demo":true})";
    if (order.chosen) {
        to.variables = &variables;
    } else {
        to.subject = "Demo";
        to.content = content;
    }
    const Channel* sandbox = context_.delivery.channels()[static_cast<std::size_t>(channel)];
    std::vector<Problem> problems;
    auto message = delivery::make_message(
        order, to,
        [sandbox](std::string_view who, const Content& what) { return sandbox->check(who, what); },
        problems);
    if (!message) {
        ++progress_->refused;
        return;
    }
    message->id = context_.delivery.ids().next();
    if (word.empty() && percent(dice) < receipt_percent)
        receipts_.push_back(
            {context_.clock.now_ms() + 500 + number_up_to(dice, 1'500), message->id, channel});
    ++progress_->under_way;
    context_.delivery.accept(std::move(message), nullptr,
                             [progress = progress_](const Result<delivery::Accepted>& result) {
                                 --progress->under_way;
                                 ++(result ? progress->sent : progress->refused);
                             });
}

/// The built-in channel reports no receipts of its own.
void Demo::send_receipts(std::int64_t now_ms) {
    std::deque<Late> later;
    for (const auto& late : receipts_) {
        if (late.due_ms > now_ms) {
            later.push_back(late);
            continue;
        }
        Receipt receipt;
        receipt.message_id = late.id;
        receipt.provider_message_id = "demo-" + std::to_string(late.id);
        receipt.status = MessageStatus::delivered;
        receipt.code = "DELIVRD";
        context_.delivery.receipts({0, wish_.tenant_id, late.channel}, {std::move(receipt)}, "",
                                   [](const auto&) {});
    }
    receipts_ = std::move(later);
}

}  // namespace hongyan::api
