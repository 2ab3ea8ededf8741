#include "app/cli_doctor.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "app/client.hpp"

namespace hongyan::app {
namespace {

std::string reason() { return std::strerror(errno); }

/// A file descriptor that closes itself.
class Descriptor {
  public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd_ >= 0) close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }

  private:
    const int fd_;
};

/// The folder itself, or the nearest one above it that exists: where it would be created.
std::string existing_folder(const std::string& path) {
    std::error_code ignored;
    auto folder = std::filesystem::absolute(path, ignored).lexically_normal();
    while (!std::filesystem::exists(folder, ignored) && folder.has_parent_path() &&
           folder != folder.parent_path()) {
        folder = folder.parent_path();
    }
    return folder.string();
}

/// Median microseconds of a 4 KiB write with fdatasync, as the store does it for each commit; below
/// 0 on failure.
std::int64_t sync_latency_us(const std::string& folder) {
    constexpr int rounds = 21;
    std::string path = folder + "/.doctor-XXXXXX";
    const Descriptor file(mkstemp(path.data()));
    if (file.get() < 0) return -1;
    unlink(path.c_str());
    const std::array<char, 4096> page{};
    std::array<std::int64_t, rounds> times{};
    for (auto& time : times) {
        const auto start = std::chrono::steady_clock::now();
        if (write(file.get(), page.data(), page.size()) != static_cast<ssize_t>(page.size()))
            return -1;
        if (fdatasync(file.get()) != 0) return -1;
        time = std::chrono::duration_cast<std::chrono::microseconds>(
                   std::chrono::steady_clock::now() - start)
                   .count();
    }
    std::ranges::sort(times);
    return times[rounds / 2];
}

/// errno of binding to the address, 0 if it is free; -1 if the host has no address here.
int try_bind(const config::ListenAddress& address) {
    addrinfo hints{};
    hints.ai_flags = AI_PASSIVE;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    if (getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &list) != 0)
        return -1;
    const Descriptor socket_fd(socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    setsockopt(socket_fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const bool is_bound = bind(socket_fd.get(), list->ai_addr, list->ai_addrlen) == 0 &&
                          listen(socket_fd.get(), 1) == 0;
    const int failure = is_bound ? 0 : errno;
    freeaddrinfo(list);
    return failure;
}

}  // namespace

Check check_folder_writable(const std::string& data_dir) {
    const std::string folder = existing_folder(data_dir);
    const bool is_there = std::filesystem::exists(data_dir);
    if (!std::filesystem::is_directory(folder)) {
        return {"data folder", Verdict::failure, folder + " is not a folder",
                "name another folder with --data or data_dir"};
    }
    if (access(folder.c_str(), W_OK | X_OK) != 0) {
        return {"data folder", Verdict::failure, folder + " is not writable: " + reason(),
                "chown it to the user that runs the server, or name another folder with --data"};
    }
    struct stat status {};
    if (is_there && stat(data_dir.c_str(), &status) == 0 && (status.st_mode & 0077U) != 0) {
        return {"data folder", Verdict::warning,
                data_dir + " is open to other users of this machine", "chmod 700 " + data_dir};
    }
    return {"data folder", Verdict::ok,
            is_there ? data_dir + " is writable" : data_dir + " will be created in " + folder, ""};
}

Check check_disk(const std::string& data_dir) {
    struct statvfs space {};
    const std::string folder = existing_folder(data_dir);
    if (statvfs(folder.c_str(), &space) != 0)
        return {"disk space", Verdict::failure, folder + ": " + reason(), "check the mount"};
    const auto free_mib = static_cast<std::int64_t>(space.f_bavail) *
                          static_cast<std::int64_t>(space.f_frsize) / (1 << 20);
    const std::string detail = std::to_string(free_mib) + " MiB free";
    const std::string fix =
        "free space, shorten retention.message_days, or move data_dir to a larger disk";
    if (free_mib < 200) return {"disk space", Verdict::failure, detail, fix};
    if (free_mib < 2048)
        return {"disk space", Verdict::warning,
                detail + "; a million messages with traces take 1 to 2 GiB", fix};
    return {"disk space", Verdict::ok, detail, ""};
}

Check check_sync(const std::string& data_dir) {
    const auto median_us = sync_latency_us(existing_folder(data_dir));
    if (median_us < 0)
        return {"disk sync", Verdict::failure,
                "a test file cannot be written and synced: " + reason(), "check the disk"};
    const std::string detail =
        "a commit's sync takes " + std::to_string(median_us) + " us (median of 21)";
    if (median_us > 20'000) {
        return {"disk sync", Verdict::warning, detail + "; accepted messages wait for it",
                "put data_dir on an SSD, or on a disk whose cache is protected against power loss"};
    }
    return {"disk sync", Verdict::ok, detail, ""};
}

Check check_open_files(const config::Settings& settings) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return {"open files", Verdict::warning, reason(), "check 'ulimit -n'"};
    const auto needed =
        static_cast<rlim_t>(settings.http.max_connections + settings.email.connections + 128);
    const std::string detail =
        std::to_string(limit.rlim_cur) + " allowed (hard limit " +
        (limit.rlim_max == RLIM_INFINITY ? "none" : std::to_string(limit.rlim_max)) + "), " +
        std::to_string(needed) + " needed for http.max_connections";
    if (limit.rlim_cur >= needed) return {"open files", Verdict::ok, detail, ""};
    return {"open files", Verdict::warning, detail,
            "'ulimit -n " + std::to_string(needed) +
                "' before the start (systemd: LimitNOFILE=), or lower http.max_connections"};
}

Check check_clock(const std::string& data_dir) {
    const std::time_t now = std::time(nullptr);
    constexpr std::time_t year_2024 = 1'704'067'200, year_2100 = 4'102'444'800;
    const std::string fix = "start a time service such as systemd-timesyncd or chrony";
    if (now < year_2024 || now > year_2100)
        return {"clock", Verdict::failure, "the date is wrong", fix};
    struct stat status {};
    if (stat((data_dir + "/hongyan.db").c_str(), &status) == 0 && status.st_mtime > now + 60) {
        return {"clock", Verdict::failure,
                "the database was written in the future: the clock has gone back", fix};
    }
    timex state{};
    const int answer = adjtimex(&state);
    if (answer == TIME_ERROR)
        return {"clock", Verdict::warning, "the kernel does not know whether it is synchronised",
                fix};
    if (answer < 0)
        return {"clock", Verdict::ok, "plausible (this container hides whether it is synchronised)",
                ""};
    return {"clock", Verdict::ok, "synchronised", ""};
}

std::string local_url(const config::ListenAddress& address) {
    const bool is_any = address.host == "0.0.0.0" || address.host == "::";
    std::string host = is_any ? "127.0.0.1" : address.host;
    if (host.find(':') != host.npos) host = "[" + host + "]";
    return "http://" + host + ":" + std::to_string(address.port);
}

Check check_port(const std::string& listen) {
    const auto address = config::parse_listen(listen);
    if (!address)
        return {"listen address", Verdict::failure, listen + " is no address",
                "set listen to HOST:PORT"};
    const int failure = try_bind(*address);
    if (failure == 0) return {"listen address", Verdict::ok, listen + " is free", ""};
    if (failure == EADDRINUSE) {
        Client client({local_url(*address), "", Millis{3000}});
        const auto answer = client.call({"GET", "/livez"});
        if (answer && answer->ok())
            return {"listen address", Verdict::ok, listen + " is served by Hongyan already", ""};
        return {"listen address", Verdict::failure, listen + " is in use by another program",
                "stop it ('ss -ltnp' shows it) or choose another port with --listen"};
    }
    if (failure == EACCES) {
        return {"listen address", Verdict::failure, listen + " needs more rights",
                "choose a port above 1023, or grant CAP_NET_BIND_SERVICE"};
    }
    return {"listen address", Verdict::failure,
            listen +
                (failure > 0 ? ": " + std::string(std::strerror(failure)) : " has no address here"),
            "listen on an address of this machine, e.g. 127.0.0.1:8000 or 0.0.0.0:8000"};
}

}  // namespace hongyan::app
