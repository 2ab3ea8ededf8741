// template list, get, push, render.
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "app/cli_commands.hpp"
#include "app/cli_message.hpp"
#include "app/cli_table.hpp"

namespace hongyan::app {
namespace {

namespace json = boost::json;

std::string variable_words(const json::value& document) {
    std::string words;
    for (const auto& variable : items_at(document, "variables")) {
        words += (words.empty() ? "" : ", ") + text_at(variable, "name");
    }
    return words;
}

struct Pushed {
    std::string id;
    std::string name;
    std::string version;
    bool is_new = false;
};

/// Creates the template, or changes the one of the same name and channel.
std::optional<Pushed> push_one(const json::object& document, Session& session) {
    const std::string name = text_at(document, "name");
    const auto lookup = look_up_template(name, text_at(document, "channel"), session);
    if (!lookup) return std::nullopt;
    const auto& known = lookup->info;
    json::object body = document;
    for (const auto* set_by_server : {"id", "version", "created_at", "updated_at"})
        body.erase(set_by_server);
    const std::string target =
        "/api/messages/templates" + (known ? "/" + std::to_string(known->id) : "");
    const auto answer = session.call({known ? "PUT" : "POST", target, json::serialize(body)});
    if (!answer) return std::nullopt;
    return Pushed{text_at(answer->body, "id"), name, text_at(answer->body, "version"), !known};
}

Result<json::array> read_documents(const std::string& path) {
    auto text = read_file(path);
    if (!text) return text.error();
    json::error_code failure;
    json::value value = json::parse(*text, failure);
    if (failure)
        return make_error(ErrorCode::invalid_json,
                          path + " is not JSON: " + failure.message() + ".");
    json::array documents;
    if (value.is_array()) {
        documents = value.get_array();
    } else {
        documents.push_back(value);
    }
    for (const auto& document : documents) {
        if (document.is_object() && !text_at(document, "name").empty()) continue;
        return make_error(ErrorCode::invalid_fields,
                          path +
                              " must hold a template, or a list of templates, each an object with "
                              "\"name\", \"channel\" and "
                              "\"content\"; 'hongyan template get NAME' shows one.");
    }
    return documents;
}

}  // namespace

int run_template_list(const TemplateArgs& args, Session& session) {
    TextTable table({"ID", "NAME", "CHANNEL", "STATUS", "VERSION", "VARIABLES"});
    json::array all;
    std::string cursor;
    do {
        const auto query =
            query_string({{"limit", "200"}, {"channel", args.channel}, {"cursor", cursor}});
        const auto answer = session.call({"GET", "/api/messages/templates" + query});
        if (!answer) return session.exit_code();
        for (const auto& item : items_at(answer->body, "items")) {
            table.add({text_at(item, "id"), one_line(text_at(item, "name"), 40),
                       text_at(item, "channel"), text_at(item, "status"), text_at(item, "version"),
                       one_line(variable_words(item), 60)});
            all.push_back(item);
        }
        cursor = text_at(answer->body, "next_cursor");
    } while (!cursor.empty() && all.size() < 20'000);
    if (session.json()) return session.print_json(json::object{{"items", std::move(all)}}), exit_ok;
    session.out() << table.text();
    return exit_ok;
}

int run_template_get(const TemplateArgs& args, Session& session) {
    const auto info = find_template(args.name, session);
    if (!info) return session.exit_code();
    const auto answer =
        session.call({"GET", "/api/messages/templates/" + std::to_string(info->id)});
    if (!answer) return session.exit_code();
    // JSON either way: it is what push takes, and without --json one that people can edit.
    session.out() << (session.json() ? answer->text : indented_json(answer->body)) << std::endl;
    return exit_ok;
}

int run_template_push(const TemplateArgs& args, Session& session) {
    auto documents = read_documents(args.file);
    if (!documents) return session.fail(documents.error());
    json::array pushed;
    for (const auto& document : *documents) {
        const auto one = push_one(document.as_object(), session);
        if (!one) {
            session.err() << "  In template \"" << one_line(text_at(document, "name"), 80)
                          << "\" of " << args.file << "; " << pushed.size() << " of "
                          << documents->size() << " were pushed before it.\n";
            return session.exit_code();
        }
        pushed.push_back(json::object{{"id", one->id},
                                      {"name", one->name},
                                      {"version", one->version},
                                      {"created", one->is_new}});
        if (session.json()) continue;
        session.out() << one->name << " (id " << one->id << ") "
                      << (one->is_new ? "created" : "changed") << ", version " << one->version
                      << "\n";
    }
    if (session.json()) session.print_json(json::object{{"templates", std::move(pushed)}});
    return exit_ok;
}

int run_template_render(const TemplateArgs& args, Session& session) {
    const auto info = find_template(args.name, session);
    if (!info) return session.exit_code();
    auto variables = read_variables(args.variables, &*info);
    if (!variables) return session.fail(variables.error()), exit_usage;
    const json::object body{{"variables", std::move(*variables)}};
    const auto answer =
        session.call({"POST", "/api/messages/templates/" + std::to_string(info->id) + "/preview",
                      json::serialize(body)});
    if (!answer) return session.exit_code();
    if (session.json()) return session.out() << answer->text << std::endl, exit_ok;
    if (const auto subject = text_at(answer->body, "subject"); !subject.empty())
        session.out() << "Subject: " << subject << "\n";
    session.out() << text_at(answer->body, "content") << "\n";
    if (const auto html = text_at(answer->body, "html"); !html.empty())
        session.out() << "\n--- HTML part ---\n" << html << "\n";
    if (const auto* segments = answer->body.as_object().if_contains("segments");
        segments != nullptr && segments->is_object()) {
        const auto encoding = text_at(*segments, "encoding");
        session.err() << "SMS: " << text_at(*segments, "characters") << " characters of "
                      << (encoding == "ucs2" ? "UCS-2" : "GSM 03.38") << ", "
                      << text_at(*segments, "segments") << " segment(s)\n";
    }
    return exit_ok;
}

}  // namespace hongyan::app
