// Universe: the provider simulators as one running whole: it listens on loopback (HTTP/1.1 and
// HTTP/2, plain and TLS), starts the services that listen by themselves, keeps inbox and ledger,
// draws chaos and carries receipts. Started by `hongyan sandbox` and inside `serve`, from one
// thread. stop() and the destructor end all its threads; the Outbound, Clock and Log must outlive
// it. Members are safe from every thread unless they say otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "universe/core/inbox.hpp"
#include "universe/core/service.hpp"
#include "universe/core/world.hpp"

namespace hongyan::universe {

struct UniverseOptions {
    std::string host = "127.0.0.1";  ///< a loopback address; all else is refused
    int http_port = 8090;            ///< 0 = any; < 0 = none
    int https_port = 8443;           ///< 0 = any; < 0 = none
    /// Of services that listen by themselves, by their names; a name that is no such service is
    /// refused. The others take their default, or any with any_wire_ports.
    std::map<std::string, int> wire_ports;
    bool any_wire_ports = false;
    std::string data_dir;  ///< made if it is not there: universe.ledger, ca.pem, cert.pem, key.pem
    std::string file;      ///< TOML: chaos and settings; "" = none
    /// Settings of services that go before the file's: {"aliyun": {"callback_url": "http://..."}}.
    std::map<std::string, std::map<std::string, std::string>> settings;
    std::size_t inbox_messages = 10'000;
    std::size_t inbox_bytes = std::size_t{64} << 20;
    std::size_t ledger_bytes = std::size_t{256}
                               << 20;  ///< then it begins a new file, keeps one old
    int threads = 2;                   ///< that read and answer HTTP
    std::size_t header_bytes = std::size_t{64} << 10;
    std::size_t body_bytes = std::size_t{16} << 20;
    std::uint32_t http2_streams = 256;  ///< at once on one connection
    std::size_t connections = 4'096;
    std::chrono::seconds idle{120};  ///< after which a connection without requests is closed
};

/// One service as listings show it.
struct ServiceInfo {
    struct Setting {
        std::string name;
        std::string value;  ///< in force
        std::string default_value;
        std::string description;
    };
    std::string name;
    std::string title;
    std::string channel;
    std::string url;        ///< of an HTTP service; else ""
    std::string https_url;  ///< the same by TLS
    std::string address;    ///< "127.0.0.1:2525" of a service that listens by itself; else ""
    std::vector<Setting> settings;
    std::string sample_provider;  ///< what a user may give as an account to try it
    std::string sample_settings;  ///< JSON object
};

class Universe final : public World {
  public:
    /// Called for each arrival after it is in the ledger, from the thread that took it; must not
    /// block. Not called for duplicates.
    using Sink = std::function<void(const Arrival&, std::uint64_t sequence)>;

    /// Errors: config_invalid (options, file), io_failed (folder, ports).
    [[nodiscard]] static Result<std::unique_ptr<Universe>> start(UniverseOptions options,
                                                                 ServiceList services,
                                                                 Outbound& outbound,
                                                                 const Clock& clock, Log& log,
                                                                 Sink sink = {});
    ~Universe() override;
    Universe(const Universe&) = delete;
    Universe& operator=(const Universe&) = delete;
    /// Closes every connection and ends every thread. Not from a thread of the universe.
    void stop();

    [[nodiscard]] std::string http_url() const;   ///< "http://127.0.0.1:8090", "" if it is off
    [[nodiscard]] std::string https_url() const;  ///< "https://127.0.0.1:8443", "" if it is off
    [[nodiscard]] std::vector<ServiceInfo> services() const;
    [[nodiscard]] const Inbox& inbox() const;
    [[nodiscard]] const Ledger& ledger() const;

    /// Replaces the chaos script from now on: TOML with [chaos], [[chaos.rule]], [[chaos.receipt]]
    /// and no [services]. Errors: config_invalid, with every problem.
    [[nodiscard]] Status set_chaos(std::string_view toml, std::string_view name = "chaos");
    /// Back to the script of the file, with fresh counters.
    void reset_chaos();
    /// {"seed":1,"rules":[{"service":...,"action":...,"hits":N}],"receipts":[...]}
    [[nodiscard]] std::string chaos_json() const;
    /// Errors: not_found (service or setting; says the nearest).
    [[nodiscard]] Status change_setting(std::string_view service, std::string_view name,
                                        std::string value);
    /// Empties inbox and ledger; chaos and settings are again as they were at the start. What the
    /// services themselves remember stays.
    void reset();
    /// {"answered":N,"repeated":N,"given_up":N} of receipts.
    [[nodiscard]] std::string receipts_json() const;

    [[nodiscard]] const Clock& clock() const override;
    [[nodiscard]] Log& log() override;
    [[nodiscard]] std::string setting(std::string_view service,
                                      std::string_view name) const override;
    [[nodiscard]] std::string base_url(std::string_view service, bool tls) const override;
    [[nodiscard]] std::string wire_address(std::string_view service) const override;
    [[nodiscard]] std::string ca_file() const override;
    [[nodiscard]] std::string certificate_file() const override;
    [[nodiscard]] std::string key_file() const override;
    std::uint64_t arrived(Arrival arrival) override;
    [[nodiscard]] std::uint64_t next_number() override;
    [[nodiscard]] Fate draw(std::string_view service, std::string_view recipient) override;
    [[nodiscard]] ReceiptFate draw_receipt(std::string_view service,
                                           std::string_view recipient) override;
    void later(Millis pause, UniqueFunction<void()> work) override;
    void call_back(OutboundRequest request, int tries) override;

  private:
    struct Parts;
    explicit Universe(std::unique_ptr<Parts> parts);
    [[nodiscard]] Status begin();
    [[nodiscard]] Status start_wires();

    const std::unique_ptr<Parts> parts_;
};

}  // namespace hongyan::universe
