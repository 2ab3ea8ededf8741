#include "universe/smpp/packet.hpp"

namespace hongyan::universe::smpp {
namespace {

/// Reads numbers and texts from a body; good() turns false at the first that is not there.
class Scan {
  public:
    explicit Scan(const std::string& body) : body_(body) {}
    std::uint64_t number(int octets) {
        std::uint64_t value = 0;
        for (int i = 0; i < octets; ++i) {
            if (at_ >= body_.size()) {
                good_ = false;
                return 0;
            }
            value = value * 256 + static_cast<unsigned char>(body_[at_++]);
        }
        return value;
    }
    int octet() { return static_cast<int>(number(1)); }
    /// A text with its NUL; longest counts without it.
    std::string line(std::size_t longest) {
        std::string text;
        while (good_) {
            const auto c = static_cast<char>(number(1));
            if (!good_ || c == '\0') break;
            text += c;
            if (text.size() > longest) good_ = false;
        }
        return text;
    }
    std::string octets(std::size_t count) {
        if (body_.size() - at_ < count) {
            good_ = false;
            return {};
        }
        at_ += count;
        return body_.substr(at_ - count, count);
    }
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool more() const { return good_ && at_ < body_.size(); }

  private:
    const std::string& body_;
    std::size_t at_ = 0;
    bool good_ = true;
};

class Print {
  public:
    Print& number(std::uint64_t value, int octets) {
        for (int i = octets - 1; i >= 0; --i) text_ += static_cast<char>(value >> (8 * i) & 0xFF);
        return *this;
    }
    Print& octet(int value) { return number(static_cast<std::uint64_t>(value), 1); }
    Print& line(const std::string& value) {
        text_ += value;
        text_ += '\0';
        return *this;
    }
    Print& raw(const std::string& value) {
        text_ += value;
        return *this;
    }
    [[nodiscard]] std::string text() const { return text_; }

  private:
    std::string text_;
};

}  // namespace

Taken take_packet(const std::string& stream, std::size_t& from) {
    Taken taken;
    if (stream.size() - from < 4) return taken;
    const std::string head = stream.substr(from, 16);
    Scan scan(head);
    Packet packet;
    packet.length = static_cast<std::uint32_t>(scan.number(4));
    if (packet.length < 16 || packet.length > 70'000) {
        taken.garbage = true;
        return taken;
    }
    if (stream.size() - from < packet.length) return taken;
    packet.id = static_cast<std::uint32_t>(scan.number(4));
    packet.status = static_cast<std::uint32_t>(scan.number(4));
    packet.sequence = static_cast<std::uint32_t>(scan.number(4));
    packet.body = stream.substr(from + 16, packet.length - 16);
    from += packet.length;
    taken.packet = std::move(packet);
    return taken;
}

std::string write_packet(const Packet& packet) {
    return Print()
        .number(16 + packet.body.size(), 4)
        .number(packet.id, 4)
        .number(packet.status, 4)
        .number(packet.sequence, 4)
        .raw(packet.body)
        .text();
}

std::optional<Login> read_login(const std::string& body) {
    Scan scan(body);
    Login login;
    login.system_id = scan.line(64);
    login.password = scan.line(64);
    login.system_type = scan.line(64);
    login.version = scan.octet();
    scan.number(2);  // addr_ton, addr_npi
    (void)scan.line(64);
    if (!scan.good()) return std::nullopt;
    return login;
}

std::optional<Submit> read_submit(const std::string& body) {
    Scan scan(body);
    Submit s;
    s.service_type = scan.line(5);
    s.source_ton = scan.octet();
    s.source_npi = scan.octet();
    s.source = scan.line(20);
    s.destination_ton = scan.octet();
    s.destination_npi = scan.octet();
    s.destination = scan.line(20);
    s.esm_class = scan.octet();
    s.protocol_id = scan.octet();
    s.priority = scan.octet();
    s.schedule = scan.line(16);
    s.validity = scan.line(16);
    s.registered_delivery = scan.octet();
    s.replace = scan.octet();
    s.data_coding = scan.octet();
    s.default_message = scan.octet();
    s.text = scan.octets(static_cast<std::size_t>(scan.octet()));
    while (scan.more()) {
        const int tag = static_cast<int>(scan.number(2));
        const auto length = static_cast<std::size_t>(scan.number(2));
        s.tlvs.emplace(tag, scan.octets(length));
    }
    if (!scan.good() || s.text.size() > 254) return std::nullopt;
    return s;
}

std::string write_deliver(const Submit& m) {
    Print print;
    print.line(m.service_type).octet(m.source_ton).octet(m.source_npi).line(m.source);
    print.octet(m.destination_ton).octet(m.destination_npi).line(m.destination);
    print.octet(m.esm_class).octet(m.protocol_id).octet(m.priority);
    print.line(m.schedule).line(m.validity).octet(m.registered_delivery).octet(m.replace);
    print.octet(m.data_coding).octet(m.default_message);
    print.octet(static_cast<int>(m.text.size())).raw(m.text);
    for (const auto& [tag, value] : m.tlvs)
        print.number(static_cast<std::uint64_t>(tag), 2).number(value.size(), 2).raw(value);
    return print.text();
}

std::optional<Query> read_query(const std::string& body) {
    Scan scan(body);
    Query query{scan.line(64)};
    scan.number(2);
    (void)scan.line(20);
    if (!scan.good()) return std::nullopt;
    return query;
}

}  // namespace hongyan::universe::smpp
