#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/stream_parser.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/text.hpp"
#include "universe/core/inbox.hpp"

namespace hongyan::universe {
namespace {

constexpr std::size_t content_bytes = 512;  ///< of a message kept in a line; the inbox has it whole
constexpr std::size_t tokens_remembered = 1'000'000;

std::uint64_t hash_of(std::string_view text) { return std::hash<std::string_view>{}(text); }

void append_text(std::string& out, std::string_view name, std::string_view text) {
    if (text.empty()) return;
    out += ",\"";
    out += name;
    out += "\":";
    out += json_quoted(is_utf8(text) ? std::string(text) : valid_utf8(text));
}

std::string_view text_at(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) return {};
    return {value->get_string().data(), value->get_string().size()};
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

Result<std::unique_ptr<Ledger>> Ledger::open(const std::string& folder, std::size_t max_bytes,
                                             Log& log) {
    std::error_code failure;
    std::filesystem::create_directories(folder, failure);
    if (failure) {
        return make_error(ErrorCode::io_failed, "The universe's folder " + folder +
                                                    " cannot be made: " + failure.message() + ".");
    }
    const std::string file = (std::filesystem::path(folder) / "universe.ledger").string();
    std::unique_ptr<Ledger> ledger(new Ledger(file, max_bytes, log));
    auto state = ledger->state_.lock();
    if (auto opened = ledger->open_file(*state); !opened) return opened.error();
    ledger->read_back(*state, file + ".1");
    ledger->read_back(*state, file);
    return ledger;
}

Ledger::~Ledger() {
    auto state = state_.lock();
    if (state->fd >= 0) ::close(state->fd);
}

Status Ledger::open_file(State& state) const {
    state.fd = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (state.fd < 0) {
        return make_error(ErrorCode::io_failed,
                          file_ + " cannot be written: " + std::strerror(errno) + ".");
    }
    if (::flock(state.fd, LOCK_EX | LOCK_NB) != 0) {
        ::close(std::exchange(state.fd, -1));
        return make_error(ErrorCode::io_failed,
                          file_ + " is in use by another universe; give this one its own folder.");
    }
    struct stat info {};
    state.bytes = ::fstat(state.fd, &info) == 0 ? static_cast<std::size_t>(info.st_size) : 0;
    return Done{};
}

void Ledger::read_back(State& state, const std::string& file) const {
    std::ifstream stream(file, std::ios::binary);
    std::string line;
    bool whole = true;
    while (std::getline(stream, line)) {
        whole = !stream.eof();
        boost::system::error_code error;
        const auto value = boost::json::parse(line, error);
        if (error || !value.is_object()) continue;  // a line cut by a crash
        const auto& object = value.get_object();
        if (const auto* number = object.if_contains("sequence");
            number != nullptr && number->is_int64())
            state.last = std::max(state.last, static_cast<std::uint64_t>(number->get_int64()));
        const auto* duplicate = object.if_contains("duplicate");
        count(state, text_at(object, "service"), text_at(object, "token"),
              duplicate != nullptr && duplicate->is_bool() && duplicate->get_bool());
    }
    // So that the next line does not grow together with half a line.
    if (!whole && file == file_ && state.fd >= 0) static_cast<void>(write_all(state.fd, "\n"));
}

void Ledger::count(State& state, std::string_view service, std::string_view token, bool duplicate) {
    auto found = state.counts.find(service);
    if (found == state.counts.end()) found = state.counts.emplace(service, Count{}).first;
    Count& count = found->second;
    ++count.arrived;
    if (duplicate) ++count.duplicates;
    if (token.empty()) return;
    if (state.remembered >= tokens_remembered) {
        count.exact = false;
        if (!count.tokens.contains(hash_of(token))) ++count.distinct_tokens;
    } else if (count.tokens.insert(hash_of(token)).second) {
        ++state.remembered;
        ++count.distinct_tokens;
    }
}

std::string Ledger::line_of(const Arrival& arrival, std::uint64_t sequence, std::int64_t at_ms) {
    std::string line =
        "{\"sequence\":" + std::to_string(sequence) + ",\"at_ms\":" + std::to_string(at_ms);
    append_text(line, "service", arrival.service);
    append_text(line, "channel", to_text(arrival.channel));
    append_text(line, "recipient", arrival.recipient);
    append_text(line, "provider_message_id", arrival.provider_message_id);
    append_text(line, "token", arrival.token);
    if (arrival.duplicate) line += ",\"duplicate\":true";
    append_text(line, "sender", arrival.sender);
    append_text(line, "subject", std::string_view(arrival.subject).substr(0, content_bytes));
    append_text(line, "content", std::string_view(arrival.content).substr(0, content_bytes));
    line += ",\"content_bytes\":" + std::to_string(arrival.content.size()) + "}\n";
    return line;
}

std::uint64_t Ledger::add(const Arrival& arrival, std::int64_t at_ms) {
    auto state = state_.lock();
    const std::uint64_t sequence = ++state->last;
    const std::string line = line_of(arrival, sequence, at_ms);
    if (state->bytes + line.size() > max_bytes_ && state->bytes > 0) rotate(*state);
    // One write: a crash of the process loses nothing of it, and lines never mix.
    const bool written = state->fd >= 0 && write_all(state->fd, line);
    if (!written && !state->failed)
        log_.error("ledger_failed", {{"file", file_}, {"reason", std::strerror(errno)}});
    state->failed = !written;
    state->bytes += line.size();
    count(*state, arrival.service, arrival.token, arrival.duplicate);
    return sequence;
}

void Ledger::rotate(State& state) const {
    std::error_code failure;
    std::filesystem::rename(file_, file_ + ".1", failure);
    if (failure) {
        log_.error("ledger_rotate_failed", {{"reason", failure.message()}});
        state.bytes = 0;  // tried again after as many bytes more
        return;
    }
    if (state.fd >= 0) ::close(std::exchange(state.fd, -1));
    if (auto opened = open_file(state); !opened)
        log_.error("ledger_failed", {{"reason", opened.error().detail}});
}

std::map<std::string, LedgerCount> Ledger::counts() const {
    std::map<std::string, LedgerCount> result;
    auto state = state_.lock();
    for (const auto& [service, count] : state->counts) result[service] = count;
    return result;
}

std::uint64_t Ledger::last_sequence() const { return state_.lock()->last; }

void Ledger::clear() {
    auto state = state_.lock();
    state->counts.clear();
    state->remembered = 0;
    state->bytes = 0;
    if (state->fd < 0 || ::ftruncate(state->fd, 0) != 0)
        log_.error("ledger_failed", {{"file", file_}, {"reason", std::strerror(errno)}});
    std::error_code ignored;
    std::filesystem::remove(file_ + ".1", ignored);
}

}  // namespace hongyan::universe
