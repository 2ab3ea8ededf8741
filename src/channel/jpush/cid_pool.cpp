#include "channel/jpush/cid_pool.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace hongyan::jpush {
namespace {

/// JPush honours a cid for a day from when it gave it; an hour is kept for the last attempt.
constexpr std::int64_t life_ms = 23 * 3'600'000;
constexpr std::size_t max_assigned = 100'000;
constexpr std::size_t max_free = 10'000;

}  // namespace

void CidPool::drop_old(State& state, std::int64_t now_ms) {
    while (!state.free.empty() && state.free.front().fetched_ms < now_ms - life_ms)
        state.free.pop_front();
    if (state.assigned.size() < max_assigned) return;
    std::erase_if(state.assigned,
                  [&](const auto& entry) { return entry.second.fetched_ms < now_ms - life_ms; });
}

void CidPool::add(std::vector<std::string> cids, std::int64_t now_ms) {
    auto state = state_.lock();
    for (auto& cid : cids) {
        if (state->free.size() < max_free) state->free.push_back({std::move(cid), now_ms});
    }
}

bool CidPool::assign(MessageId message, std::int64_t now_ms) {
    auto state = state_.lock();
    const auto found = state->assigned.find(message);
    if (found != state->assigned.end() && found->second.fetched_ms >= now_ms - life_ms) return true;
    drop_old(*state, now_ms);
    if (state->free.empty() || state->assigned.size() >= max_assigned) return false;
    state->assigned[message] = std::move(state->free.front());
    state->free.pop_front();
    return true;
}

std::optional<std::string> CidPool::of(MessageId message) const {
    auto state = state_.lock();
    const auto found = state->assigned.find(message);
    if (found == state->assigned.end()) return std::nullopt;
    return found->second.text;
}

void CidPool::forget(MessageId message) { state_.lock()->assigned.erase(message); }

std::vector<std::string> read_cids(std::string_view body) {
    boost::system::error_code failed;
    const auto value = boost::json::parse(boost::json::string_view(body), failed);
    const auto* object = failed ? nullptr : value.if_object();
    const auto* list = object != nullptr ? object->if_contains("cidlist") : nullptr;
    std::vector<std::string> cids;
    if (list == nullptr || !list->is_array()) return cids;
    for (const auto& cid : list->get_array()) {
        if (cid.is_string() && !cid.get_string().empty() && cid.get_string().size() <= 128)
            cids.emplace_back(cid.get_string());
    }
    return cids;
}

}  // namespace hongyan::jpush
