#include "channel/mail/account.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "channel/mail/bounce.hpp"
#include "channel/mail/smtp_sender.hpp"

namespace hongyan::mail {
namespace {

constexpr std::string_view unsubscribe_page =
    "<!doctype html><meta charset=utf-8><meta name=robots content=noindex>"
    "<title>Unsubscribe / 退订</title><form method=post>"
    "<p>Stop these mails? / 不再接收此类邮件？</p>"
    "<button name=List-Unsubscribe value=One-Click>Unsubscribe / 退订</button></form>";

std::string own_host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    const std::string_view host = name.data();
    const bool fine = !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.';
    });
    return fine ? std::string(host) : "localhost";
}

/// The key that the caller gave: "Authorization: Bearer KEY", or ?key=KEY.
std::string_view given_key(const Callback& callback) {
    constexpr std::string_view bearer = "bearer ";
    const std::string_view header = callback.header("authorization");
    if (header.size() > bearer.size() &&
        equals_ignoring_case(header.substr(0, bearer.size()), bearer)) {
        return trim(header.substr(bearer.size()));
    }
    return callback.query_value("key");
}

class SmtpAccount final : public Account {
  public:
    SmtpAccount(std::shared_ptr<Loops> loops, std::shared_ptr<Sender> sender, BounceKeys keys,
                std::string callback_key, const Clock& clock)
        : loops_(std::move(loops)),
          sender_(std::move(sender)),
          keys_(std::move(keys)),
          callback_key_(std::move(callback_key)),
          clock_(clock) {}
    ~SmtpAccount() override { sender_->stop(Millis(0)); }

    Status start(OutcomeSink sink, ReceiptSink) override {
        sender_->start(std::move(sink));
        return Done{};
    }
    void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) override {
        sender_->send(std::move(batch), deadline_ms);
    }
    Result<CallbackAnswer> callback(const Callback& callback) override {
        const std::string_view token = callback.query_value("token");
        return token.empty() ? on_report(callback) : on_unsubscribe(callback, token);
    }
    void test(UniqueFunction<void(AccountTest)> done) override { sender_->test(std::move(done)); }
    void stop(Millis grace) override { sender_->stop(grace); }

  private:
    Result<CallbackAnswer> on_report(const Callback& callback) const {
        if (callback.method != "POST") {
            return make_error(ErrorCode::bad_request, "post a bounce as message/rfc822");
        }
        BounceKeys keys = keys_;
        if (callback_key_.empty()) {
            keys.accept_unsigned = false;  // anybody may have posted it
        } else if (!equal_in_constant_time(given_key(callback), callback_key_)) {
            return make_error(ErrorCode::unauthorized, "the callback's key is not right");
        }
        auto receipts = read_bounce(callback.body, keys, clock_.now_ms());
        if (!receipts) return receipts.error();
        CallbackAnswer answer;
        answer.receipts = std::move(*receipts);
        answer.body = "{\"receipts\":" + std::to_string(answer.receipts.size()) + "}";
        answer.replay_key = to_hex(sha256(callback.body));
        return answer;
    }

    Result<CallbackAnswer> on_unsubscribe(const Callback& callback, std::string_view token) const {
        auto receipt = read_unsubscribe(token, keys_);
        if (!receipt) return receipt.error();
        CallbackAnswer answer;
        answer.content_type = "text/html; charset=utf-8";
        if (callback.method != "POST") {  // link scanners must not unsubscribe anybody
            answer.body = unsubscribe_page;
            return answer;
        }
        // As a form or as multipart/form-data (RFC 8058).
        const std::string_view body = callback.body;
        if (body.find("List-Unsubscribe") == body.npos || body.find("One-Click") == body.npos) {
            return make_error(ErrorCode::bad_request,
                              "the body must be List-Unsubscribe=One-Click (RFC 8058)");
        }
        answer.receipts.push_back(std::move(*receipt));
        answer.body = "<!doctype html><meta charset=utf-8><p>Done. / 已退订。";
        answer.replay_key = "unsubscribe " + to_hex(sha256(token));
        return answer;
    }

    const std::shared_ptr<Loops> loops_;    ///< shared: see open_smtp_account
    const std::shared_ptr<Sender> sender_;  ///< shared: what is posted to its loop keeps it
    const BounceKeys keys_;
    const std::string callback_key_;
    const Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<Account>> open_smtp_account(const SmtpSettings& settings,
                                                   const ProviderParts& parts,
                                                   std::shared_ptr<Loops> loops) {
    const MailSettings mail = mail_with_secrets(settings);
    auto composer = Composer::make(mail);
    if (!composer) return composer.error();
    auto tls = TlsContext::make(settings.ca_file, settings.verify_certificate);
    if (!tls) {
        Error error = tls.error();
        error.problems.push_back({"$.ca_file", "unreadable", error.detail});
        return error;
    }
    auto& loop = loops->next();
    auto token = std::make_shared<TokenSource>(settings, parts.outbound, parts.clock, loop);
    auto server = std::make_unique<Server>(
        Server{settings, settings.helo.empty() ? own_host_name() : settings.helo, std::move(*tls),
               *loops, loop, parts.clock, std::move(token), parts.allowed});
    auto sender = std::make_shared<Sender>(std::move(server), std::move(*composer), parts.log);
    return std::unique_ptr<Account>(
        std::make_unique<SmtpAccount>(std::move(loops), std::move(sender), bounce_keys(mail),
                                      settings.callback_key, parts.clock));
}

}  // namespace hongyan::mail
