#include "channel/smpp/status.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace hongyan::smpp {
namespace {

using enum OutcomeClass;

struct Row {
    std::uint32_t code;
    std::string_view name;
    OutcomeClass kind;
};

/// Sorted by code.
constexpr std::array<Row, 48> rows{{
    {0x00, "ESME_ROK", accepted},
    {0x01, "ESME_RINVMSGLEN", message_permanent},
    {0x02, "ESME_RINVCMDLEN", configuration},
    {0x03, "ESME_RINVCMDID", configuration},
    {0x04, "ESME_RINVBNDSTS", transient},  // and the bind is made anew
    {0x05, "ESME_RALYBND", transient},
    {0x06, "ESME_RINVPRTFLG", configuration},
    {0x07, "ESME_RINVREGDLVFLG", configuration},
    {0x08, "ESME_RSYSERR", transient},
    {0x0A, "ESME_RINVSRCADR", configuration},  // message_permanent if the message chose its sender
    {0x0B, "ESME_RINVDSTADR", recipient_permanent},
    {0x0C, "ESME_RINVMSGID", message_permanent},
    {0x0D, "ESME_RBINDFAIL", configuration},
    {0x0E, "ESME_RINVPASWD", configuration},
    {0x0F, "ESME_RINVSYSID", configuration},
    {0x11, "ESME_RCANCELFAIL", message_permanent},
    {0x13, "ESME_RREPLACEFAIL", message_permanent},
    {0x14, "ESME_RMSGQFUL", rate_limited},
    {0x15, "ESME_RINVSERTYP", configuration},
    {0x33, "ESME_RINVNUMDESTS", message_permanent},
    {0x34, "ESME_RINVDLNAME", message_permanent},
    {0x40, "ESME_RINVDESTFLAG", message_permanent},
    {0x42, "ESME_RINVSUBREP", message_permanent},
    {0x43, "ESME_RINVESMCLASS", message_permanent},
    {0x44, "ESME_RCNTSUBDL", message_permanent},
    {0x45, "ESME_RSUBMITFAIL", transient},
    {0x48, "ESME_RINVSRCTON", configuration},
    {0x49, "ESME_RINVSRCNPI", configuration},
    {0x50, "ESME_RINVDSTTON", configuration},
    {0x51, "ESME_RINVDSTNPI", configuration},
    {0x53, "ESME_RINVSYSTYP", configuration},
    {0x54, "ESME_RINVREPFLAG", message_permanent},
    {0x55, "ESME_RINVNUMMSGS", message_permanent},
    {0x58, "ESME_RTHROTTLED", rate_limited},
    {0x61, "ESME_RINVSCHED", message_permanent},
    {0x62, "ESME_RINVEXPIRY", message_permanent},
    {0x63, "ESME_RINVDFTMSGID", message_permanent},
    {0x64, "ESME_RX_T_APPN", transient},
    {0x65, "ESME_RX_P_APPN", recipient_permanent},
    {0x66, "ESME_RX_R_APPN", recipient_permanent},
    {0x67, "ESME_RQUERYFAIL", message_permanent},
    {0xC0, "ESME_RINVOPTPARSTREAM", configuration},
    {0xC1, "ESME_ROPTPARNOTALLWD", configuration},
    {0xC2, "ESME_RINVPARLEN", configuration},
    {0xC3, "ESME_RMISSINGOPTPARAM", configuration},
    {0xC4, "ESME_RINVOPTPARAMVAL", configuration},
    {0xFE, "ESME_RDELIVERYFAILURE", transient},
    {0xFF, "ESME_RUNKNOWNERR", transient},
}};

const Row* find_row(std::uint32_t code) {
    const auto* found =
        std::lower_bound(rows.begin(), rows.end(), code,
                         [](const Row& row, std::uint32_t c) { return row.code < c; });
    return found != rows.end() && found->code == code ? found : nullptr;
}

}  // namespace

OutcomeClass class_of(std::uint32_t status, const StatusMap& vendor) {
    if (const auto own = vendor.find(status); own != vendor.end()) return own->second;
    const Row* row = find_row(status);
    return row != nullptr ? row->kind : transient;
}

std::string status_text(std::uint32_t status) {
    std::array<char, 16> code{};
    std::snprintf(code.data(), code.size(), "0x%08x", status);
    const Row* row = find_row(status);
    return row != nullptr ? std::string(code.data()) + " " + std::string(row->name) : code.data();
}

bool is_bind_refusal(std::uint32_t status) { return class_of(status) == configuration; }

}  // namespace hongyan::smpp
