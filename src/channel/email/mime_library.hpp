// GMime wants to be initialised once, before its first use, and never again after a shutdown.
#pragma once

namespace hongyan::email {

/// Initialises GMime at the first call, from whatever thread; it then stays for good.
void need_mime_library();

}  // namespace hongyan::email
