#include "engine/postgres/inspect.hpp"

#include <gtest/gtest.h>

#include "base/log.hpp"
#include "engine/postgres/postgres_store.hpp"
#include "engine/postgres/testing/test_database.hpp"

namespace hongyan::postgres {
namespace {

TEST(inspect, tells_what_the_server_is_and_how_long_it_takes) {
    const TestDatabase database;
    PostgresOptions options;
    options.url = database.url();
    options.program = "hongyan-command";
    const auto found = inspect(options);
    ASSERT_TRUE(found.ok()) << found.error().detail;
    EXPECT_EQ(found->version.substr(0, 3), ask(database.url(), "SHOW server_version").substr(0, 3));
    EXPECT_NE(found->database.find("127.0.0.1:"), std::string::npos);
    EXPECT_EQ(found->synchronous_commit, "on");
    EXPECT_EQ(found->warning, "");
    EXPECT_EQ(found->schema_version, 0);
    EXPECT_GT(found->bytes, 1'000'000);
    EXPECT_GT(found->round_trip_us, 0);
    EXPECT_GT(found->commit_us, 0);
    EXPECT_LT(std::abs(found->clock_ahead_ms), 1'000);
    EXPECT_GT(found->free_connections, 0);
    database.ask_here(
        "CREATE TABLE schema_migrations (version INTEGER); INSERT INTO schema_migrations VALUES "
        "(3), (7)");
    EXPECT_EQ(inspect(options)->schema_version, 7);
}

TEST(inspect, tells_a_role_that_may_make_no_tables) {
    const TestDatabase database;
    const auto role = "weak_" + database.schema();
    ask(shared_server_url(), "CREATE ROLE " + role + " LOGIN");
    PostgresOptions options;
    options.url = database.url();
    EXPECT_TRUE(inspect(options)->may_create);
    const auto begin = options.url.find("//") + 2;
    options.url.replace(begin, options.url.find('@') - begin, role);
    const auto found = inspect(options);
    ask(shared_server_url(), "DROP ROLE " + role);
    ASSERT_TRUE(found.ok()) << found.error().detail;
    EXPECT_FALSE(found->may_create);
}

TEST(inspect, counts_the_connections_of_running_nodes) {
    const TestServer server;
    PostgresOptions options;
    options.url = server.url();
    Log log{LogLevel::error, Log::Format::logfmt, -1};
    PostgresOptions command = options;
    command.program = "hongyan-command";
    EXPECT_EQ(inspect(command)->nodes, 0);
    const auto node = PostgresStore::open(options, log);
    ASSERT_TRUE(node.ok());
    EXPECT_EQ(inspect(command)->nodes, 1);
}

TEST(inspect, says_what_is_wrong_without_the_password) {
    PostgresOptions options;
    options.url = "postgres://someone:hidden@127.0.0.1:1/none";
    options.connect_timeout = Milliseconds(500);
    const auto away = inspect(options);
    ASSERT_FALSE(away.ok());
    EXPECT_EQ(away.error().code, ErrorCode::unavailable);
    EXPECT_EQ(away.error().detail.find("hidden"), std::string::npos);
    options.url = "http://someone:hidden@host";
    EXPECT_EQ(inspect(options).error().code, ErrorCode::config_invalid);
}

TEST(without_password, is_what_other_tools_take) {
    EXPECT_EQ(without_password("postgres://me:se%27cret@db1,db2:5433/shop?sslmode=require"),
              "user='me' dbname='shop' host='db1,db2' port=',5433' sslmode='require'");
    EXPECT_EQ(without_password("host='a b' password=x dbname='it\\'s'"),
              "dbname='it\\'s' host='a b'");
    EXPECT_EQ(without_password("http://x"), "");
}

}  // namespace
}  // namespace hongyan::postgres
