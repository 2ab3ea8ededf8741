#include "api/send.hpp"

#include "api/send_dry_run.hpp"
#include "api/send_order.hpp"
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

/// W3C Trace Context, section 3.2: version 00, ids in lower case, neither all zeros. Anything else
/// is as if there were none.
std::string_view traceparent_of(const http::Request& request) {
    const auto text = request.header("traceparent");
    constexpr std::size_t length = 55;
    if (text.size() != length || !text.starts_with("00-") || text[35] != '-' || text[52] != '-')
        return {};
    const auto is_hex = [&](std::size_t from, std::size_t count) {
        return text.substr(from, count).find_first_not_of("0123456789abcdef") == text.npos;
    };
    const auto is_zero = [&](std::size_t from, std::size_t count) {
        return text.substr(from, count).find_first_not_of('0') == text.npos;
    };
    const bool good =
        is_hex(3, 32) && is_hex(36, 16) && is_hex(53, 2) && !is_zero(3, 32) && !is_zero(36, 16);
    return good ? text : std::string_view();
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
    order.traceparent = traceparent_of(request);
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

std::vector<MessagePtr> make_messages(const SendBatchRequest& asked, const delivery::Order& order,
                                      const delivery::Check& check,
                                      std::vector<Problem>& problems) {
    std::vector<MessagePtr> messages;
    messages.reserve(asked.recipients.size());
    for (std::size_t i = 0; i < asked.recipients.size(); ++i) {
        auto message = make_batch_message({asked, order, check}, i, problems);
        if (message && problems.empty()) messages.push_back(std::move(message));
    }
    return messages;
}

/// Text given for single recipients while a template brings its own is a mistake, not something to
/// ignore.
void check_recipients(const SendBatchRequest& asked, const delivery::Order& order,
                      std::vector<Problem>& problems) {
    for (std::size_t i = 0; i < asked.recipients.size() && problems.size() <= most_problems; ++i)
        check_recipient(asked, order, i, problems);
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
    order.traceparent = traceparent_of(request);
    if (asked->dry_run) return respond(responder, dry_run(context, *asked, order, check, problems));
    if (problems.empty()) check_recipients(*asked, order, problems);
    auto batch = std::make_unique<delivery::Batch>();
    if (problems.empty()) batch->messages = make_messages(*asked, order, check, problems);
    if (!problems.empty()) return responder.fail(with_problems(std::move(problems)));
    const auto count = static_cast<std::int64_t>(batch->messages.size());
    MessageId id = context.delivery.ids().reserve(count);
    batch->provider = context.delivery.provider_of(order.tenant_id, order.channel);
    for (auto& message : batch->messages) {
        message->id = id;
        id = context.delivery.ids().following(id);
        message->by_account = batch->provider.empty();
    }
    batch->task.tenant_id = order.tenant_id;
    batch->task.template_id = order.chosen ? order.chosen->record.id : 0;
    batch->task.channel = order.channel;
    batch->task.name = asked->name;
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
        "every problem is listed with its place. The task counts what becomes of the messages. "
        "With "
        "dry_run nothing is stored or sent: the answer, a 200, says what would be.";
    batch.body = &shape::description_of<SendBatchRequest>();
    batch.reply = &shape::description_of<SendBatchReply>();
    batch.body_limit = batch_body_limit;
    batch.other_reply = &shape::description_of<DryRunReply>();
    routes.plain(std::move(send), send_one);
    routes.plain(std::move(batch), send_batch);
}

}  // namespace hongyan::api
