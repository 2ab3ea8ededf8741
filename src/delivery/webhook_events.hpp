// Webhook events: a message that gave a callback_url has reached a state that its sender wants to
// hear of. The event is written in the same transaction as the state, so none is lost and none is
// invented; delivery/webhooks sends it. Called on the committer's thread.
#pragma once

#include <cstdint>
#include <string>

#include "contract/store.hpp"
#include "model/message.hpp"

namespace hongyan::delivery {

void note_event(Session& session, const Message& message, MessageStatus status,
                const std::string& reason, std::int64_t now_ms);

}  // namespace hongyan::delivery
