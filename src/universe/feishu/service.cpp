#include "universe/feishu/service.hpp"

#include "universe/feishu/app_service.hpp"
#include "universe/feishu/robot_service.hpp"

namespace hongyan::universe::feishu {

void add_services(ServiceList& list) {
    list.http.push_back(std::make_unique<RobotService>());
    list.http.push_back(std::make_unique<AppService>());
}

}  // namespace hongyan::universe::feishu
