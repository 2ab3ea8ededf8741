#include "table/recipient_segments.hpp"

#include <array>

namespace hongyan::table {
namespace {

/// With ten bits a message the best number of bits to look at.
constexpr int probes = 7;

/// FNV-1a: it must never change, or what stands in the tables is not found.
std::uint64_t hash_of(std::string_view recipient) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : recipient) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 1099511628211ULL;
    }
    return hash;
}

/// The bits of a recipient, each by the two halves of one mixed hash.
template <class Each>
bool each_bit(std::string_view recipient, std::size_t bit_count, const Each& each) {
    std::uint64_t hash = hash_of(recipient);
    hash ^= hash >> 33;
    hash *= 0xFF51AFD7ED558CCDULL;
    hash ^= hash >> 33;
    const std::uint64_t step = (hash >> 32) | 1U;
    std::uint64_t place = hash & 0xFFFFFFFFULL;
    for (int i = 0; i < probes; ++i, place += step) {
        if (!each(static_cast<std::size_t>(place % bit_count))) return false;
    }
    return true;
}

}  // namespace

void RecipientFilter::add(std::string_view recipient) {
    each_bit(recipient, bits_.size() * 8, [this](std::size_t bit) {
        bits_[bit / 8] =
            static_cast<char>(static_cast<unsigned char>(bits_[bit / 8]) | (1U << (bit % 8)));
        return true;
    });
}

bool RecipientFilter::may_have(std::string_view bits, std::string_view recipient) {
    if (bits.empty()) return true;
    return each_bit(recipient, bits.size() * 8, [bits](std::size_t bit) {
        return (static_cast<unsigned char>(bits[bit / 8]) & (1U << (bit % 8))) != 0;
    });
}

std::string template_word(std::int64_t template_id) {
    return "\x01template " + std::to_string(template_id);
}

RecipientSegment last_segment(Session& session) {
    auto rows = session.query(
        "SELECT id, first_id, last_id, messages FROM recipient_segments ORDER BY id DESC LIMIT 1");
    RecipientSegment segment;
    if (rows.next()) {
        segment.id = rows.integer(0);
        segment.first = rows.integer(1);
        segment.last = rows.integer(2);
        segment.messages = rows.integer(3);
    }
    return segment;
}

void fill_segment(Session& session, RecipientSegment& segment, int most) {
    auto rows = session.query(
        "SELECT id, recipient, template_id FROM message_records WHERE id >= $1 AND id <= $2 ORDER "
        "BY id"
        " LIMIT $3",
        segment.first, segment.last, most);
    segment.messages = 0;
    while (rows.next()) {
        segment.last = rows.integer(0);
        segment.filter.add(rows.view(1));
        if (!rows.null(2)) segment.filter.add(template_word(rows.integer(2)));
        ++segment.messages;
    }
}

void put_segment(Session& session, const RecipientSegment& segment) {
    Statement& s = session.prepare(
        "INSERT INTO recipient_segments (id, first_id, last_id, messages, filter)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET messages = excluded.messages,"
        " filter = excluded.filter");
    s.bind(1, segment.id);
    s.bind(2, segment.first);
    s.bind(3, segment.last);
    s.bind(4, segment.messages);
    s.bind_blob(5, segment.filter.bits());
    while (s.step()) {
    }
    s.reset();
}

std::vector<RecipientSegment> late_segments(Session& session, MessageId from) {
    std::vector<RecipientSegment> found;
    auto rows = session.query(
        "SELECT id, first_id, last_id, now FROM (SELECT s.id, s.first_id, s.last_id, s.messages,"
        " (SELECT count(*) FROM message_records AS m WHERE m.id BETWEEN s.first_id AND s.last_id)"
        " AS now FROM recipient_segments AS s WHERE s.last_id >= $1"
        " AND s.id > (SELECT max(id) FROM recipient_segments) - 10000) AS counted"
        " WHERE now > messages",
        from);
    while (rows.next()) {
        RecipientSegment segment;
        segment.id = rows.integer(0);
        segment.first = rows.integer(1);
        segment.last = rows.integer(2);
        segment.messages = rows.integer(3);
        found.push_back(std::move(segment));
    }
    return found;
}

std::int64_t delete_segments(Session& session, int limit) {
    return session.run(
        "DELETE FROM recipient_segments WHERE id IN (SELECT id FROM recipient_segments WHERE"
        " last_id < (SELECT min(id) FROM message_records) ORDER BY id LIMIT $1)",
        limit);
}

namespace {

constexpr int segments_at_once = 1'000;

/// SQLite hands filters over where they lie; from PostgreSQL only what they say comes over the
/// network. Both count the bits of a byte from the lowest.
std::string page_sql(Dialect dialect) {
    std::string filter = "filter";
    if (dialect == Dialect::postgres) {
        filter =
            "CASE WHEN length(filter) <> " + std::to_string(RecipientFilter::bytes) + " THEN TRUE";
        for (int i = 0; i < probes; ++i) {
            filter +=
                " WHEN get_bit(filter, $" + std::to_string(4 + i) + "::integer) = 0 THEN FALSE";
        }
        filter += " ELSE TRUE END";
    }
    return "SELECT id, first_id, last_id, messages, " + filter +
           " FROM recipient_segments WHERE id < $1 AND ($2 = 0 OR first_id < $2)"
           " ORDER BY id DESC LIMIT $3";
}

}  // namespace

void for_each_segment(
    Session& session, std::string_view word, MessageId from, MessageId below,
    const std::function<bool(const RecipientSegment& segment, bool may_have)>& each) {
    const bool has_answer = session.dialect() == Dialect::postgres;
    static const std::array<std::string, 2> sql{page_sql(Dialect::sqlite),
                                                page_sql(Dialect::postgres)};
    std::int64_t before = INT64_MAX;
    for (int count = segments_at_once; count == segments_at_once;) {
        Statement& page = session.prepare(sql[has_answer ? 1 : 0]);
        page.bind(1, before);
        page.bind(2, below);
        page.bind(3, std::int64_t{segments_at_once});
        int place = 4;
        if (has_answer) {
            each_bit(word, RecipientFilter::bytes * 8, [&](std::size_t bit) {
                page.bind(place++, static_cast<std::int64_t>(bit));
                return true;
            });
        }
        count = 0;
        for (Rows rows(page); rows.next(); ++count) {
            RecipientSegment segment;
            segment.id = before = rows.integer(0);
            segment.first = rows.integer(1);
            segment.last = rows.integer(2);
            segment.messages = rows.integer(3);
            if (segment.last < from) return;
            const bool may_have =
                has_answer ? rows.integer(4) != 0 : RecipientFilter::may_have(rows.view(4), word);
            if (!each(segment, may_have)) return;
        }
    }
}

}  // namespace hongyan::table
