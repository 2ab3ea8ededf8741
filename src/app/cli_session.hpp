// What every client command shares: the chosen server and key, JSON or text output, colours, and
// one way to report failures with their exit code. A Session belongs to one command on one thread.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/cli.hpp"
#include "app/client.hpp"

namespace hongyan::app {

/// Options that all client commands have.
struct ClientArgs {
    bool json = false;
    std::string server;
    std::string key_file;
};

enum class Colour { none, red, green, yellow, dim };

class Session {
  public:
    Session(Terminal& terminal, const ClientArgs& args) : terminal_(terminal), args_(args) {}

    /// Sends the request. Without a 2xx answer it reports why and returns nothing: then return
    /// exit_code().
    [[nodiscard]] std::optional<Answer> call(const Request& request);
    /// As call(), but reports nothing.
    [[nodiscard]] Result<Answer> try_call(const Request& request);

    /// Whether the last call reached a server, even if no answer came.
    [[nodiscard]] bool was_connected() const {
        return client_ != nullptr && client_->was_connected();
    }

    /// Reports a failure and returns its exit code.
    int fail(const Answer& answer);
    int fail(const Error& error);
    int usage(const std::string& what);
    [[nodiscard]] int exit_code() const { return exit_code_; }

    [[nodiscard]] bool json() const { return args_.json; }
    [[nodiscard]] bool is_tty() const { return terminal_.is_tty; }
    [[nodiscard]] std::ostream& out() { return terminal_.out; }
    [[nodiscard]] std::ostream& err() { return terminal_.err; }
    [[nodiscard]] const std::map<std::string, std::string>& environment() const {
        return terminal_.environment;
    }
    [[nodiscard]] std::string server() const;
    /// The server to use if neither --server nor HONGYAN_SERVER names one; before the first call.
    void prefer_server(std::string url) { preferred_server_ = std::move(url); }
    /// Prints a JSON value as one line.
    void print_json(const boost::json::value& value);
    /// text in colour if a person is looking and NO_COLOR is not set.
    [[nodiscard]] std::string paint(Colour colour, std::string_view text) const;
    /// A message's status in its colour.
    [[nodiscard]] std::string paint_status(std::string_view status) const;

  private:
    [[nodiscard]] Result<std::string> find_key() const;
    [[nodiscard]] std::string variable(const std::string& name) const;
    int finish(int code, const boost::json::object& error, const std::string& lines);

    Terminal& terminal_;
    const ClientArgs& args_;
    std::string preferred_server_ = "http://127.0.0.1:8000";
    std::unique_ptr<Client> client_;
    int exit_code_ = exit_ok;
};

/// A member of a JSON object as plain text: strings without quotes, "" if absent or null.
[[nodiscard]] std::string text_at(const boost::json::value& value, std::string_view key);
/// The array under key, or an empty one.
[[nodiscard]] const boost::json::array& items_at(const boost::json::value& value,
                                                 std::string_view key);
/// Not of a temporary (an object becomes one here): the array would be gone.
const boost::json::array& items_at(boost::json::value&& value, std::string_view key) = delete;

/// The contents of a file, or io_failed with the reason.
[[nodiscard]] Result<std::string> read_file(const std::string& path);

}  // namespace hongyan::app
