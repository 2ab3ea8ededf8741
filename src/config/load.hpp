// Loads the settings from flags, environment, systemd credentials, a TOML file and defaults, in
// this order of precedence, and remembers where each value came from. All problems of all sources
// are reported at once. Called at the start and by `config check`, from one thread; nothing here
// looks at the process unless system_sources() collected it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/setting_table.hpp"
#include "config/settings.hpp"

namespace hongyan::config {

struct Sources {
    std::map<std::string, std::string>
        flags;  ///< setting name → text, as given by --listen, --data, --set
    std::map<std::string, std::string>
        environment;  ///< all variables; those not starting with HONGYAN_ are ignored
    std::optional<std::string> file;  ///< --config, else the variable HONGYAN_CONFIG; must exist
    std::string default_file = "hongyan.toml";  ///< read if it exists and neither names a file
};

/// The process's environment with the given file and flags.
[[nodiscard]] Sources system_sources(std::optional<std::string> file,
                                     std::map<std::string, std::string> flags);

enum class Source { fallback, file, credential, environment, flag };
inline constexpr std::string_view source_names[] = {"default", "file", "credential", "environment",
                                                    "flag"};

struct Origin {
    Source source = Source::fallback;
    std::string place;  ///< "hongyan.toml:12:5", "HONGYAN_LISTEN", "--listen", the credential's
                        ///< path; "" for defaults
};

struct LoadedValue {
    const Setting* setting = nullptr;
    Value value;
    Origin origin;
};

struct Loaded {
    Settings settings;
    std::vector<LoadedValue> values;  ///< in the order of the table
    std::string file;                 ///< the TOML file that was read, or ""
};

/// The settings, or config_invalid with one Problem for each thing wrong (path = the setting's or
/// variable's name).
[[nodiscard]] Result<Loaded> load(const Sources& sources);

/// The error as lines for a terminal, one for each problem.
[[nodiscard]] std::string describe(const Error& error);

}  // namespace hongyan::config
