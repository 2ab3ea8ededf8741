#include "table/message_where.hpp"

#include <algorithm>

namespace hongyan::table {

Query& Query::text(std::string_view sql) {
    sql_ += sql;
    return *this;
}

Query& Query::value(BoundValue value) {
    values_.push_back(std::move(value));
    sql_ += "$" + std::to_string(values_.size());
    return *this;
}

Rows Query::rows(Session& session) const {
    Statement& statement = session.prepare(sql_);
    int index = 0;
    for (const auto& value : values_) {
        ++index;
        if (value.is_text)
            statement.bind(index, std::string_view(value.text));
        else
            statement.bind(index, value.number);
    }
    return Rows(statement);
}

void Conditions::add(std::string_view condition, std::int64_t number, std::string_view after) {
    pieces_.push_back({std::string(condition), true, {false, number, ""}, std::string(after)});
}

void Conditions::add(std::string_view condition, std::string text, std::string_view after) {
    pieces_.push_back(
        {std::string(condition), true, {true, 0, std::move(text)}, std::string(after)});
}

void Conditions::add_status(MessageStatus wanted) {
    if (wanted == MessageStatus::pending || wanted == MessageStatus::success) {
        add_plain("status = '" + std::string(to_text(wanted)) + "'");
    } else {
        add_plain("status NOT IN ('pending', 'success')");
        add("status = ", std::string(to_text(wanted)));
    }
}

void Conditions::add_any_status(const std::vector<MessageStatus>& wanted) {
    if (wanted.empty()) return;
    std::string list;
    for (const auto status : wanted)
        list += (list.empty() ? "'" : ", '") + std::string(to_text(status)) + "'";
    add_plain("status IN (" + list + ")");
}

// SQLite calls the function instr and PostgreSQL strpos; taking the part out is the same on both.
void Conditions::add_reason(std::string part) {
    add("replace(reason, ", std::move(part), ", '') <> reason");
}

void Conditions::put_into(Query& query) const {
    bool first = true;
    for (const auto& piece : pieces_) {
        if (!std::exchange(first, false)) query.text(" AND ");
        query.text(piece.before);
        if (piece.has_value) query.value(piece.value);
        query.text(piece.after);
    }
    if (pieces_.empty()) query.text("TRUE");
}

MessageId id_bound(std::int64_t unix_ms) {
    constexpr std::int64_t latest_ms = INT64_MAX >> id_counter_bits;
    return first_id_at(std::clamp<std::int64_t>(unix_ms, 0, latest_ms));
}

std::vector<MessageStatus> statuses_of(const MessageFilter& filter) {
    auto statuses = filter.statuses;
    if (filter.status) statuses.push_back(*filter.status);
    std::sort(statuses.begin(), statuses.end());
    statuses.erase(std::unique(statuses.begin(), statuses.end()), statuses.end());
    return statuses;
}

}  // namespace hongyan::table
