// From the requests that send to an order and its messages: finds the template, the channel's check
// and each recipient's own text. Shared by sending and by the dry run; stores nothing. Private to
// send*.cpp.
#pragma once

#include <vector>

#include "api/context.hpp"
#include "api/send_wire.hpp"
#include "delivery/accept.hpp"

namespace hongyan::api {

[[nodiscard]] std::string_view text_or_empty(const std::optional<std::string>& text);

/// What all messages of the request share; null and problems if it cannot be.
[[nodiscard]] delivery::Check make_order(const Context& context, std::int64_t tenant_id,
                                         const SendCommon& r, delivery::Order& order,
                                         std::vector<Problem>& problems);

struct BatchOrder {
    const SendBatchRequest& asked;
    const delivery::Order& order;
    const delivery::Check& check;
};
/// The message of one recipient, without an id; or null with what is wrong.
[[nodiscard]] MessagePtr make_batch_message(const BatchOrder& batch, std::size_t index,
                                            std::vector<Problem>& problems);
/// Text given for one recipient while a template brings its own, or none at all.
void check_recipient(const SendBatchRequest& asked, const delivery::Order& order, std::size_t index,
                     std::vector<Problem>& problems);

}  // namespace hongyan::api
