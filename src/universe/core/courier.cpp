#include "universe/core/courier.hpp"

#include <algorithm>
#include <utility>

namespace hongyan::universe {
namespace {

constexpr Millis longest_pause{30'000};

/// The URL without its query, which may hold a signature.
std::string place_of(const std::string& url) { return url.substr(0, url.find('?')); }

}  // namespace

void Courier::send(OutboundRequest request, int tries) {
    // shared: the closures of the client and of the timers hand it to each other and are copied.
    auto parcel = std::make_shared<Parcel>();
    parcel->request = std::move(request);
    parcel->tries_left = std::max(tries, 1);
    call(std::move(parcel));
}

void Courier::call(std::shared_ptr<Parcel> parcel) {
    if (stopped_) return;
    --parcel->tries_left;
    OutboundRequest request = parcel->request;
    outbound_.call(std::move(request),
                   [weak = weak_from_this(), parcel = std::move(parcel)](OutboundReply reply) {
                       if (auto self = weak.lock()) self->answered(parcel, reply);
                   });
}

void Courier::answered(std::shared_ptr<Parcel> parcel, const OutboundReply& reply) {
    if (stopped_) return;
    if (reply.end == CallEnd::answered && reply.status >= 200 && reply.status < 300) {
        ++answered_;
        return;
    }
    if (parcel->tries_left <= 0 || reply.end == CallEnd::refused) {
        ++given_up_;
        log_.warn("receipt_given_up", {{"url", place_of(parcel->request.url)},
                                       {"status", reply.status},
                                       {"reason", reply.detail}});
        return;
    }
    ++repeated_;
    const Millis pause = std::exchange(parcel->pause, std::min(parcel->pause * 2, longest_pause));
    timers_->add(pause, [weak = weak_from_this(), parcel] {
        if (auto self = weak.lock()) self->call(parcel);
    });
}

Courier::Counts Courier::counts() const {
    return {answered_.load(), repeated_.load(), given_up_.load()};
}

}  // namespace hongyan::universe
