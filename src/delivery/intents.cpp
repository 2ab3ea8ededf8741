#include "delivery/intents.hpp"

#include "table/messages.hpp"

namespace hongyan::delivery {

void note_intents(Session& session, std::vector<MessagePtr>& messages, int node,
                  std::string_view provider) {
    std::vector<table::Intent> intents;
    intents.reserve(messages.size());
    for (const auto& one : messages) {
        const auto account_id = provider.empty() ? 0 : one->account_id;
        intents.push_back({one->id, one->attempts, account_id, provider});
    }
    const auto marked = table::mark_all_processing(session, intents, node);
    for (std::size_t i = 0; i < messages.size(); ++i)
        messages[i]->status = marked[i] ? MessageStatus::processing : MessageStatus::cancelled;
}

}  // namespace hongyan::delivery
