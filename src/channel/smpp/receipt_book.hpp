// ReceiptBook: which message a centre's id belongs to, and what was heard of each segment of a long
// one, so that a message is delivered only when all its segments are. Bounded: the oldest ids are
// forgotten first, and a restart forgets all; then a receipt speaks for the whole message if it is
// of the first segment, whose id the store knows. SharedReceipts: the book of all accounts of a
// tenant that log in at one centre by one name. The centre hands a receipt to any session of the
// name, so each of these accounts must be able to read those of the others. ReceiptBook is guarded
// by its owner, SharedReceipts safe from every thread.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/guarded.hpp"
#include "channel/smpp/receipt.hpp"
#include "contract/channel.hpp"

namespace hongyan::smpp {

class ReceiptBook {
  public:
    explicit ReceiptBook(std::size_t capacity = 65'536) : capacity_(capacity) {}

    /// ids: normalised, in the order of the segments; "" for one that was not accepted. incomplete:
    /// some were not, or nobody knows; then receipts only inform.
    void add(MessageId message, const std::vector<std::string>& ids, bool incomplete);
    [[nodiscard]] bool knows(const std::string& id) const { return entries_.contains(id); }
    /// The receipt as delivery shall see it. The same facts again give the same receipt again.
    [[nodiscard]] Receipt read(const ReceiptFacts& facts, bool accepted_is_delivered);

  private:
    struct Group {
        std::string first_id;
        bool incomplete = false;
        std::vector<MessageStatus> parts;
    };
    struct Entry {
        MessageId message = 0;
        std::size_t part = 0;
        std::shared_ptr<Group> group;  ///< shared by the ids of one message; null for a single one
    };

    const std::size_t capacity_;
    std::unordered_map<std::string, Entry> entries_;
    std::deque<std::string> order_;
};

struct SharedReceipts {
    Guarded<ReceiptBook> book;
    std::atomic<std::int64_t> long_jobs{0};  ///< messages of several segments, under way
};

}  // namespace hongyan::smpp
