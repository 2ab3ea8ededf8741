#include "api/send_wire.hpp"

namespace hongyan::api {
namespace {

using shape::field;

constexpr std::int64_t longest_delay_seconds = 366LL * 86'400;

std::optional<std::string> check_callback_url(std::string_view url) {
    const bool is_http = url.starts_with("https://") || url.starts_with("http://");
    const auto rest = url.substr(std::min(url.size(), url.find("://") + 3));
    for (const char c : url) {
        if (c <= ' ' || c == 0x7F || c == '"' || c == '<' || c == '>')
            return "must be a URL without spaces or quotes";
    }
    if (!is_http || rest.empty() || rest.front() == '/')
        return "must be an absolute http:// or https:// URL";
    return std::nullopt;
}

/// Rules over several fields that both requests share.
void check_common(const SendCommon& r, bool has_own_content, shape::Problems& problems) {
    const bool by_template = r.template_id.has_value() || r.template_name.has_value();
    if (r.template_id && r.template_name)
        problems.add("template", "conflict", "give either template_id or template, not both");
    if (by_template && (r.content || r.subject || r.html)) {
        problems.add(r.content   ? "content"
                     : r.subject ? "subject"
                                 : "html",
                     "conflict",
                     "a template brings its own text: leave out subject, content and html, or "
                     "leave out the template");
    }
    if (!by_template && !r.content && !has_own_content) {
        problems.add("content", "required", "give template_id or template, or else content");
    }
    if (!by_template && r.variables)
        problems.add("variables", "conflict", "variables need template_id or template");
    if (r.html && r.channel != ChannelKind::email)
        problems.add("html", "conflict", "html is only for the channel email");
    if (r.send_at_ms && r.delay_seconds)
        problems.add("send_at", "conflict", "give either send_at or delay_seconds, not both");
    if (r.send_at_ms && r.deliver_by_ms && *r.deliver_by_ms < *r.send_at_ms) {
        problems.add("deliver_by", "out_of_range", "deliver_by must not be before send_at");
    }
}

template <class T>
std::vector<shape::Field> common_fields() {
    std::vector<shape::Field> fields;
    fields.push_back(field<T>("channel", &T::channel, "How to reach the recipient.")
                         .required()
                         .one_of(channel_names)
                         .example("sms"));
    fields.push_back(field<T>("template_id", &T::template_id,
                              "The template's id. Either this, or template, or content.")
                         .between(std::int64_t{1}, INT64_MAX)
                         .example(1));
    fields.push_back(
        field<T>("template", &T::template_name, "The template's name, instead of template_id.")
            .length(1, 128)
            .example("order_shipped"));
    fields.push_back(
        field<T>("variables", &T::variables,
                 "Values of the template's variables. A missing, mistyped or unknown one is "
                 "refused by name.")
            .max_entries(100)
            .example_json(
                R"({"order_no":"SO20261123001","customer_name":"张三","delivery_days":3})"));
    fields.push_back(field<T>("subject", &T::subject,
                              "Subject or title, where the channel has one; with content.")
                         .length(0, 998)
                         .example("Your order is on its way"));
    fields.push_back(field<T>("content", &T::content,
                              "The text itself, instead of a template. For e-mail the text part.")
                         .bytes(262'144)
                         .example("Your order SO20261123001 has been shipped."));
    fields.push_back(field<T>("html", &T::html, "E-mail only: the HTML part beside content.")
                         .bytes(262'144)
                         .example("<p>Your order has been <b>shipped</b>.</p>"));
    fields.push_back(
        field<T>("priority", &T::priority, "0 to 10; 10 is most urgent and goes first.")
            .between(0, 10)
            .default_value(5));
    fields.push_back(field<T>("send_at", &T::send_at_ms,
                              "Not before this time (RFC 3339). A time in the past means now.")
                         .date_time()
                         .example("2026-12-24T08:00:00+08:00"));
    fields.push_back(field<T>("delay_seconds", &T::delay_seconds,
                              "Not before so many seconds from now, instead of send_at.")
                         .between(std::int64_t{0}, longest_delay_seconds)
                         .example(60));
    fields.push_back(
        field<T>("deliver_by", &T::deliver_by_ms,
                 "After this time (RFC 3339) the message is not sent any more; it ends as expired.")
            .date_time()
            .example("2026-12-24T20:00:00+08:00"));
    fields.push_back(field<T>("callback_url", &T::callback_url,
                              "Where to report the outcome; stored with the message.")
                         .length(1, 2'048)
                         .format("uri")
                         .check(check_callback_url)
                         .example("https://example.com/hooks/hongyan"));
    fields.push_back(field<T>("options", &T::options,
                              "What only one provider understands, in a section by its name; see "
                              "options_schema of GET /api/providers. Before the template's own.")
                         .raw_object()
                         .bytes(16'777'216)
                         .example_json(R"({"smpp":{"flash":false}})"));
    return fields;
}

}  // namespace

const shape::Object& describe(shape::Tag<SendRequest>) {
    static const shape::Object object =
        shape::object<SendRequest>(
            "SendRequest", "One message to one recipient.", common_fields<SendRequest>(),
            field("recipient", &SendRequest::recipient,
                  "Who gets it: a phone number, an e-mail address, a device token, an openid, a "
                  "user or chat id.")
                .required()
                .length(1, 4'096)
                .example("13800138000"),
            field("metadata", &SendRequest::metadata,
                  "Anything you want to find again with the message; a JSON object.")
                .raw_object()
                .bytes(16'384)
                .example_json(R"({"order":"SO20261123001"})"))
            .rule<SendRequest>([](const SendRequest& r, shape::Problems& problems) {
                check_common(r, false, problems);
            })
            .example_text(R"({"channel":"sms","recipient":"13800138000","template":"order_shipped",
"variables":{"order_no":"SO20261123001","customer_name":"张三","delivery_days":3},"priority":7})");
    return object;
}

const shape::Object& describe(shape::Tag<BatchRecipient>) {
    static const shape::Object object =
        shape::object<BatchRecipient>(
            "BatchRecipient", "One recipient of a batch; a bare string is the recipient alone.",
            field("recipient", &BatchRecipient::recipient, "Who gets it.")
                .required()
                .length(1, 4'096)
                .example("13800138001"),
            field("variables", &BatchRecipient::variables,
                  "Values that stand before the batch's own for this recipient.")
                .max_entries(100)
                .example_json(R"({"customer_name":"李四"})"),
            field("subject", &BatchRecipient::subject, "Instead of the batch's subject.")
                .length(0, 998)
                .example("For you"),
            field("content", &BatchRecipient::content, "Instead of the batch's content.")
                .bytes(262'144)
                .example("Hello."),
            field("metadata", &BatchRecipient::metadata,
                  "Instead of the batch's metadata; a JSON object.")
                .raw_object()
                .bytes(16'384)
                .example_json(R"({"row":2})"))
            .or_string("recipient")
            .example_text(R"({"recipient":"13800138001","variables":{"customer_name":"李四"}})");
    return object;
}

const shape::Object& describe(shape::Tag<SendBatchRequest>) {
    static const shape::Object object =
        shape::object<SendBatchRequest>(
            "SendBatchRequest", "The same message to 1 to 10,000 recipients, all or none.",
            common_fields<SendBatchRequest>(),
            field("recipients", &SendBatchRequest::recipients,
                  "Who gets it; each a string or an object.")
                .required()
                .items(1, 10'000)
                .example_json(
                    R"(["13800138000",{"recipient":"13800138001","variables":{"customer_name":"李四"}}])"),
            field("metadata", &SendBatchRequest::metadata,
                  "Kept with every message; a JSON object.")
                .raw_object()
                .bytes(16'384)
                .example_json(R"({"campaign":"winter"})"),
            field("name", &SendBatchRequest::name, "What people call it; shown in lists of tasks.")
                .length(0, 128)
                .omit_empty()
                .example("Winter sale"),
            field("dry_run", &SendBatchRequest::dry_run,
                  "Only say what would be: counts, problems, previews, cost, time.")
                .default_value(false))
            .rule<SendBatchRequest>([](const SendBatchRequest& r, shape::Problems& problems) {
                bool all_have = true;
                for (const auto& one : r.recipients) all_have = all_have && one.content.has_value();
                check_common(r, all_have, problems);
            })
            .example_text(R"({"channel":"sms","template":"order_shipped","priority":3,
"variables":{"order_no":"SO20261123001","customer_name":"customer","delivery_days":3},
"recipients":["13800138000",{"recipient":"13800138001","variables":{"customer_name":"李四"}}]})");
    return object;
}

const shape::Object& describe(shape::Tag<SendReply>) {
    static const shape::Object object =
        shape::object<SendReply>(
            "SendReply", "The message is on disk and will be delivered.",
            field("message_id", &SendReply::message_id, "Id of the message.")
                .as_text()
                .example("1968453871263744005"),
            field("trace_id", &SendReply::trace_id, "Id of its trace.")
                .example("msg_1968453871263744005"),
            field("status", &SendReply::status, "pending, or scheduled if it has a time.")
                .one_of({"pending", "scheduled"})
                .example("pending"))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<SendBatchReply>) {
    static const shape::Object object =
        shape::object<SendBatchReply>(
            "SendBatchReply", "The whole batch is on disk and will be delivered.",
            field("task_id", &SendBatchReply::task_id, "Id of the task that counts the batch.")
                .example(17),
            field("total_count", &SendBatchReply::total_count, "Number of its messages.")
                .example(2),
            field("status", &SendBatchReply::status, "Status of the task.")
                .one_of({"pending"})
                .example("pending"))
            .reply();
    return object;
}

}  // namespace hongyan::api
