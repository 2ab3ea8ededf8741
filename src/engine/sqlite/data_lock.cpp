#include "engine/sqlite/data_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "base/text.hpp"

namespace hongyan::sqlite {
namespace {

std::string owner_of(int fd) {
    char text[32] = {};
    const ssize_t size = ::pread(fd, text, sizeof(text) - 1, 0);
    const auto pid = size > 0 ? parse_int(trim(text)) : std::nullopt;
    return pid ? "process " + std::to_string(*pid) : "another process";
}

Error lock_error(const std::filesystem::path& file, const char* what) {
    return make_error(ErrorCode::io_failed, std::string("cannot ") + what + " " + file.string() +
                                                ": " + std::strerror(errno));
}

}  // namespace

Result<DataLock> DataLock::take(const std::filesystem::path& folder) {
    const auto file = folder / "hongyan.lock";
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return lock_error(file, "open");
    DataLock lock(fd);
    if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return lock_error(file, "lock");
        return make_error(ErrorCode::conflict, folder.string() + " is in use by " + owner_of(fd) +
                                                   "; stop it first or choose another folder");
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd, 0) != 0 ||
        ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
        return lock_error(file, "write");
    }
    return lock;
}

DataLock::DataLock(DataLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

DataLock& DataLock::operator=(DataLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

DataLock::~DataLock() {
    // The file stays: removing it would let a third process lock a new file of the same name.
    if (fd_ >= 0) ::close(fd_);
}

}  // namespace hongyan::sqlite
