#include "api/settings.hpp"

#include "config/load.hpp"

namespace hongyan::api {

struct SettingView {
    std::string name;
    std::string value;
    std::string default_value;
    std::string origin;
    std::string place;
    std::string description;
    bool secret = false;
    bool needs_restart = true;
};
struct SettingPage {
    std::vector<SettingView> items;
};

namespace {

using shape::field;

SettingView view_of(const config::LoadedValue& loaded) {
    const config::Setting& setting = *loaded.setting;
    SettingView view;
    view.name = setting.name;
    view.value = config::show_value(setting, loaded.value);
    view.secret = setting.type == config::Type::secret;
    view.default_value = setting.default_text;
    view.origin = config::source_names[static_cast<std::size_t>(loaded.origin.source)];
    view.place = loaded.origin.place;
    view.description = setting.sentence;
    view.needs_restart = setting.change == config::Change::restart;
    return view;
}

}  // namespace

const shape::Object& describe(shape::Tag<SettingView>) {
    using V = SettingView;
    static const shape::Object object =
        shape::object<V>(
            "Setting", "One setting of the program.",
            field("name", &V::name, "Its name.").example("http.io_threads"),
            field("value", &V::value, "The value in force; ****** for a secret that is set.")
                .example("2"),
            field("default", &V::default_value, "The value it has when nobody sets it.")
                .example("1"),
            field("origin", &V::origin, "What set it.")
                .one_of({"default", "file", "credential", "environment", "flag"})
                .example("file"),
            field("place", &V::place, "Where: file and line, variable or flag.")
                .omit_empty()
                .example("hongyan.toml:12:5"),
            field("description", &V::description, "What it does.")
                .example("Threads that read and write connections."),
            field("secret", &V::secret, "Whether its value is never shown.").example(false),
            field("needs_restart", &V::needs_restart,
                  "Whether a change takes effect at the next start only.")
                .example(true))
            .reply();
    return object;
}

const shape::Object& describe(shape::Tag<SettingPage>) {
    static const shape::Object object =
        shape::object<SettingPage>("SettingPage", "Every setting, in the documentation's order.",
                                   field("items", &SettingPage::items, "The settings."))
            .reply();
    return object;
}

namespace {

void list_settings(Context& context, http::Request& request, http::Responder responder) {
    if (caller_of(request).tenant_id != 1) {
        return responder.fail(
            make_error(ErrorCode::forbidden,
                       "Settings belong to the server; only keys of the first tenant see them."));
    }
    SettingPage page;
    if (context.loaded != nullptr) {
        for (const auto& value : context.loaded->values) page.items.push_back(view_of(value));
    }
    respond(responder, answer(page));
}

}  // namespace

void add_setting_routes(Routes& routes) {
    routes.plain({.path = "/api/settings",
                  .operation = "list_settings",
                  .tag = "operations",
                  .summary = "List the server's settings",
                  .description = "As they are in force, with what set them. They are changed in "
                                 "the file, the environment or by flags.",
                  .scope = "admin",
                  .reply = &shape::description_of<SettingPage>()},
                 list_settings);
}

}  // namespace hongyan::api
