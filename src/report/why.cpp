#include "report/why.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.hpp"

namespace hongyan::report {
namespace {

namespace json = boost::json;

Decision accepted(const Message& m) {
    Decision d{m.created_ms(), "accept", std::string(to_text(m.status)), "", "", ""};
    d.choice = "accepted";
    d.reason = m.template_id != 0 ? "template, variables, recipient and content fit the channel"
                                  : "recipient and content fit the channel";
    json::object inputs{{"channel", to_text(m.channel)}, {"priority", m.priority}};
    if (m.template_id != 0) {
        d.rule =
            "template-" + std::to_string(m.template_id) + "-v" + std::to_string(m.template_version);
        inputs["template_id"] = m.template_id;
    }
    if (m.due_ms != 0) inputs["send_at"] = format_rfc3339(m.due_ms);
    if (m.deliver_by_ms != 0) inputs["deliver_by"] = format_rfc3339(m.deliver_by_ms);
    d.inputs = json::serialize(inputs);
    return d;
}

/// The stored words of choose(), or what is to be said of the built-in provider.
Decision routed(const Attempt& a) {
    Decision d{a.started_ms, "route", "", "", "", ""};
    d.choice = a.account_id != 0 ? a.provider + " account " + std::to_string(a.account_id)
                                 : "built-in " + a.provider;
    boost::system::error_code failure;
    const auto route = a.route.empty() ? json::value() : json::parse(a.route, failure);
    json::object inputs{{"attempt", a.attempt}};
    d.reason = "the tenant has no account on this channel";
    if (!failure && route.is_object()) {
        const auto& object = route.get_object();
        if (const auto* reason = object.if_contains("reason"); reason && reason->is_string())
            d.reason = std::string(reason->get_string().c_str());
        if (const auto* accounts = object.if_contains("accounts")) inputs["accounts"] = *accounts;
    }
    d.inputs = json::serialize(inputs);
    return d;
}

Decision outcome_of(const Attempt& a, bool is_last, const table::MessageRow& row) {
    Decision d{a.started_ms + a.duration_ms, "outcome", "", "", a.rule_version, ""};
    d.reason = std::string(to_text(a.outcome));
    if (!a.code.empty()) d.reason += " " + a.code;
    if (!a.detail.empty()) d.reason += ": " + a.detail;
    if (a.outcome == OutcomeClass::accepted)
        d.choice = "success";
    else if (a.next_attempt_ms != 0)
        d.choice = "try again at " + format_rfc3339(a.next_attempt_ms);
    else
        d.choice = is_last ? std::string(to_text(row.message.status)) : "end";
    d.inputs = json::serialize(json::object{{"attempt", a.attempt},
                                            {"class", to_text(a.outcome)},
                                            {"code", a.code},
                                            {"duration_ms", a.duration_ms}});
    return d;
}

Decision received(const ReceiptRecord& r) {
    Decision d{r.received_ms, "receipt", std::string(to_text(r.status)), r.detail, "", ""};
    if (d.reason.empty()) d.reason = "the provider said so";
    json::object inputs{{"code", r.code},
                        {"provider_message_id", r.provider_message_id},
                        {"happened_at", format_rfc3339(r.happened_ms)}};
    if (!r.suppress.empty()) inputs["suppress"] = r.suppress;
    d.inputs = json::serialize(inputs);
    return d;
}

}  // namespace

std::vector<Decision> make_why(const table::MessageRow& row, const std::vector<Attempt>& attempts,
                               const std::vector<ReceiptRecord>& receipts) {
    std::vector<Decision> all;
    const Message& m = row.message;
    all.push_back(accepted(m));
    for (std::size_t i = 0; i < attempts.size(); ++i) {
        all.push_back(routed(attempts[i]));
        all.push_back(outcome_of(attempts[i], i + 1 == attempts.size(), row));
    }
    // An immediate success of the built-in provider leaves no row of its own.
    if (attempts.empty() && m.attempts > 0 && !row.provider.empty()) {
        all.push_back({row.finished_ms, "route", "built-in " + row.provider,
                       "the tenant has no account on this channel", "", R"({"attempt":1})"});
    }
    for (const auto& receipt : receipts) all.push_back(received(receipt));
    if (is_final(m.status)) {
        all.push_back({row.finished_ms, "end", std::string(to_text(m.status)),
                       row.reason.empty() ? "delivered to the provider" : row.reason, "",
                       json::serialize(json::object{{"attempts", m.attempts}})});
        if (m.status == MessageStatus::delivered) all.back().reason = "confirmed by a receipt";
    }
    return all;
}

}  // namespace hongyan::report
