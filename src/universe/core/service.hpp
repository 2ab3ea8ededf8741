// Services of the provider universe: each simulates one provider so closely that the vendor's own
// client cannot tell, and is found by its folder (src/universe/NAME/service.hpp declares
// add_services()). An HttpService answers requests that the core reads, whatever the HTTP version;
// a WireService listens by itself (SMTP, SMPP). Services check credentials and signatures, keep the
// vendor's limits, give its error codes, and note what arrived in the World. Called from several
// threads at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "universe/core/world.hpp"

namespace hongyan::universe {

struct ServiceRequest {
    std::string method;
    std::string path;   ///< without query; percent-encoded as sent
    std::string query;  ///< without '?', as sent
    std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
    std::string body;
    std::string authority;  ///< Host or :authority
    std::string scheme = "http";
    std::string peer_address;
    bool http2 = false;

    [[nodiscard]] std::string_view header(std::string_view name) const {
        for (const auto& [key, value] : headers) {
            if (key == name) return value;
        }
        return {};
    }
    /// Decoded value of a query parameter ('+' is a space), or "".
    [[nodiscard]] std::string query_value(std::string_view name) const;
};

struct ServiceReply {
    int status = 200;
    std::string content_type = "application/json";
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body;
};

/// One credential or limit of a service, as documented and changeable in the universe's file.
struct ServiceSetting {
    std::string_view name;
    std::string_view value;  ///< the default
    std::string_view description;
};

class Service {
  public:
    virtual ~Service() = default;
    /// Stable: the table's name in the universe's file and the first segment of its path.
    [[nodiscard]] virtual std::string_view name() const = 0;
    [[nodiscard]] virtual std::string_view title() const = 0;
    [[nodiscard]] virtual ChannelKind channel() const = 0;
    [[nodiscard]] virtual std::vector<ServiceSetting> settings() const = 0;
    /// The settings of an account (a JSON object, with the provider's name) that reaches this
    /// service, so that a user can try at once; base_url has no slash at the end.
    struct SampleAccount {
        std::string provider;
        std::string settings;
    };
    [[nodiscard]] virtual SampleAccount sample_account(const World& world) const = 0;
};

class HttpService : public Service {
  public:
    /// True if a request without the service's path prefix is meant for it, by its path, host or
    /// headers, as vendors' clients send it.
    [[nodiscard]] virtual bool claims(const ServiceRequest& request) const = 0;
    /// request.path has no service prefix. Must not block.
    virtual ServiceReply handle(World& world, const ServiceRequest& request) = 0;
    /// The vendor's own answer to a fault of the chaos script: "rate_limited", "server_error",
    /// "token_expired", "quota", "invalid_recipient", "error_in_body" (HTTP 200 that means
    /// failure). Nothing: it has no such answer, and a plain status is used.
    virtual std::optional<ServiceReply> fault(World& world, std::string_view kind,
                                              const ServiceRequest& request) = 0;
};

class WireService : public Service {
  public:
    /// Listens on 127.0.0.1; port 0 = any. Gives the port.
    virtual Result<int> start(World& world, int port) = 0;
    virtual void stop() = 0;
    [[nodiscard]] virtual int default_port() const = 0;
};

struct ServiceList {
    std::vector<std::unique_ptr<HttpService>> http;
    std::vector<std::unique_ptr<WireService>> wire;
};

}  // namespace hongyan::universe
