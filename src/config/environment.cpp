#include "config/environment.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/text.hpp"

namespace hongyan::config {
namespace {

using Environment = std::map<std::string, std::string>;

constexpr std::size_t max_secret_bytes = 64 * 1024;

/// Variables that are no settings: the configuration file's path, those of the client commands, and
/// the one that makes tests rewrite the generated pages.
constexpr std::string_view other_variables[] = {"HONGYAN_CONFIG", "HONGYAN_SERVER",
                                                "HONGYAN_API_KEY", "HONGYAN_API_KEY_FILE",
                                                "HONGYAN_WRITE_DOCS"};

/// Kubernetes sets these in every container beside a service called "hongyan"; they must not stop
/// the server.
bool is_service_link(std::string_view name) {
    if (name == "HONGYAN_PORT" || name.starts_with("HONGYAN_SERVICE_HOST") ||
        name.starts_with("HONGYAN_SERVICE_PORT")) {
        return true;
    }
    constexpr std::string_view prefix = "HONGYAN_PORT_";
    return name.starts_with(prefix) && name.size() > prefix.size() && name[prefix.size()] >= '0' &&
           name[prefix.size()] <= '9';
}

struct Secret {
    std::string text;
    std::string failure;
};

Secret read_secret(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return {"", "it is a folder"};
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return {"", std::strerror(errno)};
    std::string text(max_secret_bytes + 1, '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (stream.bad()) return {"", "reading failed"};
    text.resize(static_cast<std::size_t>(stream.gcount()));
    if (text.size() > max_secret_bytes) return {"", "it is larger than 64 KiB"};
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return {std::move(text), ""};
}

class Reader {
  public:
    explicit Reader(const Environment& environment) : environment_(environment) {}

    EnvironmentRead run() {
        for (const auto& setting : setting_table()) read_setting(setting);
        for (const auto& [name, text] : environment_) {
            if (name.starts_with("HONGYAN_") && !is_known(name)) report_unknown(name);
        }
        return std::move(read_);
    }

  private:
    void read_setting(const Setting& setting) {
        const std::string variable = variable_of(setting.name);
        const auto direct = environment_.find(variable);
        const auto file = setting.type == Type::secret ? environment_.find(variable + "_FILE")
                                                       : environment_.end();
        if (direct != environment_.end() && file != environment_.end()) {
            read_.problems.push_back(
                {variable, "conflict",
                 variable + " and " + variable + "_FILE are both set; give only one of them."});
        } else if (direct != environment_.end()) {
            read_.values.push_back({&setting, direct->second, {Source::environment, variable}});
        } else if (file != environment_.end()) {
            take_file(setting, file->second, {Source::environment, variable + "_FILE"});
        } else if (setting.type == Type::secret) {
            read_credential(setting);
        }
    }

    void read_credential(const Setting& setting) {
        const auto folder = environment_.find("CREDENTIALS_DIRECTORY");
        if (folder == environment_.end() || folder->second.empty()) return;
        const std::string path = folder->second + "/" + std::string(setting.name);
        std::error_code ignored;
        if (std::filesystem::exists(path, ignored))
            take_file(setting, path, {Source::credential, path});
    }

    void take_file(const Setting& setting, const std::string& path, Origin origin) {
        auto secret = read_secret(path);
        if (secret.failure.empty()) {
            read_.values.push_back({&setting, std::move(secret.text), std::move(origin)});
            return;
        }
        read_.problems.push_back({std::string(setting.name), "unreadable",
                                  origin.place + ": the file " + path + " with " +
                                      std::string(setting.name) +
                                      " cannot be read: " + secret.failure + "."});
    }

    static bool is_known(const std::string& name) {
        if (std::ranges::find(other_variables, name) != std::end(other_variables) ||
            is_service_link(name))
            return true;
        return std::ranges::any_of(setting_table(), [&](const Setting& setting) {
            const std::string variable = variable_of(setting.name);
            return name == variable || (setting.type == Type::secret && name == variable + "_FILE");
        });
    }

    void report_unknown(const std::string& name) {
        std::vector<std::string> variables(std::begin(other_variables), std::end(other_variables));
        for (const auto& setting : setting_table()) {
            variables.push_back(variable_of(setting.name));
            if (setting.type == Type::secret) variables.push_back(variables.back() + "_FILE");
        }
        const std::vector<std::string_view> views(variables.begin(), variables.end());
        const std::string nearest = nearest_word(name, views);
        read_.problems.push_back(
            {name, "unknown",
             name + ": there is no setting for this environment variable" +
                 (nearest.empty() ? "; remove it, 'hongyan config show' lists all settings."
                                  : "; did you mean \"" + nearest + "\"?")});
    }

    const Environment& environment_;
    EnvironmentRead read_;
};

}  // namespace

EnvironmentRead read_environment(const Environment& environment) {
    return Reader(environment).run();
}

}  // namespace hongyan::config
