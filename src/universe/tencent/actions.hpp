// The actions of Tencent Cloud SMS behind the gateway: SendSms, SendStatusStatistics and
// PullSmsSendStatus. Safe from every thread.
#pragma once

#include <atomic>
#include <boost/json/fwd.hpp>
#include <optional>

#include "universe/tencent/limits.hpp"
#include "universe/tencent/replies.hpp"
#include "universe/tencent/reports.hpp"

namespace hongyan::universe::tencent {

class Actions {
  public:
    /// Answers a call that passed the gateway.
    [[nodiscard]] ServiceReply answer(World& world, const ServiceRequest& request);

  private:
    /// What one call asks for, beside the numbers.
    struct Order {
        std::string sign;
        std::string template_id;
        std::string session_context;
        std::vector<std::string> params;
    };
    [[nodiscard]] ServiceReply send_sms(World& world, const boost::json::object& body,
                                        const ServiceRequest& request);
    [[nodiscard]] std::string status_of(World& world, const std::string& number, const Order& order,
                                        const ServiceRequest& request);
    [[nodiscard]] std::optional<Refusal> refusal_of(World& world, const std::string& number,
                                                    const Order& order, std::string& text);
    [[nodiscard]] ServiceReply pull(const boost::json::object& body);
    [[nodiscard]] ServiceReply pull_number(const World& world, const boost::json::object& body);
    [[nodiscard]] ServiceReply statistics(World& world, const boost::json::object& body);

    NumberLimits limits_;
    Reports reports_;
    std::atomic<std::int64_t> requests_ = 0;
    std::atomic<std::int64_t> successes_ = 0;
};

}  // namespace hongyan::universe::tencent
