#include "channel/jpush/cid_pool.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

namespace hongyan::jpush {
namespace {

constexpr std::size_t max_free = 10'000;

}  // namespace

void CidPool::add(std::vector<std::string> cids, std::int64_t now_ms) {
    auto cids_free = free_.lock();
    for (auto& cid : cids) {
        if (cids_free->size() < max_free) cids_free->push_back({std::move(cid), now_ms});
    }
}

std::optional<Cid> CidPool::take(std::int64_t now_ms) {
    auto cids_free = free_.lock();
    while (!cids_free->empty() && cids_free->front().given_ms < now_ms - cid_shelf_ms)
        cids_free->pop_front();
    if (cids_free->empty()) return std::nullopt;
    Cid cid = std::move(cids_free->front());
    cids_free->pop_front();
    return cid;
}

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
