// Steering: how the sandbox decides an attempt's outcome: by words in the recipient (see
// sandbox.hpp), else by chance. The chance is a pure function of seed, message and attempt, so a
// run can be repeated. Pure functions, safe from every thread.
#pragma once

#include <optional>
#include <string_view>

#include "channel/sandbox/sandbox.hpp"

namespace hongyan::sandbox {

struct Steering {
    std::optional<OutcomeClass> failure;
    int first_attempts = 0;  ///< how many attempts fail; 0 = all
    int delay_ms = 0;
};

/// What the recipient asks for; nothing if it holds none of the words.
[[nodiscard]] std::optional<Steering> steering_of(std::string_view recipient);
/// The outcome of the message's next attempt.
[[nodiscard]] OutcomeClass decide(const Message& message, const SandboxOptions& options);
/// How long its answer takes.
[[nodiscard]] int delay_ms_of(const Message& message, const SandboxOptions& options);
/// True if a message with this outcome reaches its receiver.
[[nodiscard]] bool arrives(OutcomeClass outcome);

}  // namespace hongyan::sandbox
