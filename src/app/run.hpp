// The program's commands, wired to the parts they need: main() calls run() and nothing else.
#pragma once

namespace hongyan::app {

/// Gives the process's exit code.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace hongyan::app
