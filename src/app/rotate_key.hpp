// `hongyan rotate-master-key`: a fresh master key in front of those in the file, or the first one
// of the setting, and every stored secret sealed with it. Runs while no server does (with keys from
// the setting, nodes of a shared store may run); a crash in the middle leaves both keys in the
// file, so nothing is lost, and the command can be run again. Called once, from the main thread.
#pragma once

#include "app/cli.hpp"

namespace hongyan::app {

[[nodiscard]] int rotate_master_key(const DataArgs& args);

}  // namespace hongyan::app
