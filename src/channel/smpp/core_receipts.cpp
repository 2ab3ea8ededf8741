// The part of Core that passes receipts on, and the trial of an account.
#include <algorithm>
#include <utility>

#include "channel/smpp/core.hpp"

namespace hongyan::smpp {
namespace {

/// How long a receipt of an id nobody knows waits for the answers of long messages under way.
constexpr std::int64_t patience_us = 1'000'000;
/// Beyond this the centre is asked to keep its receipts for now.
constexpr std::size_t max_storing = 10'000;

}  // namespace

void Core::on_message(const ReplyTo& reply_to, const ShortMessage& message) {
    auto facts = read_receipt(message, receipt_rules_);
    if (!facts || facts->id.empty()) {
        parts_.log.debug(facts ? "smpp_receipt_without_id" : "smpp_incoming_message",
                         {{"account", account_.name},
                          {"from", mask_recipient(message.source.digits)},
                          {"bytes", message.content().size()}});
        return reply_to.bind->answer(reply_to, status_ok);
    }
    if (!receipt_sink_ || storing_ + incoming_.size() >= max_storing)
        return reply_to.bind->answer(reply_to, status_try_later);
    incoming_.push_back({reply_to, std::move(*facts), parts_.clock.steady_us()});
}

void Core::take_receipts(bool all) {
    if (incoming_.empty()) return;
    const auto now_us = parts_.clock.steady_us();
    std::vector<Receipt> receipts;
    std::vector<ReplyTo> answers;
    std::erase_if(incoming_, [&](const Incoming& one) {
        auto book = shared_->book.lock();
        // It may be of a later segment whose answer is still to come: then it must not be taken
        // for the word on a whole message.
        const bool wait = !all && shared_->long_jobs > 0 && !book->knows(one.facts.id) &&
                          now_us - one.came_us < patience_us;
        if (wait) return false;
        receipts.push_back(book->read(one.facts, settings_.accepted_is_delivered));
        answers.push_back(one.reply_to);
        return true;
    });
    if (!receipts.empty()) store(std::move(receipts), std::move(answers));
}

void Core::store(std::vector<Receipt> receipts, std::vector<ReplyTo> answers) {
    storing_ += answers.size();
    // The store may answer after this account is gone.
    receipt_sink_(std::move(receipts),
                  [weak = weak_from_this(), answers = std::move(answers)](bool stored) mutable {
                      const auto core = weak.lock();
                      if (!core) return;
                      auto* self = core.get();
                      self->loop_.post([self, answers = std::move(answers), stored] {
                          self->storing_ -= answers.size();
                          for (const ReplyTo& one : answers) {
                              if (one.bind != nullptr)
                                  one.bind->answer(one, stored ? status_ok : status_try_later);
                          }
                          for (const auto& bind : self->binds_) bind->flush();
                          self->check_drained();
                      });
                  });
}

void Core::late_answer(const SubmitAnswer& answer) {
    const bool single = answer.ticket.segments == 1;
    if (answer.status != status_ok || answer.message_id.empty() || !single || !receipt_sink_)
        return;
    Receipt receipt;
    receipt.message_id = answer.ticket.message_id;
    receipt.provider_message_id = normal_answer_id(answer.message_id, settings_.id_mode);
    receipt.status = MessageStatus::success;
    receipt.code = "late_answer";
    receipt.detail = "the centre accepted the message after its time was up";
    // So that the receipt which follows finds the message, too.
    shared_->book.lock()->add(receipt.message_id, {receipt.provider_message_id}, false);
    std::vector<Receipt> receipts;
    receipts.push_back(std::move(receipt));
    store(std::move(receipts), {});
}

void Core::test(UniqueFunction<void(AccountTest)> done) {
    {
        auto closed = closed_.lock();
        if (!*closed) {
            loop_.post([this, done = std::move(done)]() mutable { start_trial(std::move(done)); });
            return loop_.start();
        }
    }
    done({false, "the account is closed", 0});
}

void Core::start_trial(UniqueFunction<void(AccountTest)> done) {
    // A second login could be one too many for the centre; a session that lives is proof enough.
    if (any_bound()) {
        std::size_t bound = 0;
        for (const auto& bind : binds_) bound += bind->is_bound() ? 1 : 0;
        return done({true,
                     "logged in at " + settings_.host + ":" + std::to_string(settings_.port) +
                         " with " + std::to_string(bound) + " of " + std::to_string(binds_.size()) +
                         " binds",
                     0});
    }
    const bool both_ways = settings_.bind_mode == BindMode::transceiver;
    trials_.push_back(std::make_unique<Trial>(
        bind_parts(), both_ways ? Command::bind_transceiver : Command::bind_transmitter,
        std::move(done), [this](const Trial* ended) {
            // Not at once: its bind is still in the middle of an event.
            loop_.post([this, ended] {
                std::erase_if(trials_, [ended](const auto& t) { return t.get() == ended; });
            });
        }));
    trials_.back()->run();
}

}  // namespace hongyan::smpp
