#include "universe/core/dispatcher.hpp"

#include <utility>

#include "base/text.hpp"
#include "universe/core/inbox.hpp"

namespace hongyan::universe {
namespace {

/// Long enough for the receipt's whole way on loopback.
constexpr Millis early_pause{250};

/// The plain answer where the service has none of its own.
int plain_status(std::string_view fault, int status) {
    if (fault == "rate_limited" || fault == "quota") return 429;
    if (fault == "server_error") return 500;
    if (fault == "token_expired") return 401;
    if (fault == "invalid_recipient") return 400;
    if (fault == "error_in_body") return 200;
    return status;
}

bool is_own(std::string_view path) {
    return path == "/_universe" || path.starts_with("/_universe/");
}

}  // namespace

Dispatcher::Dispatcher(World& world, const std::vector<std::unique_ptr<HttpService>>& services,
                       Hooks hooks)
    : world_(world), services_(services), hooks_(std::move(hooks)) {
    for (const auto& service : services) by_name_.emplace(service->name(), service.get());
}

HttpService* Dispatcher::find(ServiceRequest& request) const {
    const std::string_view path = request.path;
    const auto end = std::min(path.find('/', 1), path.size());
    const auto found =
        by_name_.find(path.substr(std::min<std::size_t>(1, path.size()), end > 0 ? end - 1 : 0));
    if (path.starts_with('/') && found != by_name_.end()) {
        request.path = end < path.size() ? std::string(path.substr(end)) : "/";
        return found->second;
    }
    for (const auto& service : services_) {
        if (service->claims(request)) return service.get();
    }
    return nullptr;
}

Visit Dispatcher::begin(ServiceRequest request) {
    Visit visit;
    visit.request = std::move(request);
    if (is_own(visit.request.path)) return visit;
    visit.service = find(visit.request);
    if (visit.service != nullptr) visit.fate = hooks_.draw(visit.service->name(), visit.request);
    return visit;
}

Answer Dispatcher::finish(Visit& visit) {
    Answer answer;
    if (visit.service == nullptr) {
        answer.reply =
            is_own(visit.request.path) ? hooks_.own(visit.request) : nobody(visit.request);
        return answer;
    }
    const Fate& fate = visit.fate;
    if (fate.hang)
        answer.kind = Answer::Kind::hang;
    else if (fate.cut_before)
        answer.kind = Answer::Kind::cut;
    else if (fate.fault == "goaway" && visit.request.http2)
        answer.kind = Answer::Kind::goaway;
    if (answer.kind != Answer::Kind::reply) return answer;
    if (!fate.fault.empty() && fate.fault != "goaway") {
        answer.reply = fault_of(visit);
        return answer;
    }
    answer.reply = visit.service->handle(world_, visit.request);
    if (hooks_.sent_early()) answer.pause = early_pause;
    if (fate.cut_after)
        answer.kind = Answer::Kind::cut;
    else if (fate.half_answer)
        answer.kind = Answer::Kind::half;
    else if (fate.fault == "goaway")
        answer.kind = Answer::Kind::goaway;
    return answer;
}

ServiceReply Dispatcher::fault_of(const Visit& visit) {
    const Fate& fate = visit.fate;
    ServiceReply reply;
    std::optional<ServiceReply> own;
    if (fate.fault != "status") own = visit.service->fault(world_, fate.fault, visit.request);
    if (own) {
        reply = std::move(*own);
    } else {
        reply.status = plain_status(fate.fault, fate.status);
        reply.body = "{\"error\":" + json_quoted("chaos: " + fate.fault) + "}";
    }
    if (fate.retry_after_seconds >= 0) {
        std::erase_if(reply.headers, [](const auto& one) {
            return equals_ignoring_case(one.first, "retry-after");
        });
        reply.headers.emplace_back("Retry-After", std::to_string(fate.retry_after_seconds));
    }
    return reply;
}

ServiceReply Dispatcher::nobody(const ServiceRequest& request) const {
    ServiceReply reply;
    reply.status = 404;
    const std::string path = valid_utf8(request.path.substr(0, 200));
    reply.body = "{\"error\":" +
                 json_quoted("no simulated service takes " + request.method + " " + path +
                             "; begin the path with a service's name") +
                 ",\"services\":[";
    bool first = true;
    for (const auto& service : services_) {
        reply.body += (std::exchange(first, false) ? "" : ",") +
                      json_quoted("/" + std::string(service->name()) + "/");
    }
    reply.body += "]}";
    return reply;
}

}  // namespace hongyan::universe
