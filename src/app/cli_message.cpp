#include "app/cli_message.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <charconv>

#include "base/text.hpp"

namespace hongyan::app {
namespace {

namespace json = boost::json;

constexpr int max_pages = 100;  // 20,000 templates

TemplateInfo info_of(const json::value& document) {
    TemplateInfo info;
    info.id = parse_int(text_at(document, "id")).value_or(0);
    info.name = text_at(document, "name");
    info.channel = text_at(document, "channel");
    info.document = document;
    return info;
}

struct Search {
    std::string name;
    std::string channel;  ///< "" = any
};

/// The template, nothing if no page has it; an Answer that is no success ends the search.
struct Found {
    std::optional<TemplateInfo> info;
    std::optional<Answer> refusal;
};

Result<Found> search_template(const Search& search, Session& session) {
    const auto id = parse_int(search.name);
    std::string cursor;
    for (int page = 0; page < max_pages; ++page) {
        const auto query =
            query_string({{"limit", "200"}, {"channel", search.channel}, {"cursor", cursor}});
        auto answer = session.try_call({"GET", "/api/messages/templates" + query});
        if (!answer) return answer.error();
        if (!answer->ok()) return Found{std::nullopt, std::move(*answer)};
        for (const auto& item : items_at(answer->body, "items")) {
            if (!item.is_object()) continue;
            TemplateInfo info = info_of(item);
            if (info.name == search.name || (id && info.id == *id))
                return Found{std::move(info), std::nullopt};
        }
        cursor = text_at(answer->body, "next_cursor");
        if (cursor.empty()) break;
    }
    return Found{};
}

template <class Report>
json::object read_metadata(const std::vector<std::string>& words, const Report& report) {
    json::object metadata;
    for (const auto& word : words) {
        const auto equals = word.find('=');
        if (equals == word.npos || equals == 0) {
            report("--metadata", "\"" + word + "\" is not NAME=TEXT");
            continue;
        }
        metadata[word.substr(0, equals)] = word.substr(equals + 1);
    }
    return metadata;
}

Problem variable_problem(const std::string& name, const std::string& detail) {
    return {"$.variables." + name, "invalid", detail};
}

}  // namespace

std::optional<TemplateInfo> find_template(const std::string& name, Session& session) {
    auto found = search_template({name, ""}, session);
    if (!found) {
        session.fail(found.error());
        return std::nullopt;
    }
    if (found->refusal) {
        session.fail(*found->refusal);
        return std::nullopt;
    }
    if (!found->info) {
        Answer missing{404,
                       {},
                       "",
                       json::object{{"type", "/problems/not-found"},
                                    {"title", "There is no such template."},
                                    {"status", 404},
                                    {"detail", "No template is called \"" + name +
                                                   "\"; 'hongyan template list' shows them."}}};
        session.fail(missing);
    }
    return std::move(found->info);
}

std::optional<TemplateLookup> look_up_template(const std::string& name, const std::string& channel,
                                               Session& session) {
    auto found = search_template({name, channel}, session);
    if (!found) return session.fail(found.error()), std::nullopt;
    if (found->refusal) return session.fail(*found->refusal), std::nullopt;
    return TemplateLookup{std::move(found->info)};
}

std::optional<TemplateInfo> look_for_template(const std::string& name, const std::string& channel,
                                              Session& session) {
    auto found = search_template({name, channel}, session);
    return found ? std::move(found->info) : std::nullopt;
}

std::optional<json::value> typed_value(std::string_view type, std::string_view text) {
    if (type == "integer") {
        const auto value = parse_int(trim(text));
        return value ? std::optional<json::value>(*value) : std::nullopt;
    }
    if (type == "boolean") {
        const std::string word = to_lower(trim(text));
        if (word == "true" || word == "yes" || word == "1") return json::value(true);
        if (word == "false" || word == "no" || word == "0") return json::value(false);
        return std::nullopt;
    }
    const bool is_number = type == "number" || type == "decimal";
    if (!is_number && type != "list" && type != "array" && type != "object")
        return json::value(json::string(text));
    if (is_number && parse_int(trim(text))) return json::value(*parse_int(trim(text)));
    json::error_code failure;
    json::value value = json::parse(trim(text), failure);
    if (failure || (is_number && !value.is_number())) return std::nullopt;
    if (type == "object" && !value.is_object()) return std::nullopt;
    if ((type == "list" || type == "array") && !value.is_array()) return std::nullopt;
    return value;
}

std::string variable_type(const TemplateInfo* info, std::string_view name) {
    if (info == nullptr) return "";
    for (const auto& declared : items_at(info->document, "variables")) {
        if (text_at(declared, "name") == name) return text_at(declared, "type");
    }
    return "";
}

Result<json::object> read_variables(const std::vector<std::string>& words,
                                    const TemplateInfo* info) {
    json::object variables;
    Error error = make_error(ErrorCode::invalid_fields, "The variables cannot be used.");
    for (const auto& word : words) {
        const auto equals = word.find('=');
        if (equals == word.npos || equals == 0 || word.starts_with(":=")) {
            error.problems.push_back(
                variable_problem(word, "--var " + word + ": write NAME=TEXT, or NAME:=JSON"));
            continue;
        }
        const bool is_json = word[equals - 1] == ':';
        const std::string name = word.substr(0, is_json ? equals - 1 : equals);
        const std::string text = word.substr(equals + 1);
        json::error_code failure;
        const std::string type = is_json ? "" : variable_type(info, name);
        auto value = is_json ? std::optional(json::parse(text, failure)) : typed_value(type, text);
        if (failure || !value) {
            error.problems.push_back(
                variable_problem(name, "--var " + word + ": " + name + " must be " +
                                           (is_json ? "JSON" : "of type " + type)));
            continue;
        }
        variables[name] = std::move(*value);
    }
    if (!error.problems.empty()) return error;
    return variables;
}

Result<json::object> common_fields(const MessageArgs& args) {
    Error error = make_error(ErrorCode::invalid_fields, "The options do not fit together.");
    const auto report = [&](const std::string& option, const std::string& detail) {
        error.problems.push_back({option, "invalid", option + ": " + detail});
    };
    if (args.template_name.empty() == args.content.empty()) {
        report("--template",
               "give either --template NAME or --content TEXT (with --subject where the channel "
               "has one)");
    }
    if (args.delay_seconds && !args.at.empty()) report("--delay", "give either --delay or --at");
    const std::pair<std::string, const std::string&> times[] = {{"--at", args.at},
                                                                {"--deliver-by", args.deliver_by}};
    for (const auto& [option, time] : times) {
        if (time.empty() || parse_rfc3339(time)) continue;
        report(option,
               "\"" + time +
                   "\" is not a time with its zone; write for example 2026-11-23T18:00:00+08:00");
    }
    if (!error.problems.empty()) return error;
    json::object fields{{"channel", args.channel}};
    if (!args.metadata.empty()) fields["metadata"] = read_metadata(args.metadata, report);
    if (!error.problems.empty()) return error;
    if (!args.callback_url.empty()) fields["callback_url"] = args.callback_url;
    if (!args.template_name.empty()) {
        if (const auto id = parse_int(args.template_name); id) {
            fields["template_id"] = *id;
        } else {
            fields["template"] = args.template_name;
        }
    }
    if (!args.subject.empty()) fields["subject"] = args.subject;
    if (!args.content.empty()) fields["content"] = args.content;
    if (args.priority) fields["priority"] = *args.priority;
    if (args.delay_seconds) fields["delay_seconds"] = *args.delay_seconds;
    if (!args.at.empty()) fields["send_at"] = args.at;
    if (!args.deliver_by.empty()) fields["deliver_by"] = args.deliver_by;
    return fields;
}

}  // namespace hongyan::app
