#include "universe/wechat/service.hpp"

#include "universe/wechat/official_service.hpp"
#include "universe/wechat/wecom_robot_service.hpp"
#include "universe/wechat/wecom_service.hpp"

namespace hongyan::universe::wechat {

void add_services(ServiceList& list) {
    list.http.push_back(std::make_unique<OfficialService>());
    list.http.push_back(std::make_unique<WecomService>());
    list.http.push_back(std::make_unique<WecomRobotService>());
}

}  // namespace hongyan::universe::wechat
