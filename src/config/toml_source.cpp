#include "config/toml_source.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace hongyan::config {
namespace {

struct Walk {
    const std::string& path;
    TomlFile& file;
};

std::string place_of(const std::string& path, const toml::source_position& at) {
    return path + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::variant<Value, OtherKind> value_of(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::boolean:
            return Value(**node.as_boolean());
        case toml::node_type::integer:
            return Value(std::int64_t{**node.as_integer()});
        case toml::node_type::floating_point:
            return Value(**node.as_floating_point());
        case toml::node_type::string:
            return Value(std::string(**node.as_string()));
        case toml::node_type::array:
            return OtherKind{"an array"};
        case toml::node_type::table:
            return OtherKind{"an empty table"};
        default:
            return OtherKind{"a date or time"};
    }
}

// Settings nest two deep; what is deeper is unknown anyway and is reported by its full name. The
// parser bounds the depth.
void walk(const toml::table& table, const std::string& prefix, Walk& into) {
    for (const auto& [key, node] : table) {
        const std::string name = prefix + std::string(key.str());
        const auto* inner = node.as_table();
        if (inner != nullptr && !inner->empty()) {
            walk(*inner, name + ".", into);
            continue;
        }
        if (inner != nullptr && find_setting(name) == nullptr) {
            const bool is_group = std::ranges::any_of(setting_table(), [&](const Setting& setting) {
                return setting.name.starts_with(name + ".");
            });
            if (is_group) continue;  // an empty [email] is fine
        }
        into.file.entries.push_back({name, place_of(into.path, key.source().begin), value_of(node),
                                     key.source().begin.line});
    }
}

}  // namespace

Result<TomlFile> read_toml(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) {
        return make_error(ErrorCode::io_failed,
                          "The configuration file " + path + " is a folder; name a TOML file.");
    }
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream bytes;
    if (!stream ||
        !(bytes << stream.rdbuf() || stream.peek() == std::ifstream::traits_type::eof())) {
        return make_error(
            ErrorCode::io_failed,
            "The configuration file " + path + " cannot be read: " + std::strerror(errno) + ".");
    }
    try {
        const toml::table table = toml::parse(bytes.str(), path);
        TomlFile file;
        Walk into{path, file};
        walk(table, "", into);
        std::ranges::stable_sort(file.entries, {}, &TomlEntry::line);
        return file;
    } catch (const toml::parse_error& failure) {
        return make_error(ErrorCode::config_invalid,
                          place_of(path, failure.source().begin) +
                              ": this is not TOML: " + std::string(failure.description()) + ".");
    }
}

}  // namespace hongyan::config
