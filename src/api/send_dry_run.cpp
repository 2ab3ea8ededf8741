#include "api/send_dry_run.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <cmath>
#include <unordered_set>

#include "base/text.hpp"
#include "render/sms_segments.hpp"
#include "table/accounts.hpp"

namespace hongyan::api {
namespace {

using shape::field;

constexpr std::size_t most_problems = 100;
constexpr std::size_t most_previews = 3;

void note(DryRunReply& reply, std::optional<std::int64_t> index,
          const std::vector<Problem>& problems) {
    for (const auto& problem : problems) {
        if (reply.problems.size() >= most_problems) return;
        reply.problems.push_back({index, problem.path, problem.code, problem.detail});
    }
}

void note_valid(DryRunReply& reply, std::int64_t index, const Message& message) {
    ++reply.valid;
    std::optional<std::int64_t> segments;
    if (message.channel == ChannelKind::sms) {
        segments = static_cast<std::int64_t>(render::sms_segments(message.content).segments);
        reply.segments_total = reply.segments_total.value_or(0) + *segments;
    }
    if (reply.previews.size() >= most_previews) return;
    reply.previews.push_back(
        {index, message.recipient, message.subject, message.content, message.html, segments});
}

/// How many of these the dispatcher would leave out.
Status count_suppressed(const Context& context, const delivery::Order& order,
                        const std::unordered_set<std::string_view>& recipients,
                        std::int64_t& count) {
    return context.store.read([&](Session& session) {
        for (const auto recipient : recipients) {
            if (table::find_suppression(session, order.tenant_id, order.channel, recipient))
                ++count;
        }
    });
}

/// Messages in a second that the channel's limits let pass; nothing if it has none.
std::optional<double> limit_of(const Context& context, ChannelKind channel) {
    std::optional<double> least;
    for (const auto& usage : context.limiter.usage()) {
        const auto& rule = usage.rule;
        if (!rule.enabled || rule.resource != "channel:" + std::string(to_text(channel))) continue;
        if (rule.type == LimitType::concurrency) continue;
        const double seconds = rule.type == LimitType::window ? rule.window_seconds : 1;
        const double rate = rule.max_value / seconds;
        if (!least || rate < *least) least = rate;
    }
    return least;
}

/// Seconds until the last one has left, from the limits and from how fast messages went in the last
/// hour; nothing if neither says anything.
std::optional<std::int64_t> estimate(const Context& context, const delivery::Order& order,
                                     std::int64_t messages) {
    auto rate = limit_of(context, order.channel);
    const auto hour = context.delivery.live().last(order.tenant_id, 3'600);
    if (hour.sent > 0) {
        const double mean_ms =
            std::max(1.0, static_cast<double>(hour.response_ms) / static_cast<double>(hour.sent));
        const double by_permits = context.delivery.sender().size() * 1000.0 / mean_ms;
        if (!rate || by_permits < *rate) rate = by_permits;
    }
    if (!rate || *rate <= 0) return std::nullopt;
    const auto ahead = context.delivery.depth().total;
    return static_cast<std::int64_t>(std::ceil(static_cast<double>(messages + ahead) / *rate));
}

}  // namespace

std::optional<DryRunCost> sms_cost(const Context& context, std::int64_t tenant_id,
                                   std::int64_t segments) {
    delivery::AccountPtr first;
    for (auto& one : context.accounts.all()) {
        const auto& record = one->record();
        if (record.tenant_id != tenant_id || record.channel != ChannelKind::sms || !one->enabled())
            continue;
        if (!first || record.tier < first->record().tier) first = std::move(one);
    }
    if (!first) return std::nullopt;
    boost::system::error_code failure;
    const auto settings = boost::json::parse(first->record().settings, failure);
    const auto* price = !failure && settings.is_object()
                            ? settings.get_object().if_contains("price_per_segment")
                            : nullptr;
    if (price == nullptr || !price->is_number()) return std::nullopt;
    DryRunCost cost;
    cost.amount = price->to_number<double>() * static_cast<double>(segments);
    const auto* currency = settings.get_object().if_contains("currency");
    if (currency != nullptr && currency->is_string())
        cost.currency = currency->get_string().c_str();
    cost.account = first->record().name;
    return cost;
}

Result<Answer> dry_run(const Context& context, const SendBatchRequest& asked,
                       const delivery::Order& order, const delivery::Check& check,
                       const std::vector<Problem>& problems) {
    DryRunReply reply;
    reply.recipients = static_cast<std::int64_t>(asked.recipients.size());
    note(reply, std::nullopt, problems);
    std::unordered_set<std::string_view> seen;
    for (std::size_t i = 0; i < asked.recipients.size(); ++i) {
        const auto index = static_cast<std::int64_t>(i);
        if (!seen.insert(asked.recipients[i].recipient).second) ++reply.duplicates;
        if (!problems.empty()) {
            ++reply.invalid;
            continue;
        }
        std::vector<Problem> own;
        check_recipient(asked, order, i, own);
        MessagePtr message;
        if (own.empty()) message = make_batch_message({asked, order, check}, i, own);
        if (message && own.empty()) {
            note_valid(reply, index, *message);
        } else {
            ++reply.invalid;
            note(reply, index, own);
        }
    }
    if (auto read = count_suppressed(context, order, seen, reply.suppressed); !read)
        return read.error();
    if (reply.segments_total)
        reply.cost = sms_cost(context, order.tenant_id, *reply.segments_total);
    if (reply.valid > 0) reply.estimate_seconds = estimate(context, order, reply.valid);
    return answer(reply);
}

const shape::Object& describe(shape::Tag<DryRunProblem>) {
    using V = DryRunProblem;
    static const shape::Object object =
        shape::object<V>(
            "DryRunProblem", "What keeps a recipient or the whole batch from being accepted.",
            field("index", &V::index, "Place of the recipient, from 0; absent: the whole batch.")
                .example(17),
            field("path", &V::path, "The field.").example("$.recipients[17].recipient"),
            field("code", &V::code, "What is wrong, for programs.").example("recipient_invalid"),
            field("message", &V::message, "What is wrong and what would be right.")
                .example("must be a phone number"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<DryRunPreview>) {
    using V = DryRunPreview;
    static const shape::Object object =
        shape::object<V>(
            "DryRunPreview", "A message as the receiver would see it.",
            field("index", &V::index, "Place of the recipient, from 0.").example(0),
            field("recipient", &V::recipient, "Who would get it.").example("13800138000"),
            field("subject", &V::subject, "Subject or title.").omit_empty().example("Hello"),
            field("content", &V::content, "The text.").example("Your order has been shipped."),
            field("html", &V::html, "E-mail: the HTML part.")
                .omit_empty()
                .example("<p>Your order has been shipped.</p>"),
            field("segments", &V::segments, "SMS: its segments.").example(1))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<DryRunCost>) {
    using V = DryRunCost;
    static const shape::Object object =
        shape::object<V>(
            "DryRunCost", "By the price that the account used first states.",
            field("amount", &V::amount, "Segments times price.").example(450),
            field("currency", &V::currency, "As the account states it.").example("CNY"),
            field("account", &V::account, "The account.").example("main"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<DryRunReply>) {
    using V = DryRunReply;
    static const shape::Object object =
        shape::object<V>(
            "DryRunReply", "What would become of a batch; nothing was stored or sent.",
            field("recipients", &V::recipients, "How many were given.").example(10'000),
            field("valid", &V::valid, "Messages that could be accepted.").example(9'990),
            field("invalid", &V::invalid,
                  "Recipients with a problem; any keeps the whole batch "
                  "from being accepted.")
                .example(10),
            field("duplicates", &V::duplicates, "Recipients that stand there again.").example(3),
            field("suppressed", &V::suppressed,
                  "Different recipients that are not to be written to; they would be left out.")
                .example(2),
            field("problems", &V::problems, "The first 100 problems."),
            field("previews", &V::previews, "The first 3 messages."),
            field("segments_total", &V::segments_total, "SMS: segments of all valid messages.")
                .example(9'990),
            field("cost", &V::cost, "SMS: if the account states a price."),
            field("estimate_seconds", &V::estimate_seconds,
                  "Until the last one has left, by the channel's limits and the last hour's pace; "
                  "absent when neither says anything.")
                .example(12))
            .reply();
    return object;
}

}  // namespace hongyan::api
