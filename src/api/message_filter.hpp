// From the words of a query or of a body to the filter of the tables. Private to messages.cpp and
// dead_letters.cpp.
#pragma once

#include "table/messages.hpp"

namespace hongyan::api {

template <class T>
void fill_filter(table::MessageFilter& filter, const T& query) {
    if (query.channel) filter.channel = from_text<ChannelKind>(channel_names, *query.channel);
    filter.template_id = query.template_id;
    filter.task_id = query.task_id;
    filter.recipient = query.recipient.value_or("");
    filter.error = query.error.value_or("");
    filter.provider = query.provider.value_or("");
    filter.created_after_ms = query.created_after;
    filter.created_before_ms = query.created_before;
}

}  // namespace hongyan::api
