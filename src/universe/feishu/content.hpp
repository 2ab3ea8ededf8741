// The content of Feishu messages as the service understands it: whether it is well-formed, and what
// a person would read. Pure, safe from every thread.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace hongyan::universe::feishu {

struct Shown {
    std::string title;
    std::string text;
};

[[nodiscard]] std::optional<boost::json::object> parse_object(std::string_view text);
/// A text member, or "".
[[nodiscard]] std::string_view text_of(const boost::json::object& from, std::string_view key);
[[nodiscard]] const boost::json::object* object_of(const boost::json::object& from,
                                                   std::string_view key);

/// What a message of that type with that content shows; nothing if the content does not fit the
/// type. content is what the application's API takes: post without its wrapper, interactive the
/// card.
[[nodiscard]] std::optional<Shown> show(std::string_view type, const boost::json::object& content);
[[nodiscard]] bool is_known_type(std::string_view type);

}  // namespace hongyan::universe::feishu
