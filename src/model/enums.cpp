#include "model/enums.hpp"

namespace hongyan {
namespace {

using enum MessageStatus;

struct Change {
    MessageStatus from;
    MessageStatus to;
};

constexpr Change legal_changes[] = {
    {pending, processing},    {pending, success},
    {pending, retrying},      {pending, failed},
    {pending, expired},       {pending, cancelled},
    {pending, unknown},       {scheduled, pending},
    {scheduled, processing},  {scheduled, success},
    {scheduled, retrying},    {scheduled, failed},
    {scheduled, expired},     {scheduled, cancelled},
    {scheduled, unknown},     {processing, success},
    {processing, retrying},   {processing, failed},
    {processing, expired},    {processing, unknown},
    {processing, processing}, {retrying, processing},
    {retrying, success},      {retrying, retrying},
    {retrying, failed},       {retrying, expired},
    {retrying, cancelled},    {retrying, unknown},
    {success, delivered},     {success, failed},
    {unknown, delivered},     {unknown, success},
    {unknown, failed},        {unknown, pending},
    {unknown, cancelled},     {retrying, delivered},  // its receipt came after all
    {failed, pending},                                // an operator redrives a dead letter
};

}  // namespace

bool may_change(MessageStatus from, MessageStatus to) {
    for (const auto& change : legal_changes) {
        if (change.from == from && change.to == to) return true;
    }
    return false;
}

bool is_final(MessageStatus status) {
    return status == success || status == delivered || status == failed || status == expired ||
           status == cancelled || status == unknown;
}

bool is_counted(MessageStatus status) {
    return status == success || status == delivered || status == failed;
}

}  // namespace hongyan
