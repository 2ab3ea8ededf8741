#include "api/send.hpp"

#include "api/send_wire.hpp"
#include "base/crypto.hpp"
#include "base/text.hpp"
#include "delivery/accept.hpp"

namespace hongyan::api {
namespace {

constexpr std::size_t send_body_limit = std::size_t{16} << 20;  ///< room for attachments
constexpr std::string_view send_path = "/api/messages/send";
constexpr std::string_view batch_path = "/api/messages/send-batch";
constexpr std::size_t most_problems = 100;
constexpr std::size_t batch_body_limit = std::size_t{16} << 20;

using PlacePtr = std::shared_ptr<IdempotencyGate::Place>;

/// What the Idempotency-Key asks for: nothing, or a record to be stored and a place in the gate.
struct Idempotency {
    std::unique_ptr<IdempotencyRecord> record;
    PlacePtr place;
};

Result<Idempotency> enter_gate(Context& context, const http::Request& request,
                               std::string_view route) {
    auto key = idempotency_key(request);
    if (!key) return key.error();
    Idempotency result;
    if (!*key) return result;
    result.record = std::make_unique<IdempotencyRecord>();
    result.record->tenant_id = caller_of(request).tenant_id;
    result.record->route = route;
    result.record->key = std::move(**key);
    result.record->body_hash = sha256(request.body);
    result.record->created_ms = context.clock.now_ms();
    result.place = context.idempotency.enter(*result.record);
    if (result.place) return result;
    auto error = make_error(
        ErrorCode::idempotency_in_progress,
        "A request with Idempotency-Key '" + result.record->key + "' is still under way.");
    error.retry_after = Millis(1'000);
    return error;
}

void accepted(http::Responder& responder, std::string body, bool replayed) {
    http::Response response;
    response.status = 202;
    response.body = std::move(body);
    if (replayed) response.headers.add("Idempotency-Replayed", "true");
    responder.send(std::move(response));
}

Error with_problems(std::vector<Problem> problems) {
    Error error =
        make_error(ErrorCode::invalid_fields,
                   std::to_string(problems.size()) +
                       (problems.size() == 1 ? " field is wrong." : " fields are wrong."));
    if (problems.size() > most_problems) {
        const auto more = problems.size() - most_problems;
        problems.resize(most_problems);
        problems.push_back({"$", "more", std::to_string(more) + " more problems are not listed"});
    }
    error.problems = std::move(problems);
    return error;
}

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

/// What all messages of the request share; null and problems if it cannot be.
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

std::string_view text_or_empty(const std::optional<std::string>& text) {
    return text ? std::string_view(*text) : std::string_view();
}

std::string send_reply(MessageId id, MessageStatus status) {
    return shape::write(SendReply{id, trace_id_of(id), std::string(to_text(status))});
}

void send_one(Context& context, http::Request& request, http::Responder responder) {
    auto idempotency = enter_gate(context, request, send_path);
    if (!idempotency) return responder.fail(idempotency.error());
    auto asked = shape::read<SendRequest>(request.body);
    if (!asked) return responder.fail(asked.error());
    std::vector<Problem> problems;
    delivery::Order order;
    const auto check = make_order(context, caller_of(request).tenant_id, *asked, order, problems);
    MessagePtr message;
    if (problems.empty()) {
        delivery::Addressee to;
        to.recipient = asked->recipient;
        to.variables = asked->variables ? &*asked->variables : nullptr;
        to.subject = text_or_empty(asked->subject);
        to.content = text_or_empty(asked->content);
        to.html = text_or_empty(asked->html);
        to.metadata = asked->metadata;
        message = delivery::make_message(order, to, check, problems);
    }
    if (!message) return responder.fail(with_problems(std::move(problems)));
    message->id = context.delivery.ids().next();
    const auto id = message->id;
    const auto status = message->status;
    if (idempotency->record) idempotency->record->reply = send_reply(id, status);
    context.delivery.accept(
        std::move(message), std::move(idempotency->record),
        [responder = std::move(responder), place = std::move(idempotency->place), id,
         status](Result<delivery::Accepted> result) mutable {
            place.reset();
            if (!result) return responder.fail(result.error());
            const bool replayed = !result->replay.empty();
            accepted(responder, replayed ? std::move(result->replay) : send_reply(id, status),
                     replayed);
        });
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

std::vector<MessagePtr> make_messages(const SendBatchRequest& asked, const delivery::Order& order,
                                      const delivery::Check& check,
                                      std::vector<Problem>& problems) {
    std::vector<MessagePtr> messages;
    messages.reserve(asked.recipients.size());
    boost::json::object space;
    for (std::size_t i = 0; i < asked.recipients.size(); ++i) {
        const auto& one = asked.recipients[i];
        const std::string path = "$.recipients[" + std::to_string(i) + "]";
        const std::string recipient_path = path + ".recipient";
        delivery::Addressee to;
        to.path = path;
        to.recipient_path = recipient_path;
        to.recipient = one.recipient;
        to.variables = merged(asked, one, space);
        to.subject = one.subject ? std::string_view(*one.subject) : text_or_empty(asked.subject);
        to.content = one.content ? std::string_view(*one.content) : text_or_empty(asked.content);
        to.html = text_or_empty(asked.html);
        to.metadata = one.metadata.empty() ? asked.metadata : one.metadata;
        auto message = delivery::make_message(order, to, check, problems);
        if (message && problems.empty()) messages.push_back(std::move(message));
    }
    return messages;
}

/// Text given for single recipients while a template brings its own is a mistake, not something to
/// ignore.
void check_recipients(const SendBatchRequest& asked, const delivery::Order& order,
                      std::vector<Problem>& problems) {
    for (std::size_t i = 0; i < asked.recipients.size() && problems.size() <= most_problems; ++i) {
        const auto& one = asked.recipients[i];
        const std::string path = "$.recipients[" + std::to_string(i) + "]";
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
}

std::string batch_reply(std::int64_t task_id, std::int64_t count) {
    return shape::write(SendBatchReply{task_id, count, "pending"});
}

void prepare_batch(Context& context, const http::Request& request, http::Responder& responder,
                   Idempotency& idempotency) {
    shape::ReadLimits limits;
    limits.values = 2'000'000;
    auto asked = shape::read<SendBatchRequest>(request.body, limits);
    if (!asked) return responder.fail(asked.error());
    std::vector<Problem> problems;
    delivery::Order order;
    const auto check = make_order(context, caller_of(request).tenant_id, *asked, order, problems);
    if (problems.empty()) check_recipients(*asked, order, problems);
    auto batch = std::make_unique<delivery::Batch>();
    if (problems.empty()) batch->messages = make_messages(*asked, order, check, problems);
    if (!problems.empty()) return responder.fail(with_problems(std::move(problems)));
    const auto count = static_cast<std::int64_t>(batch->messages.size());
    MessageId id = context.delivery.ids().reserve(count);
    batch->provider = context.delivery.provider_of(order.tenant_id, order.channel);
    for (auto& message : batch->messages) {
        message->id = id++;
        message->by_account = batch->provider.empty();
    }
    batch->task.tenant_id = order.tenant_id;
    batch->task.template_id = order.chosen ? order.chosen->record.id : 0;
    batch->task.channel = order.channel;
    batch->task.total_count = count;
    batch->task.created_ms = context.clock.now_ms();
    batch->idempotency = std::move(idempotency.record);
    batch->make_reply = [count](std::int64_t task_id) { return batch_reply(task_id, count); };
    batch->done = [responder = std::move(responder), place = std::move(idempotency.place),
                   count](Result<delivery::Accepted> result) mutable {
        place.reset();
        if (!result) return responder.fail(result.error());
        const bool replayed = !result->replay.empty();
        accepted(responder, replayed ? std::move(result->replay) : batch_reply(result->id, count),
                 replayed);
    };
    context.delivery.accept_batch(std::move(batch));
}

void send_batch(Context& context, http::Request& request, http::Responder responder) {
    auto entered = enter_gate(context, request, batch_path);
    if (!entered) return responder.fail(entered.error());
    struct Held {
        http::Responder responder;
        Idempotency idempotency;
    };
    // Shared so that it can still be answered when the pool's queue is full.
    auto held = std::make_shared<Held>(Held{std::move(responder), std::move(*entered)});
    const bool posted = context.processor.post([&context, &request, held] {
        prepare_batch(context, request, held->responder, held->idempotency);
    });
    if (posted) return;
    auto error = make_error(ErrorCode::overloaded, "The queue of the pool ai_processor is full.");
    error.retry_after = Millis(1'000);
    held->responder.fail(error);
}

}  // namespace

void add_send_routes(Routes& routes) {
    RouteDoc send;
    send.method = http::Method::post;
    send.path = send_path;
    send.operation = "send_message";
    send.tag = "messages";
    send.summary = "Send one message";
    send.description =
        "Accepts one message. The answer comes only after the message is on disk, so an accepted "
        "message is never lost. "
        "With an Idempotency-Key the same request can be repeated safely for 24 hours.";
    send.scope = "send";
    send.body = &shape::description_of<SendRequest>();
    send.reply = &shape::description_of<SendReply>();
    send.status = 202;
    send.body_limit = send_body_limit;
    send.errors = {ErrorCode::idempotency_in_progress, ErrorCode::idempotency_mismatch,
                   ErrorCode::overloaded};
    send.idempotent_key = true;
    RouteDoc batch = send;
    batch.path = batch_path;
    batch.operation = "send_batch";
    batch.summary = "Send a batch";
    batch.description =
        "Accepts the same message for 1 to 10,000 recipients, all or none. If any recipient is "
        "wrong nothing is accepted, and "
        "every problem is listed with its place. The task counts what becomes of the messages.";
    batch.body = &shape::description_of<SendBatchRequest>();
    batch.reply = &shape::description_of<SendBatchReply>();
    batch.body_limit = batch_body_limit;
    routes.plain(std::move(send), send_one);
    routes.plain(std::move(batch), send_batch);
}

}  // namespace hongyan::api
