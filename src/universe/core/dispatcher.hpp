// Dispatcher: the Site of the universe. It finds the service of a request (by the first segment of
// the path, else by what services claim), draws its fate, and turns the fate into an answer; paths
// below
// /_universe go to the universe's own API. Called from the listener's threads at once.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>

#include "universe/core/site.hpp"

namespace hongyan::universe {

class Dispatcher final : public Site {
  public:
    /// What the dispatcher needs beside the services.
    struct Hooks {
        /// The universe's own API.
        std::function<ServiceReply(const ServiceRequest&)> own;
        /// The fate of a request to a service.
        std::function<Fate(std::string_view service, const ServiceRequest&)> draw;
        /// True if a receipt was sent during this thread's handle() that must come before the
        /// answer.
        std::function<bool()> sent_early;
    };
    Dispatcher(World& world, const std::vector<std::unique_ptr<HttpService>>& services,
               Hooks hooks);
    [[nodiscard]] Visit begin(ServiceRequest request) override;
    [[nodiscard]] Answer finish(Visit& visit) override;

  private:
    [[nodiscard]] HttpService* find(ServiceRequest& request) const;
    [[nodiscard]] ServiceReply nobody(const ServiceRequest& request) const;
    [[nodiscard]] ServiceReply fault_of(const Visit& visit);

    World& world_;
    const std::vector<std::unique_ptr<HttpService>>& services_;
    std::map<std::string_view, HttpService*> by_name_;
    const Hooks hooks_;
};

}  // namespace hongyan::universe
