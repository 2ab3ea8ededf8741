// choose: which provider account sends a message, now. A pure function of what is known of the
// accounts, of the message and of a seed; its answer carries a word about every account, which goes
// into the trace. The order: accounts of the lowest tier first; inside a tier by weight, shifted
// away from those that fail of late; an account that this message has failed on only when no other
// is left; after an unknown outcome the same account or none.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "route/breaker.hpp"

namespace hongyan::route {

/// What choose knows of one account at this moment.
struct AccountView {
    std::int64_t id = 0;
    std::string_view name;
    std::string_view provider;
    int tier = 1;       ///< lower first
    int weight = 100;   ///< 0 = only when no other of its tier can
    double health = 1;  ///< 0.05 to 1: share of calls that succeeded of late; scales the weight
    bool enabled = true;
    BreakerState breaker = BreakerState::closed;
    bool admits = true;                ///< the breaker would let one call through
    std::int64_t closed_until_ms = 0;  ///< breaker open or provider said wait: until then
    std::string_view closed_reason;    ///< which of the two, in words
    int room = 1;                      ///< messages that could start now
    std::int64_t room_at_ms = 0;       ///< with room 0: when to look again; 0 = when one returns
    int under_way = 0;                 ///< messages on it now
    int limit = 0;                     ///< how many there may be; 0 = not known
    bool at_share = false;             ///< set by keep_shares()
    bool tried = false;                ///< this message has failed on it since its last round
    std::string_view unfit;            ///< why it cannot take this message at all, "" if it can
};

enum class Choice : std::uint8_t {
    send,   ///< on account_id
    wait,   ///< every account that could is full or closed for now
    never,  ///< no account can take this message
};

struct Considered {
    std::int64_t account_id = 0;
    std::string name;
    std::string verdict;  ///< "chosen", "full: 16 under way", "breaker open until ..."
};

struct Route {
    Choice choice = Choice::never;
    std::int64_t account_id = 0;
    std::int64_t again_ms = 0;  ///< of wait: when to ask again at the latest
    std::string reason;
    std::vector<Considered> considered;
};

struct Question {
    std::span<const AccountView> accounts;
    std::int64_t only_account = 0;  ///< after an unknown outcome: this one or none
    std::int64_t now_ms = 0;
    std::uint64_t seed = 0;
    bool with_reasons =
        true;  ///< false saves the words on the hot path when nothing will be written
};

/// Takes room from accounts that would carry more than their weight allows beside the heaviest open
/// one of their tier: under load every account is full, and what becomes free would go to all
/// alike. Call it before choose() and wherever room is asked for.
void keep_shares(std::span<AccountView> accounts, std::int64_t now_ms);

[[nodiscard]] Route choose(const Question& question);

}  // namespace hongyan::route
