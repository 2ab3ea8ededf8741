#include "table/message_search.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "table/message_where.hpp"
#include "table/recipient_segments.hpp"

namespace hongyan::table {
namespace {

/// Rows that the first step on an index looks at; doubled with each further step.
constexpr int first_step = 250;

/// One index from which ids come in descending order, and how far it has been read.
struct Source {
    Conditions base;      ///< what the index itself decides
    Conditions rest;      ///< what is to be looked at in each row
    MessageId place = 0;  ///< everything at or above it was read; 0 = from the newest
    bool exhausted = false;
    bool is_short = false;  ///< sorted each time, rather than looked for along the primary key
    int step = first_step;
};

struct Bounds {
    MessageId from = 0;   ///< inclusive
    MessageId below = 0;  ///< exclusive, 0 = none
};

Bounds bounds_of(const MessageFilter& filter) {
    Bounds bounds;
    if (filter.created_after_ms) bounds.from = id_bound(*filter.created_after_ms);
    // No id is below 1, and 0 would be no limit.
    if (filter.created_before_ms)
        bounds.below = std::max<MessageId>(1, id_bound(*filter.created_before_ms));
    if (filter.before_id > 0 && (bounds.below == 0 || filter.before_id < bounds.below))
        bounds.below = filter.before_id;
    return bounds;
}

/// The smaller of two upper ends, of which 0 is none.
MessageId lower_of(MessageId a, MessageId b) {
    if (a == 0 || b == 0) return std::max(a, b);
    return std::min(a, b);
}

/// The filters that the chosen index leaves to be looked at; driver names those it decides.
struct Driver {
    bool status = false, channel = false, task = false, priority = false;
};

Conditions rest_of(const MessageFilter& filter, const std::vector<MessageStatus>& statuses,
                   const Driver& driver) {
    Conditions rest;
    if (!driver.status) rest.add_any_status(statuses);
    if (filter.channel && !driver.channel)
        rest.add("channel = ", std::string(to_text(*filter.channel)));
    if (filter.template_id) rest.add("template_id = ", *filter.template_id);
    if (filter.task_id && !driver.task) rest.add("task_id = ", *filter.task_id);
    if (filter.priority && !driver.priority) rest.add("priority = ", *filter.priority);
    if (!filter.provider.empty()) rest.add("provider = ", filter.provider);
    if (!filter.recipient.empty()) rest.add("recipient = ", filter.recipient);
    if (!filter.error.empty()) rest.add_reason(filter.error);
    return rest;
}

/// A pending or delivered message has no reason, so a search for one need not look at them.
std::vector<MessageStatus> with_reason() {
    std::vector<MessageStatus> found;
    for (std::size_t i = 0; i < message_status_names.size(); ++i) {
        const auto status = static_cast<MessageStatus>(i);
        if (status != MessageStatus::pending && status != MessageStatus::success &&
            status != MessageStatus::delivered)
            found.push_back(status);
    }
    return found;
}

std::vector<Source> status_sources(const MessageFilter& filter,
                                   const std::vector<MessageStatus>& statuses) {
    Driver driver;
    driver.status = driver.priority = true;
    std::vector<Source> sources;
    for (const auto status : statuses) {
        for (int priority = 0; priority < priority_levels; ++priority) {
            if (filter.priority && *filter.priority != priority) continue;
            Source& source = sources.emplace_back();
            source.base.add_status(status);
            source.base.add("priority = ", priority);
            source.base.add("tenant_id = ", filter.tenant_id);
            source.rest = rest_of(filter, statuses, driver);
        }
    }
    return sources;
}

std::vector<Source> channel_sources(const MessageFilter& filter,
                                    const std::vector<MessageStatus>& statuses) {
    Driver driver;
    driver.channel = true;
    std::vector<Source> sources;
    for (std::size_t i = 0; i < channel_names.size(); ++i) {
        const auto channel = static_cast<ChannelKind>(i);
        if (filter.channel && *filter.channel != channel) continue;
        Source& source = sources.emplace_back();
        source.base.add("channel = ", std::string(to_text(channel)));
        source.base.add("tenant_id = ", filter.tenant_id);
        source.rest = rest_of(filter, statuses, driver);
    }
    return sources;
}

/// All messages of a tenant. PostgreSQL has no index by channel (0060), and one by tenant without
/// the first, whose messages are mostly all there are: they are walked along the primary key.
std::vector<Source> all_sources(const Session& session, const MessageFilter& filter,
                                const std::vector<MessageStatus>& statuses) {
    if (session.dialect() != Dialect::postgres) return channel_sources(filter, statuses);
    std::vector<Source> sources(1);
    auto& source = sources.front();
    source.rest = rest_of(filter, statuses, {});
    (filter.tenant_id == 1 ? source.rest : source.base).add("tenant_id = ", filter.tenant_id);
    return sources;
}

Source single_source(const MessageFilter& filter, const std::vector<MessageStatus>& statuses,
                     const Driver& driver) {
    Source source;
    if (driver.task) source.base.add("task_id = ", *filter.task_id);
    source.rest = rest_of(filter, statuses, driver);
    source.rest.add("tenant_id = ", filter.tenant_id);
    return source;
}

/// What is in no segment yet, and behind it the segments that may have the recipient (or else the
/// template), newest first. When the time is over before all were asked, or many have it, the rest
/// is one source that is read message by message; the next page asks again from there.
std::vector<Source> segment_sources(Session& session, const MessageFilter& filter,
                                    const std::vector<MessageStatus>& statuses,
                                    const SearchBudget& budget) {
    constexpr int asked_at_least = 3'000;
    constexpr std::size_t most_segments = 200;
    const std::string word =
        filter.recipient.empty() ? template_word(*filter.template_id) : filter.recipient;
    Conditions rest = rest_of(filter, statuses, {});
    rest.add("tenant_id = ", filter.tenant_id);
    const Bounds bounds = bounds_of(filter);
    std::vector<Source> sources(1);
    sources.front().base.add("id > ", last_segment(session).last);
    sources.front().rest = rest;
    int asked = 0;
    const auto each = [&](const RecipientSegment& segment, bool may_have) {
        const bool is_last =
            sources.size() > most_segments || (++asked > asked_at_least && budget.is_over());
        if (!may_have && !is_last) return true;
        Source& source = sources.emplace_back();
        if (!is_last) source.base.add("id >= ", segment.first);
        source.base.add("id <= ", segment.last);
        source.rest = rest;
        source.place = lower_of(segment.last + 1, bounds.below);  // it has nothing above
        return !is_last;
    };
    for_each_segment(session, word, bounds.from, bounds.below, each);
    return sources;
}

std::vector<Source> sources_of(Session& session, const MessageFilter& filter,
                               const SearchBudget& budget) {
    auto statuses = statuses_of(filter);
    Driver driver;
    if (filter.task_id) {
        driver.task = true;
        auto source = single_source(filter, statuses, driver);
        source.is_short = session.dialect() == Dialect::postgres;
        return {std::move(source)};
    }
    if (!filter.recipient.empty()) return segment_sources(session, filter, statuses, budget);
    if (statuses.empty() && !filter.error.empty()) statuses = with_reason();
    const bool has_success =
        std::find(statuses.begin(), statuses.end(), MessageStatus::success) != statuses.end();
    if (!statuses.empty() && !has_success) return status_sources(filter, statuses);
    if (filter.template_id) return segment_sources(session, filter, statuses, budget);
    return all_sources(session, filter, statuses);
}

/// The index part of one step, without SELECT: so many rows below its place.
void put_step(Query& query, const Source& source, const Bounds& bounds) {
    query.text(" FROM message_records WHERE ");
    source.base.put_into(query);
    query.text(" AND id >= ").number(bounds.from);
    const MessageId below = lower_of(source.place, bounds.below);
    if (below > 0) query.text(" AND id < ").number(below);
    query.text(source.is_short ? " ORDER BY id + 0 DESC" : " ORDER BY id DESC");
    query.text(" LIMIT ").number(source.step);
}

constexpr std::string_view looked_at =
    "SELECT id, status, channel, template_id, task_id, priority, provider, recipient, reason, "
    "tenant_id";

/// Where a step ended, and whether the index has no more.
void move_on(Session& session, Source& source, const Bounds& bounds) {
    Query query;
    query.text("SELECT min(id), count(*) FROM (SELECT id");
    put_step(query, source, bounds);
    query.text(") AS step");
    Rows rows = query.rows(session);
    const bool any = rows.next() && !rows.null(0);
    source.exhausted = !any || rows.integer(1) < source.step;
    if (any) source.place = rows.integer(0);
}

/// Reads one step; the ids that fit are appended. Without conditions left it reads only what is
/// wanted.
void take_step(Session& session, Source& source, const Bounds& bounds, int wanted,
               std::vector<MessageId>& found) {
    if (source.rest.empty()) source.step = wanted;
    Query query;
    query.text(source.rest.empty() ? "SELECT id" : "SELECT id FROM (");
    if (!source.rest.empty()) query.text(looked_at);
    put_step(query, source, bounds);
    if (!source.rest.empty()) {
        query.text(") AS step WHERE ");
        source.rest.put_into(query);
        // SQLite keeps the order, but would look at the whole step to prove it.
        if (session.dialect() == Dialect::postgres) query.text(" ORDER BY id DESC");
        query.text(" LIMIT ").number(wanted);
    }
    int count = 0;
    MessageId last = 0;
    {
        Rows rows = query.rows(session);
        while (rows.next()) {
            last = rows.integer(0);
            found.push_back(last);
            ++count;
        }
    }
    if (count >= wanted) {
        source.place = last;
    } else if (source.rest.empty()) {
        source.exhausted = true;
    } else {
        move_on(session, source, bounds);
    }
}

/// The source that has come least far down, null if all are at their end.
Source* next_source(std::vector<Source>& sources) {
    Source* next = nullptr;
    for (auto& source : sources) {
        if (source.exhausted) continue;
        if (source.place == 0) return &source;
        if (next == nullptr || source.place > next->place) next = &source;
    }
    return next;
}

/// Ids that fit, newest first, with how far the search came.
struct Found {
    std::vector<MessageId> ids;
    MessageId place = 0;  ///< everything at or above it was looked at; 0 = everything
};

Found find_ids(Session& session, const MessageFilter& filter, const SearchBudget& budget) {
    auto sources = sources_of(session, filter, budget);
    const Bounds bounds = bounds_of(filter);
    const int wanted = filter.limit + 1;
    Found found;
    for (;;) {
        Source* source = next_source(sources);
        found.place = source == nullptr ? 0 : source->place;
        // What lies above the place of every source is complete and in order.
        const auto complete = std::count_if(found.ids.begin(), found.ids.end(), [&](MessageId id) {
            return source == nullptr || (source->place > 0 && id >= source->place);
        });
        if (source == nullptr || complete >= wanted) break;
        // Each page gets somewhere, however little time it has.
        const bool has_moved =
            source->place > 0 && (bounds.below == 0 || source->place < bounds.below);
        if (has_moved && budget.is_over()) break;
        take_step(session, *source, bounds, wanted, found.ids);
        source->step = std::min(source->step * 2, budget.rows);
    }
    std::sort(found.ids.begin(), found.ids.end(), std::greater<>());
    return found;
}

std::optional<SearchPage> page_of_one(Session& session, const MessageFilter& filter) {
    if (!filter.id) return std::nullopt;
    SearchPage page;
    page.rows = list_messages(session, filter);
    return page;
}

/// Entries of an index that one count reads at most.
constexpr std::int64_t most_counted = 2'000'000;

struct Sum {
    std::int64_t count = 0;
    bool capped = false;
};

/// How many entries of its index a source has within the bounds; of the rest only a tenant.
Sum count_entries(Session& session, const Source& source, const Bounds& bounds,
                  std::int64_t most = most_counted) {
    Query query;
    query.text("SELECT count(*)");
    if (!source.rest.empty()) {
        query.text(", sum(CASE WHEN ");
        source.rest.put_into(query);
        query.text(" THEN 1 ELSE 0 END)");
    }
    query.text(" FROM (SELECT tenant_id FROM message_records WHERE ");
    source.base.put_into(query);
    query.text(" AND id >= ").number(bounds.from);
    if (bounds.below > 0) query.text(" AND id < ").number(bounds.below);
    query.text(" LIMIT ").number(most).text(") AS entry");
    Rows rows = query.rows(session);
    if (!rows.next()) return {};
    const auto all = rows.integer(0);
    return {source.rest.empty() ? all : rows.integer(1), all >= most};
}

/// True if the filter restricts nothing but tenant, status and time: then indexes alone give the
/// counts, and what was delivered is what remains.
bool is_index_only(const MessageFilter& f) {
    return !f.channel && !f.template_id && !f.task_id && !f.id && !f.priority &&
           f.provider.empty() && f.recipient.empty() && f.error.empty();
}

Sum sum_entries(Session& session, const std::vector<Source>& sources, const Bounds& bounds,
                const SearchBudget& budget) {
    Sum sum;
    for (const auto& source : sources) {
        if (budget.is_over()) return {sum.count, true};
        const auto found = count_entries(session, source, bounds);
        sum.count += found.count;
        sum.capped = sum.capped || found.capped;
    }
    return sum;
}

/// What is not delivered, by status: on PostgreSQL a question costs a way there and back, so there
/// are two, one for each partial index.
std::map<MessageStatus, Sum> count_at_once(Session& session, const MessageFilter& filter,
                                           const Bounds& bounds) {
    std::map<MessageStatus, Sum> sums;
    for (const auto* part : {"status = 'pending'", "status NOT IN ('pending', 'success')"}) {
        Query query;
        query.text("SELECT status, count(*) FROM (SELECT status FROM message_records WHERE ");
        query.text(part).text(" AND tenant_id = ").number(filter.tenant_id);
        query.text(" AND id >= ").number(bounds.from);
        if (bounds.below > 0) query.text(" AND id < ").number(bounds.below);
        query.text(" LIMIT ").number(most_counted).text(") AS entry GROUP BY status");
        Rows rows = query.rows(session);
        while (rows.next()) {
            const auto status = from_text<MessageStatus>(message_status_names, rows.view(0));
            if (status) sums[*status] = {rows.integer(1), rows.integer(1) >= most_counted};
        }
    }
    return sums;
}

StatusCounts count_by_index(Session& session, const MessageFilter& filter,
                            const SearchBudget& budget) {
    const auto wanted = statuses_of(filter);
    const auto is_wanted = [&](MessageStatus status) {
        return wanted.empty() || std::find(wanted.begin(), wanted.end(), status) != wanted.end();
    };
    const Bounds bounds = bounds_of(filter);
    const bool with_success = is_wanted(MessageStatus::success);
    StatusCounts counts;
    std::int64_t others = 0;
    const bool at_once = session.dialect() == Dialect::postgres;
    auto sums = at_once ? count_at_once(session, filter, bounds) : std::map<MessageStatus, Sum>();
    for (std::size_t i = 0; i < message_status_names.size(); ++i) {
        const auto status = static_cast<MessageStatus>(i);
        if (status == MessageStatus::success || (!with_success && !is_wanted(status))) continue;
        const auto sum =
            at_once ? sums[status]
                    : sum_entries(session, status_sources(filter, {status}), bounds, budget);
        counts.capped = counts.capped || sum.capped;
        others += sum.count;
        if (sum.count > 0 && is_wanted(status)) counts.by_status[status] = sum.count;
    }
    if (with_success) {
        const auto all = sum_entries(session, all_sources(session, filter, {}), bounds, budget);
        counts.capped = counts.capped || all.capped;
        if (all.count > others) counts.by_status[MessageStatus::success] = all.count - others;
    }
    return counts;
}

void count_step(Session& session, const Source& source, const Bounds& bounds,
                StatusCounts& counts) {
    Query query;
    query.text("SELECT status, count(*) FROM (").text(looked_at);
    put_step(query, source, bounds);
    query.text(") AS step WHERE ");
    source.rest.put_into(query);
    query.text(" GROUP BY status");
    Rows rows = query.rows(session);
    while (rows.next()) {
        const auto status = from_text<MessageStatus>(message_status_names, rows.view(0));
        if (status) counts.by_status[*status] += rows.integer(1);
    }
}

StatusCounts count_by_steps(Session& session, const MessageFilter& filter,
                            const SearchBudget& budget) {
    auto sources = sources_of(session, filter, budget);
    const Bounds bounds = bounds_of(filter);
    StatusCounts counts;
    while (Source* source = next_source(sources)) {
        if (budget.is_over()) {
            counts.capped = true;
            break;
        }
        source->step = budget.rows;
        count_step(session, *source, bounds, counts);
        move_on(session, *source, bounds);
    }
    return counts;
}

}  // namespace

SearchPage search_messages(Session& session, const MessageFilter& filter,
                           const SearchBudget& budget) {
    if (auto page = page_of_one(session, filter)) return std::move(*page);
    Found found = find_ids(session, filter, budget);
    SearchPage page;
    for (const auto id : found.ids) {
        if (id < found.place) break;
        if (static_cast<int>(page.rows.size()) == filter.limit) {
            page.more = true;
            page.before_id = page.rows.back().message.id;
            return page;
        }
        if (auto row = find_message(session, id)) page.rows.push_back(std::move(*row));
    }
    page.more = page.cut = found.place > 0;
    page.before_id = found.place;
    return page;
}

StatusCounts count_by_status(Session& session, const MessageFilter& filter,
                             const SearchBudget& budget) {
    StatusCounts counts;
    if (filter.id) {
        for (const auto& row : list_messages(session, filter))
            ++counts.by_status[row.message.status];
    } else if (is_index_only(filter)) {
        counts = count_by_index(session, filter, budget);
    } else {
        counts = count_by_steps(session, filter, budget);
    }
    for (const auto& [status, count] : counts.by_status) counts.total += count;
    return counts;
}

std::int64_t count_up_to(Session& session, const MessageFilter& filter, std::int64_t most) {
    std::int64_t count = 0;
    for (auto& source : status_sources(filter, statuses_of(filter))) {
        if (count >= most) break;
        source.rest = {};
        count += count_entries(session, source, {}, most - count).count;
    }
    return count;
}

bool any_message(Session& session, MessageFilter filter, const SearchBudget& budget) {
    filter.limit = 1;
    if (filter.id) return !list_messages(session, filter).empty();
    return !find_ids(session, filter, budget).ids.empty();
}

}  // namespace hongyan::table
