# A kind of channel of its own, and what only it links.
set(channel_kinds slack)
set(channel_link Boost::json)
