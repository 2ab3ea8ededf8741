#include "universe/feishu/content.hpp"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace hongyan::universe::feishu {
namespace {

using boost::json::array;
using boost::json::object;
using boost::json::value;

constexpr std::array<std::string_view, 10> known_types{
    "text",  "post",    "image",       "file",       "audio",
    "media", "sticker", "interactive", "share_chat", "share_user"};

/// One element of a paragraph; nothing if it has no known form.
std::optional<std::string> read_element(const value& element) {
    const auto* fields = element.if_object();
    if (fields == nullptr) return std::nullopt;
    const auto tag = text_of(*fields, "tag");
    const auto text = std::string(text_of(*fields, "text"));
    if (tag == "at") return "@" + std::string(text_of(*fields, "user_id"));
    if (tag == "a") return text + "(" + std::string(text_of(*fields, "href")) + ")";
    if (tag == "text" || tag == "md") return text;
    if (tag == "img") return "[image]";
    if (tag == "hr" || tag == "media" || tag == "emotion" || tag == "code_block") {
        return "[" + std::string(tag) + "]";
    }
    return std::nullopt;
}

std::optional<std::string> read_paragraphs(const array& paragraphs) {
    std::string all;
    for (const value& paragraph : paragraphs) {
        const auto* elements = paragraph.if_array();
        if (elements == nullptr) return std::nullopt;
        if (&paragraph != &paragraphs.front()) all += '\n';
        for (const value& element : *elements) {
            const auto text = read_element(element);
            if (!text) return std::nullopt;
            all += *text;
        }
    }
    return all;
}

std::optional<Shown> show_post(const object& languages) {
    if (languages.empty()) return std::nullopt;
    std::optional<Shown> first;
    for (const auto& language : languages) {
        const auto* post = language.value().if_object();
        const auto* content = post == nullptr ? nullptr : post->if_contains("content");
        const auto* paragraphs = content == nullptr ? nullptr : content->if_array();
        if (paragraphs == nullptr) return std::nullopt;
        auto text = read_paragraphs(*paragraphs);
        if (!text) return std::nullopt;
        if (!first) first = Shown{std::string(text_of(*post, "title")), std::move(*text)};
    }
    return first;
}

std::optional<Shown> show_card(const object& card) {
    if (text_of(card, "type") == "template" || card.contains("elements") || card.contains("body") ||
        card.contains("i18n_elements")) {
        const auto* header = object_of(card, "header");
        const auto* title = header == nullptr ? nullptr : object_of(*header, "title");
        return Shown{title == nullptr ? "" : std::string(text_of(*title, "content")),
                     boost::json::serialize(card)};
    }
    return std::nullopt;
}

}  // namespace

std::optional<object> parse_object(std::string_view text) {
    boost::system::error_code failed;
    auto parsed = boost::json::parse(text, failed);
    if (failed || !parsed.is_object()) return std::nullopt;
    return std::move(parsed.get_object());
}

std::string_view text_of(const object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    const auto* text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

const object* object_of(const object& from, std::string_view key) {
    const auto* found = from.if_contains(key);
    return found == nullptr ? nullptr : found->if_object();
}

std::optional<Shown> show(std::string_view type, const object& content) {
    if (type == "text") {
        const auto* text = content.if_contains("text");
        if (text == nullptr || !text->is_string()) return std::nullopt;
        return Shown{"", std::string(text_of(content, "text"))};
    }
    if (type == "post") return show_post(content);
    if (type == "interactive") return show_card(content);
    if (content.empty()) return std::nullopt;
    return Shown{"", boost::json::serialize(content)};
}

bool is_known_type(std::string_view type) {
    return std::find(known_types.begin(), known_types.end(), type) != known_types.end();
}

}  // namespace hongyan::universe::feishu
