#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "app/cli_parser.hpp"
#include "config/load.hpp"

namespace hongyan::app {

int run_cli(const std::vector<std::string>& arguments, const ServerCommands& commands,
            Terminal& terminal) {
    const Parsed parsed = parse_arguments(arguments, commands, terminal);
    terminal.out << parsed.out;
    terminal.err << parsed.err;
    const int code = parsed.action ? parsed.action() : parsed.exit_code;
    terminal.out.flush();
    return code == exit_ok && !terminal.out ? exit_failure
                                            : code;  // a full disk behind > is a failure
}

int run_cli(int argc, char** argv, const ServerCommands& commands) {
    Terminal terminal{std::cout, std::cerr, isatty(STDOUT_FILENO) == 1,
                      config::system_sources({}, {}).environment};
    const std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    return run_cli(arguments, commands, terminal);
}

}  // namespace hongyan::app
