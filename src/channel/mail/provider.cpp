#include "channel/mail/provider.hpp"

#include "base/guarded.hpp"
#include "channel/mail/account.hpp"
#include "channel/mail/check.hpp"
#include "channel/mail/smtp_loops.hpp"
#include "kit/described.hpp"

namespace hongyan::mail {
namespace {

ChannelShapes make_shapes() {
    return {smtp_settings_schema(), mail_options_schema(), mail_recipient_schema()};
}

class SmtpProvider final : public Provider {
  public:
    ChannelKind channel() const override { return ChannelKind::email; }
    std::string_view name() const override { return "smtp"; }
    std::string_view title() const override { return "SMTP mail server / SMTP 邮件服务器"; }
    const ProviderTraits& traits() const override { return traits_; }
    const ChannelShapes& shapes() const override { return shapes_; }
    std::vector<std::string_view> secrets() const override { return smtp_secrets(); }

    std::vector<Problem> check_settings(std::string_view settings) const override {
        return kit::problems_of<SmtpSettings>(settings);
    }
    std::vector<Problem> check(std::string_view recipient, const Content& content) const override {
        return check_mail(recipient, content);
    }

    Result<std::unique_ptr<Account>> open(AccountSettings account,
                                          const ProviderParts& parts) const override {
        auto settings = kit::read_described<SmtpSettings>(account.settings);
        if (!settings) {
            Error error = std::move(settings.error());
            error.code = ErrorCode::config_invalid;
            return error;
        }
        return open_smtp_account(*settings, parts, loops());
    }

  private:
    /// Threads are for those who have an account.
    std::shared_ptr<Loops> loops() const {
        auto loops = loops_.lock();
        if (*loops == nullptr) *loops = std::make_shared<Loops>();
        return *loops;
    }

    // No queue at a mail server recognises a repeat, though receivers may, by its Message-ID.
    const ProviderTraits traits_{0, false, 64, 512};
    const ChannelShapes shapes_ = make_shapes();
    mutable Guarded<std::shared_ptr<Loops>> loops_;  ///< shared with the accounts
};

}  // namespace

void add_providers(ProviderList& list) { list.push_back(std::make_unique<SmtpProvider>()); }

}  // namespace hongyan::mail
