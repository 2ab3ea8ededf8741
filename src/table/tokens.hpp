// SQL of provider_tokens: what providers gave out so that they recognise a repeat. Called inside a
// transaction or a snapshot.
#pragma once

#include <cstdint>
#include <optional>

#include "contract/store.hpp"
#include "model/records.hpp"

namespace hongyan::table {

/// In place of the one that stands for message and account.
void keep_token(Session& session, const ProviderToken& token);
/// The newest of the message's tokens.
[[nodiscard]] std::optional<ProviderToken> find_token(Session& session, std::int64_t message_id);
/// At most limit.
std::int64_t delete_tokens(Session& session, std::int64_t before_ms, int limit);

}  // namespace hongyan::table
