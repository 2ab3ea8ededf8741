// Loops: the few threads on which all mail accounts live, those that look up names, because the
// system's resolver blocks, and those that compute what takes long (signatures, large mails), so
// that no account holds up another. An account stays on one loop, so that its connections need no
// locks. Safe from every thread.
#pragma once

#include "channel/mail/smtp_asio.hpp"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "base/unique_function.hpp"

namespace hongyan::mail {

class Loop {
  public:
    Loop();
    ~Loop();  ///< ends the thread; what still waits is forgotten
    [[nodiscard]] boost::asio::io_context& context() { return context_; }

  private:
    boost::asio::io_context context_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::thread thread_;
};

class Loops {
  public:
    using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

    explicit Loops(std::size_t threads = 2);
    ~Loops();
    /// Another one each time.
    [[nodiscard]] boost::asio::io_context& next();
    /// The addresses of a host; done is called on that loop. An address is looked up, too. The
    /// error's detail says why not.
    void look_up(const std::string& host, const std::string& port, boost::asio::io_context& loop,
                 UniqueFunction<void(Result<Endpoints>)> done);
    /// Runs work on a thread for long computations. Whoever has much of it gives it bit by bit.
    void compute(UniqueFunction<void()> work);

  private:
    // fixed after construction
    std::vector<std::unique_ptr<Loop>> loops_;
    // own synchronisation
    boost::asio::thread_pool lookups_{4};
    boost::asio::thread_pool computers_;
    std::atomic<std::size_t> next_{0};
};

}  // namespace hongyan::mail
