#include "channel/wechat/wecom_body.hpp"

#include "base/text.hpp"

namespace hongyan::wechat {
namespace {

std::string with_subject(const Message& message) {
    if (message.subject.empty()) return message.content;
    return message.subject + "\n" + message.content;
}

Status check_length(const std::string& text, std::int64_t most) {
    if (text.size() <= static_cast<std::size_t>(most)) return Done{};
    return make_error(ErrorCode::content_invalid, "The text has " + std::to_string(text.size()) +
                                                      " bytes; WeCom would cut it after " +
                                                      std::to_string(most) + ".");
}

std::string news_json(const std::vector<Article>& articles) {
    std::string json;
    for (const Article& article : articles) {
        json += (json.empty() ? "" : ",");
        json += R"({"title":)" + json_quoted(article.title) + R"(,"description":)" +
                json_quoted(article.description) + R"(,"url":)" + json_quoted(article.url) +
                R"(,"picurl":)" + json_quoted(article.picurl) + "}";
    }
    return R"({"articles":[)" + json + "]}";
}

std::string list_json(const std::vector<std::string>& texts) {
    std::string json;
    for (const std::string& text : texts) json += (json.empty() ? "" : ",") + json_quoted(text);
    return "[" + json + "]";
}

std::string type_of(const WecomOptions& options) {
    if (!options.msg_type.empty()) return options.msg_type;
    if (!options.template_card.empty()) return "template_card";
    if (!options.articles.empty()) return "news";
    return options.url.empty() ? "text" : "textcard";
}

std::string type_of(const WecomRobotOptions& options) {
    if (!options.msg_type.empty()) return options.msg_type;
    if (!options.template_card.empty()) return "template_card";
    return options.articles.empty() ? "text" : "news";
}

std::string textcard_json(const Message& message, const WecomOptions& options) {
    const std::string& title = options.title.empty() ? message.subject : options.title;
    std::string json = R"({"title":)" + json_quoted(title) + R"(,"description":)" +
                       json_quoted(message.content) + R"(,"url":)" + json_quoted(options.url);
    if (!options.button_text.empty()) json += R"(,"btntxt":)" + json_quoted(options.button_text);
    return json + "}";
}

}  // namespace

Result<std::string> wecom_body(const Message& message, const WecomTarget& target,
                               const WecomOptions& options, const WecomSettings& settings) {
    const std::string type = type_of(options);
    std::string inside;
    if (type == "text" || type == "markdown") {
        const std::string text = with_subject(message);
        if (auto status = check_length(text, settings.max_text_bytes); !status) {
            return status.error();
        }
        inside = R"({"content":)" + json_quoted(text) + "}";
    } else if (type == "textcard") {
        inside = textcard_json(message, options);
    } else if (type == "news") {
        inside = news_json(options.articles);
    } else if (type == "template_card") {
        inside = options.template_card;
    } else {
        inside = R"({"media_id":)" + json_quoted(options.media_id) + "}";
    }
    std::string body = "{";
    const auto add = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) body += json_quoted(name) + ":" + json_quoted(value) + ",";
    };
    add("touser", target.users);
    add("toparty", target.parties);
    add("totag", target.tags);
    add("msgtype", type);
    return body + R"("agentid":)" + std::to_string(settings.agentid) + "," + json_quoted(type) +
           ":" + inside + R"(,"safe":)" + std::to_string(options.safe) + R"(,"enable_id_trans":)" +
           (options.enable_id_trans ? "1" : "0") +
           R"(,"enable_duplicate_check":1,"duplicate_check_interval":)" +
           std::to_string(settings.duplicate_check_interval_s) + "}";
}

Result<std::string> wecom_robot_body(const Message& message, const WecomRobotOptions& options,
                                     const WecomRobotSettings& settings) {
    const std::string type = type_of(options);
    const std::string head = R"({"msgtype":)" + json_quoted(type) + "," + json_quoted(type) + ":";
    if (type == "news") return head + news_json(options.articles) + "}";
    if (type == "template_card") return head + options.template_card + "}";
    if (type == "file") {
        return head + R"({"media_id":)" + json_quoted(options.media_id) + "}}";
    }
    const std::string text = with_subject(message);
    const auto most = type == "text" ? settings.max_text_bytes : settings.max_markdown_bytes;
    if (auto status = check_length(text, most); !status) return status.error();
    std::string inside = R"({"content":)" + json_quoted(text);
    if (type == "text" && !options.mentioned_list.empty()) {
        inside += R"(,"mentioned_list":)" + list_json(options.mentioned_list);
    }
    if (type == "text" && !options.mentioned_mobile_list.empty()) {
        inside += R"(,"mentioned_mobile_list":)" + list_json(options.mentioned_mobile_list);
    }
    return head + inside + "}}";
}

}  // namespace hongyan::wechat
