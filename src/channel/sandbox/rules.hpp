// What recipients and content must keep to, channel by channel: one table, used by check(),
// limits() and shapes(). Pure functions over constant data, safe from every thread.
#pragma once

#include <string_view>
#include <vector>

#include "contract/channel.hpp"

namespace hongyan::sandbox {

struct ChannelRule {
    ChannelKind channel;
    std::size_t max_recipient;  ///< bytes
    bool (*recipient_ok)(std::string_view recipient);
    std::string_view pattern;    ///< the same, roughly, as a regular expression for forms
    std::string_view expected;   ///< the same in words
    std::size_t max_subject;     ///< bytes; 0 = the channel shows none, so it is not looked at
    std::size_t max_content;     ///< bytes
    std::size_t max_characters;  ///< code points; 0 = only the bytes count
    bool html;                   ///< has an HTML part beside the text
};

[[nodiscard]] const ChannelRule& rule_of(ChannelKind channel);
/// Problems in the order recipient, subject, content, html.
[[nodiscard]] std::vector<Problem> check_by(const ChannelRule& rule, std::string_view recipient,
                                            const Content& content);
[[nodiscard]] ChannelLimits limits_of(const ChannelRule& rule);
[[nodiscard]] ChannelShapes shapes_of(const ChannelRule& rule);

}  // namespace hongyan::sandbox
