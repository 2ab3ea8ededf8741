// The content of messages to WeCom as it would be shown. Pure, safe from every thread.
#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace hongyan::universe::wechat {

struct WecomShown {
    std::string title;
    std::string text;
    std::int64_t code = 0;  ///< of WeCom's refusal, 0 = none
    std::string complaint;
};

/// robot: by a group's robot, which has other limits and forms.
[[nodiscard]] WecomShown show_wecom(const boost::json::object& body, bool robot);

}  // namespace hongyan::universe::wechat
