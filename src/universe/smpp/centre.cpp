#include "universe/smpp/centre.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "base/thread.hpp"

namespace hongyan::universe::smpp {

namespace asio = boost::asio;
using asio::ip::tcp;
using Failure = boost::system::error_code;

namespace {

constexpr Millis tick_pause{100};
constexpr std::size_t most_receipts = 1'000'000;
constexpr std::size_t most_fortunes = 20'000;
constexpr std::size_t most_raw = 256 * 1024;
constexpr int receipt_tries = 20;
constexpr Millis receipt_pause{500};

bool is_number(const std::string& text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The centre's own answer to a fault of the chaos script.
std::uint32_t status_of_fault(const std::string& fault) {
    if (fault == "rate_limited") return refusal::throttled;
    if (fault == "quota") return refusal::queue_full;
    if (fault == "invalid_recipient") return refusal::destination_address;
    if (fault == "token_expired") return refusal::bind_status;
    if (fault == "error_in_body") return refusal::submit_failed;
    return refusal::system_error;
}

std::string detail_json(const Submit& submit, const Part& part, std::size_t segments,
                        const Session& session, Script script) {
    std::string out = "{\"system_id\":" + json_quoted(session.system_id());
    out += ",\"segments\":" + std::to_string(segments);
    out += ",\"concatenation\":" + json_quoted(part.how);
    out += ",\"encoding\":" + json_quoted(script_name(script));
    out += ",\"data_coding\":" + std::to_string(submit.data_coding);
    out += ",\"flash\":";
    out += submit.data_coding == 0x10 || submit.data_coding == 0x18 ? "true" : "false";
    out += ",\"source_ton\":" + std::to_string(submit.source_ton);
    out += ",\"registered_delivery\":" + std::to_string(submit.registered_delivery);
    out += ",\"validity_period\":" + json_quoted(submit.validity) + "}";
    return out;
}

}  // namespace

Centre::Centre(World& world) : world_(world), rules_(read_rules(world)) {}

Centre::~Centre() { stop(); }

Result<int> Centre::start(int port) {
    prepare_tls();
    Failure failed;
    const tcp::endpoint here(asio::ip::make_address("127.0.0.1"),
                             static_cast<unsigned short>(port));
    acceptor_.open(here.protocol(), failed);
    if (!failed) acceptor_.set_option(tcp::acceptor::reuse_address(true), failed);
    if (!failed) acceptor_.bind(here, failed);
    if (!failed) acceptor_.listen(asio::socket_base::max_listen_connections, failed);
    if (failed) {
        return make_error(ErrorCode::io_failed, "the SMPP centre cannot listen on port " +
                                                    std::to_string(port) + ": " + failed.message());
    }
    const int found = acceptor_.local_endpoint().port();
    accept();
    tick();
    thread_ = start_thread("sim-smpp", [this] { context_.run(); });
    return found;
}

void Centre::stop() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
    // A session may hold work that holds the session.
    const auto sessions = std::exchange(sessions_, {});
    for (const auto& session : sessions) session->close();
    Failure ignored;
    acceptor_.close(ignored);
}

void Centre::prepare_tls() {
    const std::string certificate = world_.certificate_file();
    if (rules_.tls == "off" || certificate.empty()) return;
    Failure failed;
    tls_.emplace(asio::ssl::context::tls_server);
    tls_->use_certificate_chain_file(certificate, failed);
    if (!failed) tls_->use_private_key_file(world_.key_file(), asio::ssl::context::pem, failed);
    if (!failed) return;
    world_.log().warn("universe_smpp_tls", {{"detail", failed.message()}});
    tls_.reset();
}

void Centre::accept() {
    acceptor_.async_accept([this](const Failure& failed, tcp::socket socket) {
        if (failed == asio::error::operation_aborted || !acceptor_.is_open()) return;
        if (!failed) {
            rules_ = read_rules(world_);
            const auto session = std::make_shared<Session>(std::move(socket), *this);
            sessions_.insert(session);
            session->start();
        }
        accept();
    });
}

void Centre::tick() {
    rules_ = read_rules(world_);
    const auto all = sessions_;
    for (const auto& session : all) session->tick(now_us());
    hand_out_receipts();
    timer_.expires_after(tick_pause);
    timer_.async_wait([this](const Failure& failed) {
        if (!failed) tick();
    });
}

void Centre::after(Millis pause, UniqueFunction<void()> work) {
    auto timer = std::make_shared<asio::steady_timer>(context_, pause);
    timer->async_wait([timer, work = std::move(work)](const Failure& failed) mutable {
        if (!failed) work();
    });
}

std::size_t Centre::bound_sessions() const {
    return static_cast<std::size_t>(std::count_if(sessions_.begin(), sessions_.end(),
                                                  [](const auto& one) { return one->is_bound(); }));
}

void Centre::on_login() { hand_out_receipts(); }

void Centre::on_submit(const std::shared_ptr<Session>& session, const Packet& packet) {
    const auto submit = read_submit(packet.body);
    if (!submit) return answer(*session, packet, refusal::command_length, "", false);
    if (!session->may_send()) return answer(*session, packet, refusal::bind_status, "", false);
    if (rules_.throttle_per_second > 0 &&
        !session->take_allowance(now_us(), rules_.throttle_per_second))
        return answer(*session, packet, refusal::throttled, "", false);
    if (rules_.window > 0 && session->unanswered >= rules_.window)
        return answer(*session, packet, refusal::queue_full, "", false);
    const Fate fate = world_.draw(service_name, submit->destination);
    if (fate.latency.count() == 0) return settle_submit(session, packet, *submit, fate);
    ++session->unanswered;
    after(fate.latency, [this, session, packet, submit = *submit, fate] {
        --session->unanswered;
        settle_submit(session, packet, submit, fate);
    });
}

void Centre::settle_submit(const std::shared_ptr<Session>& session, const Packet& packet,
                           const Submit& submit, const Fate& fate) {
    if (session->is_closed()) return;
    if (fate.hang) {
        ++session->unanswered;
        return;
    }
    if (fate.cut_before) return session->close();
    const bool goodbye = fate.fault == "goaway";
    if (!fate.fault.empty() && !goodbye)
        return answer(*session, packet, status_of_fault(fate.fault), "", false);
    if (const auto refused = judge(*session, submit); refused != 0)
        return answer(*session, packet, refused, "", false);
    const auto part = read_part(submit, rules_.default_alphabet);
    if (part.refusal != 0) return answer(*session, packet, part.refusal, "", false);
    const std::uint64_t number = world_.next_number();
    const std::string id = format_id(number, rules_.id_format);
    note(*session, submit, part.part, number, packet);
    std::vector<PendingReceipt> early;
    plan_receipts(*session, submit, number, early);
    for (auto& receipt : early) {
        if (session->may_receive()) {
            session->deliver(std::move(receipt));
        } else {
            ready_.push_back(std::move(receipt));
        }
    }
    hand_out_receipts();
    if (fate.cut_after) return session->close();
    answer(*session, packet, 0, id, fate.half_answer);
    if (goodbye) session->say_goodbye();
}

std::uint32_t Centre::judge(const Session&, const Submit& s) const {
    const bool letters = s.source_ton == 5;
    if (letters ? s.source.size() > 11 : !s.source.empty() && !is_number(s.source))
        return refusal::source_address;
    if (!is_number(s.destination) || s.destination.size() < 3) return refusal::destination_address;
    if ((s.registered_delivery & 3) == 3) return refusal::registered_delivery;
    if (!is_time(s.validity) || !is_time(s.schedule)) return refusal::validity;
    return 0;
}

void Centre::note(const Session& session, const Submit& submit, const Part& part,
                  std::uint64_t number, const Packet& packet) {
    const std::string id = format_id(number, rules_.id_format);
    fortunes_[id] = Fortune::enroute;
    fortune_order_.push_back(id);
    for (; fortune_order_.size() > most_fortunes; fortune_order_.pop_front())
        fortunes_.erase(fortune_order_.front());
    auto whole = assembler_.add(submit, part, id, to_hex(packet.body));
    if (!whole) return;
    Arrival arrival;
    arrival.service = service_name;
    arrival.channel = ChannelKind::sms;
    arrival.recipient = submit.destination;
    arrival.sender = submit.source;
    arrival.content = std::move(whole->text);
    arrival.provider_message_id = whole->ids.front();
    arrival.detail = detail_json(submit, part, whole->ids.size(), session,
                                 script_of(submit.data_coding, rules_.default_alphabet));
    arrival.raw = whole->raw.substr(0, most_raw);
    world_.arrived(std::move(arrival));
}

void Centre::answer(Session& session, const Packet& packet, std::uint32_t status,
                    const std::string& message_id, bool half) {
    Packet reply{0, packet.id | command::answer, status, packet.sequence, ""};
    // As many real centres do, a refusal has no body.
    if (status == 0) reply.body = message_id + std::string(1, '\0');
    if (half) return session.send_half(reply);
    session.send(reply);
}

void Centre::plan_receipts(const Session& session, const Submit& submit, std::uint64_t number,
                           std::vector<PendingReceipt>& early) {
    const int wanted = submit.registered_delivery & 3;
    const bool intermediate = (submit.registered_delivery & 0x10) != 0;
    if (wanted == 0 && !intermediate) return;
    const ReceiptFate fate = world_.draw_receipt(service_name, submit.destination);
    PendingReceipt receipt;
    receipt.system_id = session.system_id();
    receipt.submit = submit;
    receipt.submit.tlvs.clear();  // a receipt needs the addresses only
    receipt.submit.text.clear();
    receipt.number = number;
    receipt.submitted_ms = world_.clock().now_ms();
    const auto send_later = [this](PendingReceipt one, Millis pause) {
        after(pause, [this, waiting = std::move(one)]() mutable {
            waiting.done_ms = world_.clock().now_ms();
            if (ready_.size() < most_receipts) ready_.push_back(std::move(waiting));
            hand_out_receipts();
        });
    };
    if (intermediate) {
        receipt.fortune = Fortune::enroute;
        send_later(receipt, fate.delay / 2);
    }
    receipt.fortune = fate.fails ? Fortune::undeliverable : Fortune::delivered;
    if (const auto known = fortunes_.find(format_id(number, rules_.id_format));
        known != fortunes_.end())
        known->second = receipt.fortune;
    if (fate.lost || wanted == 0 || (wanted == 2 && !fate.fails)) return;
    for (int copy = 0; copy < fate.copies; ++copy) {
        if (fate.early && copy == 0) {
            receipt.done_ms = receipt.submitted_ms;
            early.push_back(receipt);
        } else {
            send_later(receipt, fate.delay);
        }
    }
}

void Centre::hand_out_receipts() {
    while (!ready_.empty()) {
        std::shared_ptr<Session> least;
        for (const auto& session : sessions_) {
            const bool free =
                session->may_receive() && session->delivering() < rules_.deliver_window;
            if (free && (!least || session->delivering() < least->delivering())) least = session;
        }
        if (!least) return;
        auto receipt = std::move(ready_.front());
        ready_.pop_front();
        least->deliver(std::move(receipt));
    }
}

void Centre::on_query(Session& session, const Packet& packet) {
    Packet reply{0, packet.id | command::answer, 0, packet.sequence, ""};
    const auto query = read_query(packet.body);
    const auto found = query ? fortunes_.find(query->message_id) : fortunes_.end();
    if (!query) {
        reply.status = refusal::command_length;
    } else if (found == fortunes_.end()) {
        reply.status = refusal::message_id;
    } else {
        reply.body = query->message_id + std::string(2, '\0') +
                     std::string(1, static_cast<char>(found->second)) + std::string(1, '\0');
    }
    session.send(reply);
}

void Centre::on_delivered(PendingReceipt receipt, bool taken) {
    if (!taken && ++receipt.tries < receipt_tries) {
        after(receipt_pause, [this, again = std::move(receipt)]() mutable {
            ready_.push_back(std::move(again));
            hand_out_receipts();
        });
    }
    hand_out_receipts();
}

void Centre::on_closed(const std::shared_ptr<Session>& session) {
    for (auto& [sequence, receipt] : session->take_delivering())
        ready_.push_back(std::move(receipt));
    sessions_.erase(session);
}

}  // namespace hongyan::universe::smpp
