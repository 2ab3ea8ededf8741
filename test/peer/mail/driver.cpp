// peer_mail: the mail sender, or the simulated mail server, alone on the command line, so that
// foreign implementations can be put at the other end. Lines of JSON in and out; ends when its
// input ends.
//
//   peer_mail send SETTINGS  in: {"recipient":"a@b.c","subject":"...","content":"...","html":"...",
//                                  "options":{...},"deadline_ms":10000}, or {"test":true}
//                            out: {"event":"outcome",...} and {"event":"test",...}
//   peer_mail server [TOML]  out: {"event":"listening","port":N,"ca_file":"..."} and
//                                 {"event":"arrival",...,"raw":"base64"}
#include <boost/json.hpp>
#include <iostream>
#include <mutex>
#include <string>

#include "base/text.hpp"
#include "channel/mail/provider.hpp"
#include "universe/core/testing/running_universe.hpp"
#include "universe/mail/service.hpp"

namespace {

namespace json = boost::json;
using namespace hongyan;

class NoOutbound final : public Outbound {
  public:
    void call(OutboundRequest, OutboundDone done) override { done({}); }
};

std::mutex output;

void print(const json::object& line) {
    const std::lock_guard lock(output);
    std::cout << json::serialize(line) << std::endl;
}

std::string text_of(const json::object& object, const char* name) {
    const auto* found = object.if_contains(name);
    if (found == nullptr) return {};
    if (found->is_string()) return std::string(found->as_string());
    return json::serialize(*found);
}

void print_outcomes(const std::vector<Sent>& sent) {
    for (const Sent& one : sent) {
        print({{"event", "outcome"},
               {"message", one.message->id},
               {"recipient", one.message->recipient},
               {"kind", to_text(one.outcome.kind)},
               {"id", one.outcome.provider_message_id},
               {"code", one.outcome.code},
               {"detail", one.outcome.detail},
               {"suppress", one.outcome.suppress}});
    }
}

MessagePtr message_of(const json::object& line, const Clock& clock, std::int64_t number) {
    auto message = std::make_unique<Message>();
    message->id = first_id_at(clock.now_ms()) + number;
    message->channel = ChannelKind::email;
    message->recipient = text_of(line, "recipient");
    message->subject = text_of(line, "subject");
    message->content = text_of(line, "content");
    message->html = text_of(line, "html");
    message->options = text_of(line, "options");
    return message;
}

int send(const std::string& settings) {
    NoOutbound outbound;
    SystemClock clock;
    Log log(LogLevel::error);
    ProviderList providers;
    mail::add_providers(providers);
    auto account = providers.front()->open({1, 1, "peer", settings}, {outbound, clock, log});
    if (!account) {
        std::cerr << account.error().detail << "\n";
        for (const auto& each : account.error().problems) {
            std::cerr << each.path << ": " << each.detail << "\n";
        }
        return 1;
    }
    (void)(*account)->start([](std::vector<Sent> sent) { print_outcomes(sent); }, {});
    std::int64_t number = 0;
    for (std::string text; std::getline(std::cin, text);) {
        const auto line = json::parse(text).as_object();
        if (line.contains("test")) {
            (*account)->test([](AccountTest test) {
                print({{"event", "test"}, {"ok", test.ok}, {"detail", test.detail}});
            });
            continue;
        }
        const auto* limit = line.if_contains("deadline_ms");
        std::vector<MessagePtr> batch;
        batch.push_back(message_of(line, clock, ++number));
        (*account)->send(std::move(batch), clock.now_ms() + (limit ? limit->as_int64() : 30'000));
    }
    (*account)->stop(Millis(5'000));
    return 0;
}

void print_arrival(const universe::Arrival& arrival) {
    print({{"event", "arrival"},
           {"recipient", arrival.recipient},
           {"sender", arrival.sender},
           {"subject", arrival.subject},
           {"content", arrival.content},
           {"html", arrival.html},
           {"id", arrival.provider_message_id},
           {"detail", json::parse(arrival.detail)},
           {"raw", to_base64(arrival.raw)}});
}

int serve(const std::string& toml) {
    universe::ServiceList services;
    universe::mail::add_services(services);
    universe::testing::RunningUniverse running(
        std::move(services), toml, {},
        [](const universe::Arrival& arrival, std::uint64_t) { print_arrival(arrival); });
    const std::string address = running->wire_address("smtp");
    print({{"event", "listening"},
           {"port", std::stoi(address.substr(address.rfind(':') + 1))},
           {"ca_file", running->ca_file()}});
    for (std::string text; std::getline(std::cin, text);) continue;
    return 0;
}

}  // namespace

int main(int count, char** words) {
    const std::string mode = count > 1 ? words[1] : "";
    if (mode == "send" && count == 3) return send(words[2]);
    if (mode == "server" && count <= 3) return serve(count == 3 ? words[2] : "");
    std::cerr << "usage: peer_mail send SETTINGS | peer_mail server [TOML]\n";
    return 2;
}
