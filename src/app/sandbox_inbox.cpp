#include "app/sandbox_inbox.hpp"

#include <algorithm>

namespace hongyan::app {

std::vector<api::InboxEntry> SandboxInbox::list(const api::InboxQuestion& question) const {
    sandbox::InboxFilter filter;
    filter.tenant_id = question.tenant_id;
    filter.channel = question.channel;
    filter.recipient = question.recipient;
    filter.message_id = question.message_id;
    filter.before_sequence = static_cast<std::uint64_t>(question.before_sequence);
    filter.limit = question.limit;
    std::vector<api::InboxEntry> entries;
    for (auto& item : sandbox_.list(filter)) {
        entries.push_back({static_cast<std::int64_t>(item.sequence), item.message_id, item.channel,
                           item.attempt, item.received_ms, std::move(item.recipient),
                           std::move(item.subject), std::move(item.content), std::move(item.html)});
    }
    return entries;
}

std::size_t SandboxInbox::clear(std::int64_t tenant_id) {
    if (const auto* providers = providers_.load())
        (*hidden_.lock())[tenant_id] = providers->ledger().last_sequence();
    return sandbox_.clear(tenant_id);
}

std::vector<api::ArrivalEntry> SandboxInbox::arrivals(const api::ArrivalQuestion& question) const {
    const auto* providers = providers_.load();
    if (providers == nullptr) return {};
    universe::InboxFilter filter;
    filter.service = question.service;
    if (question.channel) filter.channel = to_text(*question.channel);
    filter.recipient = question.recipient;
    filter.before = static_cast<std::uint64_t>(question.before_sequence);
    filter.limit = question.limit;
    {
        auto hidden = hidden_.lock();
        const auto found = hidden->find(question.tenant_id);
        if (found != hidden->end()) filter.after = found->second;
    }
    std::vector<api::ArrivalEntry> entries;
    for (auto& entry : providers->inbox().find(filter)) {
        auto& a = entry.arrival;
        entries.push_back({static_cast<std::int64_t>(entry.sequence), entry.at_ms,
                           std::move(a.service), a.channel, std::move(a.recipient),
                           std::move(a.sender), std::move(a.subject), std::move(a.content),
                           std::move(a.html), std::move(a.provider_message_id), std::move(a.token),
                           std::move(a.detail), std::move(a.raw)});
    }
    std::reverse(entries.begin(), entries.end());
    return entries;
}

}  // namespace hongyan::app
