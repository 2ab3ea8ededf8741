#include "universe/tencent/actions.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.hpp"

namespace hongyan::universe::tencent {
namespace {

namespace json = boost::json;

constexpr std::string_view service = "tencent";
constexpr std::size_t most_numbers = 200;
constexpr std::size_t longest_session = 512;
constexpr std::int64_t most_pulled = 100;

std::string text_at(const json::object& object, std::string_view key) {
    const json::value* value = object.if_contains(key);
    if (value == nullptr || !value->is_string()) return "";
    return std::string(value->get_string().c_str());
}

std::int64_t number_at(const json::object& object, std::string_view key, std::int64_t otherwise) {
    const json::value* value = object.if_contains(key);
    return value != nullptr && value->is_int64() ? value->get_int64() : otherwise;
}

/// The texts of an array; nothing if it is no array of texts. An absent one is empty.
std::optional<std::vector<std::string>> texts_at(const json::object& object, std::string_view key) {
    std::vector<std::string> texts;
    const json::value* value = object.if_contains(key);
    if (value == nullptr || value->is_null()) return texts;
    if (!value->is_array()) return std::nullopt;
    for (const json::value& element : value->get_array()) {
        if (!element.is_string()) return std::nullopt;
        texts.emplace_back(element.get_string().c_str());
    }
    return texts;
}

bool is_number(std::string_view phone) {
    if (!phone.starts_with('+')) return false;
    phone.remove_prefix(1);
    const bool digits =
        std::all_of(phone.begin(), phone.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (!digits || phone.size() < 7 || phone.size() > 15 || phone.front() == '0') return false;
    if (!phone.starts_with("86")) return true;
    phone.remove_prefix(2);
    return phone.front() == '1' && (phone.size() == 11 || phone.size() == 13);
}

/// "+8613800138000" also of "13800138000", which the service takes for a mainland number.
std::string with_country(const std::string& phone) {
    const bool bare = phone.size() == 11 && phone.front() == '1';
    if (bare) return "+86" + phone;
    if (phone.starts_with("0086")) return "+" + phone.substr(2);
    return phone;
}

bool is_listed(const World& world, std::string_view setting, std::string_view word) {
    const auto words = split(world.setting(service, setting), ',');
    return std::any_of(words.begin(), words.end(), [&](const std::string& listed) {
        return trim(listed) == word || trim(listed) == "*";
    });
}

std::size_t number_setting(const World& world, std::string_view name) {
    return static_cast<std::size_t>(
        std::max<std::int64_t>(0, parse_int(world.setting(service, name)).value_or(0)));
}

std::optional<std::string> template_text(const World& world, const std::string& id) {
    boost::system::error_code error;
    const json::value parsed = json::parse(world.setting(service, "templates"), error);
    if (error || !parsed.is_object()) return std::nullopt;
    const json::object& all = parsed.get_object();
    const json::value* found = all.if_contains(id);
    if (found == nullptr) found = all.if_contains("*");
    if (found == nullptr || !found->is_string()) return std::nullopt;
    return std::string(found->get_string().c_str());
}

/// The text with {1}, {2}, ... filled in; nothing if there are not as many variables as values.
std::optional<std::string> filled(std::string text, const std::vector<std::string>& params) {
    for (std::size_t i = 1; i <= params.size(); ++i) {
        const std::string mark = "{" + std::to_string(i) + "}";
        const auto at = text.find(mark);
        if (at == std::string::npos) return std::nullopt;
        text.replace(at, mark.size(), params[i - 1]);
    }
    const std::string next = "{" + std::to_string(params.size() + 1) + "}";
    if (text.find(next) != std::string::npos) return std::nullopt;
    return text;
}

std::vector<WindowRule> rules_of(const World& world) {
    return {{30'000, number_setting(world, "per_thirty_seconds"),
             "LimitExceeded.PhoneNumberThirtySecondLimit"},
            {3'600'000, number_setting(world, "per_hour"), "LimitExceeded.PhoneNumberOneHourLimit"},
            {86'400'000, number_setting(world, "per_day"), "LimitExceeded.PhoneNumberDailyLimit"}};
}

std::optional<Refusal> bad_numbers(const std::vector<std::string>& numbers) {
    if (numbers.empty()) {
        return Refusal{"MissingParameter", "The parameter PhoneNumberSet is missing."};
    }
    if (numbers.size() > most_numbers) {
        return Refusal{"LimitExceeded.PhoneNumberCountLimit", "At most 200 numbers are possible."};
    }
    const auto domestic = std::count_if(numbers.begin(), numbers.end(), [](const std::string& n) {
        return with_country(n).starts_with("+86");
    });
    if (domestic != 0 && domestic != static_cast<std::ptrdiff_t>(numbers.size())) {
        return Refusal{"UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
                       "Numbers of mainland China and of abroad cannot be mixed."};
    }
    return std::nullopt;
}

std::string statuses_of(const std::vector<Record>& records) {
    std::string list;
    for (const Record& record : records) {
        const NumberParts parts = parts_of(record.phone);
        list += (list.empty() ? "" : ",") + std::string(R"({"UserReceiveTime":)") +
                std::to_string(record.reported_ms / 1000) + R"(,"CountryCode":)" +
                json_quoted(parts.nation_code) + R"(,"SubscriberNumber":)" +
                json_quoted(parts.mobile) + R"(,"PhoneNumber":)" + json_quoted(record.phone) +
                R"(,"SerialNo":)" + json_quoted(record.serial_no) + R"(,"ReportStatus":")" +
                (record.delivered ? "SUCCESS" : "FAIL") + R"(","Description":")" +
                (record.delivered ? "DELIVRD" : "MK:0001") + R"(","SessionContext":)" +
                json_quoted(record.session_context) + "}";
    }
    return list;
}

}  // namespace

ServiceReply Actions::answer(World& world, const ServiceRequest& request) {
    boost::system::error_code error;
    const json::value body = json::parse(request.body, error);
    if (error || !body.is_object()) {
        return refused({"InvalidParameter", "The body is not a JSON object."});
    }
    const std::string_view action = request.header("x-tc-action");
    if (action == "SendSms") return send_sms(world, body.get_object(), request);
    if (action == "PullSmsSendStatus") return pull(body.get_object());
    if (action == "PullSmsSendStatusByPhoneNumber") return pull_number(world, body.get_object());
    if (action == "SendStatusStatistics") return statistics(world, body.get_object());
    return refused({"InvalidAction", "The interface does not exist."});
}

ServiceReply Actions::send_sms(World& world, const json::object& body,
                               const ServiceRequest& request) {
    const auto numbers = texts_at(body, "PhoneNumberSet");
    const auto params = texts_at(body, "TemplateParamSet");
    if (!numbers || !params) {
        return refused({"InvalidParameter",
                        "PhoneNumberSet and TemplateParamSet are lists of "
                        "texts."});
    }
    if (auto refusal = bad_numbers(*numbers)) return refused(*refusal);
    if (text_at(body, "TemplateId").empty()) {
        return refused({"MissingParameter", "The parameter TemplateId is missing."});
    }
    if (text_at(body, "SmsSdkAppId") != world.setting(service, "sdk_app_id")) {
        return refused({"InvalidParameterValue.SdkAppIdNotExist", "SdkAppId does not exist."});
    }
    const Order order{text_at(body, "SignName"), text_at(body, "TemplateId"),
                      text_at(body, "SessionContext"), *params};
    if (order.session_context.size() >= longest_session) {
        return refused({"InvalidParameterValue", "SessionContext must be below 512 bytes."});
    }
    std::string statuses;
    for (const std::string& number : *numbers) {
        statuses +=
            (statuses.empty() ? "" : ",") + status_of(world, with_country(number), order, request);
    }
    return answered(R"("SendStatusSet":[)" + statuses + "]");
}

std::optional<Refusal> Actions::refusal_of(World& world, const std::string& number,
                                           const Order& order, std::string& text) {
    if (!is_number(number)) {
        return Refusal{"InvalidParameterValue.IncorrectPhoneNumber", "incorrect phone number"};
    }
    if (number.starts_with("+86") || !order.sign.empty()) {
        if (order.sign.empty() || !is_listed(world, "signs", order.sign)) {
            return Refusal{"FailedOperation.SignatureIncorrectOrUnapproved",
                           "signature is incorrect or unapproved"};
        }
    }
    const auto found = template_text(world, order.template_id);
    if (!found) {
        return Refusal{"FailedOperation.TemplateIncorrectOrUnapproved",
                       "template is incorrect or unapproved"};
    }
    const std::size_t longest = number_setting(world, "longest_param");
    for (const std::string& value : order.params) {
        if (longest != 0 && utf8_length(value) > longest) {
            return Refusal{"InvalidParameterValue.TemplateParameterLengthLimit",
                           "template parameter is too long"};
        }
    }
    const auto complete = filled(*found, order.params);
    if (!complete) {
        return Refusal{"FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
                       "the number of parameters is not the template's"};
    }
    if (is_listed(world, "blocked_numbers", number)) {
        return Refusal{"FailedOperation.PhoneNumberInBlacklist", "the number is blocked"};
    }
    const auto rules = rules_of(world);
    const WindowRule* broken = limits_.count(number, rules, world.clock().now_ms());
    if (broken != nullptr) {
        return Refusal{broken->code, "the number of messages for this number exceeds the limit"};
    }
    text = (order.sign.empty() ? "" : "【" + order.sign + "】") + *complete;
    return std::nullopt;
}

std::string Actions::status_of(World& world, const std::string& number, const Order& order,
                               const ServiceRequest& request) {
    ++requests_;
    std::string text;
    const auto refusal = refusal_of(world, number, order, text);
    const std::string serial = refusal ? "" : "2640:" + std::to_string(world.next_number());
    if (!refusal) {
        ++successes_;
        Arrival arrival;
        arrival.service = service;
        arrival.channel = ChannelKind::sms;
        arrival.recipient = number;
        arrival.sender = order.sign;
        arrival.content = text;
        arrival.provider_message_id = serial;
        arrival.token = order.session_context;
        arrival.detail = R"({"template_id":)" + json_quoted(order.template_id) + "}";
        arrival.raw = request.body;
        world.arrived(std::move(arrival));
        reports_.add(world, {number, serial, order.session_context, 0, false});
    }
    return R"({"SerialNo":)" + json_quoted(serial) + R"(,"PhoneNumber":)" + json_quoted(number) +
           R"(,"Fee":)" + (refusal ? "0" : "1") + R"(,"SessionContext":)" +
           json_quoted(order.session_context) + R"(,"Code":)" +
           json_quoted(refusal ? refusal->code : "Ok") + R"(,"Message":)" +
           json_quoted(refusal ? refusal->message : "send success") + R"(,"IsoCode":")" +
           (number.starts_with("+86") ? "CN" : "") + R"("})";
}

ServiceReply Actions::pull(const json::object& body) {
    const std::int64_t limit = number_at(body, "Limit", 0);
    if (limit < 1 || limit > most_pulled) {
        return refused({"InvalidParameterValue", "Limit must be 1 to 100."});
    }
    return answered(R"("PullSmsSendStatusSet":[)" +
                    statuses_of(reports_.pull(static_cast<std::size_t>(limit))) + "]");
}

ServiceReply Actions::pull_number(const World& world, const json::object& body) {
    const std::int64_t limit = number_at(body, "Limit", 0);
    const std::int64_t offset = number_at(body, "Offset", -1);
    const std::int64_t begin = number_at(body, "BeginTime", -1);
    if (limit < 1 || limit > most_pulled || offset != 0 || begin < 0) {
        return refused({"InvalidParameterValue",
                        "Limit must be 1 to 100, Offset 0, BeginTime a time in seconds."});
    }
    if (text_at(body, "SmsSdkAppId") != world.setting(service, "sdk_app_id")) {
        return refused({"InvalidParameterValue.SdkAppIdNotExist", "SdkAppId does not exist."});
    }
    const std::int64_t end = number_at(body, "EndTime", world.clock().now_ms() / 1000 + 1);
    auto found =
        reports_.of(with_country(text_at(body, "PhoneNumber")), {begin * 1000, end * 1000});
    if (found.size() > static_cast<std::size_t>(limit))
        found.resize(static_cast<std::size_t>(limit));
    return answered(R"("PullSmsSendStatusSet":[)" + statuses_of(found) + "]");
}

ServiceReply Actions::statistics(World& world, const json::object& body) {
    if (text_at(body, "SmsSdkAppId") != world.setting(service, "sdk_app_id")) {
        return refused({"InvalidParameterValue.SdkAppIdNotExist", "SdkAppId does not exist."});
    }
    const std::string done = std::to_string(successes_.load());
    return answered(R"("SendStatusStatistics":{"FeeCount":)" + done + R"(,"RequestCount":)" +
                    std::to_string(requests_.load()) + R"(,"RequestSuccessCount":)" + done + "}");
}

}  // namespace hongyan::universe::tencent
