// The command serve: loads the settings, builds the server, runs it until a signal comes and stops
// it in order.
#pragma once

#include "app/cli.hpp"

namespace hongyan::app {

[[nodiscard]] int serve(const ServeArgs& args);

}  // namespace hongyan::app
