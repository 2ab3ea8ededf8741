#include "app/account_channel.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "config/setting_table.hpp"

namespace hongyan::app {
namespace {

class AccountChannel final : public Channel {
  public:
    AccountChannel(const Provider& provider, std::unique_ptr<Account> account)
        : provider_(provider), account_(std::move(account)) {
        limits_.batch = provider.traits().batch;
        limits_.max_in_flight = provider.traits().max_in_flight;
    }
    ChannelKind kind() const override { return provider_.channel(); }
    std::string_view provider() const override { return provider_.name(); }
    ChannelLimits limits() const override { return limits_; }
    const ChannelShapes& shapes() const override { return provider_.shapes(); }
    bool wants_intent() const override { return true; }
    std::vector<Problem> check(std::string_view recipient, const Content& content) const override {
        return provider_.check(recipient, content);
    }
    Status start(OutcomeSink sink) override {
        const auto named = [sink = std::move(sink),
                            name = std::string(provider_.name())](std::vector<Sent> sent) {
            for (auto& one : sent) one.outcome.provider = name;
            sink(std::move(sent));
        };
        return account_->start(named, [](std::vector<Receipt>, UniqueFunction<void(bool)> stored) {
            stored(false);  // receipts need an account of their own
        });
    }
    void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) override {
        account_->send(std::move(batch), deadline_ms);
    }
    Result<std::vector<Receipt>> receipt(const Callback&) override {
        return make_error(ErrorCode::not_found, "receipts need a provider account");
    }
    void stop(Millis grace) override { account_->stop(grace); }

  private:
    const Provider& provider_;
    const std::unique_ptr<Account> account_;
    ChannelLimits limits_;
};

bool is_this_machine(const std::string& host) {
    return host == "localhost" || host.starts_with("127.") || host == "::1";
}

/// A login must not travel readable because someone on the way hid the server's STARTTLS.
std::string_view tls_word(const config::EmailSettings& s, const config::SmtpAddress& address) {
    if (address.implicit_tls) return "implicit";
    if (s.tls == "off") return "off";
    const bool login_abroad = !s.username.empty() && !is_this_machine(address.host);
    return s.tls == "required" || login_abroad ? "required" : "offered";
}

}  // namespace

Result<std::unique_ptr<Channel>> make_account_channel(const Provider& provider,
                                                      const std::string& settings,
                                                      const ProviderParts& parts) {
    auto account = provider.open({0, 1, "settings", settings}, parts);
    if (!account) return account.error();
    return std::unique_ptr<Channel>(
        std::make_unique<AccountChannel>(provider, std::move(*account)));
}

std::string smtp_account_settings(const config::EmailSettings& s) {
    const auto address = config::parse_smtp_url(s.smtp_url);
    HY_ASSERT(address.has_value());  // the settings have been checked
    boost::json::object settings{{"host", address->host},
                                 {"port", address->port},
                                 {"tls", tls_word(s, *address)},
                                 {"max_connections", s.connections},
                                 {"messages_per_connection", s.messages_per_connection},
                                 {"final_timeout_seconds", s.timeout_seconds},
                                 {"plain_login", is_this_machine(address->host)},
                                 {"mail", boost::json::object{{"from", s.from}}}};
    if (!s.helo.empty()) settings["helo"] = s.helo;
    if (!s.ca_file.empty()) settings["ca_file"] = s.ca_file;
    if (!s.username.empty()) {
        settings["username"] = s.username;
        settings["password"] = s.password;
    }
    return boost::json::serialize(settings);
}

}  // namespace hongyan::app
