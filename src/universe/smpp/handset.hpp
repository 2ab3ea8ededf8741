// What a telephone makes of short messages: their bytes become text by data coding, and the parts
// of a long one, tied by a user data header or SAR TLVs, become one message. Used on the centre's
// thread only.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "universe/smpp/packet.hpp"

namespace hongyan::universe::smpp {

/// How a short message's octets are to be read.
enum class Script : std::uint8_t { gsm, gsm_packed, latin1, ascii, utf16, binary };
[[nodiscard]] std::string_view script_name(Script script);
/// default_alphabet: "gsm7", "gsm7_packed" or "latin1", what data_coding 0 means at this centre.
[[nodiscard]] Script script_of(int data_coding, const std::string& default_alphabet);
/// UTF-8; what cannot be read becomes U+FFFD, as a torn surrogate pair or escape does. Binary
/// becomes hexadecimal digits. header_octets: of the user data header before packed septets.
[[nodiscard]] std::string read_octets(const std::string& octets, Script script,
                                      std::size_t header_octets);

/// One part of a message, or a whole.
struct Part {
    std::string text;  ///< as UTF-8
    int reference = 0;
    int total = 1;
    int place = 1;         ///< from 1
    std::string how = "";  ///< "udh8", "udh16", "sar", "payload" or "" for a message alone
};
/// refusal: a command_status, if this is no message that a telephone could take.
struct PartOrRefusal {
    Part part;
    std::uint32_t refusal = 0;
};
[[nodiscard]] PartOrRefusal read_part(const Submit& submit, const std::string& default_alphabet);

/// A message whose parts are all there.
struct Whole {
    std::string text;
    std::vector<std::string> ids;  ///< the centre's id of each part, in order
    std::string raw;               ///< the parts' bodies in hexadecimal, a line each
};

class Assembler {
  public:
    /// The whole, when this part was the last missing one. A part that comes again replaces itself.
    [[nodiscard]] std::optional<Whole> add(const Submit& submit, const Part& part, std::string id,
                                           std::string raw);
    [[nodiscard]] std::size_t unfinished() const { return unfinished_.size(); }

  private:
    struct Piece {
        std::string text;
        std::string id;
        std::string raw;
    };
    std::map<std::string, std::map<int, Piece>> unfinished_;
    std::deque<std::string> order_;  ///< the oldest are thrown away first
};

}  // namespace hongyan::universe::smpp
