// Where messages to a recipient or of a template may be: the messages in the order of their ids are
// cut into segments of a thousand, and each has a Bloom filter of its recipients and templates. A
// search looks into those segments only whose filter knows the word, and one by one at messages
// above the last segment. RecipientFilter is pure; the rest is SQL, called inside a transaction or
// a snapshot.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "contract/store.hpp"
#include "model/message.hpp"

namespace hongyan::table {

/// Says no for sure, or perhaps: wrongly so for 1 in 100 when it is full.
class RecipientFilter {
  public:
    /// Messages of a full segment: few enough that looking at all of them is quick.
    static constexpr int messages = 1'000;
    static constexpr std::size_t bytes = 1'250;

    RecipientFilter() : bits_(bytes, '\0') {}
    void add(std::string_view recipient);
    [[nodiscard]] const std::string& bits() const { return bits_; }
    /// False if bits, as they stand in the table, do not know the recipient.
    [[nodiscard]] static bool may_have(std::string_view bits, std::string_view recipient);

  private:
    std::string bits_;
};

struct RecipientSegment {
    std::int64_t id = 0;
    MessageId first = 0;
    MessageId last = 0;
    std::int64_t messages = 0;
    RecipientFilter filter = {};
};

/// The last segment without its filter; all zero if there is none.
[[nodiscard]] RecipientSegment last_segment(Session& session);
/// Fills the segment from the messages between first and at most last, most of them at most; moves
/// last to the last one's id and counts them.
void fill_segment(Session& session, RecipientSegment& segment, int most);
void put_segment(Session& session, const RecipientSegment& segment);
/// Segments that end at or after the id, without filters, whose range has more messages now than
/// they have.
[[nodiscard]] std::vector<RecipientSegment> late_segments(Session& session, MessageId from);
/// Drops up to limit segments below the oldest message; gives how many.
std::int64_t delete_segments(Session& session, int limit);

/// The word that stands for a template in a filter; no recipient begins like it.
[[nodiscard]] std::string template_word(std::int64_t template_id);

/// Newest first: each segment with a message between from and below (0 = no end), and whether its
/// filter may have the word, a recipient or a template_word(); until each returns false.
void for_each_segment(
    Session& session, std::string_view word, MessageId from, MessageId below,
    const std::function<bool(const RecipientSegment& segment, bool may_have)>& each);

}  // namespace hongyan::table
