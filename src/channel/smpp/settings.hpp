// What an SMPP account and a message's "smpp" section of options may say, as described structs, and
// the checks of senders and recipients. Settings are read when an account is opened; everything a
// centre may want differently is one of them. Pure functions, safe from every thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channel/smpp/receipt.hpp"
#include "channel/smpp/split.hpp"
#include "channel/smpp/status.hpp"
#include "shape/shape.hpp"

namespace hongyan::smpp {

enum class BindMode : std::uint8_t { transceiver, separate, transmitter };
inline constexpr std::array<std::string_view, 3> bind_mode_names{"transceiver", "separate",
                                                                 "transmitter"};
enum class RegisteredDelivery : std::uint8_t { none, final_receipt, failure, all };
inline constexpr std::array<std::string_view, 4> registered_delivery_names{"none", "final",
                                                                           "failure", "all"};
enum class ValidityForm : std::uint8_t { relative, absolute, none };
inline constexpr std::array<std::string_view, 3> validity_form_names{"relative", "absolute",
                                                                     "none"};

struct Settings {
    std::string host;
    std::int32_t port = 2775;
    bool tls = false;
    std::string ca_file;
    std::string tls_server_name;
    std::string system_id;
    std::string password;
    std::string system_type;
    bool strict_lengths = false;
    BindMode bind_mode = BindMode::transceiver;
    std::int32_t binds = 1;
    std::int32_t window = 10;
    double pace_per_second = 0;
    std::string source_addr;
    std::optional<std::int32_t> source_ton;
    std::optional<std::int32_t> source_npi;
    std::int32_t dest_ton = 1;
    std::int32_t dest_npi = 1;
    std::string service_type;
    Encoding encoding = Encoding::gsm7;
    std::int32_t default_data_coding = 0;
    std::int32_t ucs2_data_coding = 8;
    Concatenation concatenation = Concatenation::udh8;
    std::int32_t max_segments = 20;
    RegisteredDelivery registered_delivery = RegisteredDelivery::final_receipt;
    ValidityForm validity_form = ValidityForm::relative;
    std::int64_t validity_seconds = 0;
    IdMode id_mode = IdMode::as_is;
    std::string receipt_time_zone = "Z";
    bool accepted_is_delivered = false;
    double enquire_link_seconds = 30;
    double response_timeout_seconds = 30;
    double connect_timeout_seconds = 10;
    double bind_timeout_seconds = 5;
    double reconnect_min_seconds = 1;
    double reconnect_max_seconds = 60;
    double refused_retry_seconds = 60;
    double throttle_pause_seconds = 1;
    double throttle_pause_max_seconds = 5;
    std::map<std::string, std::string> vendor_status;
};
[[nodiscard]] const shape::Object& describe(shape::Tag<Settings>);

struct Options {
    std::string sender;
    bool flash = false;
    std::optional<std::int32_t> data_coding;
    std::int64_t validity_seconds = 0;
};
[[nodiscard]] const shape::Object& describe(shape::Tag<Options>);

/// An address with the type that its form has: letters are alphanumeric (5/0), 3 to 8 digits a
/// short code (3/0), more digits or a leading '+' an international number (1/1).
[[nodiscard]] Address address_of_sender(std::string_view sender);
/// What is wrong with a sender: over 11 letters or 20 digits, characters outside ASCII. Nothing if
/// all is well.
[[nodiscard]] std::optional<std::string> check_sender(std::string_view sender);
/// The digits of "+8613800138000", "smpp:+86..." or the same bare; nothing if it is no number in
/// E.164 form or bears another provider's prefix.
[[nodiscard]] std::optional<std::string> recipient_digits(std::string_view recipient);

[[nodiscard]] SplitRules split_rules(const Settings& settings, const Options& options);
/// vendor_status as codes; keys and values were checked when the settings were read.
[[nodiscard]] StatusMap vendor_classes(const Settings& settings);

}  // namespace hongyan::smpp
