#include "universe/aliyun/actions.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.hpp"
#include "universe/aliyun/phone.hpp"

namespace hongyan::universe::aliyun {
namespace {

namespace json = boost::json;

constexpr std::string_view service = "aliyun";
constexpr std::size_t most_numbers = 1'000;
constexpr std::size_t most_in_batch = 100;
constexpr std::size_t longest_out_id = 255;
constexpr std::int64_t minute_ms = 60'000;

Refusal business(std::string code, std::string message) {
    return {200, std::move(code), std::move(message)};
}

std::size_t number_setting(const World& world, std::string_view name) {
    return static_cast<std::size_t>(
        std::max<std::int64_t>(0, parse_int(world.setting(service, name)).value_or(0)));
}

std::optional<Refusal> missing_one(const Parameters& parameters,
                                   std::initializer_list<const char*> names) {
    for (const char* name : names) {
        if (value_in(parameters, name).empty()) {
            return Refusal{400, "Missing" + std::string(name),
                           std::string(name) + " is mandatory for this action."};
        }
    }
    return std::nullopt;
}

/// The texts of a JSON array; an element that is no text as it stands. Nothing if it is no array.
std::optional<std::vector<std::string>> texts_in(const std::string& array) {
    boost::system::error_code error;
    const json::value parsed = json::parse(array, error);
    if (error || !parsed.is_array()) return std::nullopt;
    std::vector<std::string> texts;
    for (const json::value& element : parsed.get_array()) {
        texts.push_back(element.is_string() ? std::string(element.get_string().c_str())
                                            : json::serialize(element));
    }
    return texts;
}

std::vector<WindowRule> rules_of(const World& world, bool is_verification) {
    if (!is_verification) {
        return {{24 * 60 * minute_ms, number_setting(world, "notice_per_day"), "天级流控"}};
    }
    return {{minute_ms, number_setting(world, "code_per_minute"), "分钟级流控"},
            {60 * minute_ms, number_setting(world, "code_per_hour"), "小时级流控"},
            {24 * 60 * minute_ms, number_setting(world, "code_per_day"), "天级流控"}};
}

std::string detail_json(const Record& record) {
    return R"({"ErrCode":")" +
           std::string(record.reported_ms == 0 ? ""
                       : record.delivered      ? "DELIVERED"
                                               : "MOBILE_NOT_ON_SERVICE") +
           R"(","TemplateCode":)" + json_quoted(record.template_code) + R"(,"OutId":)" +
           json_quoted(record.out_id) + R"(,"ReceiveDate":")" +
           (record.reported_ms == 0 ? "" : china_time(record.reported_ms)) + R"(","SendDate":")" +
           china_time(record.sent_ms) + R"(","PhoneNum":)" +
           json_quoted(record.phone.substr(record.phone.starts_with("+86") ? 3 : 1)) +
           R"(,"Content":)" + json_quoted(record.content) + R"(,"SendStatus":)" +
           (record.reported_ms == 0 ? "1"
            : record.delivered      ? "3"
                                    : "2") +
           "}";
}

}  // namespace

std::variant<std::string, Refusal> Actions::answer(World& world, const Admitted& call,
                                                   const ServiceRequest& request) {
    if (call.action == "SendSms") return send_sms(world, call, request);
    if (call.action == "SendBatchSms") return send_batch(world, call, request);
    if (call.action == "QuerySendDetails") return query_details(call.parameters);
    return Refusal{404, "InvalidAction.NotFound", "Specified api is not found."};
}

std::variant<std::string, Refusal> Actions::send_sms(World& world, const Admitted& call,
                                                     const ServiceRequest& request) {
    const Parameters& p = call.parameters;
    if (auto refusal = missing_one(p, {"PhoneNumbers", "SignName", "TemplateCode"})) {
        return *refusal;
    }
    const auto numbers = split(p.at("PhoneNumbers"), ',');
    if (numbers.size() > most_numbers) {
        return business("isv.MOBILE_COUNT_OVER_LIMIT", "At most 1000 numbers are possible.");
    }
    std::vector<Draft> drafts;
    for (const std::string& number : numbers) {
        drafts.push_back({number, p.at("SignName"), value_in(p, "TemplateParam"), ""});
    }
    return submit(world, call, request, std::move(drafts));
}

std::variant<std::string, Refusal> Actions::send_batch(World& world, const Admitted& call,
                                                       const ServiceRequest& request) {
    const Parameters& p = call.parameters;
    if (auto refusal = missing_one(p, {"PhoneNumberJson", "SignNameJson", "TemplateCode"})) {
        return *refusal;
    }
    const auto numbers = texts_in(p.at("PhoneNumberJson"));
    const auto signs = texts_in(p.at("SignNameJson"));
    const bool has_params = !value_in(p, "TemplateParamJson").empty();
    const auto params = has_params ? texts_in(p.at("TemplateParamJson"))
                                   : std::optional<std::vector<std::string>>(std::in_place);
    if (!numbers || !signs || !params) {
        return business("isv.INVALID_JSON_PARAM", "The lists must be JSON arrays.");
    }
    if (numbers->size() > most_in_batch) {
        return business("isv.MOBILE_COUNT_OVER_LIMIT", "At most 100 numbers are possible.");
    }
    if (signs->size() != numbers->size() || (has_params && params->size() != numbers->size())) {
        return business("isv.INVALID_PARAMETERS", "The lists must be of one length.");
    }
    std::vector<Draft> drafts;
    for (std::size_t i = 0; i < numbers->size(); ++i) {
        drafts.push_back({(*numbers)[i], (*signs)[i], has_params ? (*params)[i] : "", ""});
    }
    return submit(world, call, request, std::move(drafts));
}

std::optional<Refusal> Actions::count(World& world, const Draft& draft, const std::string& code,
                                      bool is_verification) {
    if (!draft.phone.starts_with("+86")) return std::nullopt;
    const auto rules = rules_of(world, is_verification);
    const std::string key = draft.phone + "\n" + draft.sign + (is_verification ? "" : "\n" + code);
    const WindowRule* broken = limits_.count(key, rules, world.clock().now_ms());
    if (broken == nullptr) return std::nullopt;
    return business("isv.BUSINESS_LIMIT_CONTROL",
                    "触发" + broken->words + "Permits:" + std::to_string(broken->most));
}

std::optional<Refusal> Actions::complete(World& world, const Parameters& parameters,
                                         std::vector<Draft>& drafts) {
    const Catalogue catalogue(world.setting(service, "signs"), world.setting(service, "templates"));
    const std::string code = value_in(parameters, "TemplateCode");
    const auto blocked = split(world.setting(service, "blocked_numbers"), ',');
    const VariableLimits limits{number_setting(world, "longest_param"),
                                split(world.setting(service, "illegal_words"), ',')};
    const SmsTemplate* found = catalogue.find(code);
    for (Draft& draft : drafts) {
        const auto phone = reachable_number(draft.phone);
        if (!phone) {
            return business("isv.MOBILE_NUMBER_ILLEGAL", draft.phone + "非法手机号");
        }
        draft.phone = *phone;
        if (!catalogue.has_sign(draft.sign)) {
            return business("isv.SMS_SIGNATURE_ILLEGAL", "该账号下找不到对应签名");
        }
        if (found == nullptr) {
            return business("isv.SMS_TEMPLATE_ILLEGAL", "该账号下找不到对应模板");
        }
        auto text = render(*found, draft.sign, draft.param_json, limits);
        if (const auto* refusal = std::get_if<Refusal>(&text)) return *refusal;
        draft.content = std::get<std::string>(std::move(text));
        if (std::find(blocked.begin(), blocked.end(), *phone) != blocked.end()) {
            return business("isv.BLACK_KEY_CONTROL_LIMIT", "黑名单管控");
        }
    }
    for (const Draft& draft : drafts) {
        if (auto refusal = count(world, draft, code, found->is_verification)) return refusal;
    }
    return std::nullopt;
}

std::variant<std::string, Refusal> Actions::submit(World& world, const Admitted& call,
                                                   const ServiceRequest& request,
                                                   std::vector<Draft> drafts) {
    const std::string out_id = value_in(call.parameters, "OutId");
    if (out_id.size() > longest_out_id) {
        return business("isv.INVALID_PARAMETERS", "OutId is longer than 255 bytes.");
    }
    if (auto refusal = complete(world, call.parameters, drafts)) return *refusal;
    const std::string code = call.parameters.at("TemplateCode");
    const std::string biz_id = std::to_string(world.next_number()) + "^0";
    for (Draft& draft : drafts) {
        Arrival arrival;
        arrival.service = service;
        arrival.channel = ChannelKind::sms;
        arrival.recipient = draft.phone;
        arrival.sender = draft.sign;
        arrival.content = draft.content;
        arrival.provider_message_id = biz_id;
        arrival.token = out_id;
        arrival.detail = R"({"template_code":)" + json_quoted(code) + R"(,"template_param":)" +
                         json_quoted(draft.param_json) + R"(,"signature":")" + call.signature +
                         R"("})";
        arrival.raw =
            request.method + " " + request.path + "?" + request.query + "\n\n" + request.body;
        world.arrived(std::move(arrival));
        reports_.add(world, {draft.phone, biz_id, out_id, code, draft.content,
                             world.clock().now_ms(), 0, false});
    }
    return R"({"Message":"OK","RequestId":")" + new_request_id() + R"(","Code":"OK","BizId":")" +
           biz_id + R"("})";
}

std::variant<std::string, Refusal> Actions::query_details(const Parameters& parameters) {
    if (auto refusal =
            missing_one(parameters, {"PhoneNumber", "SendDate", "PageSize", "CurrentPage"})) {
        return *refusal;
    }
    const auto phone = reachable_number(parameters.at("PhoneNumber"));
    if (!phone) return business("isv.MOBILE_NUMBER_ILLEGAL", "非法手机号");
    const auto size = parse_int(parameters.at("PageSize")).value_or(0);
    const auto page = parse_int(parameters.at("CurrentPage")).value_or(0);
    if (size < 1 || size > 50 || page < 1 || page > 1'000'000) {
        return business("isv.INVALID_PARAMETERS",
                        "PageSize must be 1 to 50, CurrentPage 1 or more.");
    }
    const auto found =
        reports_.find({*phone, value_in(parameters, "BizId"), parameters.at("SendDate")});
    std::string list;
    const auto first = static_cast<std::size_t>((page - 1) * size);
    for (std::size_t i = first; i < found.size() && i < first + static_cast<std::size_t>(size);
         ++i) {
        list += (list.empty() ? "" : ",") + detail_json(found[i]);
    }
    return R"({"TotalCount":)" + std::to_string(found.size()) + R"(,"Message":"OK","RequestId":")" +
           new_request_id() + R"(","SmsSendDetailDTOs":{"SmsSendDetailDTO":[)" + list +
           R"(]},"Code":"OK"})";
}

}  // namespace hongyan::universe::aliyun
