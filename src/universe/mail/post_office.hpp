// PostOffice: what the simulated mail server does with mails: it draws their fates, notes what
// arrived, and sends bounces and complaints to the callback URL. Safe from every thread.
#pragma once

#include <atomic>
#include <map>
#include <string>

#include "base/guarded.hpp"
#include "universe/mail/dialogue.hpp"

namespace hongyan::universe::mail {

class PostOffice final : public Judge {
  public:
    explicit PostOffice(World& world) : world_(world) {}

    Fate fate(const std::string& recipient) override;
    bool passes_greylist(const std::string& sender, const std::string& recipient) override;
    std::string take(TakenMail mail) override;
    std::string stamp() override;

  private:
    void note(const TakenMail& mail, const std::string& recipient, const std::string& queue_id);
    void report(const TakenMail& mail, const std::string& recipient, const std::string& queue_id);

    World& world_;
    Guarded<std::map<std::string, std::size_t>> tries_;  ///< of the greylist
};

}  // namespace hongyan::universe::mail
