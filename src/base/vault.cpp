#include "base/vault.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/crypto.hpp"
#include "base/signing.hpp"
#include "base/text.hpp"

namespace hongyan {
namespace {

constexpr std::size_t key_bytes = 32;
constexpr std::size_t id_bytes = 4;
constexpr std::size_t nonce_bytes = 12;
constexpr char form = '\1';  ///< of the sealed value: form, key id, nonce, cipher text and tag

Result<std::vector<std::string>> read_keys(std::string_view text, std::string_view where) {
    std::vector<std::string> keys;
    std::string lines(text);
    std::replace(lines.begin(), lines.end(), ',', '\n');
    for (const auto& part : split(lines, '\n')) {
        const auto line = trim(part);
        if (line.empty() || line.front() == '#') continue;
        auto key = from_base64(line);
        if (!key || key->size() != key_bytes) {
            return make_error(
                ErrorCode::config_invalid,
                std::string(where) +
                    " must hold keys of 32 bytes in base64, e.g. made by: openssl rand "
                    "-base64 32");
        }
        keys.push_back(std::move(*key));
    }
    if (keys.empty())
        return make_error(ErrorCode::config_invalid, std::string(where) + " holds no key");
    return keys;
}

/// Written beside and renamed, so that a crash leaves the old file or the new one.
Status write_file(const std::filesystem::path& file, const std::string& text) {
    const auto beside = file.string() + ".new";
    const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const auto failed = [&] {
        return make_error(ErrorCode::io_failed,
                          "The master key file " + file.string() + " cannot be written.");
    };
    if (fd < 0) return failed();
    const bool written =
        ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(fd) == 0;
    ::close(fd);
    std::error_code failure;
    if (written) std::filesystem::rename(beside, file, failure);
    if (!written || failure) return failed();
    return Done{};
}

Result<std::string> read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        return make_error(ErrorCode::io_failed,
                          "The master key file " + file.string() + " cannot be read.");
    }
    return std::string(std::istreambuf_iterator<char>(in), {});
}

std::string fresh_line() { return to_base64(random_bytes(key_bytes)) + "\n"; }

}  // namespace

Vault::Vault(std::vector<std::string> keys) {
    HY_ASSERT(!keys.empty());
    for (auto& key : keys) {
        HY_ASSERT(key.size() == key_bytes);
        keys_.push_back({sha256(key).substr(0, id_bytes), std::move(key)});
    }
}

Result<Vault> Vault::open(const std::filesystem::path& file, std::string_view from_environment) {
    if (!from_environment.empty()) {
        auto keys = read_keys(from_environment, "HONGYAN_MASTER_KEY");
        if (!keys) return keys.error();
        return Vault(std::move(*keys));
    }
    if (!std::filesystem::exists(file)) {
        if (auto made = write_file(file, fresh_line()); !made) return made.error();
    }
    auto text = read_file(file);
    if (!text) return text.error();
    auto keys = read_keys(*text, "The master key file " + file.string());
    if (!keys) return keys.error();
    return Vault(std::move(*keys));
}

std::optional<std::string> Vault::key_problem(std::string_view text) {
    const auto keys = read_keys(text, "master_key");
    if (keys) return std::nullopt;
    return keys.error().detail;
}

Result<Vault> Vault::add_key(const std::filesystem::path& file) {
    auto text = read_file(file);
    if (!text) return text.error();
    if (auto written = write_file(file, fresh_line() + *text); !written) return written.error();
    return open(file, "");
}

std::string Vault::seal(std::string_view text, std::string_view owner) const {
    const auto& key = keys_.front();
    const auto nonce = random_bytes(nonce_bytes);
    return form + key.id + nonce + aes_gcm_encrypt(key.bytes, nonce, text, owner);
}

Result<std::string> Vault::open_sealed(std::string_view sealed, std::string_view owner) const {
    const auto lost = [] {
        return make_error(
            ErrorCode::config_invalid,
            "A stored secret cannot be opened: its master key is missing from the key "
            "file, or the row was changed by hand.");
    };
    constexpr std::size_t head = 1 + id_bytes + nonce_bytes;
    if (sealed.size() < head || sealed.front() != form) return lost();
    const auto id = sealed.substr(1, id_bytes);
    for (const auto& key : keys_) {
        if (key.id != id) continue;
        auto text = aes_gcm_decrypt(key.bytes, sealed.substr(1 + id_bytes, nonce_bytes),
                                    sealed.substr(head), owner);
        if (text) return text;
    }
    return lost();
}

bool Vault::is_current(std::string_view sealed) const {
    return sealed.size() > id_bytes && sealed.substr(1, id_bytes) == keys_.front().id;
}

std::vector<std::int64_t> Vault::fingerprints() const {
    std::vector<std::int64_t> found;
    for (const auto& key : keys_) {
        const auto hash = sha256("hongyan master key\n" + key.bytes);
        std::uint64_t number = 0;
        for (std::size_t i = 0; i < sizeof number; ++i)
            number = (number << 8) | static_cast<unsigned char>(hash[i]);
        found.push_back(static_cast<std::int64_t>(number >> 1) | 1);
    }
    return found;
}

}  // namespace hongyan
