// What Twilio asks of a new message before it takes it, with the codes of its refusals. Pure
// functions, safe from every thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "universe/core/service.hpp"
#include "universe/twilio/messages.hpp"

namespace hongyan::universe::twilio {

struct Refusal {
    int status = 400;
    int code = 0;
    std::string message;
};
/// {"code":...,"message":...,"more_info":...,"status":...}
[[nodiscard]] ServiceReply refused(const Refusal& refusal);

/// The first field of that name, or "".
[[nodiscard]] std::string field_of(const Fields& fields, std::string_view name);
/// "a,b" as a setting lists words; true if word is among them, or "*".
[[nodiscard]] bool is_listed(std::string_view setting, std::string_view word);

/// Nothing if the account may make this message.
[[nodiscard]] std::optional<Refusal> refusal_of(const World& world, const Fields& form);

}  // namespace hongyan::universe::twilio
