// config check, show, sample, docs; version.
#include <boost/json/parse.hpp>

#include "app/cli_commands.hpp"
#include "config/document.hpp"

namespace hongyan::app {

namespace json = boost::json;

Result<config::Loaded> load_settings(const ServeArgs& sources, const Session& session) {
    config::Sources all;
    all.file = sources.config_file;
    all.flags = sources.overrides;
    all.environment = session.environment();
    return config::load(all);
}

int run_config_check(const ConfigArgs& args, Session& session) {
    const auto loaded = load_settings(args.sources, session);
    if (!loaded) return session.fail(loaded.error());
    if (session.json()) {
        session.print_json(json::object{{"valid", true}, {"file", loaded->file}});
    } else {
        session.out() << "The configuration is valid"
                      << (loaded->file.empty() ? "" : " (" + loaded->file + ")") << ".\n";
    }
    return exit_ok;
}

int run_config_show(const ConfigArgs& args, Session& session) {
    const auto loaded = load_settings(args.sources, session);
    if (!loaded) return session.fail(loaded.error());
    if (session.json()) {
        session.out() << config::show_json(*loaded) << std::endl;
    } else {
        session.out() << config::show_toml(*loaded, args.origin);
    }
    return exit_ok;
}

int run_config_sample(Session& session) {
    if (session.json())
        return session.print_json(json::object{{"toml", config::sample_toml()}}), exit_ok;
    session.out() << config::sample_toml();
    return exit_ok;
}

int run_config_docs(Session& session) {
    if (session.json())
        return session.print_json(json::object{{"markdown", config::configuration_markdown()}}),
               exit_ok;
    session.out() << config::configuration_markdown();
    return exit_ok;
}

int run_version(Session& session) {
    if (session.json()) {
        session.print_json(json::object{
            {"name", "hongyan"}, {"version", HONGYAN_VERSION}, {"compiler", __VERSION__}});
    } else {
        session.out() << "hongyan " HONGYAN_VERSION "\n";
    }
    return exit_ok;
}

}  // namespace hongyan::app
