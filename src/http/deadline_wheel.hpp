// DeadlineWheel: the deadlines of all connections of one I/O thread. Moving a deadline to a later
// time, what every request does, is one store; the entry is put where it belongs when the wheel
// comes by. As fine as one tick. One thread only.
#pragma once

#include <algorithm>
#include <array>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <limits>

namespace hongyan::http {

/// Base of what has a deadline. Leaves the wheel by itself when it is destroyed.
class WheelEntry {
  public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  private:
    friend class DeadlineWheel;
    using Hook = boost::intrusive::list_member_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
    Hook hook_;
    std::int64_t due_ms_ = never;  ///< the deadline
    std::int64_t slot_ms_ =
        never;  ///< when the wheel looks at it next, at most a tick after due_ms_
};

class DeadlineWheel {
  public:
    static constexpr std::int64_t tick_ms = 100;

    explicit DeadlineWheel(std::int64_t now_ms) : now_tick_(now_ms / tick_ms) {}

    /// Times are steady milliseconds. WheelEntry::never takes the deadline away.
    void set(WheelEntry& entry, std::int64_t due_ms) {
        entry.due_ms_ = due_ms;
        if (due_ms == WheelEntry::never) return;
        if (entry.hook_.is_linked() && entry.slot_ms_ - tick_ms <= due_ms) return;
        place(entry);
    }
    void remove(WheelEntry& entry) {
        entry.due_ms_ = WheelEntry::never;
        if (entry.hook_.is_linked()) entry.hook_.unlink();
    }
    /// Calls expired(entry) for each entry whose deadline is before now_ms; it may set() it anew
    /// or destroy it.
    template <class Expired>
    void advance(std::int64_t now_ms, const Expired& expired) {
        // After a long pause each bucket needs to be looked at once only.
        const std::int64_t target = now_ms / tick_ms;
        now_tick_ = std::max(now_tick_, target - static_cast<std::int64_t>(buckets_.size()));
        while (now_tick_ < target) {
            ++now_tick_;
            List due;
            due.splice(due.end(), bucket(now_tick_));
            while (!due.empty()) {
                WheelEntry& entry = due.front();
                entry.hook_.unlink();
                if (entry.due_ms_ == WheelEntry::never) continue;
                if (entry.due_ms_ < now_ms) {
                    entry.due_ms_ = WheelEntry::never;
                    expired(entry);
                } else {
                    place(entry);
                }
            }
        }
    }

  private:
    using List = boost::intrusive::list<
        WheelEntry, boost::intrusive::member_hook<WheelEntry, WheelEntry::Hook, &WheelEntry::hook_>,
        boost::intrusive::constant_time_size<false>>;

    List& bucket(std::int64_t tick) {
        return buckets_[static_cast<std::size_t>(tick) % buckets_.size()];
    }
    void place(WheelEntry& entry) {
        if (entry.hook_.is_linked()) entry.hook_.unlink();
        const std::int64_t furthest = now_tick_ + static_cast<std::int64_t>(buckets_.size()) - 1;
        const std::int64_t tick = std::clamp(entry.due_ms_ / tick_ms + 1, now_tick_ + 1, furthest);
        entry.slot_ms_ = tick * tick_ms;
        bucket(tick).push_back(entry);
    }

    std::int64_t now_tick_;
    std::array<List, 512> buckets_;
};

}  // namespace hongyan::http
