// LiveFeed: one tenant's state as it goes over live connections: reads it, compares it with what
// was there before and makes the texts of delta and snapshot, once for all who listen. Belongs to
// the hub's thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "api/live_state.hpp"

namespace hongyan::api {

class LiveFeed {
  public:
    using Text = std::shared_ptr<const std::string>;

    LiveFeed(const Context& context, std::int64_t tenant_id)
        : context_(context), tenant_id_(tenant_id) {}

    /// Reads the state anew. False if the store could not be read: then what stood stays.
    bool update();
    /// What the last update() changed; null if that was nothing.
    [[nodiscard]] const Text& delta() const { return delta_; }
    /// It was given out; who comes now gets a snapshot.
    void forget_delta() { delta_ = nullptr; }
    /// The state as of the last update(). Made when first asked for.
    [[nodiscard]] const Text& snapshot();
    /// Steady microseconds of the last update(), 0 = none yet.
    [[nodiscard]] std::int64_t updated_us() const { return updated_us_; }

  private:
    [[nodiscard]] bool read_store();
    [[nodiscard]] std::string changed_members(const std::vector<std::string>& texts) const;
    [[nodiscard]] std::string changed_messages();
    [[nodiscard]] std::string head(std::string_view type) const;

    const Context& context_;
    const std::int64_t tenant_id_;
    LiveState stored_;  ///< the part that comes from the store
    std::uint64_t commits_ = 0;
    std::int64_t stored_us_ = 0;
    std::vector<std::string> members_;              ///< texts of the state's members
    std::map<std::int64_t, std::string> messages_;  ///< texts of the last messages by id
    std::uint64_t sequence_ = 0;
    std::int64_t at_ms_ = 0;
    std::int64_t updated_us_ = 0;
    Text delta_;
    Text snapshot_;
};

}  // namespace hongyan::api
