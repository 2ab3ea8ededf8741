// The actions of Dysmsapi behind the gateway: SendSms, SendBatchSms and QuerySendDetails. Safe from
// every thread.
#pragma once

#include "universe/aliyun/catalogue.hpp"
#include "universe/aliyun/gateway.hpp"
#include "universe/aliyun/limits.hpp"
#include "universe/aliyun/reports.hpp"

namespace hongyan::universe::aliyun {

class Actions {
  public:
    /// The JSON answer of a call that passed the gateway, or why not.
    [[nodiscard]] std::variant<std::string, Refusal> answer(World& world, const Admitted& call,
                                                            const ServiceRequest& request);

  private:
    /// What goes to one number.
    struct Draft {
        std::string phone;
        std::string sign;
        std::string param_json;
        std::string content;
    };
    [[nodiscard]] std::variant<std::string, Refusal> send_sms(World& world, const Admitted& call,
                                                              const ServiceRequest& request);
    [[nodiscard]] std::variant<std::string, Refusal> send_batch(World& world, const Admitted& call,
                                                                const ServiceRequest& request);
    [[nodiscard]] std::variant<std::string, Refusal> query_details(const Parameters& parameters);
    [[nodiscard]] std::variant<std::string, Refusal> submit(World& world, const Admitted& call,
                                                            const ServiceRequest& request,
                                                            std::vector<Draft> drafts);
    [[nodiscard]] std::optional<Refusal> complete(World& world, const Parameters& parameters,
                                                  std::vector<Draft>& drafts);
    [[nodiscard]] std::optional<Refusal> count(World& world, const Draft& draft,
                                               const std::string& code, bool is_verification);

    NumberLimits limits_;
    Reports reports_;
};

}  // namespace hongyan::universe::aliyun
