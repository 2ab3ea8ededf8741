// For tests of engines: a server program that the test starts in a temporary folder, on a free
// port of 127.0.0.1, and ends again whatever happens. Its output goes to "output" in that folder.
// A program that is not installed fails the test with the command that installs it. Not
// thread-safe; the thread that starts it must outlive it, because its end ends the program.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace hongyan::suite {

/// A folder below the system's temporary folder that goes with the object.
class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "hongyan-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path_ = pattern;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

/// A port of 127.0.0.1 that nobody used a moment ago.
inline int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                       ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
    ::close(fd);
    if (!bound) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

/// True if something accepts a connection there.
inline bool answers(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool open = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    return open;
}

/// Asks again and again until it holds or the time is over; returns what it was asked last.
inline bool eventually(const std::function<bool()>& holds,
                       std::chrono::milliseconds within = std::chrono::seconds(20)) {
    const auto end = std::chrono::steady_clock::now() + within;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > end) return holds();
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
}

class ChildProcess {
  public:
    /// command[0] is looked up in PATH; package is the Debian package that holds it.
    ChildProcess(std::vector<std::string> command, std::string package,
                 std::filesystem::path output)
        : command_(std::move(command)), package_(std::move(package)), output_(std::move(output)) {}
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;
    ~ChildProcess() { kill(); }

    void start() {
        if (pid_ > 0) return;
        std::vector<char*> arguments;
        for (std::string& word : command_) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        const std::string output = output_.string();
        const pid_t parent = ::getpid();
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error("fork failed");
        if (pid_ > 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a killed test leaves no server behind
        if (::getppid() != parent) ::_exit(1);
        const int fd = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(fd, 1);
        ::dup2(fd, 2);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    /// Starts it and waits until it accepts connections on the port.
    void start_and_wait(int port) {
        start();
        bool ended = false;
        const bool up = eventually([&] { return answers(port) || (ended = has_ended()); });
        if (up && !ended) return;
        kill();
        throw std::runtime_error(command_[0] + " did not start; is it installed? apt-get install " +
                                 package_ + "\n" + output());
    }
    void kill() { end_with(SIGKILL); }
    void terminate() { end_with(SIGTERM); }
    /// Stands still, with its connections open, until resume().
    void pause() { ::kill(pid_, SIGSTOP); }
    void resume() { ::kill(pid_, SIGCONT); }
    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] std::string output() const {
        std::ostringstream text;
        text << std::ifstream(output_).rdbuf();
        return text.str();
    }

  private:
    [[nodiscard]] bool has_ended() {
        if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) != pid_) return false;
        pid_ = -1;
        return true;
    }
    void end_with(int signal) {
        if (pid_ <= 0) return;
        ::kill(pid_, signal);
        if (signal != SIGKILL) ::kill(pid_, SIGCONT);
        if (!eventually([&] { return has_ended(); }, std::chrono::seconds(20))) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
            pid_ = -1;
        }
    }

    std::vector<std::string> command_;
    const std::string package_;
    const std::filesystem::path output_;
    pid_t pid_ = -1;
};

}  // namespace hongyan::suite
