// doctor: looks at everything the server needs, and says for each trouble what mends it.
#include "app/cli_doctor.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <filesystem>

#include "app/cli_commands.hpp"
#include "app/cli_table.hpp"

namespace hongyan::app {
namespace {

namespace json = boost::json;

std::string verdict_word(Verdict verdict) {
    static constexpr std::string_view words[] = {"ok", "warning", "failure", "skipped"};
    return std::string(words[static_cast<std::size_t>(verdict)]);
}

/// Who of the others is there and who leads.
Check check_who_leads(const json::array& nodes) {
    std::size_t living = 0;
    std::string leader;
    for (const auto& node : nodes) {
        if (text_at(node, "state") == "living") ++living;
        if (text_at(node, "leads") == "true") leader = text_at(node, "name");
    }
    const auto count = std::to_string(living) + " living";
    if (!leader.empty()) return {"nodes", Verdict::ok, count + ", " + leader + " leads", ""};
    return {"nodes", Verdict::warning, count + ", none leads",
            "look again in half a minute; if it stays so, start a node with the role jobs"};
}

/// How the nodes see one engine: "queue" and so on. Only a node without Redis goes on as before.
Check check_engine(const json::array& nodes, const std::string& role) {
    std::string kind;
    std::string troubles;
    for (const auto& node : nodes) {
        for (const auto& engine : items_at(node, "engines")) {
            if (text_at(engine, "role") != role) continue;
            kind = text_at(engine, "engine");
            if (text_at(engine, "ok") == "true") continue;
            troubles += (troubles.empty() ? "" : "; ") + text_at(node, "name") + ": " +
                        one_line(text_at(engine, "detail"), 160);
        }
    }
    if (troubles.empty()) return {role, Verdict::ok, kind + ", as all nodes see it", ""};
    const bool is_needed = role != "coordination";
    return {role, is_needed ? Verdict::failure : Verdict::warning, kind + ", " + troubles,
            "see 'When something is lost' in docs/cluster.md"};
}

/// What the nodes say of themselves and of their engines; nothing of a server that is alone.
std::vector<Check> check_cluster(Session& session) {
    const auto answer = session.try_call({"GET", "/api/nodes"});
    if (!answer || !answer->ok() || text_at(answer->body, "cluster") != "true") return {};
    const auto& nodes = items_at(answer->body, "items");
    return {check_who_leads(nodes), check_engine(nodes, "store"), check_engine(nodes, "queue"),
            check_engine(nodes, "coordination")};
}

std::vector<Check> check_server(Session& session) {
    const std::string server = session.server();
    const auto ready = session.try_call({"GET", "/readyz"});
    if (!ready) {
        if (ready.error().code != ErrorCode::outbound_failed) {
            return {{"server", Verdict::failure, ready.error().detail,
                     "correct --server (HONGYAN_SERVER) or --key-file (HONGYAN_API_KEY_FILE)"}};
        }
        return {{"server", Verdict::skipped, "no server answers at " + server,
                 "start it with 'hongyan serve', or name it with --server"}};
    }
    std::vector<Check> checks;
    if (ready->ok()) {
        checks.push_back({"server", Verdict::ok, server + " is ready", ""});
    } else {
        checks.push_back({"server", Verdict::failure,
                          server + " is not ready: HTTP " + std::to_string(ready->status) + " " +
                              one_line(ready->text, 160),
                          "read the server's log"});
    }
    const auto known = session.try_call({"GET", "/api/messages?limit=1"});
    if (known && (known->ok() || known->status == 403)) {
        checks.push_back({"API key", Verdict::ok, "accepted", ""});
        for (auto& check : check_cluster(session)) checks.push_back(std::move(check));
    } else if (known && known->status == 401) {
        checks.push_back({"API key", Verdict::warning,
                          "the server does not accept it, or none was given",
                          "set HONGYAN_API_KEY, or --key-file; 'hongyan key create' makes one"});
    }
    return checks;
}

Check check_store(const std::string& data_dir, const ServerCommands& commands) {
    const std::string file = data_dir + "/hongyan.db";
    if (!std::filesystem::exists(file))
        return {"database", Verdict::skipped,
                file + " does not exist yet; the first start creates it", ""};
    if (!commands.inspect_store)
        return {"database", Verdict::skipped, "cannot be looked at by this program", ""};
    const auto description = commands.inspect_store(data_dir);
    if (description) return {"database", Verdict::ok, *description, ""};
    const std::string fix = description.error().code == ErrorCode::newer_database
                                ? "run the newer version, or restore an older backup"
                                : "check the file's owner; restore a backup if it is damaged";
    return {"database", Verdict::failure, description.error().detail, fix};
}

Check check_smtp(const config::EmailSettings& email) {
    if (email.smtp_url.empty())
        return {"mail server", Verdict::skipped,
                "email.smtp_url is empty: e-mail goes to the sandbox", ""};
    const auto answer = probe_smtp(
        {email.smtp_url, email.tls, email.username, email.password, email.ca_file, Millis{10'000}});
    if (answer) {
        return {"mail server", Verdict::ok,
                email.smtp_url + (email.username.empty() ? " answers" : " accepts the login"), ""};
    }
    return {"mail server", Verdict::failure, answer.error().detail,
            "check email.smtp_url, email.tls, email.username and email.password, and the firewall"};
}

/// A file that holds a secret and that others may read.
std::optional<Check> check_secret_file(const config::Loaded& loaded) {
    struct stat status {};
    if (loaded.file.empty() || stat(loaded.file.c_str(), &status) != 0 ||
        (status.st_mode & 0077U) == 0)
        return std::nullopt;
    for (const auto& value : loaded.values) {
        if (value.setting->type != config::Type::secret ||
            value.origin.source != config::Source::file)
            continue;
        return Check{"secrets", Verdict::warning,
                     loaded.file + " holds " + std::string(value.setting->name) +
                         " and other users of this machine can read it",
                     "chmod 600 " + loaded.file};
    }
    return std::nullopt;
}

std::vector<Check> all_checks(const ConfigArgs& args, const ServerCommands& commands,
                              Session& session) {
    const auto loaded = load_settings(args.sources, session);
    if (!loaded) {
        std::vector<Check> checks;
        for (const auto& problem : loaded.error().problems) {
            checks.push_back({"configuration", Verdict::failure, problem.detail,
                              "correct it; 'hongyan config check' looks again"});
        }
        for (auto& check : check_server(session)) checks.push_back(std::move(check));
        return checks;
    }
    const auto& settings = loaded->settings;
    std::vector<Check> checks{{"configuration", Verdict::ok,
                               loaded->file.empty() ? "valid, no file" : "valid, " + loaded->file,
                               ""}};
    if (auto check = check_secret_file(*loaded); check) checks.push_back(std::move(*check));
    checks.push_back(check_folder_writable(settings.data_dir));
    if (checks.back().verdict != Verdict::failure) {
        checks.push_back(check_disk(settings.data_dir));
        if (settings.store.url.empty()) checks.push_back(check_sync(settings.data_dir));
    }
    if (settings.store.url.empty())
        checks.push_back(check_store(settings.data_dir, commands));
    else if (commands.check_store_server)
        for (auto& check : commands.check_store_server(settings.store.url))
            checks.push_back(std::move(check));
    checks.push_back(check_open_files(settings));
    checks.push_back(check_clock(settings.data_dir));
    checks.push_back(check_port(settings.listen));
    if (const auto address = config::parse_listen(settings.listen); address) {
        session.prefer_server(local_url(*address));
    }
    for (auto& check : check_server(session)) checks.push_back(std::move(check));
    checks.push_back(check_smtp(settings.email));
    return checks;
}

}  // namespace

int run_doctor(const ConfigArgs& args, const ServerCommands& commands, Session& session) {
    const auto checks = all_checks(args, commands, session);
    const bool has_failed = std::ranges::any_of(
        checks, [](const Check& check) { return check.verdict == Verdict::failure; });
    if (session.json()) {
        json::array items;
        for (const auto& check : checks) {
            items.push_back(json::object{{"name", check.name},
                                         {"verdict", verdict_word(check.verdict)},
                                         {"detail", check.detail},
                                         {"fix", check.fix}});
        }
        session.print_json(json::object{{"healthy", !has_failed}, {"checks", std::move(items)}});
        return has_failed ? exit_failure : exit_ok;
    }
    static constexpr Colour colours[] = {Colour::green, Colour::yellow, Colour::red, Colour::dim};
    for (const auto& check : checks) {
        const std::string word = verdict_word(check.verdict);
        session.out() << session.paint(colours[static_cast<std::size_t>(check.verdict)], word)
                      << std::string(9 - word.size(), ' ') << check.name
                      << std::string(16 - std::min<std::size_t>(15, check.name.size()), ' ')
                      << check.detail << "\n";
        if (!check.fix.empty())
            session.out() << std::string(25, ' ') << "fix: " << check.fix << "\n";
    }
    return has_failed ? exit_failure : exit_ok;
}

}  // namespace hongyan::app
