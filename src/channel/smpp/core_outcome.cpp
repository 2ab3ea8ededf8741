// The part of Core that makes outcomes of answers.
#include <algorithm>
#include <utility>

#include "channel/smpp/core.hpp"

namespace hongyan::smpp {
namespace {

/// For a refused segment whose message is partly accepted: the account alone can send it again.
constexpr int max_segment_tries = 3;
constexpr std::int64_t segment_pause_us = 1'000'000;

std::string of_all(std::size_t some, std::size_t all) {
    return std::to_string(some) + " of " + std::to_string(all) + " segments";
}

}  // namespace

void Core::on_answer(Bind& bind, const SubmitAnswer& answer) {
    Job* job = find(answer.ticket.job);
    if (job == nullptr) return late_answer(answer);
    auto& part = job->parts[answer.ticket.segment];
    if (answer.status == status_ok) {
        part = Job::Part::accepted;
        job->ids[answer.ticket.segment] = normal_answer_id(answer.message_id, settings_.id_mode);
    } else {
        part = Job::Part::refused;
        if (job->refusal == status_ok) job->refusal = answer.status;
        const auto now_us = parts_.clock.steady_us();
        job->not_before_us =
            std::max(now_us + segment_pause_us / 2, bind.pace().paused_until_us(now_us));
    }
    settle(*job);
}

void Core::on_overdue(Bind&, const Ticket& ticket) {
    Job* job = find(ticket.job);
    if (job == nullptr) return;
    job->parts[ticket.segment] = Job::Part::lost;
    job->lost_why = "no answer to the submit in time";
    settle(*job);
}

OutcomeClass Core::refusal_class(const Job& job) const {
    if (job.refusal == status_invalid_source && job.own_sender)
        return OutcomeClass::message_permanent;
    return class_of(job.refusal, vendor_);
}

void Core::settle(Job& job) {
    if (job.count(Job::Part::sent) > 0) return;
    if (job.count(Job::Part::lost) > 0) {
        return finish(job, OutcomeClass::unknown, "no_answer",
                      "submitted, and no answer came: " + job.lost_why);
    }
    const std::size_t accepted = job.count(Job::Part::accepted);
    if (job.count(Job::Part::refused) == 0) {
        if (accepted == job.parts.size()) finish(job, OutcomeClass::accepted, "", "");
        return;
    }
    if (accepted > 0) return settle_mixed(job);
    const OutcomeClass kind = refusal_class(job);
    const auto now_us = parts_.clock.steady_us();
    const std::int64_t pause_ms =
        kind == OutcomeClass::rate_limited
            ? std::max<std::int64_t>(1, (job.not_before_us - now_us) / 1'000)
            : 0;
    finish(job, kind, status_text(job.refusal), "the centre refused the message", pause_ms);
}

void Core::settle_mixed(Job& job) {
    const OutcomeClass kind = refusal_class(job);
    const bool again = kind == OutcomeClass::rate_limited ||
                       (kind == OutcomeClass::transient && ++job.tries < max_segment_tries);
    if (!again || stopping_) {
        // Sent again as a whole it would be billed again, and the receiver would see the accepted
        // segments twice; so it is final for every account.
        const bool is_final = kind == OutcomeClass::recipient_permanent;
        return finish(
            job, is_final ? kind : OutcomeClass::message_permanent, status_text(job.refusal),
            "failed but billed: " + of_all(job.count(Job::Part::accepted), job.parts.size()) +
                " were accepted, the rest was refused");
    }
    for (auto& part : job.parts) {
        if (part == Job::Part::refused) part = Job::Part::waiting;
    }
    job.refusal = status_ok;
    if (job.queued) return;
    job.queued = true;
    paused_.push_back(job.number);
}

void Core::fail_unsent(Job& job) {
    const std::size_t accepted = job.count(Job::Part::accepted);
    if (accepted > 0) {
        return finish(job, OutcomeClass::message_permanent, "partly_sent",
                      "failed but billed: " + of_all(accepted, job.parts.size()) +
                          " were accepted, the rest could not be sent in time");
    }
    const auto now_us = parts_.clock.steady_us();
    std::int64_t paused_us = 0;
    for (const auto& bind : binds_)
        paused_us = std::max(paused_us, bind->pace().paused_until_us(now_us) - now_us);
    if (refused_ && !any_bound()) {
        finish(job, OutcomeClass::configuration, "bind_refused", trouble_);
    } else if (paused_us > 0 && any_bound() && !stopping_) {
        finish(job, OutcomeClass::rate_limited, "throttled",
               "not sent: the centre throttles this account", paused_us / 1'000 + 1);
    } else {
        finish(job, OutcomeClass::transient, "not_sent",
               "not sent: " + (trouble_.empty() ? "no room in the window in time" : trouble_));
    }
}

void Core::finish(Job& job, OutcomeClass kind, std::string code, std::string detail,
                  std::int64_t retry_after_ms) {
    const bool accepted = kind == OutcomeClass::accepted;
    if (job.count(Job::Part::accepted) > 0)
        shared_->book.lock()->add(job.message->id, job.ids, !accepted);
    if (job.segments.size() > 1) --shared_->long_jobs;
    Outcome outcome;
    outcome.kind = kind;
    if (!job.ids.empty()) outcome.provider_message_id = job.ids.front();
    outcome.code = std::move(code);
    outcome.detail = std::move(detail);
    outcome.retry_after_ms = retry_after_ms;
    const bool begun = job.started_ms != 0;
    outcome.started_ms = begun ? job.started_ms : parts_.clock.now_ms();
    outcome.duration_us = begun ? parts_.clock.steady_us() - job.started_us : 0;
    done_.push_back({std::move(job.message), std::move(outcome)});
    jobs_.erase(job.number);
}

void Core::flush_done() {
    if (!done_.empty() && sink_) sink_(std::exchange(done_, {}));
    check_drained();
}

}  // namespace hongyan::smpp
