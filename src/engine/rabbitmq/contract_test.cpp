// The contract of Queue, kept by RabbitQueue on a real broker.
#include "contract/testing/queue_suite.hpp"
#include "engine/rabbitmq/testing/broker.hpp"

namespace hongyan::suite {
namespace {

class RabbitBench final : public QueueBench {
  public:
    RabbitBench() : options_(rabbitmq::test_options(broker_.port())) {
        auto opened = rabbitmq::RabbitQueue::open(
            options_, real_clock_, log_,
            std::make_unique<local::LocalQueue>(clock_, Millis(aging_ms)));
        if (!opened) throw std::runtime_error(opened.error().detail);
        queue_ = std::move(*opened);
        if (!eventually([&] { return queue_->health().connected; }))
            throw std::runtime_error(queue_->health().detail);
    }
    ~RabbitBench() override {
        queue_.reset();
        rabbitmq::Operator by(broker_.port());
        rabbitmq::remove_queues(by, options_);
    }
    Queue& queue() override { return *queue_; }
    ManualClock& clock() override { return clock_; }
    void await(std::size_t) override {
        const auto published_ms = real_clock_.now_ms();
        EXPECT_TRUE(eventually([&] {
            const auto stats = queue_->stats();
            return queue_->marks().confirmed_before_ms > published_ms &&
                   stats.received >= stats.published;
        }));
    }

  private:
    rabbitmq::Broker broker_;
    rabbitmq::Options options_;
    SystemClock real_clock_;
    ManualClock clock_;
    Log log_{LogLevel::error, Log::Format::logfmt, 2};
    std::unique_ptr<rabbitmq::RabbitQueue> queue_;
};

std::unique_ptr<QueueBench> make_bench() { return std::make_unique<RabbitBench>(); }

INSTANTIATE_TEST_SUITE_P(rabbitmq, queue_suite, testing::Values(&make_bench));

}  // namespace
}  // namespace hongyan::suite
