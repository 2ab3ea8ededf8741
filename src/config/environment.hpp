// Reads settings from environment variables, from the files that ..._FILE variables name (secrets
// only) and from systemd's credentials folder. A variable that starts with HONGYAN_ and means
// nothing is a problem with a suggestion. Called by the loader.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/load.hpp"

namespace hongyan::config {

struct GivenText {
    const Setting* setting = nullptr;
    std::string text;
    Origin origin;
};

struct EnvironmentRead {
    std::vector<GivenText> values;  ///< at most one for each setting
    std::vector<Problem> problems;
};

[[nodiscard]] EnvironmentRead read_environment(
    const std::map<std::string, std::string>& environment);

}  // namespace hongyan::config
