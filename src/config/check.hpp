// The checks of single text settings, named in the table's rows: each returns "" for good text,
// else what would be right. Pure functions, safe from every thread.
#pragma once

#include <string>
#include <string_view>

namespace hongyan::config {

[[nodiscard]] std::string check_listen(std::string_view text);
[[nodiscard]] std::string check_folder(std::string_view text);
[[nodiscard]] std::string check_admin_key(std::string_view text);
/// As Vault reads them: one or more, separated by commas or lines.
[[nodiscard]] std::string check_master_key(std::string_view text);
[[nodiscard]] std::string check_smtp_url(std::string_view text);
[[nodiscard]] std::string check_mailbox(std::string_view text);
[[nodiscard]] std::string check_host_name(std::string_view text);
[[nodiscard]] std::string check_public_url(std::string_view text);
[[nodiscard]] std::string check_store_url(std::string_view text);
[[nodiscard]] std::string check_queue_url(std::string_view text);
[[nodiscard]] std::string check_coordination_url(std::string_view text);
[[nodiscard]] std::string check_roles(std::string_view text);
[[nodiscard]] std::string check_one_line(std::string_view text);

}  // namespace hongyan::config
