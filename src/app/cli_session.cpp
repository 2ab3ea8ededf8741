#include "app/cli_session.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.hpp"

namespace hongyan::app {
namespace {

namespace json = boost::json;

int exit_code_of(int status) {
    if (status == 404) return exit_not_found;
    if (status == 401 || status == 403) return exit_unauthorized;
    return exit_failure;
}

/// The remedy of a problem type "/problems/<name>", from the program's own table.
std::string remedy_of(const std::string& type) {
    const std::string name = type.substr(type.rfind('/') + 1);
    for (const auto& row : error_table()) {
        if (row.name == name) return std::string(row.remedy);
    }
    return "";
}

std::string problem_lines(const Answer& answer) {
    std::string title = text_at(answer.body, "title");
    if (title.empty()) title = "The server answered something unexpected.";
    std::string lines = title + " (HTTP " + std::to_string(answer.status) + ")\n";
    if (const auto detail = text_at(answer.body, "detail"); !detail.empty() && detail != title) {
        lines += "  " + detail + "\n";
    }
    for (const auto& problem : items_at(answer.body, "errors")) {
        lines += "  " + text_at(problem, "path") + ": " + text_at(problem, "detail") + "\n";
    }
    std::string next = remedy_of(text_at(answer.body, "type"));
    if (const auto wait = answer.header("retry-after"); !wait.empty())
        next = "Try again in " + wait + " s.";
    if (answer.body.is_null()) next = "Check that --server names a Hongyan server.";
    if (!next.empty()) lines += "  What to do: " + next + "\n";
    if (const auto id = text_at(answer.body, "request_id"); !id.empty())
        lines += "  Request: " + id + "\n";
    return lines;
}

}  // namespace

std::string Session::variable(const std::string& name) const {
    const auto found = terminal_.environment.find(name);
    return found == terminal_.environment.end() ? "" : found->second;
}

std::string Session::server() const {
    if (!args_.server.empty()) return args_.server;
    const std::string named = variable("HONGYAN_SERVER");
    return named.empty() ? preferred_server_ : named;
}

Result<std::string> Session::find_key() const {
    std::string path = args_.key_file;
    if (path.empty()) {
        if (const auto key = variable("HONGYAN_API_KEY"); !key.empty()) return key;
        path = variable("HONGYAN_API_KEY_FILE");
    }
    if (path.empty())
        return variable(
            "HONGYAN_ADMIN_KEY");  // the shell that starts the server often has this one
    auto text = read_file(path);
    if (!text) return text.error();
    return std::string(trim(*text));
}

Result<Answer> Session::try_call(const Request& request) {
    if (client_ == nullptr) {
        auto key = find_key();
        if (!key) return key.error();
        if (const auto wrong = check_server_address(server()); !wrong.empty())
            return make_error(ErrorCode::bad_request, "--server or HONGYAN_SERVER: " + wrong);
        const bool is_plain =
            std::ranges::all_of(*key, [](char c) { return c >= ' ' && c < 0x7F; });
        if (!is_plain) {
            return make_error(ErrorCode::bad_request,
                              "The API key has characters that no key has, such as a line end; "
                              "give the key alone, one line of ASCII.");
        }
        client_ = std::make_unique<Client>(ClientOptions{server(), *key});
    }
    return client_->call(request);
}

std::optional<Answer> Session::call(const Request& request) {
    auto answer = try_call(request);
    if (!answer) {
        fail(answer.error());
        return std::nullopt;
    }
    if (!answer->ok()) {
        fail(*answer);
        return std::nullopt;
    }
    return std::move(*answer);
}

int Session::finish(int code, const json::object& error, const std::string& lines) {
    exit_code_ = code;
    if (args_.json) print_json(json::object{{"error", error}});
    terminal_.err << paint(Colour::red, "error: ") << lines << std::flush;
    return code;
}

int Session::fail(const Answer& answer) {
    json::object error;
    if (answer.body.is_object()) {
        error = answer.body.as_object();
    } else {
        error = {{"status", answer.status}, {"title", "The server answered something unexpected."}};
    }
    std::string lines = problem_lines(answer);
    if (answer.status == 401) {
        lines +=
            "  Give the key in HONGYAN_API_KEY, or in a file named by --key-file or "
            "HONGYAN_API_KEY_FILE.\n";
    }
    return finish(exit_code_of(answer.status), error, lines);
}

int Session::fail(const Error& error) {
    const auto& row = error_row(error.code);
    std::string lines = error.detail + "\n";
    json::array problems;
    for (const auto& problem : error.problems) {
        lines += "  " + problem.detail + "\n";
        problems.push_back(json::object{
            {"path", problem.path}, {"code", problem.code}, {"detail", problem.detail}});
    }
    json::object document{{"code", row.number}, {"title", row.title}, {"detail", error.detail}};
    if (!problems.empty()) document["errors"] = std::move(problems);
    const bool is_unreachable = error.code == ErrorCode::outbound_failed;
    if (is_unreachable) {
        lines +=
            "  What to do: start it with 'hongyan serve', or name another with --server or "
            "HONGYAN_SERVER; "
            "'hongyan doctor' looks closer.\n";
    }
    const bool is_usage = error.code == ErrorCode::bad_request;
    return finish(is_unreachable ? exit_unreachable
                  : is_usage     ? exit_usage
                                 : exit_failure,
                  document, lines);
}

int Session::usage(const std::string& what) {
    return finish(exit_usage,
                  json::object{{"title", "The command cannot be understood."}, {"detail", what}},
                  what + "\n");
}

void Session::print_json(const json::value& value) {
    terminal_.out << json::serialize(value) << std::endl;
}

std::string Session::paint(Colour colour, std::string_view text) const {
    static constexpr std::string_view codes[] = {"", "\033[31m", "\033[32m", "\033[33m", "\033[2m"};
    const bool is_plain =
        !terminal_.is_tty || args_.json || !variable("NO_COLOR").empty() || colour == Colour::none;
    if (is_plain) return std::string(text);
    return std::string(codes[static_cast<std::size_t>(colour)]) + std::string(text) + "\033[0m";
}

std::string Session::paint_status(std::string_view status) const {
    if (status == "success" || status == "delivered" || status == "completed" ||
        status == "accepted") {
        return paint(Colour::green, status);
    }
    if (status == "failed" || status == "expired" || status == "unknown")
        return paint(Colour::red, status);
    if (status == "retrying" || status == "cancelled") return paint(Colour::yellow, status);
    return std::string(status);
}

std::string text_at(const json::value& value, std::string_view key) {
    const auto* object = value.if_object();
    if (object == nullptr) return "";
    const auto* found = object->if_contains(key);
    if (found == nullptr || found->is_null()) return "";
    if (found->is_string()) return std::string(found->get_string());
    if (const auto* number = found->if_double(); number != nullptr) {
        std::ostringstream text;
        text << *number;
        return text.str();
    }
    return json::serialize(*found);
}

const json::array& items_at(const json::value& value, std::string_view key) {
    static const json::array none;
    const auto* object = value.if_object();
    const auto* found = object == nullptr ? nullptr : object->if_contains(key);
    return found != nullptr && found->is_array() ? found->get_array() : none;
}

Result<std::string> read_file(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        return make_error(ErrorCode::io_failed, path + " is a folder; name a file.");
    }
    std::ifstream stream(path, std::ios::binary);
    if (!stream)
        return make_error(ErrorCode::io_failed,
                          path + " cannot be read: " + std::strerror(errno) + ".");
    std::ostringstream text;
    text << stream.rdbuf();
    if (stream.bad()) return make_error(ErrorCode::io_failed, path + " cannot be read to its end.");
    return std::move(text).str();
}

}  // namespace hongyan::app
