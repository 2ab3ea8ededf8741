#include "channel/smpp/settings.hpp"

#include <algorithm>
#include <charconv>

namespace hongyan::smpp {
namespace {

using shape::field;

bool all_digits(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::string> check_printable(std::string_view text) {
    const bool good =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7F; });
    return good ? std::nullopt
                : std::optional<std::string>("must have printable ASCII characters only");
}

std::optional<std::string> check_host(std::string_view host) {
    const bool good = std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '.' || c == '-' || c == ':' || c == '_';
    });
    return good ? std::nullopt
                : std::optional<std::string>("must be a host name or an IP address, without port");
}

std::optional<std::string> check_zone(std::string_view zone) {
    if (read_zone(zone)) return std::nullopt;
    return "must be Z or an offset such as +08:00";
}

std::optional<std::string> check_sender_or_none(std::string_view sender) {
    return sender.empty() ? std::nullopt : check_sender(sender);
}

std::optional<std::uint32_t> read_code(std::string_view text) {
    const bool hex = text.starts_with("0x") || text.starts_with("0X");
    if (hex) text.remove_prefix(2);
    std::uint32_t code = 0;
    const auto [end, problem] =
        std::from_chars(text.data(), text.data() + text.size(), code, hex ? 16 : 10);
    if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return code;
}

void check_settings(const Settings& s, shape::Problems& problems) {
    if (s.strict_lengths && s.password.size() > 8)
        problems.add("password", "too_long", "SMPP allows 8 characters; see strict_lengths");
    if (s.strict_lengths && s.system_id.size() > 15)
        problems.add("system_id", "too_long", "SMPP allows 15 characters; see strict_lengths");
    if (!s.tls && (!s.ca_file.empty() || !s.tls_server_name.empty()))
        problems.add("tls", "conflict", "ca_file and tls_server_name have no meaning without tls");
    if (s.reconnect_min_seconds > s.reconnect_max_seconds)
        problems.add("reconnect_min_seconds", "out_of_range",
                     "must not be above reconnect_max_seconds");
    if (s.throttle_pause_seconds > s.throttle_pause_max_seconds)
        problems.add("throttle_pause_seconds", "out_of_range",
                     "must not be above throttle_pause_max_seconds");
    for (const auto& [code, kind] : s.vendor_status) {
        const auto number = read_code(code);
        const auto known = from_text<OutcomeClass>(outcome_class_names, kind);
        if (!number || *number == 0)
            problems.add("vendor_status", "invalid",
                         "\"" + code + "\" is no command_status such as \"0x400\"");
        if (!known || *known == OutcomeClass::accepted || *known == OutcomeClass::token)
            problems.add("vendor_status", "invalid",
                         "\"" + kind + "\" is no class of a refusal, such as \"rate_limited\"");
    }
}

std::vector<shape::Field> connection_fields() {
    std::vector<shape::Field> f;
    f.push_back(field("host", &Settings::host, "The centre's host name or address.")
                    .required()
                    .length(1, 253)
                    .check(check_host)
                    .example("smsc.example.com"));
    f.push_back(field("port", &Settings::port, "Usually 2775, with TLS 3550 or 2776.")
                    .between(1, 65'535)
                    .default_value(2775));
    f.push_back(field("tls", &Settings::tls,
                      "TLS from the first byte; the certificate must bear the host's name.")
                    .default_value(false));
    f.push_back(field("ca_file", &Settings::ca_file,
                      "PEM file of the authorities trusted instead of the system's.")
                    .length(0, 4'096)
                    .omit_empty());
    f.push_back(field("tls_server_name", &Settings::tls_server_name,
                      "The name in the certificate, if it is not host.")
                    .length(0, 253)
                    .check(check_host)
                    .omit_empty());
    f.push_back(field("system_id", &Settings::system_id, "The account's name at the centre.")
                    .required()
                    .length(1, 64)
                    .check(check_printable)
                    .example("smppclient1"));
    f.push_back(field("password", &Settings::password,
                      "SMPP allows 8 characters; longer ones are sent as they are, with a warning "
                      "in the log.")
                    .length(0, 64)
                    .check(check_printable));
    f.push_back(field("system_type", &Settings::system_type, "Mostly empty.")
                    .length(0, 12)
                    .check(check_printable)
                    .omit_empty());
    f.push_back(field("strict_lengths", &Settings::strict_lengths,
                      "Refuse settings that are longer than SMPP allows.")
                    .default_value(false));
    f.push_back(field("bind_mode", &Settings::bind_mode,
                      "transceiver: each bind sends and receives; separate: transmitters and one "
                      "receiver; transmitter: receipts do not come this way.")
                    .one_of(bind_mode_names)
                    .default_value("transceiver"));
    f.push_back(field("binds", &Settings::binds, "How many connections that send.")
                    .between(1, 32)
                    .default_value(1));
    return f;
}

std::vector<shape::Field> flow_fields() {
    std::vector<shape::Field> f;
    f.push_back(field("window", &Settings::window,
                      "Submits that may wait for their answer on one bind; the centre's figure.")
                    .between(1, 1'000)
                    .default_value(10));
    f.push_back(field("pace_per_second", &Settings::pace_per_second,
                      "Submits a second on one bind; 0 is no limit. Halved when the centre "
                      "throttles, then raised again step by step.")
                    .between(0.0, 100'000.0)
                    .default_value(0.0));
    const auto seconds = [&f](std::string_view name, double Settings::*member, double value,
                              std::string_view description) {
        f.push_back(field(name, member, description).between(0.01, 3'600.0).default_value(value));
    };
    seconds("enquire_link_seconds", &Settings::enquire_link_seconds, 30,
            "Silence after which the link is asked for life; dropped after two unanswered.");
    seconds("response_timeout_seconds", &Settings::response_timeout_seconds, 30,
            "A submit without answer after this is unknown.");
    seconds("connect_timeout_seconds", &Settings::connect_timeout_seconds, 10,
            "For name, connection and TLS together.");
    seconds("bind_timeout_seconds", &Settings::bind_timeout_seconds, 5, "For the bind's answer.");
    seconds("reconnect_min_seconds", &Settings::reconnect_min_seconds, 1,
            "The first pause before a new connection, with jitter; doubled each time.");
    seconds("reconnect_max_seconds", &Settings::reconnect_max_seconds, 60, "The longest pause.");
    seconds("refused_retry_seconds", &Settings::refused_retry_seconds, 60,
            "The first pause after a refused login, doubled up to ten times as long: fast repeats "
            "lock accounts.");
    seconds("throttle_pause_seconds", &Settings::throttle_pause_seconds, 1,
            "The bind's pause when the centre throttles (0x58, 0x14); doubled when it does so "
            "again.");
    seconds("throttle_pause_max_seconds", &Settings::throttle_pause_max_seconds, 5,
            "The longest of these pauses; some carriers want 60.");
    return f;
}

std::vector<shape::Field> address_fields() {
    std::vector<shape::Field> f;
    f.push_back(field("source_addr", &Settings::source_addr,
                      "The sender: up to 11 letters, a short code or a number.")
                    .length(0, 21)
                    .check(check_sender_or_none)
                    .example("ACME"));
    f.push_back(field("source_ton", &Settings::source_ton,
                      "Type of number; by the sender's form if not given: 5 letters, 3 short "
                      "code, 1 number.")
                    .between(0, 255));
    f.push_back(field("source_npi", &Settings::source_npi, "Numbering plan; by the form likewise.")
                    .between(0, 255));
    f.push_back(field("dest_ton", &Settings::dest_ton, "Type of the recipient's number.")
                    .between(0, 255)
                    .default_value(1));
    f.push_back(field("dest_npi", &Settings::dest_npi, "Numbering plan of the recipient.")
                    .between(0, 255)
                    .default_value(1));
    f.push_back(field("service_type", &Settings::service_type, "Mostly empty.")
                    .length(0, 5)
                    .check(check_printable)
                    .omit_empty());
    return f;
}

std::vector<shape::Field> text_fields() {
    std::vector<shape::Field> f;
    f.push_back(field("encoding", &Settings::encoding,
                      "For texts whose characters it has; others go as UCS-2. gsm7 is one septet "
                      "an octet, as most centres want it.")
                    .one_of(encoding_names)
                    .default_value("gsm7"));
    f.push_back(field("default_data_coding", &Settings::default_data_coding,
                      "data_coding that goes with gsm7.")
                    .between(0, 255)
                    .default_value(0));
    f.push_back(
        field("ucs2_data_coding", &Settings::ucs2_data_coding, "data_coding that goes with UCS-2.")
            .between(0, 255)
            .default_value(8));
    f.push_back(field("concatenation", &Settings::concatenation,
                      "How long texts travel: with a user data header of 8- or 16-bit reference, "
                      "SAR TLVs, or whole in message_payload.")
                    .one_of(concatenation_names)
                    .default_value("udh8"));
    f.push_back(field("max_segments", &Settings::max_segments,
                      "Longer texts are refused when they are sent.")
                    .between(1, 255)
                    .default_value(20));
    f.push_back(field("validity_form", &Settings::validity_form,
                      "How deliver_by is told to the centre; relative needs no common clock.")
                    .one_of(validity_form_names)
                    .default_value("relative"));
    f.push_back(field("validity_seconds", &Settings::validity_seconds,
                      "Validity of messages without deliver_by; 0: the centre's own.")
                    .between(0, 31'536'000)
                    .default_value(0));
    return f;
}

std::vector<shape::Field> receipt_fields() {
    std::vector<shape::Field> f;
    f.push_back(field("registered_delivery", &Settings::registered_delivery,
                      "Which receipts are asked for; all has intermediate ones too.")
                    .one_of(registered_delivery_names)
                    .default_value("final"));
    f.push_back(field("id_mode", &Settings::id_mode,
                      "How the ids of answers and receipts relate: alike, or one in hex and the "
                      "other in decimal.")
                    .one_of(id_mode_names)
                    .default_value("as_is"));
    f.push_back(field("receipt_time_zone", &Settings::receipt_time_zone,
                      "The zone of the dates in receipts, Z or an offset.")
                    .check(check_zone)
                    .default_value("Z")
                    .example("+08:00"));
    f.push_back(field("accepted_is_delivered", &Settings::accepted_is_delivered,
                      "Take ACCEPTD for the last word, as a few centres mean it.")
                    .default_value(false));
    f.push_back(field("vendor_status", &Settings::vendor_status,
                      "Outcome classes of the centre's own command_status codes.")
                    .max_entries(256)
                    .example_json(R"({"0x400":"rate_limited"})"));
    return f;
}

}  // namespace

const shape::Object& describe(shape::Tag<Settings>) {
    static const shape::Object object =
        shape::object<Settings>("SmppSettings", "One SMPP 3.4 account at a short message centre.",
                                connection_fields(), flow_fields(), address_fields(), text_fields(),
                                receipt_fields())
            .rule<Settings>(&check_settings);
    return object;
}

const shape::Object& describe(shape::Tag<Options>) {
    static const shape::Object object = shape::object<Options>(
        "SmppOptions", "What a message may want of SMPP.",
        field("sender", &Options::sender, "Instead of the account's source_addr.")
            .length(0, 21)
            .check(check_sender_or_none)
            .example("ACME"),
        field("flash", &Options::flash, "Shown at once and not kept (message class 0).")
            .default_value(false),
        field("data_coding", &Options::data_coding,
              "Demands an encoding: 1 ASCII, 3 Latin-1, 8 UCS-2, 0 the centre's own. Binary ones "
              "are refused, and texts that do not fit.")
            .between(0, 255),
        field("validity_seconds", &Options::validity_seconds,
              "How long the centre may try; deliver_by may shorten it. 0: the account's.")
            .between(0, 31'536'000)
            .default_value(0));
    return object;
}

Address address_of_sender(std::string_view sender) {
    if (sender.starts_with('+')) return {1, 1, std::string(sender.substr(1))};
    if (sender.empty()) return {0, 0, {}};
    if (!all_digits(sender)) return {5, 0, std::string(sender)};
    if (sender.size() <= 8) return {3, 0, std::string(sender)};
    return {1, 1, std::string(sender)};
}

std::optional<std::string> check_sender(std::string_view sender) {
    const auto digits = sender.starts_with('+') ? sender.substr(1) : sender;
    if (all_digits(digits)) {
        return digits.size() <= 20 ? std::nullopt
                                   : std::optional<std::string>("must have at most 20 digits");
    }
    if (auto problem = check_printable(sender)) return problem;
    if (sender.empty() || sender.size() > 11) return "must have 1 to 11 letters, or digits";
    return std::nullopt;
}

std::optional<std::string> recipient_digits(std::string_view recipient) {
    if (recipient.starts_with("smpp:")) recipient.remove_prefix(5);
    if (recipient.starts_with('+')) recipient.remove_prefix(1);
    // E.164 has at most 15 digits; fewer than 3 is no number anywhere.
    if (!all_digits(recipient) || recipient.size() < 3 || recipient.size() > 15)
        return std::nullopt;
    return std::string(recipient);
}

SplitRules split_rules(const Settings& settings, const Options& options) {
    SplitRules rules;
    rules.encoding = settings.encoding;
    rules.concatenation = settings.concatenation;
    rules.default_data_coding = static_cast<std::uint8_t>(settings.default_data_coding);
    rules.ucs2_data_coding = static_cast<std::uint8_t>(settings.ucs2_data_coding);
    rules.flash = options.flash;
    if (options.data_coding) rules.data_coding = static_cast<std::uint8_t>(*options.data_coding);
    rules.max_segments = static_cast<std::size_t>(settings.max_segments);
    return rules;
}

StatusMap vendor_classes(const Settings& settings) {
    StatusMap classes;
    for (const auto& [code, kind] : settings.vendor_status) {
        const auto number = read_code(code);
        const auto known = from_text<OutcomeClass>(outcome_class_names, kind);
        if (number && known) classes[*number] = *known;
    }
    return classes;
}

}  // namespace hongyan::smpp
