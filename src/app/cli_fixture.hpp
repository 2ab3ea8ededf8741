// What the tests of the command line share: running it on given arguments and streams, and a server
// that answers as the test says.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "app/cli.hpp"
#include "app/cli_test_server.hpp"

namespace hongyan::app {

struct Ran {
    int code = 0;
    std::string out;
    std::string err;
};

inline bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

inline constexpr const char* order_template =
    R"({"id":7,"name":"order_shipped","channel":"sms","status":"active","version":3,"content":"x",)"
    R"("variables":[{"name":"order_no","type":"string","required":true},{"name":"days","type":"integer","required":true}]})";

class cli : public testing::Test {
  protected:
    Ran run(const std::vector<std::string>& arguments) {
        std::ostringstream out;
        std::ostringstream err;
        Terminal terminal{out, err, false, environment_};
        const int code = run_cli(arguments, commands_, terminal);
        return {code, out.str(), err.str()};
    }
    /// Answers template searches and previews; everything else as the test says.
    TestServer& serve(TestServer::Answerer answer) {
        server_ = std::make_unique<TestServer>(
            [answer = std::move(answer)](const SeenRequest& request) -> GivenAnswer {
                if (request.line.starts_with("GET /api/messages/templates?")) {
                    return {200, std::string("{\"items\":[") + order_template + "]}"};
                }
                if (request.line == "POST /api/messages/templates/7/preview")
                    return {200, R"({"subject":"","content":"Order A1"})"};
                return answer(request);
            });
        environment_ = {{"HONGYAN_SERVER", server_->url()}, {"HONGYAN_API_KEY", "hy_test"}};
        return *server_;
    }
    std::string write(const std::string& text) {
        path_ = std::filesystem::temp_directory_path() /
                (std::string("hongyan_cli_") + std::to_string(getpid()) +
                 testing::UnitTest::GetInstance()->current_test_info()->name());
        std::ofstream(path_, std::ios::binary) << text;
        return path_.string();
    }
    void TearDown() override {
        if (!path_.empty()) std::filesystem::remove(path_);
    }

    ServeArgs served_;
    DataArgs data_;
    ServerCommands commands_{[this](const ServeArgs& args) {
                                 served_ = args;
                                 return 0;
                             },
                             [this](const DataArgs& args) {
                                 data_ = args;
                                 return 0;
                             },
                             [this](const DataArgs& args) {
                                 data_ = args;
                                 return 0;
                             },
                             [](bool) { return 0; },
                             {}};
    std::map<std::string, std::string> environment_;
    std::unique_ptr<TestServer> server_;
    std::filesystem::path path_;
};

}  // namespace hongyan::app
