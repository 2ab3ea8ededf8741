// Answers in the form of Aliyun's gateway. Pure, safe from every thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "universe/core/service.hpp"

namespace hongyan::universe::aliyun {

/// A refusal of the gateway or of the service: business errors come with HTTP 200.
struct Refusal {
    int status = 200;
    std::string code;
    std::string message;
};

/// 8-4-4-4-12 hexadecimal digits in upper case.
[[nodiscard]] std::string new_request_id();
[[nodiscard]] ServiceReply refused(const Refusal& refusal, std::string_view host);

/// Adds the Date field, by which clients mend their clock when their time stamp was refused.
void add_date(ServiceReply& reply, std::int64_t now_ms);

}  // namespace hongyan::universe::aliyun
