// LocalLimiter: the Limiter inside this process. Finding a resource takes no lock: the table of
// resources is never changed, only replaced by a longer one, and a resource once known stays until
// the end, so that its requests inside stay counted whatever happens to its rules. Each resource
// has one mutex; under it all its rules are checked and then taken as one step.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/guarded.hpp"
#include "contract/limiter.hpp"
#include "engine/local/limiter_rule.hpp"

namespace hongyan::local {

class LocalLimiter final : public Limiter {
  public:
    explicit LocalLimiter(const Clock& clock);

    [[nodiscard]] Admission admit(std::string_view resource, int cost = 1) override;
    [[nodiscard]] Admission would_admit(std::string_view resource, int cost = 1) const override;
    void leave(std::string_view resource) override;
    void set_rules(std::vector<LimitRule> rules) override;
    [[nodiscard]] std::vector<LimitUsage> usage() const override;

  private:
    struct State {
        std::vector<LimitState> rules;
        std::int64_t inside = 0;
    };
    struct Resource {
        explicit Resource(std::string given_name) : name(std::move(given_name)) {}
        const std::string name;
        Guarded<State> state;
    };
    using Table =
        std::unordered_map<std::string_view, Resource*>;  ///< the keys are the resources' names
    struct Owned {
        std::vector<std::unique_ptr<Resource>> resources;
        std::vector<std::unique_ptr<const Table>>
            tables;  ///< the last one is in use; readers may still be in the others
    };

    [[nodiscard]] Resource* find(std::string_view name) const;
    [[nodiscard]] Admission admit_to(Resource& resource, State& state,
                                     const Arrival& arrival) const;
    [[nodiscard]] Admission refusal(Resource& resource, State& state, const Arrival& arrival) const;
    void replace_rules(Resource& resource, std::vector<LimitRule> rules) const;

    const Clock& clock_;
    Guarded<Owned> owned_;
    std::atomic<const Table*> table_;
};

}  // namespace hongyan::local
