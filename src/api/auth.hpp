// Who is calling: API keys are looked up by their SHA-256 in a book held in memory, which is read
// again when a key is made or revoked by any hand. Only hashes are kept. A key carries scopes and
// the tenant that all of its rows belong to. Safe from every thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "contract/limiter.hpp"
#include "contract/store.hpp"
#include "http/router.hpp"
#include "model/records.hpp"

namespace hongyan::api {

/// Bits of what a key may do; admin includes all others.
enum Scope : unsigned { scope_send = 1, scope_read = 2, scope_manage = 4, scope_admin = 8 };
inline constexpr unsigned all_scopes = 15;

/// The bit of a word, 0 if it is none; "any" is all of them: any valid key will do.
[[nodiscard]] unsigned scope_bit(std::string_view word);
/// Bits of words separated by spaces; admin gives all.
[[nodiscard]] unsigned scope_bits(std::string_view words);

/// Lives in Request::context from the guard on; gives back what the limiter counted when the
/// request ends.
class Caller {
  public:
    Caller(std::int64_t tenant, std::int64_t key, unsigned bits)
        : tenant_id(tenant), key_id(key), scopes(bits) {}
    ~Caller();
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    /// leave() is called for this resource at the end.
    void entered(Limiter& limiter, std::string_view resource);

    const std::int64_t tenant_id;
    const std::int64_t key_id;  ///< 0: the administrator's key from the configuration
    const unsigned scopes;

  private:
    Limiter* limiter_ = nullptr;
    std::string_view resources_[2];
    int count_ = 0;
};

[[nodiscard]] const Caller& caller_of(const http::Request& request);

class KeyBook {
  public:
    /// admin_key: a key of tenant 1 with all scopes that is not in the table; "" for none.
    KeyBook(const Clock& clock, std::string_view admin_key);

    Status load(Store& store);
    /// The key's record, null if it is unknown, revoked or expired. The pointer keeps the book's
    /// page alive.
    [[nodiscard]] std::shared_ptr<const KeyRecord> find(std::string_view key) const;
    /// The record of a key that still holds; id 0 is the administrator's key.
    [[nodiscard]] std::shared_ptr<const KeyRecord> find(std::int64_t id) const;
    /// Who calls with that key, for what changes keep of their author.
    [[nodiscard]] Actor actor(std::int64_t id) const;
    [[nodiscard]] bool empty() const;
    /// A request came with the key.
    void note_use(std::int64_t id) const;
    /// When keys were used, by id, since this was last asked; id 0 is left out.
    [[nodiscard]] std::map<std::int64_t, std::int64_t> take_uses() const;

  private:
    using Page = std::map<std::string, KeyRecord, std::less<>>;
    [[nodiscard]] std::shared_ptr<const Page> page() const;

    const Clock& clock_;
    std::string admin_hash_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Page> page_ = std::make_shared<Page>();  ///< by hash; under mutex_
    mutable std::map<std::int64_t, std::int64_t> uses_;            ///< under mutex_
};

/// A new key: "hy_" and 40 characters of which 238 bits are random.
[[nodiscard]] std::string make_key();
/// What may be shown of a key to recognise it by.
[[nodiscard]] std::string key_prefix(std::string_view key);

/// The guard of every route below /api: key, scope, then the limits "global" and the route's own.
[[nodiscard]] http::Guard make_guard(const KeyBook& keys, Limiter& limiter);

}  // namespace hongyan::api
