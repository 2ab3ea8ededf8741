#include "api/callbacks.hpp"

#include "base/text.hpp"

namespace hongyan::api {
namespace {

Callback callback_of(const Context& context, const http::Request& request) {
    Callback callback;
    callback.account = std::string(request.param("account"));
    callback.method = std::string(http::to_text(request.method));
    if (request.method == http::Method::head) callback.method = "GET";
    callback.url = context.public_url(request) + std::string(request.target);
    callback.query = request.query_pairs();
    for (const auto& field : request.fields)
        callback.headers.emplace_back(to_lower(field.name), std::string(field.value));
    callback.body = std::string(request.body);
    callback.peer_address = std::string(request.peer_address);
    return callback;
}

http::Response response_of(const CallbackAnswer& answer) {
    http::Response response;
    response.status = answer.status;
    response.content_type = "";
    response.headers.add("Content-Type", answer.content_type);
    response.body = answer.body;
    return response;
}

/// The provider hears "well received" only when its receipts are on disk; else it will come again.
void take_callback(Context& context, http::Request& request, http::Responder responder) {
    const auto channel = from_text<ChannelKind>(channel_names, request.param("channel"));
    const auto account =
        channel ? context.accounts.find_for_callback(*channel, request.param("account")) : nullptr;
    if (!account || account->account() == nullptr) {
        return responder.fail(make_error(ErrorCode::not_found, "There is no such account."));
    }
    auto read = account->account()->callback(callback_of(context, request));
    if (!read) {
        context.log.warn("callback_refused",
                         {{"account", account->record().id}, {"detail", read.error().detail}});
        return responder.fail(read.error());
    }
    auto response = response_of(*read);
    if (read->receipts.empty()) return responder.send(std::move(response));
    const auto& record = account->record();
    context.delivery.receipts(
        {record.id, record.tenant_id, record.channel, context.accounts.receipt_peers(record.id)},
        std::move(read->receipts), std::move(read->replay_key),
        [response = std::move(response), responder = std::move(responder)](
            Result<std::vector<delivery::ReceiptEffect>> stored) mutable {
            if (!stored)
                responder.fail(stored.error());
            else
                responder.send(std::move(response));
        });
}

RouteDoc callback_doc(http::Method method, std::string_view path, std::string_view operation) {
    RouteDoc doc;
    doc.method = method;
    doc.path = path;
    doc.operation = operation;
    doc.tag = "callbacks";
    doc.summary = method == http::Method::post ? "Take a provider's report"
                                               : "Answer a provider's check of the URL";
    doc.description =
        "For providers only; each proves itself in its own way (signature, secret in the URL). The "
        "account is named by its callback key, id or name. Answered in the provider's form, after "
        "the receipts are on disk.";
    doc.reply_type = "text/plain";
    doc.errors = {ErrorCode::not_found, ErrorCode::unauthorized, ErrorCode::bad_request};
    return doc;
}

}  // namespace

void add_callback_routes(Routes& routes) {
    using http::Method;
    routes.plain(callback_doc(Method::post, "/api/callbacks/{channel}/{account}", "take_callback"),
                 take_callback);
    routes.plain(callback_doc(Method::get, "/api/callbacks/{channel}/{account}", "check_callback"),
                 take_callback);
    routes.plain(callback_doc(Method::post, "/api/callbacks/{channel}/{account}/{secret}",
                              "take_callback_with_secret"),
                 take_callback);
    routes.plain(callback_doc(Method::get, "/api/callbacks/{channel}/{account}/{secret}",
                              "check_callback_with_secret"),
                 take_callback);
}

}  // namespace hongyan::api
