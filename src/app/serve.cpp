#include "app/serve.hpp"

#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>

#include <iostream>

#include "app/server.hpp"
#include "config/load.hpp"

namespace hongyan::app {
namespace {

/// Blocks the signals that end the server in all threads, so that only wait_for_signal() sees them.
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

/// A server holds thousands of connections; the usual soft limit is 1,024.
void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

LogLevel level_of(std::string_view word) {
    if (word == "debug") return LogLevel::debug;
    if (word == "warn") return LogLevel::warn;
    if (word == "error") return LogLevel::error;
    return LogLevel::info;
}

int fail(const Error& error) {
    std::cerr << config::describe(error) << (config::describe(error).ends_with('\n') ? "" : "\n");
    return exit_failure;
}

void print_welcome(const Server& server) {
    const auto& url = server.url();
    std::cout << "Hongyan " << HONGYAN_VERSION << " is ready.\n"
              << "  Console     " << url << "/\n"
              << "  Monitor     " << url << "/monitor\n"
              << "  API docs    " << url << "/docs\n"
              << "  Data        " << server.data_dir() << "\n";
    if (!server.new_admin_key().empty()) {
        std::cout
            << "  Admin key   " << server.new_admin_key() << "\n"
            << "              It is shown only this once; the server keeps a hash. Use it as\n"
            << "              HONGYAN_API_KEY=" << server.new_admin_key().substr(0, 9)
            << "... hongyan send ...\n";
    }
    std::cout << std::flush;
}

}  // namespace

int serve(const ServeArgs& args) {
    const auto signals = block_signals();
    raise_file_limit();
    // Messages are made on one thread and freed on another; a few arenas keep memory from being
    // spread over many.
    mallopt(M_ARENA_MAX, 4);
    auto loaded = config::load(config::system_sources(args.config_file, args.overrides));
    if (!loaded) return fail(loaded.error());
    const auto& settings = loaded->settings;
    Log log(level_of(settings.log.level),
            settings.log.format == "json" ? Log::Format::json : Log::Format::logfmt);
    auto server = Server::start(settings, log, &*loaded);
    if (!server) return fail(server.error());
    print_welcome(**server);
    int received = 0;
    sigwait(&signals, &received);
    log.info("stopping", {{"signal", received}});
    // A second signal ends the process at once: what is accepted is on disk.
    pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    (*server)->stop();
    const bool lost = (*server)->store_lost();
    log.info("stopped", {{"clean", lost ? 0 : 1}});
    return lost ? exit_failure : exit_ok;
}

}  // namespace hongyan::app
