// ConnectionLimits: how many connections are open, in all and per address. Asked once for each
// connection; safe from every thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/guarded.hpp"

namespace hongyan::http {

class ConnectionLimits {
  public:
    struct Options {
        std::size_t total;
        std::size_t per_address;  ///< 0 = no limit
    };
    /// Connections over the limit that may wait for their 503 at one time; more are just closed.
    static constexpr std::size_t max_turned_away = 128;

    /// A place among the connections, given back when it is destroyed.
    class Place {
      public:
        Place() = default;
        Place(Place&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), key_(other.key_), kind_(other.kind_) {}
        Place& operator=(Place&&) = delete;
        ~Place() {
            if (owner_ != nullptr) owner_->leave(*this);
        }
        /// True if the connection is to be answered 503 and closed.
        [[nodiscard]] bool turned_away() const { return kind_ == Kind::turned_away; }

      private:
        friend class ConnectionLimits;
        enum class Kind { admitted, counted_by_address, turned_away };
        Place(ConnectionLimits& owner, std::uint64_t key, Kind kind)
            : owner_(&owner), key_(key), kind_(kind) {}
        ConnectionLimits* owner_ = nullptr;
        std::uint64_t key_ = 0;
        Kind kind_ = Kind::admitted;
    };

    explicit ConnectionLimits(Options options) : options_(options) {}

    /// key stands for the address; nothing = not counted per address. Without a Place the
    /// connection is to be closed at once.
    [[nodiscard]] std::optional<Place> enter(std::optional<std::uint64_t> key) {
        auto state = state_.lock();
        const bool counted = key && options_.per_address > 0;
        if (state->open >= options_.total ||
            (counted && state->by_address[*key] >= options_.per_address)) {
            if (state->turned_away >= max_turned_away) return std::nullopt;
            ++state->turned_away;
            return Place(*this, 0, Place::Kind::turned_away);
        }
        ++state->open;
        if (!counted) return Place(*this, 0, Place::Kind::admitted);
        ++state->by_address[*key];
        return Place(*this, *key, Place::Kind::counted_by_address);
    }

  private:
    void leave(const Place& place) {
        auto state = state_.lock();
        if (place.kind_ == Place::Kind::turned_away) {
            --state->turned_away;
            return;
        }
        --state->open;
        if (place.kind_ != Place::Kind::counted_by_address) return;
        const auto found = state->by_address.find(place.key_);
        if (--found->second == 0) state->by_address.erase(found);
    }

    struct State {
        std::size_t open = 0;
        std::size_t turned_away = 0;
        std::unordered_map<std::uint64_t, std::size_t> by_address;
    };
    const Options options_;
    Guarded<State> state_;
};

}  // namespace hongyan::http
