// SQL of tenants, api_keys and idempotency_keys. Only hashes of keys are stored. Called inside a
// transaction or a snapshot.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "contract/store.hpp"
#include "model/records.hpp"

namespace hongyan::table {

[[nodiscard]] std::vector<KeyRecord> all_keys(Session& session);
/// Keys of one tenant, or of all with tenant_id 0, oldest first.
[[nodiscard]] std::vector<KeyRecord> list_keys(Session& session, std::int64_t tenant_id);
[[nodiscard]] std::int64_t insert_key(Session& session, const KeyRecord& key);
/// The same unless there is a key that is not revoked; false then. Of nodes that start together one
/// makes the first key.
[[nodiscard]] bool insert_first_key(Session& session, const KeyRecord& key);
/// Makes the key void; false if it is not there or was revoked before. tenant_id 0 = any.
/// A key of this tenant (0: of any), revoked or not.
[[nodiscard]] std::optional<KeyRecord> find_key(Session& session, std::int64_t tenant_id,
                                                std::int64_t id);
/// It is void from then on, if it was not before.
void expire_key(Session& session, std::int64_t id, std::int64_t at_ms);
void note_key_use(Session& session, std::int64_t id, std::int64_t at_ms);
[[nodiscard]] bool revoke_key(Session& session, std::int64_t tenant_id, std::int64_t id,
                              std::int64_t now_ms);
/// The tenant's id, made if it is new.
[[nodiscard]] std::int64_t find_or_make_tenant(Session& session, const std::string& name,
                                               std::int64_t now_ms);

[[nodiscard]] std::optional<IdempotencyRecord> find_idempotency(Session& session,
                                                                std::int64_t tenant_id,
                                                                std::string_view route,
                                                                std::string_view key);
/// Writes each record, over one of the same key only if that was made lifetime_ms before it or
/// earlier. False for the others, whose answer find_idempotency() then has: also what another node
/// has just committed. No key may stand twice in the records.
[[nodiscard]] std::vector<bool> claim_idempotency(Session& session,
                                                  std::span<const IdempotencyRecord* const> records,
                                                  std::int64_t lifetime_ms);
/// Deletes up to limit records made before; gives how many.
[[nodiscard]] std::int64_t delete_idempotency(Session& session, std::int64_t before_ms, int limit);

}  // namespace hongyan::table
