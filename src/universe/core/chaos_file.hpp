// The universe's file: a TOML text with the chaos script and the settings of services. Every
// mistake is reported at once, each with its place and what would be right. Pure, safe from every
// thread. docs/sandbox.md is its manual.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "universe/core/chaos.hpp"

namespace hongyan::universe {

/// What names a file may use: services, each with its settings' names.
using KnownServices = std::map<std::string, std::vector<std::string>, std::less<>>;
/// Service name → setting name → value.
using SettingValues = std::map<std::string, std::map<std::string, std::string>>;

struct UniverseFile {
    ChaosScript chaos;
    SettingValues settings;
};

/// name stands in error messages. Errors: config_invalid; its detail lists the problems, one a
/// line.
[[nodiscard]] Result<UniverseFile> parse_universe_file(std::string_view text,
                                                       const std::string& name,
                                                       const KnownServices& known);
/// Errors: also io_failed.
[[nodiscard]] Result<UniverseFile> read_universe_file(const std::string& path,
                                                      const KnownServices& known);

}  // namespace hongyan::universe
