#include "universe/smpp/rules.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.hpp"

namespace hongyan::universe::smpp {
namespace {

/// The digits of a date, yyyymmddhhmmss.
std::string digits_of(std::int64_t unix_ms, std::int64_t zone_minutes) {
    std::string out;
    for (const char c : format_rfc3339(unix_ms + zone_minutes * 60'000)) {
        if (c == '.') break;
        if (c >= '0' && c <= '9') out += c;
    }
    return out;
}

std::string date_text(std::int64_t unix_ms, const Rules& rules) {
    const std::string full = digits_of(unix_ms, rules.zone_minutes);
    if (rules.receipt_dialect == "long_dates") return full;
    return rules.receipt_dialect == "seconds" ? full.substr(2) : full.substr(2, 10);
}

const char* word_of(Fortune fortune) {
    switch (fortune) {
        case Fortune::enroute:
            return "ENROUTE";
        case Fortune::undeliverable:
            return "UNDELIV";
        case Fortune::delivered:
            break;
    }
    return "DELIVRD";
}

}  // namespace

std::vector<ServiceSetting> setting_list() {
    return {
        {"system_id", "hongyan", "Name that may log in."},
        {"password", "secret", "Its password."},
        {"tls", "auto",
         "off, on, or auto: TLS and plain text on the same port, told apart by "
         "their first byte."},
        {"max_binds", "0", "Sessions at once; one more is refused with 0x05. 0: any number."},
        {"window", "0", "Unanswered submits of a session; one more is refused with 0x14. 0: any."},
        {"throttle_per_second", "0",
         "Submits a second of a session; one more is refused with 0x58. 0: no limit."},
        {"default_alphabet", "gsm7", "What data_coding 0 means: gsm7, gsm7_packed or latin1."},
        {"message_id_format", "dec", "Ids in submit_sm_resp: dec, hex, hex_padded or uuid."},
        {"receipt_id_format", "same",
         "Ids in receipts: same, dec, dec_padded, hex, hex_padded or uuid."},
        {"receipt_dialect", "standard",
         "standard, seconds, long_dates, shuffled, brief or tlv (no text)."},
        {"receipt_tlvs", "on", "Whether receipts bear receipted_message_id and message_state."},
        {"receipt_zone_minutes", "0", "Zone of the dates in receipts, minutes east of Greenwich."},
        {"deliver_window", "100", "Receipts that may wait for their answer on one session."},
        {"enquire_link_seconds", "30",
         "Silence after which a session is asked for life; dropped after three times that. 0: "
         "never."},
    };
}

Rules read_rules(const World& world) {
    const auto text = [&world](const char* name) { return world.setting(service_name, name); };
    const auto number = [&text](const char* name) {
        return std::max<std::int64_t>(0, parse_int(text(name)).value_or(0));
    };
    Rules rules;
    rules.system_id = text("system_id");
    rules.password = text("password");
    rules.tls = text("tls");
    rules.default_alphabet = text("default_alphabet");
    rules.id_format = text("message_id_format");
    rules.receipt_id_format = text("receipt_id_format");
    rules.receipt_dialect = text("receipt_dialect");
    rules.receipt_tlvs = text("receipt_tlvs") != "off";
    rules.throttle_per_second = number("throttle_per_second");
    rules.window = static_cast<std::size_t>(number("window"));
    rules.max_binds = static_cast<std::size_t>(number("max_binds"));
    rules.deliver_window =
        static_cast<std::size_t>(std::max<std::int64_t>(1, number("deliver_window")));
    rules.enquire_link_seconds = number("enquire_link_seconds");
    rules.zone_minutes = parse_int(text("receipt_zone_minutes")).value_or(0);
    return rules;
}

std::string format_id(std::uint64_t number, const std::string& format) {
    std::array<char, 48> text{};
    const auto n = static_cast<unsigned long long>(number);
    if (format == "hex") {
        std::snprintf(text.data(), text.size(), "%llX", n);
    } else if (format == "hex_padded") {
        std::snprintf(text.data(), text.size(), "%016llX", n);
    } else if (format == "dec_padded") {
        std::snprintf(text.data(), text.size(), "%020llu", n);
    } else if (format == "uuid") {
        std::snprintf(text.data(), text.size(), "%08llx-%04llx-8%03llx-8000-0000%08llx",
                      n >> 32 & 0xFFFFFFFF, n >> 16 & 0xFFFF, n & 0xFFF, n & 0xFFFFFFFF);
    } else {
        std::snprintf(text.data(), text.size(), "%llu", n);
    }
    return text.data();
}

Submit write_receipt(const PendingReceipt& receipt, const Rules& rules) {
    const std::string answer_id = format_id(receipt.number, rules.id_format);
    const std::string id = rules.receipt_id_format == "same"
                               ? answer_id
                               : format_id(receipt.number, rules.receipt_id_format);
    const bool is_final = receipt.fortune != Fortune::enroute;
    const bool arrived = receipt.fortune == Fortune::delivered;
    const std::string word = word_of(receipt.fortune);
    const std::string error = arrived || !is_final ? "000" : "045";
    Submit deliver;
    deliver.source_ton = receipt.submit.destination_ton;
    deliver.source_npi = receipt.submit.destination_npi;
    deliver.source = receipt.submit.destination;
    deliver.destination_ton = receipt.submit.source_ton;
    deliver.destination_npi = receipt.submit.source_npi;
    deliver.destination = receipt.submit.source;
    deliver.esm_class = is_final ? 0x04 : 0x20;
    const std::string& dialect = rules.receipt_dialect;
    const std::string done = date_text(receipt.done_ms, rules);
    if (dialect == "brief") {
        deliver.text = "id:" + id + " stat:" + word;
    } else if (dialect == "shuffled") {
        deliver.text = "STAT:" + word + " ERR:" + (error == "000" ? "0A0" : "E45") + " ID:" + id +
                       " DONE DATE:" + done + " Text:";
    } else if (dialect != "tlv") {
        deliver.text = "id:" + id + " sub:001 dlvrd:" + (arrived ? "001" : "000") +
                       " submit date:" + date_text(receipt.submitted_ms, rules) +
                       " done date:" + done + " stat:" + word + " err:" + error + " text:";
    }
    if (rules.receipt_tlvs || dialect == "tlv") {
        deliver.tlvs[0x1E] = answer_id + std::string(1, '\0');
        deliver.tlvs[0x427] = std::string(1, static_cast<char>(receipt.fortune));
        if (is_final && !arrived) deliver.tlvs[0x423] = std::string("\x03\x00\x2D", 3);
    }
    return deliver;
}

bool is_time(const std::string& text) {
    if (text.empty()) return true;
    if (text.size() != 16) return false;
    const bool digits =
        std::all_of(text.begin(), text.begin() + 15, [](char c) { return c >= '0' && c <= '9'; });
    const char end = text.back();
    if (!digits || (end != '+' && end != '-' && end != 'R')) return false;
    const auto two = [&text](std::size_t at) { return (text[at] - '0') * 10 + text[at + 1] - '0'; };
    if (two(6) > 23 || two(8) > 59 || two(10) > 59) return false;
    return end == 'R' || (two(2) >= 1 && two(2) <= 12 && two(4) >= 1 && two(4) <= 31);
}

}  // namespace hongyan::universe::smpp
