#include "app/cli_parser.hpp"

#include <algorithm>
#include <memory>

#include "app/cli_commands.hpp"
#include "app/cli_tree.hpp"
#include "base/text.hpp"

namespace hongyan::app {
namespace {

/// Where the settings come from, as flags give it.
struct SourceOptions {
    std::string config;
    std::string data;
    std::string listen;
    Words sets;
};

/// The commands and the structs that their options fill; only one command runs, so commands may
/// share a struct.
class Parser : private CommandTree {
  public:
    Parser(const ServerCommands* commands, Terminal* terminal)
        : commands_(commands), terminal_(terminal) {
        app().add_flag("-V,--version", wants_version_, "Print the version");
        add_server_commands();
        add_sandbox();
        add_message_commands();
        add_template_commands();
        add_dead_letter_commands();
        add_key_commands();
        add_config_commands();
        add_other_commands();
        put_into_groups();
    }

    Parsed parse(const Words& given) {
        const Words arguments = usual_form(given);
        if (auto wrong = wrong_command(arguments); !wrong.empty()) return refusal(wrong, arguments);
        try {
            app().parse(
                Words(arguments.rbegin(), arguments.rend()));  // CLI11 takes a vector from its back
        } catch (const CLI::Success&) {
            return {nullptr, exit_ok, app().help(), ""};
        } catch (const CLI::ParseError& failure) {
            return refusal(explain(failure, arguments), arguments);
        }
        return {action_, exit_ok, "", ""};
    }

    using CommandTree::tree;

  private:
    using Run = std::function<int(Session&)>;

    /// What people type from habit: "help send", "--version", "--json version".
    static Words usual_form(Words arguments) {
        if (!arguments.empty() && arguments[0] == "--json")
            std::ranges::rotate(arguments, arguments.begin() + 1);
        if (arguments == Words{"--json"}) arguments.clear();
        if (!arguments.empty() && arguments[0] == "help") {
            arguments.erase(arguments.begin());
            arguments.push_back("--help");
        }
        if (!arguments.empty() && (arguments[0] == "--version" || arguments[0] == "-V"))
            arguments[0] = "version";
        return arguments;
    }

    Parsed refusal(const std::string& what, const Words& arguments) const {
        const std::string lines = "error: " + what + "\n  See " + help_of(arguments) + ".\n";
        if (std::ranges::find(arguments, "--json") == arguments.end())
            return {nullptr, exit_usage, "", lines};
        const std::string error =
            R"({"error":{"title":"The command cannot be understood.","detail":)" +
            json_quoted(what) + "}}\n";
        return {nullptr, exit_usage, error, lines};
    }

    /// The command runs this, with a session for its options.
    void runs(CLI::App* command, Run run) {
        command->add_flag("--json", client_.json, "Print JSON on stdout");
        command->callback([this, run = std::move(run)] { plan(run); });
    }

    void plan(Run run) {
        action_ = [this, run = std::move(run)] {
            Session session(*terminal_, client_);
            return run(session);
        };
    }

    /// The same for a command that talks to a server.
    void asks(CLI::App* command, Run run) {
        command->add_option("--server", client_.server,
                            "The server, http://127.0.0.1:8000 if not given (HONGYAN_SERVER)");
        command->add_option("--key-file", client_.key_file,
                            "File that holds the API key (HONGYAN_API_KEY, HONGYAN_API_KEY_FILE)");
        runs(command, std::move(run));
    }

    void add_sources(CLI::App* command) {
        command->add_option(
            "--config", sources_.config,
            "TOML file with settings; ./hongyan.toml if it exists (HONGYAN_CONFIG)");
        command->add_option("--data", sources_.data, "Folder of the database (setting data_dir)");
        many(command->add_option("--set", sources_.sets,
                                 "NAME=VALUE of any setting, may be repeated"));
    }

    void add_listen(CLI::App* command) {
        command->add_option("--listen", sources_.listen,
                            "HOST:PORT of the server (setting listen)");
    }

    /// The sources as the server takes them; an error if a --set is malformed.
    Result<ServeArgs> serve_args() const {
        ServeArgs args;
        if (!sources_.config.empty()) args.config_file = sources_.config;
        for (const auto& word : sources_.sets) {
            const auto equals = word.find('=');
            if (equals == word.npos || equals == 0) {
                return make_error(
                    ErrorCode::bad_request,
                    "--set " + word + ": write NAME=VALUE, for example --set log.level=debug.");
            }
            args.overrides[word.substr(0, equals)] = word.substr(equals + 1);
        }
        if (!sources_.data.empty()) args.overrides["data_dir"] = sources_.data;
        if (!sources_.listen.empty()) args.overrides["listen"] = sources_.listen;
        return args;
    }

    /// Runs with the sources, or reports what is wrong with them.
    Run with_sources(std::function<int(const ServeArgs&, Session&)> run) {
        return [this, run = std::move(run)](Session& session) {
            const auto args = serve_args();
            return args ? run(*args, session) : session.usage(args.error().detail);
        };
    }

    /// Runs with the data folder of --data or the configuration.
    Run with_data(std::function<int(const DataArgs&)> ServerCommands::*run) {
        return with_sources([this, run](const ServeArgs& sources, Session& session) {
            const auto loaded = load_settings(sources, session);
            if (!loaded) return session.fail(loaded.error());
            data_.data_dir = loaded->settings.data_dir;
            data_.store_url = loaded->settings.store.url;
            data_.master_key = loaded->settings.master_key;
            data_.json = session.json();
            return (commands_->*run)(data_);
        });
    }

    void add_server_commands() {
        auto* serve = add(app(), "serve", "Start the server",
                          "hongyan serve --data ./data --listen 127.0.0.1:8000");
        add_sources(serve);
        add_listen(serve);
        runs(serve, with_sources([this](const ServeArgs& args, Session&) {
                 return commands_->serve(args);
             }));
    }

    void add_sandbox() {
        auto* command = add(app(), "sandbox", "Run simulators of all providers, on loopback only",
                            "hongyan sandbox --file chaos.toml");
        const auto port = [&](const std::string& name, auto& target, const std::string& of_what) {
            return command->add_option(name, target, of_what)->check(CLI::Range(0, 65535));
        };
        port("--http-port", sandbox_.http_port, "Port of HTTP; 0 = any, for all ports not named")
            ->capture_default_str();
        port("--https-port", sandbox_.https_port, "Port of HTTPS; 8443 if not given");
        port("--smtp-port", sandbox_.smtp_port, "Port of the mail server");
        port("--smpp-port", sandbox_.smpp_port, "Port of the SMPP message centre");
        many(command->add_option("--port", sandbox_.ports,
                                 "NAME=NUMBER of any service with its own port, may be repeated"));
        command->add_option("--data", sandbox_.data_dir, "Folder of ledger and certificate")
            ->capture_default_str();
        command->add_option("--file", sandbox_.file, "TOML file with chaos and settings");
        command->add_flag("--print-json", sandbox_.json, "Print where all is as one JSON line");
        runs(command, [this](Session& s) {
            sandbox_.json = sandbox_.json || s.json();
            return commands_->sandbox(sandbox_);
        });
    }

    void put_into_groups() {
        const std::pair<const char*, Words> groups[] = {
            {"Server",
             {"serve", "sandbox", "migrate", "migrate-to", "backup", "rotate-master-key", "config",
              "doctor"}},
            {"Messages", {"send", "batch", "task", "trace", "tail", "dlq"}},
            {"Set-up", {"template", "key"}},
            {"Other", {"openapi", "completion", "version"}}};
        for (const auto& [name, commands] : groups) {
            for (const auto& command : commands) app().get_subcommand(command)->group(name);
        }
    }

    void add_message_options(CLI::App* command) {
        auto& message = message_;
        channel(command, message.channel);
        command->add_option("--template", message.template_name, "Name or id of the template");
        command->add_option("--subject", message.subject,
                            "Subject, where the channel has one; instead of a template");
        command->add_option("--content", message.content, "Text; instead of a template");
        command
            ->add_option("--priority", message.priority,
                         "0 to 10, 10 is most urgent; 5 if not given")
            ->check(CLI::Range(0, 10));
        command->add_option("--delay", message.delay_seconds, "Seconds to wait before sending")
            ->check(CLI::NonNegativeNumber);
        command->add_option("--at", message.at, "Time to send at, e.g. 2026-11-23T18:00:00+08:00");
        command->add_option("--deliver-by", message.deliver_by,
                            "Time after which it must not be sent any more");
        command->add_option("--callback-url", message.callback_url,
                            "Address that is told the outcome");
        many(command->add_option("--metadata", message.metadata,
                                 "NAME=TEXT that comes back with the message, may be repeated"));
        command->add_option("--idempotency-key", message.idempotency_key,
                            "A repeat with the same key sends nothing twice");
    }

    void add_wait(CLI::App* command, WaitArgs& wait, const std::string& description) {
        command->add_flag("--wait", wait.wanted, description);
        command->add_option("--wait-seconds", wait.seconds, "How long to wait")
            ->check(CLI::Range(1, 86400))
            ->capture_default_str();
    }

    void add_message_commands() {
        auto* send = add(app(), "send", "Send one message",
                         "hongyan send --channel sms --to 13800138000 --template order_shipped "
                         "--var order_no=A17 --var customer_name=Lin "
                         "--var delivery_days=3 --wait");
        send->add_option("--to", send_.recipient, "The recipient: phone number, address, user id")
            ->required();
        many(send->add_option("--var", send_.variables,
                              "NAME=TEXT or NAME:=JSON of a template variable, may be repeated"));
        add_message_options(send);
        send->get_option("--channel")->required();
        add_wait(send, send_.wait, "Wait until the message is settled; fail if it fails");
        asks(send, [this](Session& s) {
            send_.message = message_;
            return run_send(send_, s);
        });
        add_batch();
        add_following_commands();
    }

    void add_batch() {
        auto* batch = add(app(), "batch", "Send to every row of a CSV file",
                          "hongyan batch customers.csv --template promotion --dry-run");
        file_argument(batch, "FILE", batch_.file,
                      "CSV with a header row: recipient, and a column for each variable");
        add_message_options(batch);
        batch->add_option("--separator", batch_.separator, "Character between the columns")
            ->capture_default_str();
        batch->add_flag("--dry-run", batch_.dry_run,
                        "Check all rows and show the first message, send nothing");
        add_wait(batch, batch_.wait, "Wait until all are settled; fail if one fails");
        asks(batch, [this](Session& s) {
            batch_.message = message_;
            return run_batch(batch_, s);
        });
        auto* task = add(app(), "task", "Show how far a batch is", "hongyan task 12");
        task->add_option("ID", task_.id, "The number that 'batch' printed")->required();
        add_wait(task, task_.wait, "Wait until all are settled; fail if one fails");
        asks(task, [this](Session& s) { return run_task(task_, s); });
    }

    void add_following_commands() {
        auto* trace = add(app(), "trace", "Show the way of one message",
                          "hongyan trace msg_1882635160909774848");
        trace->add_option("ID", trace_id_, "Trace id or message id")->required();
        asks(trace, [this](Session& s) { return run_trace(trace_id_, s); });

        auto* tail = add(app(), "tail", "Show new and changed messages as they come, until Ctrl-C",
                         "hongyan tail --channel email");
        channel(tail, tail_.channel);
        choose(tail->add_option("--status", tail_.status, "Only messages in this status"),
               {"pending", "scheduled", "processing", "retrying", "success", "delivered", "failed",
                "expired", "cancelled", "unknown"});
        tail->add_option("--recipient", tail_.recipient, "Only messages to this recipient");
        tail->add_option("--lines", tail_.lines, "Newest messages shown at the start")
            ->check(CLI::Range(0, 200))
            ->capture_default_str();
        tail->add_option("--limit", tail_.limit, "Stop after this many lines; 0 = go on")
            ->check(CLI::NonNegativeNumber);
        tail->add_option("--interval", tail_.interval_ms, "Milliseconds between two looks")
            ->check(CLI::Range(100, 60000))
            ->capture_default_str();
        asks(tail, [this](Session& s) { return run_tail(tail_, s); });
    }

    void add_template_commands() {
        auto& templates =
            group("template", "List, read, change and try templates", "hongyan template list");
        auto* list =
            add(templates, "list", "List the templates", "hongyan template list --channel sms");
        channel(list, template_.channel);
        asks(list, [this](Session& s) { return run_template_list(template_, s); });
        auto* get = add(templates, "get", "Print one template as JSON",
                        "hongyan template get order_shipped > order_shipped.json");
        get->add_option("NAME", template_.name, "Name or id")->required();
        asks(get, [this](Session& s) { return run_template_get(template_, s); });
        auto* push = add(templates, "push", "Create or change templates from a JSON file",
                         "hongyan template push order_shipped.json");
        file_argument(push, "FILE", template_.file,
                      "A template, or a list of them, as 'template get' prints it");
        asks(push, [this](Session& s) { return run_template_push(template_, s); });
        auto* render = add(templates, "render", "Show what a receiver would see",
                           "hongyan template render order_shipped --var order_no=A17 --var "
                           "customer_name=Lin --var delivery_days=3");
        render->add_option("NAME", template_.name, "Name or id")->required();
        many(render->add_option("--var", template_.variables,
                                "NAME=TEXT or NAME:=JSON, may be repeated"));
        asks(render, [this](Session& s) { return run_template_render(template_, s); });
    }

    CLI::Option* add_dead_letter_options(CLI::App* command, const std::string& limit) {
        channel(command, dead_.channel);
        command->add_option("--reason", dead_.reason, "Only those that failed for this reason");
        command->add_option("--created-after", dead_.created_after,
                            "Only newer ones, e.g. 2026-11-23T00:00:00Z");
        command->add_option("--created-before", dead_.created_before, "Only older ones");
        return command->add_option("--limit", dead_.count, limit)->check(CLI::Range(1, 1'000'000));
    }

    void add_dead_letter_commands() {
        auto& letters = group("dlq", "Look at messages that were given up, and send them again",
                              "hongyan dlq list --groups");
        auto* list =
            add(letters, "list", "List dead letters, newest first", "hongyan dlq list --groups");
        add_dead_letter_options(list, "At most this many")->capture_default_str();
        list->add_flag("--groups", dead_.groups, "Count by reason and channel instead");
        asks(list, [this](Session& s) { return run_dead_letter_list(dead_, s); });
        auto* retry = add(letters, "retry", "Send dead letters again",
                          "hongyan dlq retry --reason timeout --dry-run");
        auto* limit =
            add_dead_letter_options(retry, "At most this many at once; 10000 if not given");
        retry->add_flag("--all", dead_.all, "All of them, without any filter");
        retry->add_flag("--dry-run", dead_.dry_run, "Only count them");
        asks(retry, [this, limit](Session& s) {
            if (limit->count() == 0) dead_.count = 10'000;
            return run_dead_letter_retry(dead_, s);
        });
    }

    void add_key_commands() {
        auto& keys = group("key", "Make, list and revoke API keys",
                           "hongyan key create --name shop --scope send --scope read");
        auto* create = add(keys, "create", "Make a key; it is printed once",
                           "hongyan key create --name shop --scope send --scope read");
        create->add_option("--name", key_.name, "What the key is for")->required();
        choose(many(create->add_option("--scope", key_.scopes, "What it may do, may be repeated")),
               {"send", "read", "manage", "admin"})
            ->required();
        create->add_option("--expires-at", key_.expires_at,
                           "Time at which it ends, e.g. 2027-01-01T00:00:00Z");
        create->add_option("--tenant", key_.tenant, "Tenant it belongs to; needs an admin key");
        asks(create, [this](Session& s) { return run_key_create(key_, s); });
        asks(add(keys, "list", "List the keys, without their secrets", "hongyan key list"),
             [](Session& s) { return run_key_list(s); });
        auto* revoke = add(keys, "revoke", "End a key for good", "hongyan key revoke 3");
        revoke->add_option("ID", key_.id, "The key's number in 'key list'")->required();
        asks(revoke, [this](Session& s) { return run_key_revoke(key_, s); });
    }

    using ConfigRun = int (*)(const ConfigArgs&, Session&);
    Run with_config(ConfigRun run) {
        return with_sources([this, run](const ServeArgs& sources, Session& session) {
            return run({sources, origin_, session.json()}, session);
        });
    }

    void add_config_commands() {
        auto& configs =
            group("config", "Check and show the settings", "hongyan config show --origin");
        auto* check = add(configs, "check", "Find every mistake in the settings without starting",
                          "hongyan config check hongyan.toml");
        add_sources(check);
        add_listen(check);
        file_argument(check, "FILE", checked_file_, "The file to check; as --config");
        check->get_option("FILE")->required(false)->excludes(check->get_option("--config"));
        runs(check, [this, run = with_config(&run_config_check)](Session& s) {
            if (!checked_file_.empty()) sources_.config = checked_file_;
            return run(s);
        });
        auto* show =
            add(configs, "show", "Print the settings in force", "hongyan config show --origin");
        add_sources(show);
        add_listen(show);
        show->add_flag("--origin", origin_, "Tell where each value came from");
        runs(show, with_config(&run_config_show));
        runs(add(configs, "sample", "Print a file with every setting, commented out",
                 "hongyan config sample > hongyan.toml"),
             [](Session& s) { return run_config_sample(s); });
        runs(add(configs, "docs", "Print the reference of all settings as Markdown",
                 "hongyan config docs"),
             [](Session& s) { return run_config_docs(s); });
    }

    void add_other_commands() {
        auto* migrate = add(app(), "migrate", "Bring the database to this version's schema",
                            "hongyan migrate --data ./data --dry-run");
        add_sources(migrate);
        migrate->add_flag("--dry-run", data_.dry_run, "Only say what would be done");
        runs(migrate, with_data(&ServerCommands::migrate));
        auto* backup = add(app(), "backup", "Copy the database while the server runs",
                           "hongyan backup --data ./data backup.db");
        add_sources(backup);
        file_argument(backup, "FILE", data_.output, "File to write; must not exist");
        runs(backup, with_data(&ServerCommands::backup));
        auto* move =
            add(app(), "migrate-to", "Move this installation into PostgreSQL and compare every row",
                "hongyan migrate-to --data ./data postgres://hongyan@db/hongyan");
        add_sources(move);
        move->add_option("URL", data_.target, "The database; its schema is made here")->required();
        move->add_flag("--verify-only", data_.verify_only, "Compare, copy nothing");
        runs(move, with_data(&ServerCommands::migrate_to));
        auto* rotate = add(app(), "rotate-master-key",
                           "Seal all stored secrets with a fresh key, while no server runs",
                           "hongyan rotate-master-key --data ./data");
        add_sources(rotate);
        rotate->add_option("--key-file", data_.output, "The key file; else master.key in the data");
        runs(rotate, with_data(&ServerCommands::rotate_master_key));
        auto* doctor =
            add(app(), "doctor",
                "Look for what could keep the server from working, and say what mends it",
                "hongyan doctor");
        add_sources(doctor);
        add_listen(doctor);
        asks(doctor, with_sources([this](const ServeArgs& sources, Session& session) {
                 return run_doctor({sources, false, session.json()}, *commands_, session);
             }));
        runs(add(app(), "openapi", "Print the API's OpenAPI 3.1 document",
                 "hongyan openapi > openapi.json"),
             [this](Session& s) { return commands_->openapi(s.json()); });
        auto* completion = add(app(), "completion", "Print a completion script for a shell",
                               "source <(hongyan completion bash)");
        choose(completion->add_option("SHELL", shell_, "The shell"), {"bash", "zsh", "fish"})
            ->required();
        runs(completion, [this](Session& s) {
            const std::string script = completion_script(tree(), shell_);
            if (s.json())
                return s.print_json(boost::json::object{{"shell", shell_}, {"script", script}}),
                       exit_ok;
            s.out() << script;
            return exit_ok;
        });
        runs(add(app(), "version", "Print the version", "hongyan version --json"),
             [](Session& s) { return run_version(s); });
    }

    const ServerCommands* const commands_;
    Terminal* const terminal_;
    std::function<int()> action_;
    ClientArgs client_;
    SourceOptions sources_;
    DataArgs data_;
    SandboxArgs sandbox_;
    MessageArgs message_;
    SendArgs send_;
    BatchArgs batch_;
    TemplateArgs template_;
    TailArgs tail_;
    DeadLetterArgs dead_;
    KeyArgs key_;
    TaskArgs task_;
    std::string trace_id_;
    std::string checked_file_;
    std::string shell_;
    bool origin_ = false;
    bool wants_version_ = false;
};

}  // namespace

Parsed parse_arguments(const std::vector<std::string>& arguments, const ServerCommands& commands,
                       Terminal& terminal) {
    auto parser = std::make_shared<Parser>(&commands, &terminal);
    Parsed parsed = parser->parse(arguments);
    if (parsed.action)
        parsed.action = [parser, action = std::move(parsed.action)] { return action(); };
    return parsed;
}

CommandNode command_tree() { return Parser(nullptr, nullptr).tree(); }

}  // namespace hongyan::app
