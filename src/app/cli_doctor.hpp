// The checks of `hongyan doctor` that look at this machine: folder, disk, sync, limits, clock,
// port. Each blocks for milliseconds and changes nothing but a test file that it removes. One
// thread.
#pragma once

#include <string>

#include "config/setting_table.hpp"
#include "config/settings.hpp"

namespace hongyan::app {

enum class Verdict { ok, warning, failure, skipped };

struct Check {
    std::string name;
    Verdict verdict = Verdict::ok;
    std::string detail;
    std::string fix;  ///< what mends it; "" if nothing is wrong
};

[[nodiscard]] Check check_folder_writable(const std::string& data_dir);
[[nodiscard]] Check check_disk(const std::string& data_dir);
/// Measures a commit's sync.
[[nodiscard]] Check check_sync(const std::string& data_dir);
[[nodiscard]] Check check_open_files(const config::Settings& settings);
[[nodiscard]] Check check_clock(const std::string& data_dir);
/// Free, served by Hongyan, or taken by another program.
[[nodiscard]] Check check_port(const std::string& listen);
/// Where a server that listens on this address is reached from this machine.
[[nodiscard]] std::string local_url(const config::ListenAddress& address);

}  // namespace hongyan::app
