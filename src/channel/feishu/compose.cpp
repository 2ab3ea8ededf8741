#include "channel/feishu/compose.hpp"

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan::feishu {
namespace {

std::string type_of(const Content& content, const Options& options) {
    if (!options.msg_type.empty()) return options.msg_type;
    if (!options.card.empty()) return "interactive";
    if (!options.post.empty()) return "post";
    if (!options.image_key.empty()) return "image";
    if (!options.share_chat_id.empty()) return "share_chat";
    return content.subject.empty() && options.title.empty() ? "text" : "post";
}

std::string text_json(const Content& content, const Options& options) {
    std::string text(content.content);
    for (const std::string& id : options.mention) {
        text += " <at user_id=\"" + id + "\"></at>";
    }
    return R"({"text":)" + json_quoted(text) + "}";
}

/// One paragraph for each line of the text.
std::string post_json(const Content& content, const Options& options) {
    const std::string_view title = options.title.empty() ? content.subject : options.title;
    std::string lines;
    for (std::string line : split(content.content, '\n')) {
        if (line.ends_with('\r')) line.pop_back();
        lines += (lines.empty() ? "" : ",");
        lines += R"([{"tag":"text","text":)" + json_quoted(line) + "}]";
    }
    std::string mentions;
    for (const std::string& id : options.mention) {
        mentions += (mentions.empty() ? "" : ",");
        mentions += R"({"tag":"at","user_id":)" + json_quoted(id) + "}";
    }
    if (!mentions.empty()) lines += ",[" + mentions + "]";
    return R"({"zh_cn":{"title":)" + json_quoted(title) + R"(,"content":[)" + lines + "]}}";
}

}  // namespace

Composed compose(const Content& content, const Options& options) {
    Composed made{type_of(content, options), ""};
    if (made.type == "interactive") {
        made.content = options.card;
    } else if (made.type == "post") {
        made.content = options.post.empty() ? post_json(content, options) : options.post;
    } else if (made.type == "image") {
        made.content = R"({"image_key":)" + json_quoted(options.image_key) + "}";
    } else if (made.type == "share_chat") {
        made.content = R"({"chat_id":)" + json_quoted(options.share_chat_id) + "}";
    } else {
        made.content = text_json(content, options);
    }
    return made;
}

std::string robot_body(const Composed& message, std::string_view timestamp_s,
                       std::string_view sign) {
    std::string body = "{";
    if (!sign.empty()) {
        body += R"("timestamp":)" + json_quoted(timestamp_s);
        body += R"(,"sign":)" + json_quoted(sign) + ",";
    }
    body += R"("msg_type":)" + json_quoted(message.type);
    if (message.type == "interactive") return body + R"(,"card":)" + message.content + "}";
    if (message.type == "post") {
        return body + R"(,"content":{"post":)" + message.content + "}}";
    }
    if (message.type == "share_chat") {
        // The robot calls the same thing by another name.
        constexpr std::string_view key = R"({"chat_id":)";
        return body + R"(,"content":{"share_chat_id":)" + message.content.substr(key.size()) + "}";
    }
    return body + R"(,"content":)" + message.content + "}";
}

std::string app_body(const Composed& message, std::string_view receive_id, std::string_view token) {
    return R"({"receive_id":)" + json_quoted(receive_id) + R"(,"msg_type":)" +
           json_quoted(message.type) + R"(,"content":)" + json_quoted(message.content) +
           R"(,"uuid":)" + json_quoted(token) + "}";
}

std::string robot_sign(std::string_view timestamp_s, std::string_view secret) {
    const std::string key = std::string(timestamp_s) + "\n" + std::string(secret);
    return to_base64(hmac_sha256(key, ""));
}

}  // namespace hongyan::feishu
