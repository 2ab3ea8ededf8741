// Answers in the form of Tencent Cloud's API 3.0: always HTTP 200. Pure, safe from every thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "universe/core/service.hpp"

namespace hongyan::universe::tencent {

/// A refusal of the whole call.
struct Refusal {
    std::string code;
    std::string message;
};

/// {"Response":{...,"RequestId":"..."}}; members is what stands before RequestId, without braces.
[[nodiscard]] ServiceReply answered(std::string_view members);
[[nodiscard]] ServiceReply refused(const Refusal& refusal);

/// Adds the Date field, by which clients mend their clock when their time stamp was refused.
void add_date(ServiceReply& reply, std::int64_t now_ms);

}  // namespace hongyan::universe::tencent
