// Texts made from the table of settings and from loaded values: the reference page, a commented
// sample file, and what `hongyan config show` prints. Secrets never appear. Pure functions.
#pragma once

#include <string>

#include "config/load.hpp"

namespace hongyan::config {

/// docs/configuration.md.
[[nodiscard]] std::string configuration_markdown();
/// A TOML file with every setting, its sentence, bounds and default, all commented out.
[[nodiscard]] std::string sample_toml();
/// The values in force as TOML; with_origin adds where each came from as a comment.
[[nodiscard]] std::string show_toml(const Loaded& loaded, bool with_origin);
/// The same as JSON: {"file":…, "settings":[{"name","value","default","origin","place"}]}.
[[nodiscard]] std::string show_json(const Loaded& loaded);

}  // namespace hongyan::config
