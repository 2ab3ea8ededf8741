// The settings of the simulated centre as values, and the texts of its ids and receipts. Pure
// functions, but for read_rules, which asks the World.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "universe/core/service.hpp"
#include "universe/core/world.hpp"
#include "universe/smpp/packet.hpp"

namespace hongyan::universe::smpp {

inline constexpr const char* service_name = "smpp";

struct Rules {
    std::string system_id;
    std::string password;
    std::string tls;
    std::string default_alphabet;
    std::string id_format;
    std::string receipt_id_format;
    std::string receipt_dialect;
    bool receipt_tlvs = true;
    std::int64_t throttle_per_second = 0;
    std::size_t window = 0;
    std::size_t max_binds = 0;
    std::size_t deliver_window = 10;
    std::int64_t enquire_link_seconds = 30;
    std::int64_t zone_minutes = 0;
};
[[nodiscard]] std::vector<ServiceSetting> setting_list();
[[nodiscard]] Rules read_rules(const World& world);

/// What became of a message at the handset.
enum class Fortune : std::uint8_t { enroute = 1, delivered = 2, undeliverable = 5 };

/// A receipt that waits for a session that can take it.
struct PendingReceipt {
    std::string system_id;
    Submit submit;  ///< the message it is about
    std::uint64_t number = 0;
    Fortune fortune = Fortune::delivered;
    std::int64_t submitted_ms = 0;
    std::int64_t done_ms = 0;
    int tries = 0;
};

/// format: "dec", "hex", "hex_padded" or "uuid"; of a receipt also "dec_padded".
[[nodiscard]] std::string format_id(std::uint64_t number, const std::string& format);
[[nodiscard]] Submit write_receipt(const PendingReceipt& receipt, const Rules& rules);
/// True if the text is "" or a time that SMPP allows.
[[nodiscard]] bool is_time(const std::string& text);

}  // namespace hongyan::universe::smpp
