// What the e-mail channel's tests share: the mail server of smtp_server.py as a child process, a
// sink that collects outcomes, and a channel that talks to that server. Tests only; the child ends
// with the test, whatever happens, because its standard input closes.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "channel/email/email_channel.hpp"

namespace hongyan::email::testing {

namespace fs = std::filesystem;

/// A folder of its own below the system's temporary one, removed at the end.
class Folder {
  public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "hongyan-email-XXXXXX").string();
        path_ = mkdtemp(name.data());
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    [[nodiscard]] std::string file(const std::string& name) const {
        return (path_ / name).string();
    }

  private:
    fs::path path_;
};

/// A Python with aiosmtpd; the test fails with the command that installs it if there is none.
inline std::string find_python() {
    for (const std::string python : {"/usr/bin/python3", "python3"}) {
        if (std::system((python + " -c 'import aiosmtpd' 2>/dev/null").c_str()) == 0) return python;
    }
    ADD_FAILURE() << "aiosmtpd is missing; install it: apt-get install python3-aiosmtpd";
    return "";
}

/// The script in the source tree, looked for upwards from the test program and the current folder.
inline std::string find_script() {
    const fs::path script = "src/channel/email/testing/smtp_server.py";
    if (const char* root = std::getenv("HONGYAN_SOURCE_DIR")) return (root / script).string();
    for (const fs::path& start : {fs::read_symlink("/proc/self/exe"), fs::current_path()}) {
        for (fs::path up = start; up != up.root_path(); up = up.parent_path()) {
            if (fs::exists(up / script)) return (up / script).string();
        }
    }
    ADD_FAILURE() << script << " was not found; set HONGYAN_SOURCE_DIR to the source tree";
    return "";
}

class SmtpServer {
  public:
    explicit SmtpServer(std::vector<std::string> options = {}) {
        options.insert(options.begin(),
                       {find_python(), find_script(), "--log", folder_.file("log")});
        if (!options[0].empty() && !options[1].empty()) spawn(options);
    }
    ~SmtpServer() { kill(); }
    SmtpServer(const SmtpServer&) = delete;
    SmtpServer& operator=(const SmtpServer&) = delete;

    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] std::string url(const std::string& scheme = "smtp") const {
        return scheme + "://127.0.0.1:" + std::to_string(port_);
    }

    /// Every mail taken so far.
    [[nodiscard]] std::vector<boost::json::object> mails() const {
        std::vector<boost::json::object> out;
        std::ifstream file(folder_.file("log"));
        for (std::string line; std::getline(file, line);) {
            out.push_back(boost::json::parse(line).as_object());
        }
        return out;
    }

    void kill() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
        pid_ = 0;
        close(input_);
        close(output_);
    }

  private:
    void spawn(const std::vector<std::string>& words) {
        int in[2];
        int out[2];
        ASSERT_EQ(pipe2(in, O_CLOEXEC), 0);
        ASSERT_EQ(pipe2(out, O_CLOEXEC), 0);
        std::vector<char*> arguments;
        for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        pid_ = fork();
        if (pid_ == 0) {
            dup2(in[0], 0);
            dup2(out[1], 1);
            execvp(arguments[0], arguments.data());
            _exit(127);
        }
        close(in[0]);
        close(out[1]);
        input_ = in[1];
        output_ = out[0];
        read_port();
    }

    void read_port() {
        std::string line;
        pollfd wait{output_, POLLIN, 0};
        while (!line.ends_with('\n') && ::poll(&wait, 1, 30'000) == 1) {
            char c = 0;
            if (::read(output_, &c, 1) != 1) break;
            line += c;
        }
        ASSERT_TRUE(line.starts_with("port ")) << "smtp_server.py did not start: " << line;
        port_ = std::stoi(line.substr(5));
    }

    Folder folder_;
    pid_t pid_ = 0;
    int input_ = -1;
    int output_ = -1;
    int port_ = 0;
};

/// Collects outcomes and counts those that come twice.
class Outcomes {
  public:
    [[nodiscard]] OutcomeSink sink() {
        return [this](std::vector<Sent> batch) {
            const std::lock_guard lock(mutex_);
            for (Sent& sent : batch) {
                if (!found_.try_emplace(sent.message->id, std::move(sent.outcome)).second) {
                    ++repeats_;
                }
            }
            changed_.notify_all();
        };
    }

    /// Waits until count messages have an outcome; false after 60 s.
    [[nodiscard]] bool wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, std::chrono::seconds(60),
                                 [&] { return found_.size() >= count; });
    }
    [[nodiscard]] std::size_t size() {
        const std::lock_guard lock(mutex_);
        return found_.size();
    }
    [[nodiscard]] int repeats() {
        const std::lock_guard lock(mutex_);
        return repeats_;
    }
    [[nodiscard]] std::map<MessageId, Outcome> all() {
        const std::lock_guard lock(mutex_);
        return found_;
    }
    [[nodiscard]] std::size_t count(OutcomeClass kind) {
        const std::lock_guard lock(mutex_);
        return static_cast<std::size_t>(
            std::count_if(found_.begin(), found_.end(),
                          [kind](const auto& entry) { return entry.second.kind == kind; }));
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::map<MessageId, Outcome> found_;
    int repeats_ = 0;
};

/// A started channel with its outcomes.
class Mailer {
  public:
    explicit Mailer(EmailOptions options) {
        if (options.from.empty()) options.from = "Hongyan Test <no-reply@example.com>";
        auto made = make_email_channel(std::move(options), clock_, log_);
        EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().detail);
        if (!made) return;
        channel_ = std::move(*made);
        EXPECT_TRUE(channel_->start(outcomes_.sink()).ok());
    }
    /// Without a certificate, as most tests have it.
    explicit Mailer(const SmtpServer& server, std::int64_t connections = 4)
        : Mailer(plain(server, connections)) {}
    ~Mailer() {
        if (channel_) channel_->stop(Millis(0));
    }

    static EmailOptions plain(const SmtpServer& server, std::int64_t connections = 4) {
        EmailOptions options;
        options.smtp_url = server.url();
        options.tls = "off";
        options.connections = connections;
        options.timeout_seconds = 20;
        return options;
    }

    [[nodiscard]] MessagePtr message(const std::string& recipient) {
        auto out = std::make_unique<Message>();
        out->id = ids_.next();
        out->channel = ChannelKind::email;
        out->recipient = recipient;
        out->subject = "Hello";
        out->content = "A line.\n";
        return out;
    }
    void send(MessagePtr message, std::int64_t deadline_ms = 0) {
        std::vector<MessagePtr> batch;
        batch.push_back(std::move(message));
        channel_->send(std::move(batch), deadline_ms);
    }
    /// Sends one mail and waits for what comes of it.
    [[nodiscard]] Outcome outcome_for(MessagePtr one, std::int64_t deadline_ms = 0) {
        const MessageId id = one->id;
        const std::size_t before = outcomes_.size();
        send(std::move(one), deadline_ms);
        EXPECT_TRUE(outcomes_.wait_for(before + 1));
        return outcomes_.all()[id];
    }
    [[nodiscard]] Outcome outcome_for(const std::string& recipient) {
        return outcome_for(message(recipient));
    }

    [[nodiscard]] Channel& channel() { return *channel_; }
    [[nodiscard]] Outcomes& outcomes() { return outcomes_; }
    [[nodiscard]] std::int64_t now_ms() const { return clock_.now_ms(); }

  private:
    SystemClock clock_;
    Log log_{LogLevel::error};
    IdSource ids_{clock_, 0};
    Outcomes outcomes_;
    std::unique_ptr<Channel> channel_;
};

}  // namespace hongyan::email::testing
