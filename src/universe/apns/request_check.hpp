// What Apple checks of a request besides its provider token: headers, topic, payload and the
// device. Pure, safe from every thread.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "universe/core/service.hpp"

namespace hongyan::universe::apns {

struct Rules {
    std::vector<std::string> topics;
    std::vector<std::string> unregistered;  ///< device tokens, in lower case
    std::vector<std::string> bad;
    std::size_t max_payload = 4096;
    std::size_t max_voip_payload = 5120;
};

/// The HTTP status that belongs to a reason; 400 for unknown ones.
[[nodiscard]] int status_of(std::string_view reason);

/// "" or Apple's reason, in the order in which Apple looks. body gets the payload.
[[nodiscard]] std::string check_request(const Rules& rules, const ServiceRequest& request,
                                        std::string_view device, boost::json::object& payload);

}  // namespace hongyan::universe::apns
