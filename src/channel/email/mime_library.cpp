#include "channel/email/mime_library.hpp"

#include <gmime/gmime.h>

namespace hongyan::email {

void need_mime_library() {
    // The one static of this folder: the library's state is the process's, not a channel's.
    static const bool ready = (g_mime_init(), true);
    (void)ready;
}

}  // namespace hongyan::email
