#include "universe/smpp/service.hpp"

#include "base/text.hpp"
#include "universe/smpp/centre.hpp"

namespace hongyan::universe::smpp {
namespace {

class SmppService final : public WireService {
  public:
    std::string_view name() const override { return service_name; }
    std::string_view title() const override { return "SMPP 3.4 short message centre"; }
    ChannelKind channel() const override { return ChannelKind::sms; }
    std::vector<ServiceSetting> settings() const override { return setting_list(); }
    int default_port() const override { return 2775; }

    SampleAccount sample_account(const World& world) const override {
        const std::string address = world.wire_address(service_name);
        const auto colon = address.rfind(':');
        const bool listens = colon != address.npos;
        const Rules rules = read_rules(world);
        std::string settings = "{\"host\":";
        settings += json_quoted(listens ? address.substr(0, colon) : "127.0.0.1");
        settings += ",\"port\":" + (listens ? address.substr(colon + 1) : "2775");
        settings += ",\"system_id\":" + json_quoted(rules.system_id);
        settings += ",\"password\":" + json_quoted(rules.password);
        settings += ",\"source_addr\":\"HONGYAN\",\"window\":100}";
        return {"smpp", std::move(settings)};
    }

    Result<int> start(World& world, int port) override {
        stop();
        centre_ = std::make_unique<Centre>(world);
        return centre_->start(port);
    }
    void stop() override { centre_.reset(); }

  private:
    std::unique_ptr<Centre> centre_;
};

}  // namespace

void add_services(ServiceList& list) { list.wire.push_back(std::make_unique<SmppService>()); }

}  // namespace hongyan::universe::smpp
