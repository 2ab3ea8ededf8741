// accept: from what a client asks for to finished messages: the template is found, its variables
// are complete, the text is rendered, the channel agrees with recipient and content. Pure given its
// inputs; nothing is stored here. Every problem is reported, not only the first.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/channel.hpp"
#include "delivery/template_book.hpp"
#include "model/message.hpp"

namespace hongyan::delivery {

/// What all messages of one request have in common.
struct Order {
    std::int64_t tenant_id = 1;
    ChannelKind channel = ChannelKind::sms;
    TemplatePtr chosen;  ///< null: subject, content and html are given
    std::uint8_t priority = 5;
    std::int64_t due_ms = 0;  ///< 0 = now
    std::int64_t deliver_by_ms = 0;
    std::string_view callback_url;
    std::string_view traceparent;
    std::string_view
        options;  ///< JSON object of provider sections, before the template's; "" = none
};

/// Says what is wrong with a recipient and content; empty if the message can be sent.
using Check =
    std::function<std::vector<Problem>(std::string_view recipient, const Content& content)>;

/// What is each recipient's own. path names the place in the request: "$" or "$.recipients[17]".
struct Addressee {
    std::string_view path = "$";
    std::string_view recipient_path = "$.recipient";
    std::string_view recipient;
    const boost::json::object* variables = nullptr;
    std::string_view subject;
    std::string_view content;
    std::string_view html;
    std::string_view metadata;
};

/// The message, without an id yet; or null with what is wrong added to problems.
[[nodiscard]] MessagePtr make_message(const Order& order, const Addressee& to, const Check& check,
                                      std::vector<Problem>& problems);

}  // namespace hongyan::delivery
