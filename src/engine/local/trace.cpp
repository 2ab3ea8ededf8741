#include "engine/local/trace.hpp"

#include <utility>

namespace hongyan::local {

void LocalTrace::add(MessageId message, LiveNode node) {
    ++added_;
    auto state = state_.lock();
    const auto [trace, is_new] = state->traces.try_emplace(message);
    trace->second.push_back(std::move(node));
    if (trace->second.size() > options_.nodes_max) trace->second.pop_front();
    if (!is_new) return;
    state->order.push_back(message);
    if (state->order.size() <= options_.messages_max) return;
    state->traces.erase(state->order.front());
    state->order.pop_front();
}

Result<std::vector<LiveNode>> LocalTrace::read(MessageId message) {
    auto state = state_.lock();
    const auto found = state->traces.find(message);
    if (found == state->traces.end()) return std::vector<LiveNode>();
    return std::vector<LiveNode>(found->second.begin(), found->second.end());
}

LiveTraceCounts LocalTrace::counts() const { return {added_, added_, 0}; }

}  // namespace hongyan::local
