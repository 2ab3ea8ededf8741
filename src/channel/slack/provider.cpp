#include "channel/slack/provider.hpp"

#include <unistd.h>

#include "channel/slack/protocol.hpp"
#include "kit/described.hpp"

namespace hongyan::slack {
namespace {

constexpr std::string_view recipient_shape =
    R"({"type":"string","description":"The name of the channel, with or without #, or \"robot\": the account decides where a message goes, and refuses names that are not its own.","examples":["robot","#ops"]})";

std::vector<std::string_view> secret_names() { return {"webhook_url"}; }

class SlackProvider final : public Provider {
  public:
    [[nodiscard]] ChannelKind channel() const override { return ChannelKind::slack; }
    [[nodiscard]] std::string_view name() const override { return "slack"; }
    [[nodiscard]] std::string_view title() const override { return "Slack incoming webhook"; }
    [[nodiscard]] const ProviderTraits& traits() const override { return traits_; }
    [[nodiscard]] const ChannelShapes& shapes() const override { return shapes_; }
    [[nodiscard]] std::vector<std::string_view> secrets() const override { return secret_names(); }

    [[nodiscard]] std::vector<Problem> check_settings(std::string_view settings) const override {
        return kit::problems_of<Settings>(settings);
    }

    [[nodiscard]] std::vector<Problem> check(std::string_view recipient,
                                             const Content& content) const override {
        const std::string section = kit::options_section(content.options, name());
        auto problems = kit::problems_of<Options>(section, "$.options.slack");
        if (!read_label(recipient)) {
            problems.push_back(
                {"$.recipient", "format", "must be robot, or the name of a channel"});
        }
        const bool has_own = section.find_first_not_of("{} \t\r\n") != std::string::npos;
        if (content.content.empty() && !has_own) {
            problems.push_back({"$.content", "required", "must not be empty"});
        }
        return problems;
    }

    [[nodiscard]] Result<std::unique_ptr<Account>> open(AccountSettings settings,
                                                        const ProviderParts& parts) const override {
        auto read = kit::read_described<Settings>(settings.settings);
        if (!read) {
            Error error = std::move(read.error());
            error.code = ErrorCode::config_invalid;
            return error;
        }
        if (!read->ca_file.empty() && access(read->ca_file.c_str(), R_OK) != 0) {
            Error error = make_error(ErrorCode::config_invalid, "The ca_file cannot be read.");
            error.problems.push_back({"$.ca_file", "unreadable", "must name a PEM file"});
            return error;
        }
        return kit::make_http_account(std::make_unique<SlackProtocol>(std::move(*read)), parts);
    }

  private:
    const ProviderTraits traits_{.max_in_flight = 2};  // it takes about one a second
    const ChannelShapes shapes_{kit::schema_text(shape::description_of<Settings>(), secret_names()),
                                kit::schema_text(shape::description_of<Options>()),
                                std::string(recipient_shape)};
};

}  // namespace

void add_providers(ProviderList& list) { list.push_back(std::make_unique<SlackProvider>()); }

}  // namespace hongyan::slack
