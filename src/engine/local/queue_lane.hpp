// The memory of LocalQueue: chunks of 16-byte entries, lanes (one tenant's jobs of one channel and
// priority, first in first out) and groups (the lanes of one channel and priority, whose tenants
// take turns). Not thread-safe: all under LocalQueue's mutex.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "base/id.hpp"
#include "contract/queue.hpp"

namespace hongyan::local {

class Entry {
  public:
    MessageId id = 0;
    Entry() = default;
    explicit Entry(const Job& job) : id(job.id), when_(both(job)) {}
    [[nodiscard]] std::int64_t ready_ms() const { return when_ >> 1; }
    [[nodiscard]] bool again() const { return (when_ & 1) != 0; }

  private:
    static std::int64_t both(const Job& job) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(job.ready_ms) << 1 |
                                         (job.again ? 1U : 0U));
    }
    std::int64_t when_ = 0;  ///< time and flag in one
};
static_assert(sizeof(Entry) == 16);

/// A run of entries; the entries array has capacity elements.
struct Chunk {
    explicit Chunk(std::uint32_t size) : capacity(size), entries(new Entry[size]) {}
    std::uint32_t capacity;
    std::unique_ptr<Entry[]> entries;
    std::unique_ptr<Chunk> next;
};

/// Full-size chunks kept for the next burst, 64 (half a MiB) at most.
class ChunkPool {
  public:
    static constexpr std::uint32_t first_size = 16;
    static constexpr std::uint32_t full_size = 512;

    std::unique_ptr<Chunk> get(std::uint32_t size) {
        if (size < full_size || free_.empty()) return std::make_unique<Chunk>(size);
        auto chunk = std::move(free_.back());
        free_.pop_back();
        return chunk;
    }
    void put(std::unique_ptr<Chunk> chunk) {
        if (chunk->capacity == full_size && free_.size() < max_free)
            free_.push_back(std::move(chunk));
    }

  private:
    static constexpr std::size_t max_free = 64;
    std::vector<std::unique_ptr<Chunk>> free_;
};

class Lane {
  public:
    explicit Lane(std::int64_t tenant_id) : tenant_id_(tenant_id) {}
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;
    ~Lane() {
        while (first_ != nullptr)
            first_ = std::move(first_->next);  // not recursively: it may be long
    }
    [[nodiscard]] std::int64_t tenant_id() const { return tenant_id_; }
    [[nodiscard]] bool empty() const {
        return first_ == nullptr || (first_.get() == last_ && begin_ == end_);
    }
    [[nodiscard]] const Entry& front() const { return first_->entries[begin_]; }

    void push(const Entry& entry, ChunkPool& pool) {
        if (last_ == nullptr || end_ == last_->capacity) grow(pool);
        last_->entries[end_++] = entry;
    }
    void pop(ChunkPool& pool) {
        HY_ASSERT(!empty());
        ++begin_;
        if (first_.get() == last_) {
            if (begin_ == end_) drained(pool);
        } else if (begin_ == first_->capacity) {
            auto spent = std::move(first_);
            first_ = std::move(spent->next);
            begin_ = 0;
            pool.put(std::move(spent));
        }
    }

    Lane* next = nullptr;                                    ///< in its group's round of turns
    std::set<std::pair<std::int64_t, Lane*>>::iterator age;  ///< in its group's ages, unless empty

  private:
    /// Lanes start small, so that many tenants with a job each cost little.
    void grow(ChunkPool& pool) {
        const std::uint32_t size = last_ == nullptr
                                       ? ChunkPool::first_size
                                       : std::min(ChunkPool::full_size, last_->capacity * 8);
        auto chunk = pool.get(size);
        Chunk* added = chunk.get();
        (last_ == nullptr ? first_ : last_->next) = std::move(chunk);
        last_ = added;
        end_ = 0;
    }
    void drained(ChunkPool& pool) {
        begin_ = end_ = 0;
        if (last_->capacity == ChunkPool::first_size) return;  // good for the next few
        last_ = nullptr;
        pool.put(std::move(first_));
    }

    const std::int64_t tenant_id_;
    std::unique_ptr<Chunk> first_;
    Chunk* last_ = nullptr;
    std::uint32_t begin_ = 0;  ///< of first_
    std::uint32_t end_ = 0;    ///< of last_
};

class Group {
  public:
    [[nodiscard]] bool empty() const { return last_turn_ == nullptr; }
    /// Since when the oldest of the lanes' front jobs waits; not for an empty group.
    [[nodiscard]] std::int64_t oldest_ms() const { return ages_.begin()->first; }

    void push(std::int64_t tenant_id, const Entry& entry, ChunkPool& pool) {
        Lane& lane = lanes_.try_emplace(tenant_id, tenant_id).first->second;
        const bool starts = lane.empty();
        lane.push(entry, pool);
        if (!starts) return;
        lane.age = ages_.emplace(entry.ready_ms(), &lane).first;
        if (last_turn_ == nullptr) {
            lane.next = &lane;
        } else {
            lane.next = std::exchange(last_turn_->next, &lane);
        }
        last_turn_ = &lane;
    }
    /// The next job of the tenant whose turn it is, with that tenant.
    std::pair<std::int64_t, Entry> pop(ChunkPool& pool) {
        Lane& lane = *last_turn_->next;
        const Entry entry = lane.front();
        const std::int64_t tenant_id = lane.tenant_id();
        lane.pop(pool);
        if (lane.empty()) {
            leave(lane);
        } else {
            last_turn_ = &lane;
            set_age(lane, lane.front().ready_ms());
        }
        return {tenant_id, entry};
    }

  private:
    static constexpr std::size_t max_idle_lanes = 16;

    void set_age(Lane& lane, std::int64_t ready_ms) {
        if (lane.age->first == ready_ms) return;
        auto node = ages_.extract(lane.age);
        node.value().first = ready_ms;
        lane.age = ages_.insert(std::move(node)).position;
    }
    void leave(Lane& lane) {
        ages_.erase(lane.age);
        if (last_turn_ == &lane) {
            last_turn_ = nullptr;
        } else {
            last_turn_->next = lane.next;
        }
        if (lanes_.size() > max_idle_lanes) lanes_.erase(lane.tenant_id());
    }

    std::unordered_map<std::int64_t, Lane> lanes_;
    std::set<std::pair<std::int64_t, Lane*>> ages_;  ///< the fronts of all lanes that have jobs
    Lane* last_turn_ = nullptr;  ///< ring of the lanes that have jobs; its next has the next turn
};

}  // namespace hongyan::local
