#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "config/document.hpp"
#include "config/load.hpp"

namespace hongyan::config {
namespace {

/// A folder for one test, removed at its end; sources that see nothing of the real process.
class config_load : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() /
                  ("hongyan_config_" + std::to_string(getpid()) + "_" +
                   testing::UnitTest::GetInstance()->current_test_info()->name());
        std::filesystem::create_directories(folder_);
        sources_.default_file = (folder_ / "hongyan.toml").string();
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::string write(const std::string& name, const std::string& text) {
        const auto path = folder_ / name;
        std::ofstream(path, std::ios::binary) << text;
        return path.string();
    }
    /// All problems as one text; "" if loading succeeds.
    std::string problems() {
        auto loaded = load(sources_);
        return loaded ? "" : describe(loaded.error());
    }
    Origin origin_of(const Loaded& loaded, std::string_view name) {
        for (const auto& value : loaded.values) {
            if (value.setting->name == name) return value.origin;
        }
        return {};
    }

    std::filesystem::path folder_;
    Sources sources_;
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

TEST(config_table, every_member_of_the_tree_has_a_row_and_every_row_a_member) {
    std::set<std::string> members;
    Settings settings;
    visit_settings(settings, [&](std::string_view name, auto&) { members.emplace(name); });
    std::set<std::string> rows;
    std::set<std::string> variables;
    for (const auto& setting : setting_table()) {
        rows.emplace(setting.name);
        variables.insert(variable_of(setting.name));
        if (setting.type == Type::secret) variables.insert(variable_of(setting.name) + "_FILE");
        EXPECT_TRUE(setting.sentence.ends_with('.')) << setting.name;
    }
    EXPECT_EQ(members, rows);
    const auto secrets = std::ranges::count_if(
        setting_table(), [](const Setting& s) { return s.type == Type::secret; });
    EXPECT_EQ(variables.size(), rows.size() + static_cast<std::size_t>(secrets))
        << "two names share a variable";
}

TEST_F(config_load, nothing_given_yields_the_defaults) {
    const auto loaded = load(sources_);
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->settings.listen, "127.0.0.1:8000");
    EXPECT_EQ(loaded->settings.http.max_connections, 10000);
    EXPECT_EQ(loaded->settings.delivery.retry_max_ms, 600000);
    EXPECT_TRUE(loaded->settings.sandbox.enabled);
    EXPECT_EQ(loaded->settings.admin_key, "");
    EXPECT_EQ(origin_of(*loaded, "listen").source, Source::fallback);
}

TEST_F(config_load, flags_beat_the_environment_which_beats_the_file) {
    write("hongyan.toml",
          "listen = \"1.1.1.1:1\"\ndata_dir = \"file\"\n[log]\nlevel = \"error\"\n");
    sources_.environment = {
        {"HONGYAN_LISTEN", "2.2.2.2:2"}, {"HONGYAN_DATA_DIR", "env"}, {"PATH", "/bin"}};
    sources_.flags = {{"listen", "[::1]:3"}};
    const auto loaded = load(sources_);
    ASSERT_TRUE(loaded) << problems();
    EXPECT_EQ(loaded->settings.listen, "[::1]:3");
    EXPECT_EQ(loaded->settings.data_dir, "env");
    EXPECT_EQ(loaded->settings.log.level, "error");
    EXPECT_EQ(origin_of(*loaded, "listen").place, "--listen");
    EXPECT_EQ(origin_of(*loaded, "data_dir").place, "HONGYAN_DATA_DIR");
    EXPECT_EQ(origin_of(*loaded, "log.level").place, sources_.default_file + ":4:1");
}

TEST_F(config_load, all_problems_of_all_sources_are_reported_at_once) {
    sources_.file = write("bad.toml",
                          "lisen = \"x\"\n[email]\nsmtp_urll = \"\"\nconnections = "
                          "500\n[http]\nio_threads = \"2\"\n");
    sources_.environment = {{"HONGYAN_LOG_LEVLE", "info"}, {"HONGYAN_STORE_BATCH_ROWS", "many"}};
    sources_.flags = {{"quue.aging_seconds", "1"}, {"log.format", "xml"}};
    const auto text = problems();
    EXPECT_TRUE(has(text, "8 problems")) << text;
    EXPECT_TRUE(has(text, "bad.toml:1:1: there is no setting \"lisen\"; did you mean \"listen\"?"))
        << text;
    EXPECT_TRUE(has(
        text,
        "bad.toml:3:1: there is no setting \"email.smtp_urll\"; did you mean \"email.smtp_url\"?"))
        << text;
    EXPECT_TRUE(has(
        text, "bad.toml:4:1: email.connections is 500; it must be a whole number from 1 to 256."))
        << text;
    EXPECT_TRUE(has(
        text,
        "io_threads is text in quotes; it must be a whole number from 1 to 64, without quotes."))
        << text;
    EXPECT_TRUE(has(text, "HONGYAN_LOG_LEVLE: ")) << text;
    EXPECT_TRUE(has(text, "did you mean \"HONGYAN_LOG_LEVEL\"?")) << text;
    EXPECT_TRUE(has(text, "HONGYAN_STORE_BATCH_ROWS: store.batch_rows is \"many\"")) << text;
    EXPECT_TRUE(has(text, "did you mean \"queue.aging_seconds\"?")) << text;
    EXPECT_TRUE(has(text, "log.format is \"xml\"; it must be one of logfmt, json.")) << text;
}

TEST_F(config_load, the_file_is_named_by_a_flag_or_a_variable_or_found) {
    write("hongyan.toml", "data_dir = \"found\"\n");
    EXPECT_EQ(load(sources_)->settings.data_dir, "found");
    sources_.environment = {{"HONGYAN_CONFIG", write("a.toml", "data_dir = \"variable\"\n")}};
    EXPECT_EQ(load(sources_)->settings.data_dir, "variable");
    sources_.file = write("b.toml", "data_dir = \"flag\"\n");
    EXPECT_EQ(load(sources_)->settings.data_dir, "flag");
    EXPECT_EQ(load(sources_)->file, *sources_.file);
}

TEST_F(config_load, the_right_word_in_the_wrong_group_is_suggested) {
    sources_.file = write("bad.toml", "smtp_url = \"\"\n");
    EXPECT_TRUE(has(problems(), "did you mean \"email.smtp_url\"?")) << problems();
}

TEST_F(config_load, a_file_that_is_not_toml_is_named_with_line_and_column) {
    sources_.file = write("bad.toml", "listen = \"a:1\"\nlisten = \"b:2\"\n");
    EXPECT_TRUE(has(problems(), "bad.toml:2:10: this is not TOML")) << problems();
    sources_.file = (folder_ / "missing.toml").string();
    EXPECT_TRUE(has(problems(), "missing.toml cannot be read: No such file or directory"))
        << problems();
    sources_.file = folder_.string();
    EXPECT_TRUE(has(problems(), "is a folder")) << problems();
    sources_.file = write("empty.toml", "");
    EXPECT_EQ(problems(), "");
}

TEST_F(config_load, tables_arrays_and_dates_in_the_place_of_values_are_refused) {
    sources_.file = write("bad.toml",
                          "email = 3\nlisten = [\"a:1\"]\n[log]\nlevel = 2020-01-01\n[data_dir]\nx "
                          "= 1\n[nonsense]\n[queue]\n");
    const auto text = problems();
    EXPECT_TRUE(has(text, "\"email\" is a group of settings")) << text;
    EXPECT_TRUE(has(text, "listen is an array; it must be text")) << text;
    EXPECT_TRUE(has(text, "log.level is a date or time")) << text;
    EXPECT_TRUE(has(text, "no setting \"data_dir.x\"")) << text;
    EXPECT_TRUE(has(text, "no setting \"nonsense\"")) << text;
    EXPECT_TRUE(has(text, "5 problems")) << text;
}

TEST_F(config_load, secrets_come_from_files_and_credentials_but_never_from_flags) {
    const std::string key(40, 'k');
    sources_.environment = {{"HONGYAN_ADMIN_KEY_FILE", write("key", key + "\n")},
                            {"CREDENTIALS_DIRECTORY", folder_.string()}};
    write("email.password", "hunter2");
    sources_.environment["HONGYAN_EMAIL_USERNAME"] = "u";
    const auto loaded = load(sources_);
    ASSERT_TRUE(loaded) << problems();
    EXPECT_EQ(loaded->settings.admin_key, key);
    EXPECT_EQ(loaded->settings.email.password, "hunter2");
    EXPECT_EQ(origin_of(*loaded, "email.password").source, Source::credential);
    for (const auto& text : {show_toml(*loaded, true), show_json(*loaded)}) {
        EXPECT_FALSE(has(text, "hunter2") || has(text, key)) << text;
        EXPECT_TRUE(has(text, "******"));
    }
    sources_.environment["HONGYAN_ADMIN_KEY"] = key;
    EXPECT_TRUE(has(problems(), "both set")) << problems();
    sources_.environment = {{"HONGYAN_ADMIN_KEY", "tooshort"}};
    sources_.flags = {{"email.password", "x"}};
    const auto text = problems();
    EXPECT_TRUE(
        has(text, "HONGYAN_ADMIN_KEY: admin_key is not acceptable; it must be 32 to 512 printable"))
        << text;
    EXPECT_FALSE(has(text, "tooshort")) << text;
    for (const char* wrong :
         {"YWJj", "%%%", "short,MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}) {
        sources_.environment = {{"HONGYAN_MASTER_KEY", wrong}};
        EXPECT_TRUE(has(problems(),
                        "HONGYAN_MASTER_KEY: master_key is not acceptable; it must be "
                        "keys of 32 bytes in base64"))
            << problems();
        EXPECT_FALSE(has(problems(), wrong)) << problems();
    }
    EXPECT_TRUE(has(text, "every user of this machine can read command lines")) << text;
}

TEST_F(config_load, variables_of_the_client_and_of_kubernetes_are_let_pass) {
    sources_.environment = {{"HONGYAN_SERVER", "x"},
                            {"HONGYAN_API_KEY", "x"},
                            {"HONGYAN_PORT", "tcp://10.0.0.1:80"},
                            {"HONGYAN_PORT_80_TCP_ADDR", "10.0.0.1"},
                            {"HONGYAN_SERVICE_HOST", "10.0.0.1"},
                            {"HONGYAN_SERVICE_PORT_HTTP", "80"}};
    EXPECT_EQ(problems(), "");
    sources_.environment = {{"HONGYAN_POTR", "1"}, {"HONGYAN_LISTEN_FILE", "x"}};
    EXPECT_TRUE(has(problems(), "2 problems")) << problems();
}

TEST_F(config_load, email_settings_are_checked_together) {
    sources_.flags = {{"email.smtp_url", "smtp://mail.example.com"},
                      {"email.tls", "off"},
                      {"email.username", "u"},
                      {"email.ca_file", "/nonexistent/ca.pem"}};
    auto text = problems();
    EXPECT_TRUE(has(text, "--set email.tls: email.tls may only be \"off\"")) << text;
    EXPECT_TRUE(has(text, "email.from is needed")) << text;
    EXPECT_TRUE(has(text, "email.password is needed because email.username is set")) << text;
    EXPECT_TRUE(has(text, "/nonexistent/ca.pem")) << text;
    sources_.flags = {{"email.smtp_url", "smtp://127.0.0.1:2525"},
                      {"email.tls", "off"},
                      {"email.from", "雁 <no-reply@example.com>"}};
    EXPECT_EQ(problems(), "");
}

TEST(config_check, addresses_are_read_in_all_their_forms) {
    EXPECT_EQ(parse_listen("[::]:8000")->host, "::");
    EXPECT_EQ(parse_listen("localhost:0")->port, 0);
    for (const auto* bad : {"", "8000", ":8000", "a:", "a:65536", "a:-1", "a:b", "a b:1", "[::1",
                            "[zz]:1", "::1:8000"}) {
        EXPECT_FALSE(parse_listen(bad)) << bad;
    }
    EXPECT_EQ(parse_smtp_url("smtps://mail.example.com")->port, 0);
    EXPECT_EQ(parse_smtp_url("smtp://[::1]:25/")->port, 25);
    for (const auto* bad : {"mail.example.com", "http://a", "smtp://", "smtp://u:p@h", "smtp://h:0",
                            "smtp://h/path"}) {
        EXPECT_FALSE(parse_smtp_url(bad)) << bad;
    }
}

TEST_F(config_load, numbers_and_switches_keep_to_their_bounds) {
    sources_.flags = {{"sandbox.failure_percent", "12.5"},
                      {"sandbox.enabled", "off"},
                      {"queue.aging_seconds", "0"}};
    const auto loaded = load(sources_);
    ASSERT_TRUE(loaded) << problems();
    EXPECT_DOUBLE_EQ(loaded->settings.sandbox.failure_percent, 12.5);
    EXPECT_FALSE(loaded->settings.sandbox.enabled);
    for (const auto* bad : {"101", "-0.1", "nan", "1e999", "", "5 %"}) {
        sources_.flags = {{"sandbox.failure_percent", bad}};
        EXPECT_NE(problems(), "") << bad;
    }
    sources_.flags = {};
    sources_.file = write("ok.toml", "[sandbox]\nfailure_percent = 3\n");
    EXPECT_EQ(problems(), "");
    sources_.file = write("bad.toml", "[http]\nio_threads = 1.5\n");
    EXPECT_TRUE(has(problems(), "a number with a fraction")) << problems();
}

TEST_F(config_load, the_sample_file_is_valid_and_names_every_setting) {
    const std::string sample = sample_toml();
    sources_.file = write("sample.toml", sample);
    EXPECT_EQ(problems(), "");
    std::string uncommented;  // only the lines "#name = value"
    for (std::size_t at = 0; at < sample.size(); ++at) {
        const bool is_line_start = at == 0 || sample[at - 1] == '\n';
        if (is_line_start && sample[at] == '#' && sample[at + 1] != ' ') continue;
        uncommented += sample[at];
    }
    sources_.file = write("full.toml", uncommented);
    const auto loaded = load(sources_);
    ASSERT_TRUE(loaded) << problems();
    for (const auto& value : loaded->values)
        EXPECT_EQ(value.origin.source, Source::file) << value.setting->name;
    sources_.file = write("shown.toml", show_toml(*loaded, true));
    EXPECT_EQ(problems(), "") << "what config show prints can be used as a file";
    for (const auto& setting : setting_table()) {
        EXPECT_TRUE(has(configuration_markdown(), "`" + std::string(setting.name) + "`"))
            << setting.name;
    }
}

}  // namespace
}  // namespace hongyan::config
