#include "channel/smpp/trial.hpp"

#include <utility>

namespace hongyan::smpp {

Trial::Trial(const BindParts& parts, Command role, UniqueFunction<void(AccountTest)> done,
             UniqueFunction<void(const Trial*)> ended)
    : parts_(parts),
      began_us_(parts.clock.steady_us()),
      done_(std::move(done)),
      ended_(std::move(ended)),
      bind_(parts, role, *this) {}

Trial::~Trial() { report(false, "the account was closed before the test ended"); }

void Trial::run() { bind_.run(true); }

void Trial::on_bound(Bind& bind) {
    report(true, "logged in at " + parts_.settings.host + ":" +
                     std::to_string(parts_.settings.port) +
                     (bind.centre().empty() ? "" : " (" + bind.centre() + ")"));
    bind.unbind();
}

void Trial::on_message(const ReplyTo& reply_to, const ShortMessage&) {
    // Meant for the account's own binds; the centre will give it to them.
    reply_to.bind->answer(reply_to, status_try_later);
}

void Trial::on_loss(Bind&, const Loss& loss) {
    report(false, loss.why);
    ended_(this);
}

void Trial::on_unbound(Bind&) { ended_(this); }

void Trial::report(bool ok, std::string detail) {
    if (!done_) return;
    auto tell = std::exchange(done_, nullptr);
    tell({ok, std::move(detail), (parts_.clock.steady_us() - began_us_) / 1'000});
}

}  // namespace hongyan::smpp
