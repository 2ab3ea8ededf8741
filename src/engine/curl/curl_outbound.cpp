#include "engine/curl/curl_outbound.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <functional>

#include "engine/curl/loop.hpp"
#include "engine/curl/url_rule.hpp"

namespace hongyan::curl {

Result<std::unique_ptr<CurlOutbound>> CurlOutbound::open(CurlOptions options, const Clock& clock,
                                                         Log& log) {
    auto allowed = NetworkList::parse(options.allowed_networks);
    if (!allowed) return std::move(allowed.error());
    options.threads = std::clamp(options.threads, 1, 64);
    // Counted by libcurl: the destructor gives it back.
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return make_error(ErrorCode::unavailable, "libcurl cannot be started");
    std::vector<std::unique_ptr<Loop>> loops;
    for (int i = 0; i < options.threads; ++i) {
        auto loop = Loop::open(options, *allowed, clock, log);
        if (!loop) {
            loops.clear();
            curl_global_cleanup();
            return std::move(loop.error());
        }
        loops.push_back(std::move(*loop));
    }
    return std::unique_ptr<CurlOutbound>(new CurlOutbound(clock, std::move(loops)));
}

CurlOutbound::CurlOutbound(const Clock& clock, std::vector<std::unique_ptr<Loop>> loops)
    : clock_(clock), loops_(std::move(loops)) {}

CurlOutbound::~CurlOutbound() {
    loops_.clear();
    curl_global_cleanup();
}

void CurlOutbound::call(OutboundRequest request, OutboundDone done) {
    const auto url = check_url(request.url, request.trust);
    const Status form = url ? check_request(request) : Status(url.error());
    Job job;
    std::size_t index = 0;
    if (form) {
        job.is_https = url->is_https;
        if (loops_.size() > 1)
            index = std::hash<std::string>{}(url->origin + request.group) % loops_.size();
        job.origin = url->origin;
    } else {
        job.refusal = form.error().detail;
    }
    job.deadline_us =
        clock_.steady_us() + std::max<std::int64_t>(request.timeout.count(), 0) * 1000;
    job.request = std::move(request);
    job.done = std::move(done);
    loops_[index]->add(std::move(job));
}

}  // namespace hongyan::curl
