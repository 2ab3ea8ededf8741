#include "app/sandbox_command.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "universe/core/testing/echo_service.hpp"
#include "universe/core/testing/running_universe.hpp"

namespace hongyan::app {
namespace {

TEST(sandbox, takes_ports_by_the_names_of_services) {
    SandboxArgs args;
    args.ports = {"smtp=2525", "other=0"};
    args.smpp_port = 2775;
    const auto options = sandbox_options(args);
    ASSERT_TRUE(options.ok());
    const std::map<std::string, int> wanted{{"other", 0}, {"smpp", 2775}, {"smtp", 2525}};
    EXPECT_EQ(options->wire_ports, wanted);
    EXPECT_EQ(options->http_port, 8090);
    EXPECT_EQ(options->https_port, 8443);
    EXPECT_FALSE(options->any_wire_ports);
}

TEST(sandbox, takes_any_port_for_all_when_http_may_have_any) {
    SandboxArgs args;
    args.http_port = 0;
    const auto options = sandbox_options(args);
    ASSERT_TRUE(options.ok());
    EXPECT_EQ(options->https_port, 0);
    EXPECT_TRUE(options->any_wire_ports);
}

TEST(sandbox, refuses_a_malformed_port_with_an_example) {
    for (const auto* word : {"smtp", "=25", "smtp=x", "smtp=70000", "smtp=-1"}) {
        SandboxArgs args;
        args.ports = {word};
        const auto options = sandbox_options(args);
        ASSERT_FALSE(options.ok()) << word;
        EXPECT_NE(options.error().detail.find("--port smtp=2525"), std::string::npos);
    }
}

TEST(sandbox, says_where_everything_is_for_programs_and_for_people) {
    universe::testing::RunningUniverse running(universe::testing::echo_services());
    const auto json = boost::json::parse(sandbox_json(*running));
    EXPECT_EQ(json.at("http").as_string(), running->http_url());
    EXPECT_EQ(json.at("ca_file").as_string(), running->ca_file());
    EXPECT_EQ(json.at("services").at("echo").at("url").as_string(),
              running->base_url("echo", false));
    const auto text = sandbox_text(*running);
    for (const auto& part : {running->base_url("echo", false), running->ca_file(),
                             std::string(R"("provider":"echo")")})
        EXPECT_NE(text.find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace hongyan::app
