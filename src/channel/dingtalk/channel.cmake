# A kind of channel of its own, and what only it links.
set(channel_kinds dingtalk)
set(channel_link Boost::json)
