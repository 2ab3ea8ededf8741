// What operators do to messages: cancel, send again, cancel a batch, redrive dead letters. Part of
// Delivery.
#include "delivery/delivery.hpp"
#include "delivery/webhook_events.hpp"
#include "table/receipts.hpp"
#include "table/tasks.hpp"

namespace hongyan::delivery {
namespace {

constexpr int redrive_step_rows = 500;

Job job_of(const Message& m, std::int64_t ready_ms) {
    return {m.id, m.tenant_id, ready_ms, m.priority, m.channel};
}

Error not_there(std::string_view what) {
    return make_error(ErrorCode::not_found, "There is no such " + std::string(what) + ".");
}

/// While the start still looks for waiting messages, one woken up now could be found by it and be
/// queued twice.
Error still_loading() {
    auto error = make_error(ErrorCode::unavailable,
                            "The server still loads what waits since its last stop.");
    error.retry_after = Millis(1'000);
    return error;
}

Error illegal(MessageStatus status, std::string_view wish) {
    return make_error(ErrorCode::illegal_transition,
                      "The message is " + std::string(to_text(status)) + " and cannot be " +
                          std::string(wish) + ".");
}

/// Turns a failed or held message into a waiting one; takes it out of the counts. False if another
/// node has just done so. due_ms > 0: not before then.
bool wake_up(Session& session, Counts& counts, const table::MessageRow& row, int node,
             std::int64_t now_ms, std::int64_t due_ms = 0) {
    const auto changed = session.run(
        "UPDATE message_records SET status = CASE WHEN $3 > $2 THEN 'scheduled' ELSE 'pending' "
        "END, "
        "due_ms = CASE WHEN $3 > $2 THEN $3 ELSE $2 END, next_attempt_ms = NULL, attempts_before = "
        "attempts, node = nullif($5, -1)"
        " WHERE id = $1 AND status = $4",
        row.message.id, now_ms, due_ms, to_text(row.message.status), node);
    if (changed == 0) return false;
    counts.add(row.message, row.message.status, row.finished_ms, -1);
    return true;
}

/// All messages of a batch have the same callback_url.
void report_cancelled(Session& session, const std::vector<MessageId>& ids, std::int64_t now_ms) {
    for (const auto id : ids) {
        const auto row = table::find_message(session, id);
        if (!row || row->message.callback_url.empty()) return;
        note_event(session, row->message, MessageStatus::cancelled, "cancelled with its task",
                   now_ms);
    }
}

bool may_wake_up(MessageStatus status) {
    return status == MessageStatus::failed || status == MessageStatus::unknown;
}

}  // namespace

void Delivery::count_cancelled(ChannelKind channel, std::size_t count) {
    counters_
        .finished[static_cast<std::size_t>(MessageStatus::cancelled)]
                 [static_cast<std::size_t>(channel)]
        .fetch_add(count);
}

void Delivery::cancel(std::int64_t tenant_id, MessageId id, WorkDone done) {
    if (!in_flight_.revoke(id)) {
        // Tell nothing of other tenants' messages: whether it may be seen decides before what it is
        // doing.
        auto found = std::make_shared<bool>(false);
        change(
            [tenant_id, id, found](Session& session, Counts&) {
                *found = table::find_status(session, tenant_id, id).has_value();
            },
            [found, done = std::move(done)](Status status) mutable {
                if (!status)
                    done(std::move(status));
                else if (!*found)
                    done(not_there("message"));
                else
                    done(make_error(ErrorCode::illegal_transition,
                                    "The message is being sent at this moment."));
            });
        return;
    }
    auto answer = std::make_shared<Status>(
        Done{});  // shared between the work and its completion, like channel
    auto channel = std::make_shared<ChannelKind>();
    change(
        [this, tenant_id, id, answer, channel](Session& session, Counts& counts) {
            *answer = not_there("message");
            const auto row = table::find_for_change(session, id);
            if (!row || row->message.tenant_id != tenant_id) return;
            // A batch that is still being written is not there yet: it will be sent from memory,
            // whatever the table says.
            const auto task_id = row->message.task_id;
            if (task_id != 0 && !table::find_task(session, tenant_id, task_id)) return;
            *channel = row->message.channel;
            *answer = illegal(row->message.status, "cancelled");
            if (!may_change(row->message.status, MessageStatus::cancelled)) return;
            const auto now = parts_.clock.now_ms();
            table::Outcome outcome;
            outcome.id = id;
            outcome.status = MessageStatus::cancelled;
            outcome.attempts = row->message.attempts;
            outcome.timing = row->timing;
            outcome.finished_ms = now;
            outcome.reason = "cancelled by request";
            if (!table::settle(session, outcome)) return;
            counts.add(row->message, MessageStatus::cancelled, now);
            if (!row->message.callback_url.empty())
                note_event(session, row->message, MessageStatus::cancelled, "cancelled by request",
                           now);
            *answer = Done{};
        },
        [this, id, answer, channel, done = std::move(done)](Status status) mutable {
            if (status && *answer) {
                fresh_.drop(id);
                if (in_flight_.end_revoke(id)) parts_.queue.done(std::span(&id, 1));
                count_cancelled(*channel, 1);
            } else if (const auto job = in_flight_.end_revoke(id); job) {
                parts_.queue.publish(std::span(&*job, 1));
            }
            done(status ? *answer : status);
        });
}

void Delivery::retry(std::int64_t tenant_id, MessageId id, WorkDone done) {
    if (loading_) {
        done(still_loading());
        return;
    }
    struct Found {
        Status answer = Done{};
        Job job;
    };
    auto found = std::make_shared<Found>();
    change(
        [this, tenant_id, id, found](Session& session, Counts& counts) {
            found->answer = not_there("message");
            const auto row = table::find_message(session, id);
            if (!row || row->message.tenant_id != tenant_id) return;
            found->answer =
                illegal(row->message.status, "sent again; only failed and unknown ones can");
            if (!may_wake_up(row->message.status)) return;
            const auto now = parts_.clock.now_ms();
            if (!wake_up(session, counts, *row, options_.node, now)) return;
            found->job = job_of(row->message, now);
            found->answer = Done{};
        },
        [this, found, done = std::move(done)](Status status) mutable {
            if (status && found->answer) parts_.queue.publish(std::span(&found->job, 1));
            done(status ? found->answer : status);
        });
}

void Delivery::cancel_task(std::int64_t tenant_id, std::int64_t task_id, WorkDone done) {
    struct Found {
        Status answer = Done{};
        ChannelKind channel = ChannelKind::sms;
        std::vector<MessageId> ids;
    };
    auto found = std::make_shared<Found>();
    auto in_flight = in_flight_.revoke_task(tenant_id, task_id);
    change(
        [this, tenant_id, task_id, found, in_flight = std::move(in_flight)](Session& session,
                                                                            Counts& counts) {
            found->answer = not_there("task");
            const auto task = table::find_task(session, tenant_id, task_id);
            if (!task) return;
            found->channel = task->channel;
            found->answer = make_error(ErrorCode::conflict,
                                       "The task is " + std::string(to_text(task->status)) + ".");
            if (task->status == TaskStatus::completed || task->status == TaskStatus::cancelled)
                return;
            found->ids =
                table::cancel_task_messages(session, task_id, parts_.clock.now_ms(), in_flight);
            report_cancelled(session, found->ids, parts_.clock.now_ms());
            counts.tasks[task_id].cancelled += static_cast<std::int64_t>(found->ids.size());
            table::set_task_status(session, task_id, TaskStatus::cancelled);
            found->answer = Done{};
        },
        [this, tenant_id, task_id, found, done = std::move(done)](Status status) mutable {
            for (const auto id : found->ids) fresh_.drop(id);
            count_cancelled(found->channel, found->ids.size());
            parts_.queue.publish(in_flight_.end_revoke_task(tenant_id, task_id));
            done(status ? found->answer : status);
        });
}

void Delivery::receipts(const ReceiptOrigin& origin, std::vector<Receipt> receipts,
                        std::string replay_key,
                        UniqueFunction<void(Result<std::vector<ReceiptEffect>>)> done) {
    for (const auto& receipt : receipts) {
        if (!receipt.suppress.empty()) dispatcher_.set_suppressing(true);
    }
    // Shared between the work and its completion.
    auto effects = std::make_shared<std::vector<ReceiptEffect>>();
    change(
        [this, origin, receipts = std::move(receipts), replay_key = std::move(replay_key), effects](
            Session& session, Counts& counts) {
            const auto now = parts_.clock.now_ms();
            effects->clear();
            if (!replay_key.empty() &&
                !table::note_callback(session, origin.account_id, replay_key, now)) {
                effects->assign(receipts.size(), ReceiptEffect::duplicate);
                return;
            }
            for (const auto& receipt : receipts)
                effects->push_back(apply_receipt(session, counts, origin, receipt, now));
        },
        [effects, done = std::move(done)](Status status) mutable {
            if (!status)
                done(std::move(status.error()));
            else
                done(std::move(*effects));
        });
}

struct Delivery::RedriveRun {
    table::MessageFilter filter;
    std::int64_t left = 0;
    Redriven result;
    double per_second = 0;
    std::int64_t started_ms = 0;
    std::vector<Job> jobs;             ///< of this step
    std::vector<std::int64_t> due_ms;  ///< of each job; 0 = now
    MessageId next_before = 0;         ///< where the next step begins
    bool more = true;
    std::function<void(Result<Redriven>)> done;
};

void Delivery::redrive(table::MessageFilter filter, RedrivePace pace,
                       std::function<void(Result<Redriven>)> done) {
    if (loading_) {
        done(still_loading());
        return;
    }
    auto run = std::make_shared<RedriveRun>();  // handed from step to step
    if (!filter.status || !may_wake_up(*filter.status)) filter.status = MessageStatus::failed;
    run->filter = std::move(filter);
    run->left = std::max<std::int64_t>(0, pace.max);
    run->per_second = pace.per_second;
    run->started_ms = parts_.clock.now_ms();
    run->done = std::move(done);
    redrive_step(std::move(run));
}

void Delivery::redrive_step(std::shared_ptr<RedriveRun> run) {
    change(
        [this, run](Session& session, Counts& counts) {
            run->jobs.clear();
            run->due_ms.clear();
            auto filter = run->filter;
            filter.limit = static_cast<int>(std::min<std::int64_t>(redrive_step_rows, run->left));
            const auto rows = table::list_messages(session, filter);
            const auto now = parts_.clock.now_ms();
            for (const auto& row : rows) {
                const auto place =
                    run->result.retried + static_cast<std::int64_t>(run->jobs.size());
                const auto due =
                    run->per_second > 0
                        ? run->started_ms + static_cast<std::int64_t>(static_cast<double>(place) *
                                                                      1000 / run->per_second)
                        : 0;
                if (!wake_up(session, counts, row, options_.node, now, due)) continue;
                run->jobs.push_back(job_of(row.message, now));
                run->due_ms.push_back(due > now ? due : 0);
            }
            if (!rows.empty()) run->next_before = rows.back().message.id;
            run->more = static_cast<int>(rows.size()) == filter.limit;
        },
        [this, run](const Status& status) {
            if (!status) {
                run->done(status.error());
                return;
            }
            run->filter.before_id = run->next_before;
            std::vector<Job> ready;
            for (std::size_t i = 0; i < run->jobs.size(); ++i) {
                if (run->due_ms[i] > 0)
                    due_.add(run->jobs[i], run->due_ms[i]);
                else
                    ready.push_back(run->jobs[i]);
            }
            parts_.queue.publish(ready);
            const auto count = static_cast<std::int64_t>(run->jobs.size());
            run->result.matched += count;
            run->result.retried += count;
            run->left -= count;
            if (run->more && run->left > 0 && !stopping_)
                redrive_step(run);
            else
                run->done(run->result);
        });
}

}  // namespace hongyan::delivery
