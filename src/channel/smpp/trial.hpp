// Trial: one login to test an account, beside its own binds; nothing is submitted. Used on the
// account's thread only.
#pragma once

#include <memory>
#include <string>

#include "channel/smpp/bind.hpp"
#include "contract/provider.hpp"

namespace hongyan::smpp {

class Trial final : private BindEvents {
  public:
    /// done is called once; ended when the connection is closed, never from inside the constructor.
    Trial(const BindParts& parts, Command role, UniqueFunction<void(AccountTest)> done,
          UniqueFunction<void(const Trial*)> ended);
    /// Reports failure if nothing was reported yet.
    ~Trial() override;
    void run();

  private:
    void on_bound(Bind& bind) override;
    void on_answer(Bind&, const SubmitAnswer&) override {}
    void on_overdue(Bind&, const Ticket&) override {}
    void on_message(const ReplyTo& reply_to, const ShortMessage& message) override;
    void on_pause(Bind&) override {}
    void on_loss(Bind& bind, const Loss& loss) override;
    void on_unbound(Bind& bind) override;
    void report(bool ok, std::string detail);

    const BindParts parts_;
    const std::int64_t began_us_;
    UniqueFunction<void(AccountTest)> done_;
    UniqueFunction<void(const Trial*)> ended_;
    Bind bind_;
};

}  // namespace hongyan::smpp
