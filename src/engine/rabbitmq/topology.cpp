#include "engine/rabbitmq/topology.hpp"

namespace hongyan::rabbitmq {
namespace {

/// A carrier that was given out so often without an end brings down who takes it.
constexpr int delivery_limit = 50;

}  // namespace

Result<std::string> ensure_queues(Connection& connection, const Options& options) {
    std::string made;
    if (auto dead = connection.declare({options.dead_queue(), "", 0}); !dead)
        return std::move(dead.error());
    for (const auto& band : options.bands()) {
        auto found = connection.look(band.queue);
        if (!found) return std::move(found.error());
        if (options.foreign()) {
            if (!*found) {
                return make_error(ErrorCode::config_invalid,
                                  "the broker has no queue '" + band.queue +
                                      "', which the URL's 'queues' names; it is yours to make.");
            }
            continue;
        }
        if (!*found) made += (made.empty() ? "queues had to be made: " : ", ") + band.queue;
        if (auto declared = connection.declare({band.queue, options.dead_queue(), delivery_limit});
            !declared)
            return std::move(declared.error());
    }
    return made;
}

}  // namespace hongyan::rabbitmq
