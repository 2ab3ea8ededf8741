#include "app/sandbox_command.hpp"

#include <signal.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <utility>

#include "app/plugged.hpp"
#include "base/text.hpp"
#include "engine/curl/curl_outbound.hpp"

namespace hongyan::app {
namespace {

constexpr std::size_t sample_bytes = 72;

/// Blocks the signals that end the program in all threads, so that only the waiting one sees them.
sigset_t block_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signal(SIGPIPE, SIG_IGN);
    return set;
}

int fail(const Error& error) {
    std::cerr << "error: " << error.detail << "\n";
    return exit_failure;
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    out += (out.ends_with('{') ? "\"" : ",\"") + std::string(name) + "\":" + json_quoted(value);
}

std::string padded(std::string text, std::size_t width) {
    text.resize(std::max(text.size(), width), ' ');
    return text;
}

/// Long values, mostly keys but never URLs, cut: the table is for reading, /_universe/services for
/// copying.
std::string shortened(const std::string& json) {
    boost::system::error_code error;
    auto value = boost::json::parse(json, error);
    if (error || !value.is_object()) return json;
    for (auto& [name, member] : value.get_object()) {
        if (member.is_string() && member.get_string().size() > sample_bytes &&
            !member.get_string().starts_with("http"))
            member = std::string(member.get_string().subview(0, sample_bytes / 2)) + "...";
    }
    return boost::json::serialize(value);
}

std::string place_of(const universe::ServiceInfo& service) {
    return service.url.empty() ? service.address : service.url;
}

}  // namespace

Result<universe::UniverseOptions> sandbox_options(const SandboxArgs& args) {
    universe::UniverseOptions options;
    options.http_port = args.http_port;
    options.https_port = args.https_port.value_or(args.http_port == 0 ? 0 : options.https_port);
    // Whoever asks for any port runs several at once, and the fixed ports of the rest would
    // collide.
    options.any_wire_ports = args.http_port == 0;
    options.data_dir = args.data_dir;
    options.file = args.file;
    for (const auto& word : args.ports) {
        const auto equals = word.find('=');
        const auto port = equals == word.npos ? std::nullopt : parse_int(word.substr(equals + 1));
        if (!port || *port < 0 || *port > 65'535 || equals == 0) {
            return make_error(
                ErrorCode::bad_request,
                "--port " + word + ": write NAME=NUMBER, for example --port smtp=2525.");
        }
        options.wire_ports[word.substr(0, equals)] = static_cast<int>(*port);
    }
    if (args.smtp_port) options.wire_ports["smtp"] = *args.smtp_port;
    if (args.smpp_port) options.wire_ports["smpp"] = *args.smpp_port;
    return options;
}

std::string sandbox_json(const universe::Universe& universe) {
    std::string line = "{";
    append_member(line, "http", universe.http_url());
    append_member(line, "https", universe.https_url());
    append_member(line, "ca_file", universe.ca_file());
    line += ",\"services\":{";
    for (const auto& service : universe.services()) {
        if (!line.ends_with('{')) line += ',';
        line += json_quoted(service.name) + ":{";
        append_member(line, "url", service.url);
        append_member(line, "https_url", service.https_url);
        append_member(line, "address", service.address);
        line += '}';
    }
    return line + "}}";
}

std::string sandbox_text(const universe::Universe& universe) {
    const auto services = universe.services();
    std::size_t name_width = 0;
    std::size_t place_width = 0;
    for (const auto& service : services) {
        name_width = std::max(name_width, service.name.size() + 2);
        place_width = std::max(place_width, place_of(service).size() + 2);
    }
    std::string text = "The provider universe is running. Nothing leaves this machine.\n";
    text += "  HTTP     " + universe.http_url() + "\n";
    text += "  HTTPS    " + universe.https_url() + "  (trust " + universe.ca_file() + ")\n";
    text += "  Inbox    " + universe.http_url() + "/_universe/inbox\n";
    text += "  Ledger   " + universe.http_url() + "/_universe/ledger\n\n";
    for (const auto& service : services) {
        text += "  " + padded(service.name, name_width) + padded(place_of(service), place_width) +
                padded(service.channel, 10) + service.title + "\n";
    }
    text +=
        "\nAccounts that reach them (in full: " + universe.http_url() + "/_universe/services):\n";
    for (const auto& service : services) {
        text += "  " + padded(service.name, name_width) +
                "{\"provider\":" + json_quoted(service.sample_provider) +
                ",\"settings\":" + shortened(service.sample_settings) + "}\n";
    }
    return text + "\nCtrl-C ends it.\n";
}

int sandbox(const SandboxArgs& args) {
    const auto signals = block_signals();
    auto options = sandbox_options(args);
    if (!options) {
        std::cerr << "error: " << options.error().detail << "\n";
        return exit_usage;
    }
    const SystemClock clock;
    Log log(LogLevel::info);
    auto outbound = curl::CurlOutbound::open({}, clock, log);
    if (!outbound) return fail(outbound.error());
    universe::ServiceList services;
    add_all(services);
    auto universe =
        universe::Universe::start(std::move(*options), std::move(services), **outbound, clock, log);
    if (!universe) return fail(universe.error());
    std::cout << (args.json ? sandbox_json(**universe) + "\n" : sandbox_text(**universe))
              << std::flush;
    int received = 0;
    sigwait(&signals, &received);
    // A second signal ends the process at once: the ledger is on disk.
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    (*universe)->stop();
    return exit_ok;
}

}  // namespace hongyan::app
