// Reads a TOML file into a flat list of dotted keys with their values and places; knows nothing of
// which settings exist. Called by the loader at the start, from one thread.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "config/setting_table.hpp"

namespace hongyan::config {

/// A TOML value that no setting can have; the word names its type, e.g. "an array".
struct OtherKind {
    std::string kind;
};

struct TomlEntry {
    std::string key;    ///< dotted
    std::string place;  ///< "hongyan.toml:12:5"
    std::variant<Value, OtherKind> value;
    std::uint32_t line = 0;  ///< the entries are sorted by it
};

struct TomlFile {
    std::vector<TomlEntry> entries;  ///< in the order of the file
};

/// The entries of a file; config_invalid with place and reason if it is not TOML, io_failed if it
/// cannot be read.
[[nodiscard]] Result<TomlFile> read_toml(const std::string& path);

}  // namespace hongyan::config
