// What the tests of CurlOutbound share: a client on the real clock and calls that wait for their
// end.
#pragma once

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "engine/curl/curl_outbound.hpp"
#include "engine/curl/test_server.hpp"

namespace hongyan::curl {

class OutboundTest : public ::testing::Test {
  protected:
    void open(CurlOptions options = {}) {
        auto opened = CurlOutbound::open(std::move(options), clock_, log_);
        ASSERT_TRUE(opened);
        outbound_ = std::move(*opened);
    }
    std::future<OutboundReply> begin(OutboundRequest request) {
        if (!outbound_) open();
        auto promise = std::make_unique<std::promise<OutboundReply>>();
        auto future = promise->get_future();
        outbound_->call(std::move(request), [kept = std::move(promise)](OutboundReply reply) {
            kept->set_value(std::move(reply));
        });
        return future;
    }
    OutboundReply call(OutboundRequest request) { return begin(std::move(request)).get(); }
    static OutboundRequest post(std::string url, std::string body = "hello") {
        OutboundRequest request;
        request.url = std::move(url);
        request.body = std::move(body);
        return request;
    }

    SystemClock clock_;
    Log log_{LogLevel::error};
    std::unique_ptr<CurlOutbound> outbound_;
};

}  // namespace hongyan::curl
