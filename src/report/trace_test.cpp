#include "report/trace.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/sqlite/sqlite_store.hpp"
#include "engine/sqlite/test_folder.hpp"
#include "table/migrate.hpp"
#include "table/receipts.hpp"

namespace hongyan::report {
namespace {

constexpr std::int64_t start_ms = 1'800'000'000'000;
struct Case {
    MessageStatus status;
    int failed_attempts;
    bool succeeded;
};

std::string line_of(std::string_view name, std::string_view status, double duration_ms) {
    return std::string(name) + " " + std::string(status) + " " + std::to_string(duration_ms);
}

void write_case(Session& session, MessageId id, const Case& one) {
    Message m;
    m.id = id;
    m.status = one.status == MessageStatus::scheduled ? one.status : MessageStatus::pending;
    m.due_ms = one.status == MessageStatus::scheduled ? start_ms + 9'000 : 0;
    table::insert_message(session, m, "sandbox");
    for (int i = 1; i <= one.failed_attempts; ++i) {
        table::insert_attempt(session, {id, i, "sandbox", OutcomeClass::transient, "421", "",
                                        start_ms + i * 10, 7, 0, "v"});
    }
    if (one.status == m.status) return;
    table::Outcome outcome;
    outcome.id = id;
    outcome.status = one.status;
    outcome.attempts = one.failed_attempts + (one.succeeded ? 1 : 0);
    outcome.finished_ms = start_ms + 500;
    outcome.next_attempt_ms = one.status == MessageStatus::retrying ? start_ms + 900 : 0;
    if (outcome.attempts > 0) outcome.timing = {40, 250, 5'000};
    outcome.reason = one.succeeded ? "" : "why";
    ASSERT_TRUE(table::settle(session, outcome));
}

TEST(Trace, the_view_and_the_computed_trace_tell_the_same) {
    using enum MessageStatus;
    const Case cases[] = {{success, 0, true},    {success, 2, true},  {failed, 3, false},
                          {expired, 0, false},   {expired, 1, false}, {cancelled, 0, false},
                          {cancelled, 1, false}, {pending, 0, false}, {scheduled, 0, false},
                          {retrying, 2, false}};
    sqlite::TestFolder folder;
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    sqlite::SqliteOptions options;
    options.file = folder.path() / "test.db";
    auto store = sqlite::SqliteStore::open(options, log);
    ASSERT_TRUE(store.ok());
    ASSERT_TRUE(table::migrate(**store, start_ms).ok());
    MessageId id = first_id_at(start_ms);
    for (const auto& one : cases) {
        ++id;
        ASSERT_TRUE((*store)->write([&](Session& s) { write_case(s, id, one); }).ok());
        std::vector<std::string> view;
        std::vector<std::string> computed;
        const std::string trace_id = trace_id_of(id);
        const auto read = (*store)->read([&](Session& s) {
            // The view is for other programs, which trust the schema by default; the store's own
            // connections do not.
            s.execute_script("PRAGMA trusted_schema = ON");
            auto rows = s.query(
                "SELECT node_name, status, coalesce(duration_ms, 0) FROM message_traces WHERE "
                "trace_id = $1",
                trace_id);
            while (rows.next()) view.push_back(line_of(rows.view(0), rows.view(1), rows.real(2)));
            const auto trace = make_trace(*table::find_message(s, id), table::list_attempts(s, id),
                                          table::list_receipts(s, id), start_ms);
            for (const auto& node : trace.nodes) {
                computed.push_back(line_of(node.name, node.status, node.duration_ms));
            }
        });
        ASSERT_TRUE(read.ok()) << read.error().detail << to_text(one.status);
        std::sort(view.begin(), view.end());
        std::sort(computed.begin(), computed.end());
        EXPECT_EQ(view, computed) << to_text(one.status) << " after " << one.failed_attempts;
    }
}

TEST(Trace, of_a_message_that_only_waits_has_no_success_rate_yet) {
    EXPECT_EQ(make_trace({}, {}, {}, 0).success_rate, 0);
}

}  // namespace
}  // namespace hongyan::report
