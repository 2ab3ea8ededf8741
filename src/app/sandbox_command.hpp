// `hongyan sandbox`: runs the provider universe alone until SIGINT or SIGTERM, and says on stdout
// where each simulated provider is reached. Called once, from the main thread.
#pragma once

#include <string>

#include "app/cli.hpp"
#include "universe/core/universe.hpp"

namespace hongyan::app {

/// Gives the process's exit code.
[[nodiscard]] int sandbox(const SandboxArgs& args);

/// The universe's options that the arguments ask for. Errors: bad_request (a malformed --port).
[[nodiscard]] Result<universe::UniverseOptions> sandbox_options(const SandboxArgs& args);
/// One JSON object on one line: where the universe and its services are reached.
[[nodiscard]] std::string sandbox_json(const universe::Universe& universe);
/// The same for people, with an account to try for each service.
[[nodiscard]] std::string sandbox_text(const universe::Universe& universe);

}  // namespace hongyan::app
