// What several client commands do with messages and templates: find a template by name or id, turn
// "name=text" into typed variables, build the common part of a request. One thread.
#pragma once

#include <boost/json/object.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli_commands.hpp"

namespace hongyan::app {

/// A template as far as the command line needs it.
struct TemplateInfo {
    std::int64_t id = 0;
    std::string name;
    std::string channel;
    boost::json::value document;  ///< as the server gave it
};

/// The template of that name or id; reports and returns nothing if there is none. Then return
/// session.exit_code().
[[nodiscard]] std::optional<TemplateInfo> find_template(const std::string& name, Session& session);
struct TemplateLookup {
    std::optional<TemplateInfo> info;  ///< empty if the server has none of that name
};
/// Whether the server has it; nothing if no answer could be had, which was reported.
[[nodiscard]] std::optional<TemplateLookup> look_up_template(const std::string& name,
                                                             const std::string& channel,
                                                             Session& session);
/// The same without reports; nothing if there is none, Error or Answer trouble included.
[[nodiscard]] std::optional<TemplateInfo> look_for_template(const std::string& name,
                                                            const std::string& channel,
                                                            Session& session);

/// text as the declared type of a variable ("integer", "number", "boolean", "list", "object", else
/// a string); nothing if it does not fit.
[[nodiscard]] std::optional<boost::json::value> typed_value(std::string_view type,
                                                            std::string_view text);
/// The declared type of a variable of this template, "" if it declares none of that name.
[[nodiscard]] std::string variable_type(const TemplateInfo* info, std::string_view name);

/// "name=text" (typed as the template declares it, if known) and "name:=JSON" as an object;
/// invalid_fields names each bad one.
[[nodiscard]] Result<boost::json::object> read_variables(const std::vector<std::string>& words,
                                                         const TemplateInfo* info);

/// The members of a request that do not depend on the recipient; invalid_fields if times or options
/// contradict each other.
[[nodiscard]] Result<boost::json::object> common_fields(const MessageArgs& args);

}  // namespace hongyan::app
