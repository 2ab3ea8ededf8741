#include "api/send_order.hpp"

namespace hongyan::api {
namespace {

std::string unknown_template(const Context& context, std::int64_t tenant_id,
                             const std::string& name) {
    const auto near = context.templates.nearest_name(tenant_id, name);
    return "there is no template named '" + name + "'" +
           (near.empty() ? "" : "; did you mean '" + near + "'?");
}

void find_template(const Context& context, const SendCommon& r, delivery::Order& order,
                   std::vector<Problem>& problems) {
    std::string_view path;
    if (r.template_id) {
        path = "$.template_id";
        order.chosen = context.templates.find(order.tenant_id, *r.template_id);
        if (!order.chosen)
            problems.push_back(
                {std::string(path), "not_found", "there is no template with this id"});
    } else if (r.template_name) {
        path = "$.template";
        order.chosen = context.templates.find(order.tenant_id, *r.template_name);
        if (!order.chosen)
            problems.push_back({std::string(path), "not_found",
                                unknown_template(context, order.tenant_id, *r.template_name)});
    }
    if (!order.chosen) return;
    const auto& record = order.chosen->record;
    if (record.status != "active")
        problems.push_back({std::string(path), "disabled", "the template is disabled"});
    if (record.channel != r.channel) {
        problems.push_back({"$.channel", "conflict",
                            "the template is for the channel " +
                                std::string(to_text(record.channel)) + ", not " +
                                std::string(to_text(r.channel))});
    }
}

/// Asks the tenant's accounts on the channel, else the built-in provider; null if there is neither.
delivery::Check check_of(const Context& context, std::int64_t tenant_id, ChannelKind kind) {
    if (context.accounts.serves(tenant_id, kind)) {
        return [&context, tenant_id, kind](std::string_view recipient, const Content& content) {
            return context.accounts.check(tenant_id, kind, recipient, content);
        };
    }
    const Channel* channel = context.delivery.channels()[static_cast<std::size_t>(kind)];
    if (channel == nullptr) return nullptr;
    return [channel](std::string_view recipient, const Content& content) {
        return channel->check(recipient, content);
    };
}

/// The batch's variables with the recipient's own before them.
const boost::json::object* merged(const SendBatchRequest& batch, const BatchRecipient& one,
                                  boost::json::object& space) {
    if (!one.variables) return batch.variables ? &*batch.variables : nullptr;
    if (!batch.variables) return &*one.variables;
    space = *batch.variables;
    for (const auto& entry : *one.variables) space[entry.key()] = entry.value();
    return &space;
}

}  // namespace

std::string_view text_or_empty(const std::optional<std::string>& text) {
    return text ? std::string_view(*text) : std::string_view();
}

delivery::Check make_order(const Context& context, std::int64_t tenant_id, const SendCommon& r,
                           delivery::Order& order, std::vector<Problem>& problems) {
    const auto now = context.clock.now_ms();
    order.tenant_id = tenant_id;
    order.channel = r.channel;
    order.priority = static_cast<std::uint8_t>(r.priority);
    if (r.send_at_ms && *r.send_at_ms > now) order.due_ms = *r.send_at_ms;
    if (r.delay_seconds && *r.delay_seconds > 0) order.due_ms = now + *r.delay_seconds * 1000;
    if (order.due_ms > now + 366LL * 86'400'000) {
        problems.push_back({"$.send_at", "out_of_range", "must be within 366 days from now"});
    }
    order.deliver_by_ms = r.deliver_by_ms.value_or(0);
    if (r.deliver_by_ms && *r.deliver_by_ms <= now) {
        problems.push_back({"$.deliver_by", "out_of_range", "must be in the future"});
    } else if (order.due_ms > 0 && order.deliver_by_ms > 0 && order.deliver_by_ms < order.due_ms) {
        problems.push_back(
            {"$.deliver_by", "out_of_range", "must not be before the time it is to be sent"});
    }
    if (r.callback_url) order.callback_url = *r.callback_url;
    order.options = r.options;
    find_template(context, r, order, problems);
    auto check = check_of(context, tenant_id, r.channel);
    if (!check) {
        problems.push_back(
            {"$.channel", "unavailable",
             "no provider is set up for this channel and the sandbox is switched off"});
    }
    return check;
}

MessagePtr make_batch_message(const BatchOrder& batch, std::size_t index,
                              std::vector<Problem>& problems) {
    const SendBatchRequest& asked = batch.asked;
    const BatchRecipient& one = asked.recipients[index];
    const std::string path = "$.recipients[" + std::to_string(index) + "]";
    const std::string recipient_path = path + ".recipient";
    boost::json::object space;
    delivery::Addressee to;
    to.path = path;
    to.recipient_path = recipient_path;
    to.recipient = one.recipient;
    to.variables = merged(asked, one, space);
    to.subject = one.subject ? std::string_view(*one.subject) : text_or_empty(asked.subject);
    to.content = one.content ? std::string_view(*one.content) : text_or_empty(asked.content);
    to.html = text_or_empty(asked.html);
    to.metadata = one.metadata.empty() ? asked.metadata : one.metadata;
    return delivery::make_message(batch.order, to, batch.check, problems);
}

void check_recipient(const SendBatchRequest& asked, const delivery::Order& order, std::size_t index,
                     std::vector<Problem>& problems) {
    const auto& one = asked.recipients[index];
    const std::string path = "$.recipients[" + std::to_string(index) + "]";
    if (order.chosen && (one.content || one.subject)) {
        problems.push_back({path + (one.content ? ".content" : ".subject"), "conflict",
                            "a template brings its own text"});
    }
    if (!order.chosen && one.variables) {
        problems.push_back(
            {path + ".variables", "conflict", "variables need template_id or template"});
    }
    if (!order.chosen && !one.content && !asked.content) {
        problems.push_back(
            {path + ".content", "required", "give content here, for the batch, or a template"});
    }
}

}  // namespace hongyan::api
