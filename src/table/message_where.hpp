// Pieces of queries over message_records, shared by the lists and the search: a Query collects SQL
// text with numbered parameters and what they bind; Conditions are parts of a WHERE clause that can
// be put into one. Private to table/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "table/messages.hpp"

namespace hongyan::table {

struct BoundValue {
    bool is_text = false;
    std::int64_t number = 0;
    std::string text;
};

class Query {
  public:
    Query& text(std::string_view sql);
    /// "$n", bound to the value.
    Query& value(BoundValue value);
    Query& number(std::int64_t value) { return this->value({false, value, ""}); }
    /// The query must outlive the rows: its texts are bound, not copied.
    [[nodiscard]] Rows rows(Session& session) const;

  private:
    std::string sql_;
    std::vector<BoundValue> values_;
};

/// Conditions joined by AND.
class Conditions {
  public:
    void add(std::string_view condition, std::int64_t number, std::string_view after = "");
    void add(std::string_view condition, std::string text, std::string_view after = "");
    /// The words of a partial index's own condition, which let it be used.
    void add_status(MessageStatus wanted);
    /// Any of these; no condition for an empty list.
    void add_any_status(const std::vector<MessageStatus>& wanted);
    /// The reason has this in it, letter by letter.
    void add_reason(std::string part);
    [[nodiscard]] bool empty() const { return pieces_.empty(); }
    /// "a = $1 AND b > $2", or "TRUE" if there are none.
    void put_into(Query& query) const;

  private:
    struct Piece {
        std::string before;
        bool has_value = false;
        BoundValue value = {};
        std::string after = {};
    };
    void add_plain(std::string condition) { pieces_.push_back({std::move(condition)}); }
    std::vector<Piece> pieces_;
};

/// The first id of that moment; moments that no id can have (the year 9999) become the nearest one.
[[nodiscard]] MessageId id_bound(std::int64_t unix_ms);
/// filter.status and filter.statuses together, each once; empty = all.
[[nodiscard]] std::vector<MessageStatus> statuses_of(const MessageFilter& filter);

}  // namespace hongyan::table
