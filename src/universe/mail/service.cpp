#include "universe/mail/service.hpp"

#include "base/text.hpp"
#include "universe/mail/server.hpp"

namespace hongyan::universe::mail {
namespace {

class MailService final : public WireService {
  public:
    std::string_view name() const override { return service_name; }
    std::string_view title() const override { return "SMTP mail server"; }
    ChannelKind channel() const override { return ChannelKind::email; }
    std::vector<ServiceSetting> settings() const override { return setting_list(); }
    int default_port() const override { return 2525; }

    SampleAccount sample_account(const World& world) const override {
        const std::string address = world.wire_address(service_name);
        const auto colon = address.rfind(':');
        const bool listens = colon != address.npos;
        const Rules rules = read_rules(world);
        std::string out = "{\"host\":";
        out += json_quoted(listens ? address.substr(0, colon) : "127.0.0.1");
        out += ",\"port\":" + (listens ? address.substr(colon + 1) : "2525");
        out += ",\"tls\":" + std::string(tls_word(rules.tls));
        if (!world.ca_file().empty()) out += ",\"ca_file\":" + json_quoted(world.ca_file());
        if (!rules.users.empty()) {
            out += ",\"username\":" + json_quoted(rules.users.front().first);
            out += ",\"password\":" + json_quoted(rules.users.front().second);
        }
        const std::string key = world.setting(service_name, "callback_key");
        if (!key.empty()) out += ",\"callback_key\":" + json_quoted(key);
        return {"smtp", out + R"(,"mail":{"from":"Hongyan <sender@sandbox.example>"}})"};
    }

    Result<int> start(World& world, int port) override {
        stop();
        server_ = std::make_unique<Server>(world);
        return server_->start(port);
    }
    void stop() override { server_.reset(); }

  private:
    static std::string_view tls_word(TlsOffer offer) {
        if (offer == TlsOffer::off) return "\"off\"";
        return offer == TlsOffer::implicit ? "\"implicit\"" : "\"required\"";
    }

    std::unique_ptr<Server> server_;
};

}  // namespace

void add_services(ServiceList& list) { list.wire.push_back(std::make_unique<MailService>()); }

}  // namespace hongyan::universe::mail
