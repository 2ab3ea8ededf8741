#include "channel/smpp/core.hpp"

#include <algorithm>
#include <future>
#include <utility>

#include "base/crypto.hpp"
#include "channel/smpp/validity.hpp"
#include "kit/described.hpp"
#include "kit/http_account.hpp"

namespace hongyan::smpp {
namespace {

constexpr Millis longest_tick{100};
constexpr Millis idle_tick{500};

std::uint8_t registered_byte(RegisteredDelivery wanted) {
    constexpr std::array<std::uint8_t, 4> bytes{0x00, 0x01, 0x02, 0x11};
    return bytes[static_cast<std::size_t>(wanted)];
}

Address source_of(const Settings& settings, const Options& options) {
    const bool own = !options.sender.empty();
    Address source = address_of_sender(own ? options.sender : settings.source_addr);
    if (own) return source;
    if (settings.source_ton) source.ton = static_cast<std::uint8_t>(*settings.source_ton);
    if (settings.source_npi) source.npi = static_cast<std::uint8_t>(*settings.source_npi);
    return source;
}

}  // namespace

std::size_t Job::count(Part part) const {
    return static_cast<std::size_t>(std::count(parts.begin(), parts.end(), part));
}

std::size_t Job::next() const {
    std::size_t first = parts.size();
    for (std::size_t i = parts.size(); i-- > 0;) {
        // With one segment refused or lost the rest would only cost.
        if (parts[i] == Part::refused || parts[i] == Part::lost) return parts.size();
        if (parts[i] == Part::waiting) first = i;
    }
    return first;
}

Core::Core(AccountSettings account, Settings settings, const ProviderParts& parts,
           std::shared_ptr<SharedReceipts> receipts)
    : account_(std::move(account)),
      settings_(std::move(settings)),
      vendor_(vendor_classes(settings_)),
      parts_(parts),
      receipt_rules_{settings_.id_mode, read_zone(settings_.receipt_time_zone).value_or(0)},
      shared_(std::move(receipts)),
      tick_timer_(loop_),
      pace_timer_(loop_) {
    // References begin anywhere, so that a restart does not join new parts to old ones.
    const std::string random = random_bytes(references_.size() * 2);
    for (std::size_t i = 0; i < references_.size(); ++i) {
        references_[i] = static_cast<std::uint16_t>(static_cast<unsigned char>(random[2 * i]) << 8 |
                                                    static_cast<unsigned char>(random[2 * i + 1]));
    }
}

Core::~Core() { loop_.stop(); }

Status Core::start(OutcomeSink sink, ReceiptSink receipts) {
    if (settings_.password.size() > 8 || settings_.system_id.size() > 15) {
        parts_.log.warn("smpp_long_login",
                        {{"account", account_.name},
                         {"detail",
                          "SMPP allows 15 characters of system_id and 8 of password; a "
                          "centre may refuse longer ones or cut them off"}});
    }
    sink_ = std::move(sink);
    receipt_sink_ = std::move(receipts);
    loop_.post([this] {
        open_binds();
        tick();
    });
    loop_.start();
    return Done{};
}

BindParts Core::bind_parts() {
    return {loop_, parts_.clock, parts_.log, settings_, account_.name, parts_.allowed};
}

void Core::open_binds() {
    BindEvents& events = *this;
    const Command role = settings_.bind_mode == BindMode::transceiver ? Command::bind_transceiver
                                                                      : Command::bind_transmitter;
    for (int i = 0; i < settings_.binds; ++i)
        binds_.push_back(std::make_unique<Bind>(bind_parts(), role, events));
    if (settings_.bind_mode == BindMode::separate)
        binds_.push_back(std::make_unique<Bind>(bind_parts(), Command::bind_receiver, events));
    hands_.assign(binds_.size(), 0);
    for (const auto& bind : binds_) bind->run();
}

void Core::send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) {
    {
        auto closed = closed_.lock();
        if (!*closed) {
            return loop_.post([this, batch = std::move(batch), deadline_ms]() mutable {
                for (auto& message : batch) take(std::move(message), deadline_ms);
                pump();
                flush_done();
            });
        }
    }
    give_back(std::move(batch));
}

void Core::give_back(std::vector<MessagePtr> batch) {
    std::vector<Sent> sent;
    for (auto& message : batch) {
        Outcome outcome;
        outcome.kind = OutcomeClass::transient;
        outcome.code = "stopped";
        outcome.detail = "the account is closed";
        sent.push_back({std::move(message), std::move(outcome)});
    }
    if (sink_ && !sent.empty()) sink_(std::move(sent));
}

void Core::take(MessagePtr message, std::int64_t deadline_ms) {
    auto fresh = std::make_unique<Job>();
    Job& job = *fresh;
    job.number = ++last_job_;
    job.message = std::move(message);
    job.deadline_ms = deadline_ms;
    const Status prepared = prepare(job);
    jobs_.emplace(job.number, std::move(fresh));
    if (!prepared) {
        return finish(job, OutcomeClass::message_permanent, "not_sendable",
                      prepared.error().detail);
    }
    if (job.segments.size() > 1) ++shared_->long_jobs;
    if (!reached_ && !any_bound()) return fail_unsent(job);
    job.queued = true;
    waiting_.push_back(job.number);
    if (std::exchange(ticks_slowly_, false)) tick_timer_.start(tick_pause(), [this] { tick(); });
}

Status Core::prepare(Job& job) {
    const Message& message = *job.message;
    auto options = kit::read_described<Options>(kit::options_section(message.options, "smpp"),
                                                "$.options.smpp");
    if (!options) return std::move(options.error());
    const auto digits = recipient_digits(message.recipient);
    if (!digits) return make_error(ErrorCode::recipient_invalid, "the recipient is no number");
    job.own_sender = !options->sender.empty();
    job.head.service_type = settings_.service_type;
    job.head.source = source_of(settings_, *options);
    job.head.destination = {static_cast<std::uint8_t>(settings_.dest_ton),
                            static_cast<std::uint8_t>(settings_.dest_npi), *digits};
    job.head.registered_delivery = registered_byte(settings_.registered_delivery);
    const std::int64_t now_ms = parts_.clock.now_ms();
    const std::int64_t wanted =
        options->validity_seconds > 0 ? options->validity_seconds : settings_.validity_seconds;
    job.head.validity_period = validity_text(
        settings_.validity_form, validity_seconds(wanted, message.deliver_by_ms, now_ms), now_ms);
    auto split = split_text(message.content, split_rules(settings_, *options),
                            next_reference(job.head.source, job.head.destination));
    if (!split) return std::move(split.error());
    job.head.data_coding = split->data_coding;
    job.segments = std::move(split->segments);
    job.parts.assign(job.segments.size(), Job::Part::waiting);
    job.ids.resize(job.segments.size());
    return Done{};
}

std::uint16_t Core::next_reference(const Address& source, const Address& destination) {
    // One counter for many pairs is enough: what counts is that a pair's references differ in turn.
    const std::size_t slot =
        std::hash<std::string>{}(source.digits + ">" + destination.digits) % references_.size();
    return ++references_[slot];
}

bool Core::any_bound() const {
    return std::any_of(binds_.begin(), binds_.end(),
                       [](const auto& bind) { return bind->may_submit() && bind->is_bound(); });
}

Job* Core::find(std::uint64_t number) {
    const auto found = jobs_.find(number);
    return found == jobs_.end() ? nullptr : found->second.get();
}

void Core::pump() {
    if (binds_.empty()) return;
    for (bool more = true; more;) {
        more = false;
        for (std::size_t i = 0; i < binds_.size(); ++i)
            more = submit_one((turn_ + i) % binds_.size()) || more;
        ++turn_;
    }
    for (const auto& bind : binds_) bind->flush();
    wait_for_pace();
}

bool Core::submit_one(std::size_t index) {
    Bind& bind = *binds_[index];
    const auto now_us = parts_.clock.steady_us();
    if (!bind.may_submit() || !bind.has_room() || bind.pace().next_us(now_us) > now_us)
        return false;
    Job* job = hand_to(index);
    if (job == nullptr || !bind.pace().take(now_us)) return false;
    const std::size_t segment = job->next();
    if (job->started_ms == 0) {
        job->started_ms = parts_.clock.now_ms();
        job->started_us = now_us;
    }
    // Lent to the PDU and taken back: no copy of the text for each submit.
    ShortMessage& message = job->head;
    message.esm_class = job->segments[segment].esm_class;
    message.text.swap(job->segments[segment].text);
    message.tlvs.swap(job->segments[segment].tlvs);
    bind.submit(message, {job->number, job->message->id, segment, job->segments.size()});
    message.text.swap(job->segments[segment].text);
    message.tlvs.swap(job->segments[segment].tlvs);
    job->parts[segment] = Job::Part::sent;
    hands_[index] = job->next() < job->parts.size() ? job->number : 0;
    return true;
}

Job* Core::hand_to(std::size_t index) {
    Job* held = hands_[index] == 0 ? nullptr : find(hands_[index]);
    if (held != nullptr && held->next() < held->parts.size()) return held;
    hands_[index] = 0;
    while (!waiting_.empty()) {
        Job* job = find(waiting_.front());
        waiting_.pop_front();
        if (job == nullptr) continue;
        job->queued = false;
        if (job->next() == job->parts.size()) continue;
        hands_[index] = job->number;
        return job;
    }
    return nullptr;
}

void Core::wait_for_pace() {
    const auto now_us = parts_.clock.steady_us();
    std::int64_t next_us = 0;
    for (std::size_t i = 0; i < binds_.size(); ++i) {
        Bind& bind = *binds_[i];
        const bool has_work = !waiting_.empty() || hands_[i] != 0;
        if (!bind.may_submit() || !bind.has_room() || !has_work) continue;
        const auto at_us = bind.pace().next_us(now_us);
        next_us = next_us == 0 ? at_us : std::min(next_us, at_us);
    }
    if (next_us == 0) return;
    pace_timer_.start(Millis(std::max<std::int64_t>(1, (next_us - now_us + 999) / 1'000)), [this] {
        pump();
        flush_done();
    });
}

Millis Core::tick_pause() const {
    const double shortest =
        std::min(settings_.enquire_link_seconds, settings_.response_timeout_seconds);
    const Millis fine(static_cast<std::int64_t>(std::max(10.0, shortest * 100)));
    return std::min(fine, ticks_slowly_ ? std::min(idle_tick, fine) : longest_tick);
}

void Core::tick() {
    const auto now_us = parts_.clock.steady_us();
    for (const auto& bind : binds_) bind->tick(now_us);
    std::erase_if(paused_, [this, now_us](std::uint64_t number) {
        Job* job = find(number);
        if (job != nullptr && job->not_before_us > now_us) return false;
        if (job != nullptr) waiting_.push_front(number);
        return true;
    });
    check_deadlines();
    take_receipts(false);
    if (waiting_.size() > 2 * jobs_.size() + 64)
        std::erase_if(waiting_, [this](std::uint64_t number) { return find(number) == nullptr; });
    pump();
    flush_done();
    ticks_slowly_ = jobs_.empty() && incoming_.empty();
    tick_timer_.start(tick_pause(), [this] { tick(); });
}

void Core::check_deadlines() {
    const std::int64_t now_ms = parts_.clock.now_ms();
    std::vector<Job*> late;
    for (const auto& [number, job] : jobs_) {
        if (job->deadline_ms <= now_ms) late.push_back(job.get());
    }
    for (Job* job : late) {
        if (job->count(Job::Part::sent) + job->count(Job::Part::lost) > 0) {
            finish(*job, OutcomeClass::unknown, "deadline", "submitted, and no answer in time");
        } else {
            fail_unsent(*job);
        }
    }
}

void Core::on_bound(Bind& bind) {
    if (bind.may_submit()) {
        reached_ = true;
        refused_ = false;
        trouble_.clear();
    }
    pump();
    flush_done();
}

void Core::on_pause(Bind&) {
    take_receipts(false);
    pump();
    flush_done();
}

void Core::on_loss(Bind& bind, const Loss& loss) {
    for (auto it = loss.unwritten.rbegin(); it != loss.unwritten.rend(); ++it) {
        if (Job* job = find(it->job); job != nullptr) {
            job->parts[it->segment] = Job::Part::waiting;
            put_back(*job);
        }
    }
    for (std::size_t i = 0; i < binds_.size(); ++i) {
        if (binds_[i].get() != &bind) continue;
        if (Job* held = find(std::exchange(hands_[i], 0)); held != nullptr) put_back(*held);
    }
    for (const Ticket& ticket : loss.written) {
        if (Job* job = find(ticket.job); job != nullptr) {
            job->parts[ticket.segment] = Job::Part::lost;
            job->lost_why = loss.why;
            settle(*job);
        }
    }
    if (bind.may_submit()) {
        trouble_ = loss.why;
        // After a cut, what was not written may wait for the first try to come back.
        if (loss.kind != Loss::Kind::cut && !any_bound()) {
            reached_ = false;
            refused_ = loss.kind == Loss::Kind::refused;
            refuse_waiting();
        }
    }
    if (unbinding_) ++unbound_;
    pump();
    flush_done();
}

void Core::on_unbound(Bind&) {
    ++unbound_;
    check_drained();
}

void Core::put_back(Job& job) {
    if (job.queued || job.next() == job.parts.size()) return;
    job.queued = true;
    waiting_.push_front(job.number);
}

void Core::refuse_waiting() {
    std::vector<Job*> unsent;
    for (const auto number : waiting_) {
        // What the centre has partly taken is worth waiting for until the deadline.
        Job* job = find(number);
        const bool begun = job != nullptr &&
                           (job->count(Job::Part::accepted) > 0 || job->count(Job::Part::sent) > 0);
        if (job != nullptr && !begun) unsent.push_back(job);
    }
    for (Job* job : unsent) fail_unsent(*job);
}

void Core::stop(Millis grace) {
    if (std::exchange(*closed_.lock(), true)) return;
    auto drained = std::make_shared<std::promise<void>>();
    auto waiting = drained->get_future();
    loop_.post([this, drained] {
        drained_ = [drained] { drained->set_value(); };
        begin_stop();
    });
    loop_.start();
    (void)waiting.wait_for(grace);
    loop_.stop();
    end_stop();
}

void Core::begin_stop() {
    stopping_ = true;
    trouble_ = "the account is being closed";
    std::vector<Job*> unsent;
    for (const auto& [number, job] : jobs_) {
        if (job->count(Job::Part::waiting) == job->parts.size()) unsent.push_back(job.get());
    }
    for (Job* job : unsent) fail_unsent(*job);
    take_receipts(true);
    flush_done();
}

void Core::check_drained() {
    if (!stopping_ || !jobs_.empty() || storing_ > 0) return;
    if (std::exchange(unbinding_, true)) {
        if (unbound_ >= binds_.size() && drained_) std::exchange(drained_, nullptr)();
        return;
    }
    for (const auto& bind : binds_) bind->unbind();
    if (unbound_ >= binds_.size() && drained_) std::exchange(drained_, nullptr)();
}

void Core::end_stop() {
    // The thread has ended; its state is ours now.
    for (const auto& bind : binds_) bind->stop();
    trials_.clear();
    std::vector<Job*> rest;
    for (const auto& [number, job] : jobs_) rest.push_back(job.get());
    for (Job* job : rest) {
        if (job->count(Job::Part::sent) + job->count(Job::Part::lost) > 0) {
            finish(*job, OutcomeClass::unknown, "stopped",
                   "the account was closed before the centre answered");
        } else {
            fail_unsent(*job);
        }
    }
    stopping_ = false;  // nothing is left to drain
    flush_done();
}

}  // namespace hongyan::smpp
