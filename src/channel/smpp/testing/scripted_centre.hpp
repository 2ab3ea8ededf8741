// For tests: a short message centre that does what a test says, PDU by PDU, over blocking sockets.
// Every read ends after five seconds. Used from the test's thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/assert.hpp"
#include "channel/smpp/pdu.hpp"

namespace hongyan::smpp::testing {

struct Pdu {
    Header header;
    std::string body;
};

/// One connection of the account under test.
class Line {
  public:
    explicit Line(int fd) : fd_(fd) {}
    Line(Line&& other) noexcept : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)) {}
    Line& operator=(Line&&) = delete;
    ~Line() { cut(); }

    [[nodiscard]] bool ok() const { return fd_ >= 0; }
    /// The next PDU; nothing when the other side has closed, or after the pause.
    std::optional<Pdu> read(int milliseconds = 5'000) {
        while (true) {
            const Frame frame = first_frame(in_);
            if (frame.state == FrameState::complete) {
                Pdu pdu{frame.header, std::string(frame.body)};
                in_.erase(0, frame.header.length);
                return pdu;
            }
            pollfd waiting{fd_, POLLIN, 0};
            if (fd_ < 0 || poll(&waiting, 1, milliseconds) <= 0) return std::nullopt;
            char bytes[4'096];
            const auto count = ::read(fd_, bytes, sizeof(bytes));
            if (count <= 0) return std::nullopt;
            in_.append(bytes, static_cast<std::size_t>(count));
        }
    }
    /// The next PDU of that kind, others thrown away.
    std::optional<Pdu> read(Command kind, int milliseconds = 5'000) {
        while (auto pdu = read(milliseconds)) {
            if (pdu->header.is(kind)) return pdu;
        }
        return std::nullopt;
    }
    std::optional<Pdu> read_answer(Command kind, int milliseconds = 5'000) {
        while (auto pdu = read(milliseconds)) {
            if (pdu->header.is_response_to(kind)) return pdu;
        }
        return std::nullopt;
    }
    void write(const std::string& bytes) {
        (void)::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    void answer(const Pdu& request, std::uint32_t status = 0, const std::string& id = {}) {
        std::string bytes;
        append_bare(bytes, request.header.command | response_bit, status, request.header.sequence);
        if (status == 0) {
            bytes += id;
            bytes += '\0';
            bytes[2] = static_cast<char>(bytes.size() >> 8);
            bytes[3] = static_cast<char>(bytes.size());
        }
        write(bytes);
    }
    /// Takes the bind and lets it in.
    bool let_in(std::uint32_t status = 0) {
        const auto bind = read();
        if (!bind) return false;
        answer(*bind, status, "SCRIPT");
        return true;
    }
    void deliver(std::uint32_t sequence, const std::string& text, std::uint8_t esm_class = 4) {
        ShortMessage message;
        message.source = {1, 1, "8613800138000"};
        message.destination = {5, 0, "ACME"};
        message.esm_class = esm_class;
        message.text = text;
        std::string bytes;
        append_message(bytes, Command::deliver_sm, sequence, message);
        write(bytes);
    }
    void cut() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

  private:
    int fd_;
    std::string in_;
};

class ScriptedCentre {
  public:
    ScriptedCentre() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in here{};
        here.sin_family = AF_INET;
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(here);
        const int bound = ::bind(fd_, reinterpret_cast<sockaddr*>(&here), sizeof(here));
        HY_ASSERT(bound == 0 && ::listen(fd_, 16) == 0);
        HY_ASSERT(::getsockname(fd_, reinterpret_cast<sockaddr*>(&here), &size) == 0);
        port_ = ntohs(here.sin_port);
    }
    ~ScriptedCentre() { close(); }
    ScriptedCentre(const ScriptedCentre&) = delete;
    ScriptedCentre& operator=(const ScriptedCentre&) = delete;

    Line accept(int milliseconds = 5'000) {
        pollfd waiting{fd_, POLLIN, 0};
        if (poll(&waiting, 1, milliseconds) <= 0) return Line(-1);
        return Line(::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC));
    }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    /// Settings of an account here; more: further members, each with a comma before it.
    [[nodiscard]] std::string settings(const std::string& more = {}) const {
        return R"({"host":"127.0.0.1","port":)" + std::to_string(port_) +
               R"(,"system_id":"me","password":"secret","source_addr":"ACME",)" +
               R"("reconnect_min_seconds":0.05)" + more + "}";
    }

  private:
    int fd_;
    int port_ = 0;
};

}  // namespace hongyan::smpp::testing
