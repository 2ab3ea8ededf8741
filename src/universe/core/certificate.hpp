// The universe's own certificate: an authority made for this folder alone, whose key is thrown away
// once it has signed one certificate for localhost, 127.0.0.1 and ::1; so that trusting ca.pem
// trusts nothing else. Made at the first start and again when it runs out. Called once, at the
// start.
#pragma once

#include <string>

#include "base/result.hpp"

namespace hongyan::universe {

struct CertificateFiles {
    std::string ca;           ///< ca.pem
    std::string certificate;  ///< cert.pem
    std::string key;          ///< key.pem, 0600
};

/// The files in the folder, made if they are missing, do not belong together, or run out within 30
/// days. Errors: io_failed.
[[nodiscard]] Result<CertificateFiles> ensure_certificate(const std::string& folder);

}  // namespace hongyan::universe
