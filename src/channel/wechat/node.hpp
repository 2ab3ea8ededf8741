// Node: an event of WeChat as a tree of names and texts, whether it came as XML or as JSON. The XML
// reader knows elements, text, CDATA and the five predefined entities and nothing else: a document
// type, attributes, comments and processing instructions are refused, so that there is nothing to
// expand or to fetch. Pure, safe from every thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hongyan::wechat {

struct Node {
    std::string name;
    std::string text;  ///< of this element alone, CDATA included
    std::vector<Node> children;

    /// The first child of that name, or null.
    [[nodiscard]] const Node* find(std::string_view child) const;
    /// Its text, or "".
    [[nodiscard]] std::string_view text_of(std::string_view child) const;
};

inline constexpr std::size_t longest_event = 64 * 1024;

/// Errors: bad_request (too long, too deep, not well-formed, or something that has no place here).
[[nodiscard]] Result<Node> read_xml(std::string_view text);
/// Members become children, the elements of an array children of one name, numbers their digits.
[[nodiscard]] Result<Node> read_json(std::string_view text);
/// By the first character.
[[nodiscard]] Result<Node> read_event_text(std::string_view text);

}  // namespace hongyan::wechat
