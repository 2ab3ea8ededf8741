#include "universe/core/universe.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <thread>
#include <utility>

#include "base/id.hpp"
#include "base/text.hpp"
#include "universe/core/certificate.hpp"
#include "universe/core/chaos_file.hpp"
#include "universe/core/courier.hpp"
#include "universe/core/dispatcher.hpp"
#include "universe/core/listener.hpp"
#include "universe/core/own_api.hpp"
#include "universe/core/request_names.hpp"
#include "universe/core/timers.hpp"

namespace hongyan::universe {
namespace {

constexpr std::size_t raw_bytes = std::size_t{256} << 10;

bool is_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

std::string url_of(const std::string& scheme, const std::string& host, int port) {
    if (port == 0) return "";
    const bool is_v6 = host.find(':') != host.npos;
    return scheme + "://" + (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

/// What to say of a name that is not among names.
std::string none_such(std::string_view name, const std::vector<std::string_view>& names) {
    const std::string nearest = nearest_word(name, names);
    if (!nearest.empty()) return "did you mean \"" + nearest + "\"?";
    std::string all;
    for (const auto one : names) all += (all.empty() ? "" : ", ") + std::string(one);
    return "there are: " + (all.empty() ? "none" : all) + ".";
}

}  // namespace

struct Universe::Parts {
    Parts(UniverseOptions given, ServiceList list, Outbound& outbound, const Clock& time,
          Log& given_log, Sink arrivals)
        : options(std::move(given)),
          clock(time),
          log(given_log),
          sink(std::move(arrivals)),
          services(std::move(list)),
          ids(time, 0),
          inbox(options.inbox_messages, options.inbox_bytes),
          courier(std::make_shared<Courier>(outbound, timers, given_log)) {}

    // Fixed after the start.
    UniverseOptions options;
    const Clock& clock;
    Log& log;
    const Sink sink;
    ServiceList services;
    KnownServices known;
    ChaosScript first_chaos;
    SettingValues first_settings;  ///< with the defaults
    CertificateFiles certificate;
    std::map<std::string, int, std::less<>> wire_ports;

    // Own synchronisation.
    IdSource ids;
    std::unique_ptr<Ledger> ledger;
    Inbox inbox;
    std::shared_ptr<Timers> timers = std::make_shared<Timers>();  ///< shared with the courier
    std::shared_ptr<Courier> courier;
    std::unique_ptr<Dispatcher> dispatcher;
    std::unique_ptr<HttpListener> listener;

    mutable std::shared_mutex settings_mutex;
    SettingValues settings;  ///< under settings_mutex
    /// shared: a draw under way keeps the script that another thread replaces.
    mutable Guarded<std::shared_ptr<Chaos>> chaos;
    /// Threads of the listener on which an early receipt was drawn since their last answer.
    Guarded<std::set<std::thread::id>> early;
    std::atomic<bool> stopped{false};

    template <class Each>
    void each_service(Each each) const {
        for (const auto& service : services.http) each(*service);
        for (const auto& service : services.wire) each(*service);
    }
    [[nodiscard]] std::shared_ptr<Chaos> current_chaos() const { return *chaos.lock(); }
    void use_chaos(ChaosScript script) {
        auto fresh = std::make_shared<Chaos>(std::move(script), clock.steady_us());
        auto held = chaos.lock();
        std::swap(*held, fresh);
    }
    [[nodiscard]] Status take_names();
    [[nodiscard]] Status take_file();
    [[nodiscard]] Status check_option_names() const;
    [[nodiscard]] Fate fate_of(std::string_view service, const ServiceRequest& request) const;
    [[nodiscard]] ServiceInfo describe(const Universe& universe, const Service& service) const;
};

Status Universe::Parts::take_names() {
    Status status = Done{};
    each_service([&](const Service& service) {
        const std::string name(service.name());
        if (!is_name(name) || name.starts_with("_") || known.contains(name))
            status = make_error(ErrorCode::config_invalid,
                                "the service name \"" + name + "\" is malformed or taken");
        for (const auto& setting : service.settings()) {
            known[name].emplace_back(setting.name);
            first_settings[name][std::string(setting.name)] = setting.value;
        }
        known[name];
    });
    return status;
}

/// Names in the options come from the command line or from code: a slip should not pass in silence.
Status Universe::Parts::check_option_names() const {
    std::vector<std::string_view> wires;
    for (const auto& service : services.wire) wires.push_back(service->name());
    for (const auto& [name, port] : options.wire_ports) {
        if (std::ranges::find(wires, name) == wires.end())
            return make_error(ErrorCode::config_invalid, "no service \"" + name +
                                                             "\" listens on a port of its own; " +
                                                             none_such(name, wires));
        if (port < 0 || port > 65'535)
            return make_error(ErrorCode::config_invalid, "a port is a number from 0 to 65535");
    }
    for (const auto& [service, values] : options.settings) {
        const auto found = known.find(service);
        for (const auto& [name, value] : values) {
            if (found == known.end() ||
                std::ranges::find(found->second, name) == found->second.end())
                return make_error(ErrorCode::config_invalid,
                                  "there is no setting \"" + service + "." + name + "\"");
        }
    }
    return Done{};
}

Status Universe::Parts::take_file() {
    SettingValues values;
    if (!options.file.empty()) {
        auto file = read_universe_file(options.file, known);
        if (!file) return file.error();
        first_chaos = std::move(file->chaos);
        values = std::move(file->settings);
    }
    for (const auto* source : {&values, &options.settings}) {
        for (const auto& [service, inner] : *source) {
            for (const auto& [name, value] : inner) first_settings[service][name] = value;
        }
    }
    settings = first_settings;
    use_chaos(first_chaos);
    return Done{};
}

Fate Universe::Parts::fate_of(std::string_view service, const ServiceRequest& request) const {
    const auto script = current_chaos();
    std::vector<std::string> names;
    // Looking for recipients costs a parse of the body; mostly nobody wants them.
    if (script->wants_recipients(request.path) || script->wants_recipients(request.query) ||
        script->wants_recipients(request.body))
        names = named_recipients(request);
    const std::vector<std::string_view> views(names.begin(), names.end());
    return script->draw({service, views, request.path}, clock.steady_us());
}

ServiceInfo Universe::Parts::describe(const Universe& universe, const Service& service) const {
    ServiceInfo info;
    info.name = service.name();
    info.title = service.title();
    info.channel = to_text(service.channel());
    for (const auto& setting : service.settings())
        info.settings.push_back({std::string(setting.name),
                                 universe.setting(info.name, setting.name),
                                 std::string(setting.value), std::string(setting.description)});
    auto sample = service.sample_account(universe);
    info.sample_provider = std::move(sample.provider);
    info.sample_settings = sample.settings.empty() ? "{}" : std::move(sample.settings);
    return info;
}

Universe::Universe(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Universe::~Universe() { stop(); }

Result<std::unique_ptr<Universe>> Universe::start(UniverseOptions options, ServiceList services,
                                                  Outbound& outbound, const Clock& clock, Log& log,
                                                  Sink sink) {
    if (options.data_dir.empty())
        return make_error(ErrorCode::config_invalid, "the universe needs a folder for its data");
    std::unique_ptr<Universe> universe(new Universe(std::make_unique<Parts>(
        std::move(options), std::move(services), outbound, clock, log, std::move(sink))));
    if (auto begun = universe->begin(); !begun) return begun.error();
    return universe;
}

Status Universe::begin() {
    Parts& parts = *parts_;
    if (auto status = parts.take_names(); !status) return status;
    if (auto status = parts.check_option_names(); !status) return status;
    if (auto status = parts.take_file(); !status) return status;
    auto ledger = Ledger::open(parts.options.data_dir, parts.options.ledger_bytes, parts.log);
    if (!ledger) return ledger.error();
    parts.ledger = std::move(*ledger);
    auto certificate = ensure_certificate(parts.options.data_dir);
    if (!certificate) return certificate.error();
    parts.certificate = *certificate;
    Dispatcher::Hooks hooks;
    hooks.own = [this](const ServiceRequest& request) { return answer_own(*this, request); };
    hooks.draw = [&parts](std::string_view service, const ServiceRequest& request) {
        return parts.fate_of(service, request);
    };
    hooks.sent_early = [&parts] {
        return parts.early.lock()->erase(std::this_thread::get_id()) > 0;
    };
    parts.dispatcher = std::make_unique<Dispatcher>(*this, parts.services.http, std::move(hooks));
    parts.listener = std::make_unique<HttpListener>(*parts.dispatcher, parts.options, parts.log);
    if (auto opened = parts.listener->open(parts.certificate); !opened) return opened;
    if (auto started = start_wires(); !started) return started;
    parts.listener->run();
    return Done{};
}

Status Universe::start_wires() {
    for (const auto& service : parts_->services.wire) {
        const std::string name(service->name());
        const auto given = parts_->options.wire_ports.find(name);
        int port = parts_->options.any_wire_ports ? 0 : service->default_port();
        if (given != parts_->options.wire_ports.end()) port = given->second;
        auto bound = service->start(*this, port);
        if (!bound) {
            Error error = std::move(bound.error());
            error.detail = "the simulated service " + name + ": " + error.detail;
            return error;
        }
        parts_->wire_ports[name] = *bound;
    }
    return Done{};
}

void Universe::stop() {
    if (parts_->stopped.exchange(true)) return;
    // First what makes work, then what does it: nothing is called back after this.
    parts_->courier->stop();
    if (parts_->listener != nullptr) parts_->listener->stop();
    for (const auto& service : parts_->services.wire) service->stop();
    parts_->timers->stop();
}

std::string Universe::http_url() const {
    return url_of("http", parts_->options.host, parts_->listener->http_port());
}

std::string Universe::https_url() const {
    return url_of("https", parts_->options.host, parts_->listener->https_port());
}

std::vector<ServiceInfo> Universe::services() const {
    std::vector<ServiceInfo> result;
    for (const auto& service : parts_->services.http) {
        ServiceInfo info = parts_->describe(*this, *service);
        info.url = base_url(info.name, false);
        info.https_url = base_url(info.name, true);
        result.push_back(std::move(info));
    }
    for (const auto& service : parts_->services.wire) {
        ServiceInfo info = parts_->describe(*this, *service);
        info.address = wire_address(info.name);
        result.push_back(std::move(info));
    }
    return result;
}

const Inbox& Universe::inbox() const { return parts_->inbox; }
const Ledger& Universe::ledger() const { return *parts_->ledger; }

Status Universe::set_chaos(std::string_view toml, std::string_view name) {
    auto file = parse_universe_file(toml, std::string(name), parts_->known);
    if (!file) return file.error();
    if (!file->settings.empty())
        return make_error(ErrorCode::config_invalid,
                          "a chaos script holds no [services]; change settings by PUT "
                          "/_universe/settings");
    parts_->use_chaos(std::move(file->chaos));
    return Done{};
}

void Universe::reset_chaos() { parts_->use_chaos(parts_->first_chaos); }

std::string Universe::chaos_json() const {
    const auto chaos = parts_->current_chaos();
    const auto& script = chaos->script();
    const auto hits = chaos->hits();
    std::string out = "{\"seed\":" + std::to_string(script.seed) + ",\"rules\":[";
    const auto append = [&](std::size_t i, const ChaosScope& scope, std::string_view action) {
        out += (out.ends_with('[') ? "" : ",");
        out += "{\"service\":" + json_quoted(scope.service) + ",\"action\":" + json_quoted(action) +
               ",\"hits\":" + std::to_string(hits[i]) + "}";
    };
    for (std::size_t i = 0; i < script.rules.size(); ++i)
        append(i, script.rules[i].scope, script.rules[i].action);
    out += "],\"receipts\":[";
    for (std::size_t i = 0; i < script.receipts.size(); ++i)
        append(script.rules.size() + i, script.receipts[i].scope, "receipt");
    return out + "]}";
}

Status Universe::change_setting(std::string_view service, std::string_view name,
                                std::string value) {
    const auto found = parts_->known.find(service);
    if (found == parts_->known.end()) {
        std::vector<std::string_view> names;
        for (const auto& [known, settings] : parts_->known) names.push_back(known);
        return make_error(ErrorCode::not_found, "there is no service \"" + std::string(service) +
                                                    "\"; " + none_such(service, names));
    }
    if (std::ranges::find(found->second, name) == found->second.end()) {
        const std::vector<std::string_view> names(found->second.begin(), found->second.end());
        return make_error(ErrorCode::not_found, std::string(service) + " has no setting \"" +
                                                    std::string(name) + "\"; " +
                                                    none_such(name, names));
    }
    const std::unique_lock lock(parts_->settings_mutex);
    parts_->settings[found->first][std::string(name)] = std::move(value);
    return Done{};
}

void Universe::reset() {
    parts_->inbox.clear();
    parts_->ledger->clear();
    reset_chaos();
    const std::unique_lock lock(parts_->settings_mutex);
    parts_->settings = parts_->first_settings;
}

std::string Universe::receipts_json() const {
    const auto counts = parts_->courier->counts();
    return "{\"answered\":" + std::to_string(counts.answered) +
           ",\"repeated\":" + std::to_string(counts.repeated) +
           ",\"given_up\":" + std::to_string(counts.given_up) + "}";
}

const Clock& Universe::clock() const { return parts_->clock; }
Log& Universe::log() { return parts_->log; }

std::string Universe::setting(std::string_view service, std::string_view name) const {
    const std::shared_lock lock(parts_->settings_mutex);
    const auto found = parts_->settings.find(std::string(service));
    if (found == parts_->settings.end()) return "";
    const auto value = found->second.find(std::string(name));
    return value == found->second.end() ? "" : value->second;
}

std::string Universe::base_url(std::string_view service, bool tls) const {
    const std::string url = tls ? https_url() : http_url();
    return url.empty() ? "" : url + "/" + std::string(service);
}

std::string Universe::wire_address(std::string_view service) const {
    const auto found = parts_->wire_ports.find(service);
    return found == parts_->wire_ports.end() ? "" : "127.0.0.1:" + std::to_string(found->second);
}

std::string Universe::ca_file() const { return parts_->certificate.ca; }
std::string Universe::certificate_file() const { return parts_->certificate.certificate; }
std::string Universe::key_file() const { return parts_->certificate.key; }

std::uint64_t Universe::arrived(Arrival arrival) {
    if (arrival.raw.size() > raw_bytes) arrival.raw.resize(raw_bytes);
    const std::int64_t now_ms = parts_->clock.now_ms();
    const std::uint64_t sequence = parts_->ledger->add(arrival, now_ms);
    if (arrival.duplicate) return sequence;
    if (parts_->sink) parts_->sink(arrival, sequence);
    parts_->inbox.add({sequence, now_ms, std::move(arrival)});
    return sequence;
}

std::uint64_t Universe::next_number() { return static_cast<std::uint64_t>(parts_->ids.next()); }

Fate Universe::draw(std::string_view service, std::string_view recipient) {
    const std::string_view recipients[] = {recipient};
    return parts_->current_chaos()->draw({service, recipients, {}}, parts_->clock.steady_us());
}

ReceiptFate Universe::draw_receipt(std::string_view service, std::string_view recipient) {
    const std::string_view recipients[] = {recipient};
    auto fate =
        parts_->current_chaos()->draw_receipt({service, recipients, {}}, parts_->clock.steady_us());
    if (fate.early && parts_->listener->is_own_thread())
        parts_->early.lock()->insert(std::this_thread::get_id());
    return fate;
}

void Universe::later(Millis pause, UniqueFunction<void()> work) {
    if (!parts_->timers->add(pause, std::move(work)) && !parts_->stopped)
        parts_->log.warn("universe_timers_full");
}

void Universe::call_back(OutboundRequest request, int tries) {
    parts_->courier->send(std::move(request), tries);
}

}  // namespace hongyan::universe
