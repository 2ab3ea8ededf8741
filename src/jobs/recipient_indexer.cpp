#include "jobs/recipient_indexer.hpp"

#include <future>

namespace hongyan::jobs {
namespace {

/// Segments that one run adds; after an upgrade there may be many to come.
constexpr int most_at_once = 300;
constexpr int dropped_at_once = 2'000;

}  // namespace

/// Runs work in the committer's next transaction and waits for the sync.
bool RecipientIndexer::change(const std::function<void(Session&)>& work) {
    std::promise<bool> written;
    delivery_.change([&](Session& session, delivery::Counts&) { work(session); },
                     [&](const Status& status) { written.set_value(status.ok()); });
    return written.get_future().get();
}

bool RecipientIndexer::add_next() {
    table::RecipientSegment next;
    const auto settled = first_id_at(clock_.now_ms() - options_.settle_ms) - 1;
    const auto read = store_.read([&](Session& session) {
        const auto last = table::last_segment(session);
        next.id = last.id + 1;
        next.first = last.last + 1;
        next.last = settled;
        table::fill_segment(session, next, options_.segment_messages);
    });
    if (!read || next.messages < options_.segment_messages) return false;
    return change([&](Session& session) { table::put_segment(session, next); });
}

int RecipientIndexer::mend(const std::atomic<bool>& stopping) {
    const auto watched = first_id_at(clock_.now_ms() - options_.watch_ms);
    std::vector<table::RecipientSegment> late;
    const auto read =
        store_.read([&](Session& session) { late = table::late_segments(session, watched); });
    if (!read) return 0;
    int mended = 0;
    for (auto& segment : late) {
        if (stopping) break;
        const auto filled = store_.read([&](Session& session) {
            const auto last = segment.last;
            table::fill_segment(session, segment, static_cast<int>(segment.messages));
            segment.last = last;
        });
        if (!filled || !change([&](Session& session) { table::put_segment(session, segment); }))
            break;
        ++mended;
    }
    if (mended > 0) log_.info("recipients_mended", {{"segments", mended}});
    return mended;
}

int RecipientIndexer::drop_old(const std::atomic<bool>& stopping) {
    std::int64_t dropped = 0;
    std::int64_t gone = dropped_at_once;
    while (gone == dropped_at_once && !stopping) {
        gone = 0;
        const bool done = change(
            [&](Session& session) { gone = table::delete_segments(session, dropped_at_once); });
        if (!done) break;
        dropped += gone;
    }
    return static_cast<int>(dropped);
}

int RecipientIndexer::run(const std::atomic<bool>& stopping) {
    int done = 0;
    while (done < most_at_once && !stopping && add_next()) ++done;
    const auto now_us = clock_.steady_us();
    if (stopping || now_us < next_look_us_) return done;
    next_look_us_ = now_us + options_.look_ms * 1'000;
    done += mend(stopping);
    if (!stopping) done += drop_old(stopping);
    return done;
}

}  // namespace hongyan::jobs
