#include "universe/core/own_api.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "base/text.hpp"
#include "universe/core/request_names.hpp"
#include "universe/core/universe.hpp"

namespace hongyan::universe {
namespace {

constexpr std::size_t limit_default = 100;
constexpr std::int64_t limit_max = 1'000;

ServiceReply json(std::string body, int status = 200) {
    ServiceReply reply;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

ServiceReply failure(int status, std::string_view text) {
    return json("{\"error\":" + json_quoted(valid_utf8(text)) + "}", status);
}

ServiceReply failure(int status, const Error& error) {
    std::string body = "{\"error\":" + json_quoted(valid_utf8(error.detail)) + ",\"problems\":[";
    for (std::size_t i = 0; i < error.problems.size(); ++i) {
        body += (i > 0 ? ",{\"path\":" : "{\"path\":") +
                json_quoted(valid_utf8(error.problems[i].path)) +
                ",\"detail\":" + json_quoted(valid_utf8(error.problems[i].detail)) + "}";
    }
    return json(body + "]}", status);
}

/// "127.0.0.1" of "http://127.0.0.1:8090"; "[::1]" keeps its brackets.
std::string_view host_of(std::string_view authority) {
    if (const auto at = authority.find("://"); at != authority.npos)
        authority.remove_prefix(at + 3);
    if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
    return authority.substr(0, authority.find(':'));
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "[::1]" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

/// Against pages of other sites: a name that somebody resolves to loopback, or a form sent here.
bool is_from_here(const ServiceRequest& request) {
    const std::string_view origin = request.header("origin");
    return is_loopback(host_of(request.authority)) &&
           (origin.empty() || is_loopback(host_of(origin)));
}

ServiceReply inbox(Universe& universe, const ServiceRequest& request) {
    InboxFilter filter;
    filter.limit = limit_default;
    for (auto& [name, value] : form_pairs(request.query)) {
        if (name == "service") {
            filter.service = value;
        } else if (name == "channel") {
            filter.channel = value;
        } else if (name == "recipient") {
            filter.recipient = value;
        } else if (name == "limit" || name == "after") {
            const auto number = parse_int(value);
            const std::int64_t high = name == "limit" ? limit_max : std::int64_t{1} << 62;
            if (!number || *number < (name == "limit" ? 1 : 0) || *number > high)
                return failure(400,
                               name + " must be a whole number, at most " + std::to_string(high));
            if (name == "limit")
                filter.limit = static_cast<std::size_t>(*number);
            else
                filter.after = static_cast<std::uint64_t>(*number);
            if (name == "after") filter.oldest_first = true;
        } else {
            return failure(400, "unknown parameter \"" + name +
                                    "\"; there are: service, channel, recipient, limit, after");
        }
    }
    return json(universe.inbox().find_json(filter));
}

ServiceReply ledger(Universe& universe) {
    std::string body = "{\"services\":{";
    bool first = true;
    for (const auto& [service, count] : universe.ledger().counts()) {
        body += (std::exchange(first, false) ? "" : ",") + json_quoted(service) +
                ":{\"arrived\":" + std::to_string(count.arrived) +
                ",\"distinct_tokens\":" + std::to_string(count.distinct_tokens) +
                ",\"duplicates\":" + std::to_string(count.duplicates) +
                ",\"exact\":" + (count.exact ? "true" : "false") + "}";
    }
    return json(body + "},\"last_sequence\":" + std::to_string(universe.ledger().last_sequence()) +
                "}");
}

void append(std::string& out, std::string_view name, std::string_view text) {
    out += "\"" + std::string(name) + "\":" + json_quoted(text) + ",";
}

void append_service(std::string& out, const ServiceInfo& service) {
    out += '{';
    append(out, "name", service.name);
    append(out, "title", service.title);
    append(out, "channel", service.channel);
    if (!service.url.empty()) append(out, "url", service.url);
    if (!service.https_url.empty()) append(out, "https_url", service.https_url);
    if (!service.address.empty()) append(out, "address", service.address);
    out += "\"settings\":[";
    for (std::size_t i = 0; i < service.settings.size(); ++i) {
        const auto& setting = service.settings[i];
        out += i > 0 ? ",{" : "{";
        append(out, "name", setting.name);
        append(out, "value", setting.value);
        append(out, "default", setting.default_value);
        out += "\"description\":" + json_quoted(setting.description) + "}";
    }
    out += "],\"sample_account\":{\"provider\":" + json_quoted(service.sample_provider) +
           ",\"settings\":" + service.sample_settings + "}}";
}

ServiceReply services(Universe& universe) {
    std::string body = "{\"services\":[";
    bool first = true;
    for (const auto& service : universe.services()) {
        if (!std::exchange(first, false)) body += ',';
        append_service(body, service);
    }
    return json(body + "],\"ca_file\":" + json_quoted(universe.ca_file()) + "}");
}

ServiceReply chaos(Universe& universe, const ServiceRequest& request) {
    if (request.method == "PUT") {
        if (auto set = universe.set_chaos(request.body); !set) return failure(400, set.error());
    } else if (request.method == "DELETE") {
        universe.reset_chaos();
    }
    return json(universe.chaos_json());
}

/// PUT {"aliyun":{"callback_url":"http://..."}}
ServiceReply settings(Universe& universe, const ServiceRequest& request) {
    boost::system::error_code error;
    const auto value = boost::json::parse(request.body, error);
    if (error || !value.is_object())
        return failure(400, R"(send an object like {"SERVICE":{"SETTING":"value"}})");
    for (const auto& [service, members] : value.get_object()) {
        if (!members.is_object())
            return failure(400, "the value of \"" + std::string(service) + "\" must be an object");
        for (const auto& [name, text] : members.get_object()) {
            if (!text.is_string())
                return failure(400, std::string(name) + " must be a text in quotes");
            auto done = universe.change_setting(
                {service.data(), service.size()}, {name.data(), name.size()},
                std::string(text.get_string().data(), text.get_string().size()));
            if (!done) return failure(404, done.error());
        }
    }
    return services(universe);
}

struct Route {
    std::string_view path;
    std::string_view methods;  ///< separated by ", "
    ServiceReply (*answer)(Universe&, const ServiceRequest&);
};
constexpr Route routes[] = {
    {"/_universe/inbox", "GET", inbox},
    {"/_universe/ledger", "GET", [](Universe& u, const ServiceRequest&) { return ledger(u); }},
    {"/_universe/services", "GET", [](Universe& u, const ServiceRequest&) { return services(u); }},
    {"/_universe/chaos", "GET, PUT, DELETE", chaos},
    {"/_universe/settings", "PUT", settings},
    {"/_universe/receipts", "GET",
     [](Universe& u, const ServiceRequest&) { return json(u.receipts_json()); }},
    {"/_universe/reset", "POST",
     [](Universe& u, const ServiceRequest&) {
         u.reset();
         return json("{}");
     }},
};

bool allows(std::string_view methods, std::string_view method) {
    const auto all = split(methods, ',');
    return std::ranges::any_of(all, [&](const auto& one) { return trim(one) == method; });
}

}  // namespace

ServiceReply answer_own(Universe& universe, const ServiceRequest& request) {
    if (!is_from_here(request))
        return failure(403, "this API answers only to 127.0.0.1 and localhost, and to no web page");
    std::string paths;
    for (const auto& route : routes) {
        paths += (paths.empty() ? "" : ", ") + std::string(route.path);
        if (request.path != route.path) continue;
        if (allows(route.methods, request.method)) return route.answer(universe, request);
        auto reply = failure(405, "use " + std::string(route.methods));
        reply.headers.emplace_back("Allow", std::string(route.methods));
        return reply;
    }
    return failure(404, "there is no such path; there are: " + paths);
}

}  // namespace hongyan::universe
