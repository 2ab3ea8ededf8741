#include "universe/wechat/wecom_content.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "universe/wechat/replies.hpp"

namespace hongyan::universe::wechat {
namespace {

using boost::json::object;

constexpr std::array<std::string_view, 10> app_types{
    "text",  "markdown", "textcard", "news",          "mpnews",
    "image", "file",     "voice",    "template_card", "miniprogram_notice"};
constexpr std::array<std::string_view, 7> robot_types{"text", "markdown", "markdown_v2",  "image",
                                                      "news", "file",     "template_card"};

/// Too long a text is cut without a word, between characters.
std::string cut(std::string_view text, std::size_t most) {
    std::size_t size = std::min(text.size(), most);
    while (size > 0 && size < text.size() && (text[size] & 0xC0) == 0x80) --size;
    return std::string(text.substr(0, size));
}

WecomShown complaint(std::int64_t code, std::string_view why) {
    return {"", "", code, std::string(why)};
}

WecomShown show_news(const object& inside) {
    const auto* articles = inside.if_contains("articles");
    const auto* list = articles == nullptr ? nullptr : articles->if_array();
    if (list == nullptr || list->empty()) return complaint(44004, "empty content");
    if (list->size() > 8) return complaint(45008, "article out of size limit");
    WecomShown shown;
    for (const auto& each : *list) {
        const auto* article = each.if_object();
        if (article == nullptr || text_of(*article, "title").empty() ||
            text_of(*article, "url").empty()) {
            return complaint(40058, "articles need title and url");
        }
        shown.text += (shown.text.empty() ? "" : "\n") + std::string(text_of(*article, "title")) +
                      " " + std::string(text_of(*article, "url"));
    }
    return shown;
}

}  // namespace

WecomShown show_wecom(const object& body, bool robot) {
    const auto type = text_of(body, "msgtype");
    const bool known =
        robot ? std::find(robot_types.begin(), robot_types.end(), type) != robot_types.end()
              : std::find(app_types.begin(), app_types.end(), type) != app_types.end();
    if (!known) return complaint(40008, "invalid message type");
    const auto* inside = object_of(body, type);
    if (inside == nullptr) return complaint(40058, std::string(type) + " is missing");
    if (type == "news") return show_news(*inside);
    if (type == "textcard") {
        if (text_of(*inside, "title").empty() || text_of(*inside, "url").empty()) {
            return complaint(40058, "textcard needs title and url");
        }
        return {std::string(text_of(*inside, "title")),
                std::string(text_of(*inside, "description")) + "\n" +
                    std::string(text_of(*inside, "url")),
                0, ""};
    }
    if (type == "text" || type == "markdown" || type == "markdown_v2") {
        const auto text = text_of(*inside, "content");
        if (text.empty()) return complaint(44004, "empty content");
        return {"", cut(text, robot && type != "text" ? 4'096 : 2'048), 0, ""};
    }
    if (inside->empty()) return complaint(40058, std::string(type) + " is empty");
    return {"", boost::json::serialize(*inside), 0, ""};
}

}  // namespace hongyan::universe::wechat
