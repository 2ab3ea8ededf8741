#include "channel/sandbox/sandbox.hpp"

#include <array>
#include <charconv>
#include <mutex>

#include "channel/sandbox/inbox.hpp"
#include "channel/sandbox/ledger.hpp"
#include "channel/sandbox/steering.hpp"

namespace hongyan::sandbox {
namespace {

constexpr std::int64_t rate_limit_pause_ms = 1000;

std::string_view detail_of(OutcomeClass outcome) {
    switch (outcome) {
        case OutcomeClass::accepted:
            return "";
        case OutcomeClass::transient:
            return "the sandbox let this attempt fail; another may pass";
        case OutcomeClass::unknown:
            return "the sandbox took the message and lost the answer";
        case OutcomeClass::rate_limited:
            return "the sandbox asks for a slower pace";
        case OutcomeClass::quota:
            return "the sandbox says this recipient got enough for now";
        case OutcomeClass::token:
            return "the sandbox says the credential has expired";
        case OutcomeClass::configuration:
            return "the sandbox says the account is set up wrongly";
        case OutcomeClass::recipient_permanent:
            return "the sandbox knows no such recipient";
        case OutcomeClass::message_permanent:
            return "the sandbox refuses this message";
    }
    return "";
}

/// Fills in what follows from the class; a class the channel has set before (an answer too late)
/// stays.
void fill_outcome(Sent& sent, const SandboxOptions& options) {
    Outcome& outcome = sent.outcome;
    if (outcome.kind == OutcomeClass::accepted) outcome.kind = decide(*sent.message, options);
    outcome.provider = "sandbox";
    if (outcome.kind == OutcomeClass::accepted) return;
    if (outcome.detail.empty()) outcome.detail = detail_of(outcome.kind);
    if (outcome.kind == OutcomeClass::rate_limited) outcome.retry_after_ms = rate_limit_pause_ms;
}

}  // namespace

struct Sandbox::State {
    State(const SandboxOptions& with, const Clock& by, Log& to)
        : options(with), clock(by), log(to), inbox(with.inbox_messages, with.inbox_bytes) {}

    void record(std::vector<Sent>& attempts);
    bool note(const std::vector<Sent>& attempts, std::int64_t now_ms);

    const SandboxOptions options;
    const Clock& clock;
    Log& log;
    mutable std::mutex mutex;
    // Under mutex.
    Inbox inbox;
    std::optional<Ledger> ledger;
    std::vector<LedgerRecord> records;  ///< kept to save the allocation
    std::uint64_t sequence = 0;
    bool ledger_failed = false;
};

Result<std::unique_ptr<Sandbox>> Sandbox::open(const SandboxOptions& options, const Clock& clock,
                                               Log& log) {
    auto state = std::make_unique<State>(options, clock, log);
    if (!options.ledger_path.empty() && options.ledger_mib > 0) {
        const auto max_bytes = static_cast<std::uint64_t>(options.ledger_mib) * 1024 * 1024;
        auto ledger = Ledger::open(options.ledger_path, max_bytes);
        if (!ledger) return ledger.error();
        state->sequence = ledger->last_sequence();
        state->ledger.emplace(std::move(*ledger));
    }
    return std::unique_ptr<Sandbox>(new Sandbox(std::move(state)));
}

Sandbox::Sandbox(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sandbox::~Sandbox() = default;

std::vector<InboxItem> Sandbox::list(const InboxFilter& filter) const {
    const std::lock_guard lock(state_->mutex);
    return state_->inbox.list(filter);
}

std::size_t Sandbox::clear(std::optional<std::int64_t> tenant_id) {
    const std::lock_guard lock(state_->mutex);
    return state_->inbox.clear(tenant_id);
}

std::uint64_t Sandbox::arrivals() const {
    const std::lock_guard lock(state_->mutex);
    return state_->sequence;
}

const SandboxOptions& Sandbox::options() const { return state_->options; }
const Clock& Sandbox::clock() const { return state_->clock; }

void Sandbox::settle(std::vector<Sent>& attempts) {
    for (Sent& sent : attempts) fill_outcome(sent, state_->options);
    const std::lock_guard lock(state_->mutex);
    state_->record(attempts);
}

bool Sandbox::State::note(const std::vector<Sent>& attempts, std::int64_t now_ms) {
    if (!ledger) return true;
    records.clear();
    std::uint64_t next = sequence;
    for (const Sent& sent : attempts) {
        if (!arrives(sent.outcome.kind)) continue;
        const Message& message = *sent.message;
        records.push_back({++next, message.id, now_ms, message.attempts, message.tenant_id});
    }
    const Status noted = ledger->append(records);
    if (!noted && !ledger_failed)
        log.error("sandbox_ledger_failed", {{"detail", noted.error().detail}});
    ledger_failed = !noted.ok();
    return noted.ok();
}

void Sandbox::State::record(std::vector<Sent>& attempts) {
    const std::int64_t now_ms = clock.now_ms();
    const bool noted = note(attempts, now_ms);
    for (Sent& sent : attempts) {
        if (!arrives(sent.outcome.kind)) continue;
        if (!noted) {
            // The ledger is the proof of arrival: what it does not hold has not arrived.
            sent.outcome.kind = OutcomeClass::transient;
            sent.outcome.detail = "the sandbox could not write its ledger";
            continue;
        }
        inbox.add(*sent.message, ++sequence, now_ms);
    }
}

}  // namespace hongyan::sandbox
