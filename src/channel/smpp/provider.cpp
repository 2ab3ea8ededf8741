#include "channel/smpp/provider.hpp"

#include <filesystem>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "channel/smpp/core.hpp"
#include "channel/smpp/settings.hpp"
#include "kit/described.hpp"
#include "kit/http_account.hpp"

namespace hongyan::smpp {
namespace {

constexpr std::string_view provider_name = "smpp";
constexpr std::string_view options_path = "$.options.smpp";
constexpr std::string_view recipient_schema = R"json({
  "type": "string",
  "pattern": "^(smpp:)?\\+?[0-9]{3,15}$",
  "description": "A phone number with country code, E.164 with or without +",
  "examples": ["+8613800138000"]
})json";

/// The centre and the name by which it knows us: it gives a receipt to any session of that name.
std::string scope_of(const Settings& settings) {
    return to_lower(settings.host) + ":" + std::to_string(settings.port) + "/" + settings.system_id;
}

/// A plug between delivery and the engine room; see Core for what happens.
class SmppAccount final : public Account {
  public:
    SmppAccount(AccountSettings account, Settings settings, const ProviderParts& parts,
                std::shared_ptr<SharedReceipts> receipts)
        : scope_(scope_of(settings)),
          core_(std::make_shared<Core>(std::move(account), std::move(settings), parts,
                                       std::move(receipts))) {}
    ~SmppAccount() override { core_->stop(Millis(0)); }

    Status start(OutcomeSink sink, ReceiptSink receipts) override {
        return core_->start(std::move(sink), std::move(receipts));
    }
    void send(std::vector<MessagePtr> batch, std::int64_t deadline_ms) override {
        core_->send(std::move(batch), deadline_ms);
    }
    Result<CallbackAnswer> callback(const Callback&) override {
        return make_error(ErrorCode::not_found,
                          "receipts of SMPP come over its own connection, not by HTTP");
    }
    std::string receipt_scope() const override { return scope_; }
    void test(UniqueFunction<void(AccountTest)> done) override { core_->test(std::move(done)); }
    void stop(Millis grace) override { core_->stop(grace); }

  private:
    const std::string scope_;
    const std::shared_ptr<Core> core_;  ///< shared: a receipt being stored answers through it later
};

class SmppProvider final : public Provider {
  public:
    SmppProvider() {
        traits_.idempotency_ms = 0;  // SMPP knows none
        traits_.has_receipts = true;
        traits_.batch = 256;
        traits_.max_in_flight = 2'000;
        shapes_.settings = kit::schema_text(describe(shape::Tag<Settings>{}), secrets());
        shapes_.content = kit::schema_text(describe(shape::Tag<Options>{}));
        shapes_.recipient = recipient_schema;
    }

    ChannelKind channel() const override { return ChannelKind::sms; }
    std::string_view name() const override { return provider_name; }
    std::string_view title() const override { return "SMPP 3.4 / 短信中心直连"; }
    const ProviderTraits& traits() const override { return traits_; }
    const ChannelShapes& shapes() const override { return shapes_; }
    std::vector<std::string_view> secrets() const override { return {"password"}; }

    std::vector<Problem> check_settings(std::string_view settings) const override {
        return kit::problems_of<Settings>(settings);
    }

    std::vector<Problem> check(std::string_view recipient, const Content& content) const override {
        std::vector<Problem> problems;
        if (!recipient_digits(recipient)) {
            problems.push_back({"$.recipient", "recipient_invalid",
                                "must be a phone number of 3 to 15 digits, E.164 with or without "
                                "+"});
        }
        auto options = kit::read_described<Options>(
            kit::options_section(content.options, provider_name), options_path);
        if (!options) {
            auto& found = options.error().problems;
            if (found.empty())
                found.push_back({std::string(options_path), "invalid", options.error().detail});
            problems.insert(problems.end(), found.begin(), found.end());
        }
        check_text(content.content, options ? *options : Options{}, problems);
        return problems;
    }

    Result<std::unique_ptr<Account>> open(AccountSettings account,
                                          const ProviderParts& parts) const override {
        auto settings = kit::read_described<Settings>(account.settings);
        if (!settings) {
            settings.error().code = ErrorCode::config_invalid;
            return std::move(settings.error());
        }
        std::error_code ignored;
        if (!settings->ca_file.empty() &&
            !std::filesystem::is_regular_file(settings->ca_file, ignored)) {
            Error error = make_error(ErrorCode::config_invalid,
                                     "$.ca_file: there is no file " + settings->ca_file);
            error.problems.push_back({"$.ca_file", "invalid", "there is no such file"});
            return error;
        }
        auto receipts = receipts_of(account.tenant_id, scope_of(*settings));
        account.settings.clear();  // holds the password, and nobody needs it twice
        return std::unique_ptr<Account>(std::make_unique<SmppAccount>(
            std::move(account), std::move(*settings), parts, std::move(receipts)));
    }

  private:
    /// The one book of those accounts, as long as one of them is open.
    std::shared_ptr<SharedReceipts> receipts_of(std::int64_t tenant_id,
                                                const std::string& scope) const {
        auto books = books_.lock();
        std::erase_if(*books, [](const auto& entry) { return entry.second.expired(); });
        auto& kept = (*books)[{tenant_id, scope}];
        auto book = kept.lock();
        if (!book) {
            book = std::make_shared<SharedReceipts>();
            kept = book;
        }
        return book;
    }

    /// Texts that no account could send: an account may still allow fewer segments.
    static void check_text(std::string_view text, const Options& options,
                           std::vector<Problem>& problems) {
        if (text.empty()) {
            problems.push_back({"$.content", "required", "a short message needs a text"});
            return;
        }
        SplitRules rules = split_rules(Settings{}, options);
        rules.max_segments = 255;
        if (const auto split = split_text(text, rules, 1); !split) {
            const bool by_option = options.data_coding.has_value() && is_utf8(text);
            problems.push_back(
                {by_option ? std::string(options_path) + ".data_coding" : "$.content",
                 "content_invalid", split.error().detail});
        }
    }

    ProviderTraits traits_;
    mutable Guarded<std::map<std::pair<std::int64_t, std::string>, std::weak_ptr<SharedReceipts>>>
        books_;  ///< by tenant and scope
    ChannelShapes shapes_;
};

}  // namespace

void add_providers(ProviderList& list) { list.push_back(std::make_unique<SmppProvider>()); }

}  // namespace hongyan::smpp
