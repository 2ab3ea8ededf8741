// dlq list and retry; key create, list and revoke.
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "app/cli_commands.hpp"
#include "app/cli_table.hpp"
#include "base/text.hpp"

namespace hongyan::app {
namespace {

namespace json = boost::json;

int list_groups(Session& session) {
    const auto answer = session.call({"GET", "/api/messages/dead-letters/groups"});
    if (!answer) return session.exit_code();
    if (session.json()) return session.out() << answer->text << std::endl, exit_ok;
    TextTable table({"COUNT", "CHANNEL", "REASON", "FIRST", "LAST", "EXAMPLE"});
    for (const auto& group : items_at(answer->body, "items")) {
        table.add({text_at(group, "count"), text_at(group, "channel"),
                   one_line(text_at(group, "reason"), 60), text_at(group, "first_at"),
                   text_at(group, "last_at"), text_at(group, "example")});
    }
    session.out() << table.text();
    return exit_ok;
}

std::string scopes_of(const json::value& key) {
    std::string words;
    for (const auto& scope : items_at(key, "scopes")) {
        words += (words.empty() ? "" : ",") +
                 (scope.is_string() ? std::string(scope.get_string()) : std::string());
    }
    return words.empty() ? text_at(key, "scopes") : words;
}

}  // namespace

int run_dead_letter_list(const DeadLetterArgs& args, Session& session) {
    if (args.groups) return list_groups(session);
    TextTable table({"TRACE", "STATUS", "CHANNEL", "RECIPIENT", "ATTEMPTS", "CREATED", "REASON"});
    json::array all;
    std::string cursor;
    do {
        const auto left =
            std::min<std::int64_t>(200, args.count - static_cast<std::int64_t>(all.size()));
        const auto query = query_string({{"limit", std::to_string(left)},
                                         {"channel", args.channel},
                                         {"error", args.reason},
                                         {"created_after", args.created_after},
                                         {"created_before", args.created_before},
                                         {"cursor", cursor}});
        const auto answer = session.call({"GET", "/api/messages/dead-letters" + query});
        if (!answer) return session.exit_code();
        for (const auto& item : items_at(answer->body, "items")) {
            table.add({text_at(item, "trace_id"), session.paint_status(text_at(item, "status")),
                       text_at(item, "channel"), one_line(text_at(item, "recipient"), 40),
                       text_at(item, "attempts"), text_at(item, "created_at"),
                       one_line(text_at(item, "reason"), 80)});
            all.push_back(item);
        }
        cursor = text_at(answer->body, "next_cursor");
    } while (!cursor.empty() && static_cast<std::int64_t>(all.size()) < args.count);
    if (session.json()) {
        json::object page{{"items", std::move(all)}};
        if (!cursor.empty()) page["next_cursor"] = cursor;
        return session.print_json(page), exit_ok;
    }
    session.out() << table.text();
    if (!cursor.empty()) session.err() << "There are more; raise --limit, or see --groups.\n";
    return exit_ok;
}

int run_dead_letter_retry(const DeadLetterArgs& args, Session& session) {
    json::object filter;
    const std::pair<std::string_view, const std::string&> parts[] = {
        {"channel", args.channel},
        {"error", args.reason},
        {"created_after", args.created_after},
        {"created_before", args.created_before}};
    for (const auto& [name, value] : parts) {
        if (!value.empty()) filter[name] = value;
    }
    if (filter.empty() && !args.all) {
        return session.usage(
            "Say which: --reason, --channel, --created-after, --created-before, or --all. "
            "'hongyan dlq list --groups' shows the reasons, --dry-run only counts.");
    }
    const json::object body{
        {"filter", std::move(filter)}, {"dry_run", args.dry_run}, {"max_count", args.count}};
    const auto answer =
        session.call({"POST", "/api/messages/dead-letters/retry", json::serialize(body)});
    if (!answer) return session.exit_code();
    if (session.json()) return session.out() << answer->text << std::endl, exit_ok;
    session.out() << text_at(answer->body, "matched") << " matched, "
                  << text_at(answer->body, "retried") << " sent again\n";
    if (args.dry_run) session.err() << "Nothing was changed (--dry-run).\n";
    return exit_ok;
}

int run_key_create(const KeyArgs& args, Session& session) {
    json::array scopes;
    for (const auto& scope : args.scopes) scopes.emplace_back(scope);
    json::object body{{"name", args.name}, {"scopes", std::move(scopes)}};
    if (!args.expires_at.empty()) body["expires_at"] = args.expires_at;
    if (!args.tenant.empty()) body["tenant"] = args.tenant;
    const auto answer = session.call({"POST", "/api/keys", json::serialize(body)});
    if (!answer) return session.exit_code();
    if (session.json()) return session.out() << answer->text << std::endl, exit_ok;
    session.out() << text_at(answer->body, "key") << "\n";
    session.err() << "This is key " << text_at(answer->body, "id") << " ("
                  << one_line(args.name, 60)
                  << "). It is shown only now; the server keeps a hash.\n";
    return exit_ok;
}

int run_key_list(Session& session) {
    const auto answer = session.call({"GET", "/api/keys"});
    if (!answer) return session.exit_code();
    if (session.json()) return session.out() << answer->text << std::endl, exit_ok;
    TextTable table({"ID", "NAME", "TENANT", "PREFIX", "SCOPES", "CREATED", "STATE"});
    for (const auto& key : items_at(answer->body, "items")) {
        const bool is_revoked = !text_at(key, "revoked_at").empty();
        const std::string expires = text_at(key, "expires_at");
        table.add({text_at(key, "id"), one_line(text_at(key, "name"), 40), text_at(key, "tenant"),
                   text_at(key, "prefix"), scopes_of(key), text_at(key, "created_at"),
                   is_revoked        ? session.paint(Colour::red, "revoked")
                   : expires.empty() ? "valid"
                                     : "until " + expires});
    }
    session.out() << table.text();
    return exit_ok;
}

int run_key_revoke(const KeyArgs& args, Session& session) {
    const auto answer = session.call({"DELETE", "/api/keys/" + std::to_string(args.id)});
    if (!answer) return session.exit_code();
    if (session.json()) {
        session.print_json(json::object{{"id", args.id}, {"revoked", true}});
    } else {
        session.out() << "key " << args.id << " revoked\n";
    }
    return exit_ok;
}

}  // namespace hongyan::app
