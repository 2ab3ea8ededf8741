#include "channel/smpp/receipt_book.hpp"

#include <algorithm>

namespace hongyan::smpp {
namespace {

std::string detail_of(const ReceiptFacts& facts, std::size_t part, std::size_t parts) {
    std::string detail = "the centre says " + std::string(to_text(facts.state));
    if (!facts.error.empty()) detail += ", err " + facts.error;
    if (!facts.network_error.empty()) detail += ", network error " + facts.network_error;
    if (parts > 1) {
        detail += ", of segment " + std::to_string(part + 1) + " of " + std::to_string(parts);
    }
    return detail;
}

MessageStatus status_of_all(const std::vector<MessageStatus>& parts) {
    const auto is = [&parts](MessageStatus status) {
        return std::count(parts.begin(), parts.end(), status);
    };
    if (is(MessageStatus::failed) > 0) return MessageStatus::failed;
    const bool all = is(MessageStatus::delivered) == static_cast<std::ptrdiff_t>(parts.size());
    return all ? MessageStatus::delivered : MessageStatus::success;
}

}  // namespace

void ReceiptBook::add(MessageId message, const std::vector<std::string>& ids, bool incomplete) {
    std::shared_ptr<Group> group;
    if (ids.size() > 1 || incomplete) {
        group = std::make_shared<Group>();
        group->first_id = ids.front();
        group->incomplete = incomplete;
        group->parts.assign(ids.size(), MessageStatus::success);
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (ids[i].empty()) continue;
        const auto [entry, is_new] = entries_.insert_or_assign(ids[i], Entry{message, i, group});
        if (is_new) order_.push_back(ids[i]);
    }
    for (; order_.size() > capacity_; order_.pop_front()) entries_.erase(order_.front());
}

Receipt ReceiptBook::read(const ReceiptFacts& facts, bool accepted_is_delivered) {
    Receipt receipt;
    receipt.provider_message_id = facts.id;
    receipt.status = status_of(facts.state, accepted_is_delivered);
    receipt.code = to_text(facts.state);
    receipt.at_ms = facts.done_ms;
    receipt.detail = detail_of(facts, 0, 1);
    const auto found = entries_.find(facts.id);
    if (found == entries_.end()) return receipt;
    const Entry& entry = found->second;
    receipt.message_id = entry.message;
    if (!entry.group) return receipt;
    Group& group = *entry.group;
    receipt.detail = detail_of(facts, entry.part, group.parts.size());
    if (!group.first_id.empty()) receipt.provider_message_id = group.first_id;
    // A word that is not final must not take back one that was.
    if (receipt.status != MessageStatus::success) group.parts[entry.part] = receipt.status;
    receipt.status = group.incomplete ? MessageStatus::success : status_of_all(group.parts);
    return receipt;
}

}  // namespace hongyan::smpp
