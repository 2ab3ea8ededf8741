#include "http/router.hpp"

#include <gtest/gtest.h>

namespace hongyan::http {
namespace {

const Handler nothing = [](Request&, Responder) {};

std::string matched(const Router& router, Method method, std::string_view path) {
    std::vector<std::string_view> values;
    const auto match = router.match(method, path, values);
    if (match.route == nullptr) return match.allow.empty() ? "404" : "405 " + match.allow;
    std::string text = match.route->pattern;
    for (const auto value : values) text += " [" + std::string(value) + "]";
    return text;
}

TEST(Router, literals_win_over_parameters_and_parameters_over_the_rest) {
    Router router;
    router.add(Method::get, "/api/messages/{id}", nothing);
    router.add(Method::get, "/api/messages/recent", nothing);
    router.add(Method::get, "/api/{noun}/{id}/trace", nothing);
    router.add(Method::get, "/api/{rest*}", nothing);
    EXPECT_EQ(matched(router, Method::get, "/api/messages/recent"), "/api/messages/recent");
    EXPECT_EQ(matched(router, Method::get, "/api/messages/7"), "/api/messages/{id} [7]");
    EXPECT_EQ(matched(router, Method::get, "/api/messages/7/trace"),
              "/api/{noun}/{id}/trace [messages] [7]");
    EXPECT_EQ(matched(router, Method::get, "/api/messages/7/other"),
              "/api/{rest*} [messages/7/other]");
    EXPECT_EQ(matched(router, Method::get, "/api/"), "/api/{rest*} []");
    EXPECT_EQ(matched(router, Method::get, "/api"), "404");
}

TEST(Router, a_path_with_other_methods_is_405_with_allow) {
    Router router;
    router.add(Method::get, "/a", nothing);
    router.add(Method::del, "/a", nothing);
    router.add(Method::post, "/b", nothing);
    EXPECT_EQ(matched(router, Method::post, "/a"), "405 GET, HEAD, DELETE, OPTIONS");
    EXPECT_EQ(matched(router, Method::other, "/b"), "405 POST, OPTIONS");
    EXPECT_EQ(matched(router, Method::head, "/a"), "/a");
    EXPECT_EQ(matched(router, Method::head, "/b"), "405 POST, OPTIONS");
    EXPECT_EQ(matched(router, Method::get, "/c"), "404");
    EXPECT_EQ(matched(router, Method::get, "/a/"), "404");
}

TEST(Router, literal_segments_match_when_percent_encoded) {
    Router router;
    router.add(Method::get, "/api/messages", nothing);
    EXPECT_EQ(matched(router, Method::get, "/%61pi/messages"), "/api/messages");
    EXPECT_EQ(matched(router, Method::get, "/api%2Fmessages"), "404");
}

TEST(Router, lists_what_was_added) {
    Router router;
    router.add(Method::post, "/api/messages/send", nothing, {.resource = "api:/messages/send"});
    router.add(Method::get, "/livez", nothing);
    const auto routes = router.routes();
    ASSERT_EQ(routes.size(), 2u);
    EXPECT_EQ(routes[0].pattern, "/api/messages/send");
    EXPECT_EQ(routes[0].options->resource, "api:/messages/send");
    EXPECT_EQ(routes[1].method, Method::get);
}

TEST(Router, endless_paths_end) {
    Router router;
    router.add(Method::get, "/{a}/{b}", nothing);
    std::string path;
    for (int i = 0; i < 4000; ++i) path += "/x";
    EXPECT_EQ(matched(router, Method::get, path), "404");
}

}  // namespace
}  // namespace hongyan::http
