# What only this channel links.
set(channel_link Boost::json)
