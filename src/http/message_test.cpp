#include "http/message.hpp"

#include <gtest/gtest.h>

#include "http/responder.hpp"

namespace hongyan::http {
namespace {

TEST(Request, header_is_found_in_any_case_and_duplicates_are_counted) {
    Request request;
    request.fields = {{"Content-Type", "a"}, {"X-Key", "1"}, {"x-key", "2"}};
    EXPECT_EQ(request.header("content-type"), "a");
    EXPECT_EQ(request.header("X-KEY"), "1");
    EXPECT_EQ(request.header("missing"), "");
    EXPECT_EQ(request.header_count("x-Key"), 2u);
}

TEST(Request, query_is_decoded_and_the_first_value_wins) {
    Request request;
    request.query = "a=1&b=x%20y+z&a=2&c&=v&d=%zz&%65=5";
    EXPECT_EQ(request.query_value("a"), "1");
    EXPECT_EQ(request.query_value("b"), "x y z");
    EXPECT_EQ(request.query_value("c"), "");
    EXPECT_EQ(request.query_value("d"), "%zz");
    EXPECT_EQ(request.query_value("e"), "5");
    EXPECT_EQ(request.query_value("f"), std::nullopt);
    EXPECT_EQ(request.query_pairs().size(), 7u);
}

TEST(HeaderList, values_cannot_forge_a_field) {
    HeaderList list;
    list.add("Location", "/a\r\nSet-Cookie: x");
    EXPECT_EQ(list.lines(), "Location: /a  Set-Cookie: x\r\n");
    EXPECT_EQ(list.find("LOCATION"), "/a  Set-Cookie: x");
    EXPECT_EQ(list.find("Set-Cookie"), "");
}

TEST(PercentDecoded, keeps_broken_escapes) {
    EXPECT_EQ(percent_decoded("%41%4"), "A%4");
    EXPECT_EQ(percent_decoded("a+b"), "a+b");
    EXPECT_TRUE(has_valid_escapes("/a%2Fb"));
    EXPECT_FALSE(has_valid_escapes("/a%2"));
    EXPECT_FALSE(has_valid_escapes("/%g0"));
}

TEST(Responder, without_a_call_it_fails_as_internal) {
    int status = 0;
    {
        Responder responder([&](Response response) { status = response.status; });
    }
    EXPECT_EQ(status, 500);
}

TEST(Responder, answers_once_after_moves_and_pauses) {
    std::string body;
    int calls = 0;
    Responder responder([&](Response response) {
        body = response.body;
        ++calls;
    });
    Responder moved = std::move(responder);
    std::move(moved).later(Millis(5), [](Responder last) {
        Response response;
        response.body = "done";
        last(std::move(response));
    });
    EXPECT_EQ(body, "done");
    EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace hongyan::http
