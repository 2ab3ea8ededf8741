// peer_smpp: the SMPP sender, or the simulated centre, alone on the command line, so that foreign
// implementations can be put at the other end. Lines of JSON in and out; ends when its input ends.
//
//   peer_smpp send SETTINGS      in:  {"recipient":"+86...","content":"...","options":{...}}
//                                out: {"event":"outcome",...} and {"event":"receipt",...}
//   peer_smpp smsc NAME=VALUE... out: {"event":"listening","port":N} and {"event":"arrival",...}
//                                fault=K/FAULT answers every Kth submit with that fault;
//                                certificate=FILE key=FILE for TLS
#include <boost/json.hpp>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <string>

#include "channel/smpp/provider.hpp"
#include "universe/smpp/service.hpp"
#include "universe/smpp/testing/plain_world.hpp"

namespace {

namespace json = boost::json;
using namespace hongyan;

class NoOutbound final : public Outbound {
  public:
    void call(OutboundRequest, OutboundDone) override { HY_ASSERT(!"SMPP makes no HTTP calls"); }
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
               {"retry_after_ms", one.outcome.retry_after_ms}});
    }
}

void print_receipts(const std::vector<Receipt>& receipts) {
    for (const Receipt& one : receipts) {
        print({{"event", "receipt"},
               {"message", one.message_id},
               {"id", one.provider_message_id},
               {"status", to_text(one.status)},
               {"code", one.code},
               {"detail", one.detail},
               {"at_ms", one.at_ms}});
    }
}

int send(const std::string& settings) {
    SystemClock clock;
    Log log(LogLevel::info);
    NoOutbound outbound;
    ProviderList list;
    smpp::add_providers(list);
    auto account = list.front()->open({1, 1, "peer", settings}, {outbound, clock, log});
    if (!account) {
        std::cerr << account.error().detail << "\n";
        return 1;
    }
    const auto started =
        (*account)->start([](std::vector<Sent> sent) { print_outcomes(sent); },
                          [](std::vector<Receipt> receipts, UniqueFunction<void(bool)> stored) {
                              print_receipts(receipts);
                              stored(true);
                          });
    if (!started) return 1;
    MessageId last = 0;
    for (std::string line; std::getline(std::cin, line);) {
        const json::object wanted = json::parse(line).as_object();
        auto message = std::make_unique<Message>();
        message->id = ++last;
        message->recipient = text_of(wanted, "recipient");
        message->content = text_of(wanted, "content");
        message->options = text_of(wanted, "options");
        std::vector<MessagePtr> batch;
        batch.push_back(std::move(message));
        (*account)->send(std::move(batch), clock.now_ms() + 30'000);
    }
    (*account)->stop(Millis(3'000));
    return 0;
}

int smsc(int count, char** pairs) {
    universe::ServiceList list;
    universe::smpp::add_services(list);
    universe::WireService& service = *list.wire.front();
    universe::testing::PlainWorld world(LogLevel::info);
    world.take_defaults(service);
    int every = 0;
    std::string fault;
    for (int i = 0; i < count; ++i) {
        const std::string pair = pairs[i];
        const auto equals = pair.find('=');
        const std::string name = pair.substr(0, equals);
        const std::string value = equals == pair.npos ? "" : pair.substr(equals + 1);
        if (name == "fault") {
            every = std::stoi(value);
            fault = value.substr(value.find('/') + 1);
        } else if (name == "certificate") {
            world.certificate = value;
        } else if (name == "key") {
            world.key = value;
        } else {
            world.set(name, value);
        }
    }
    int turn = 0;
    world.on_draw = [&](std::string_view) {
        universe::Fate fate;
        if (every == 0 || ++turn % every != 0) return fate;
        fate.cut_before = fault == "cut_before";
        fate.cut_after = fault == "cut_after";
        if (!fate.cut_before && !fate.cut_after) fate.fault = fault;
        return fate;
    };
    world.keeps_arrivals = false;
    world.on_arrival = [](const universe::Arrival& one) {
        print({{"event", "arrival"},
               {"recipient", one.recipient},
               {"sender", one.sender},
               {"content", one.content},
               {"id", one.provider_message_id},
               {"detail", json::parse(one.detail)}});
    };
    const auto port = service.start(world, 0);
    if (!port) {
        std::cerr << port.error().detail << "\n";
        return 1;
    }
    print({{"event", "listening"}, {"port", *port}});
    for (std::string line; std::getline(std::cin, line);) continue;
    service.stop();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string what = argc > 1 ? argv[1] : "";
    if (what == "send" && argc == 3) return send(argv[2]);
    if (what == "smsc") return smsc(argc - 2, argv + 2);
    std::fputs("peer_smpp send SETTINGS | peer_smpp smsc NAME=VALUE...\n", stderr);
    return 2;
}
