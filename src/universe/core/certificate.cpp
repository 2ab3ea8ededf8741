#include "universe/core/certificate.hpp"

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "base/crypto.hpp"

namespace hongyan::universe {
namespace {

template <auto Free>
struct Freed {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Memory = std::unique_ptr<BIO, Freed<BIO_free_all>>;

constexpr long valid_seconds = 825L * 86'400;  // what the strictest clients accept
constexpr long spare_seconds = 30L * 86'400;

bool add_extension(X509* certificate, X509* issuer, int id, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, id, value));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

/// The parts that authority and leaf have in common; not signed yet.
Certificate blank(EVP_PKEY* key, const std::string& name) {
    Certificate made(X509_new());
    const std::string serial = random_bytes(16);
    std::unique_ptr<BIGNUM, Freed<BN_free>> number(
        BN_bin2bn(reinterpret_cast<const unsigned char*>(serial.data()), 15, nullptr));
    if (!made || !number) return nullptr;
    X509_NAME* subject = X509_get_subject_name(made.get());
    const auto* text = reinterpret_cast<const unsigned char*>(name.data());
    const bool good =
        X509_set_version(made.get(), 2) == 1 &&
        BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(made.get())) != nullptr &&
        X509_gmtime_adj(X509_getm_notBefore(made.get()), -86'400) != nullptr &&
        X509_gmtime_adj(X509_getm_notAfter(made.get()), valid_seconds) != nullptr &&
        X509_set_pubkey(made.get(), key) == 1 &&
        X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, text,
                                   static_cast<int>(name.size()), -1, 0) == 1;
    return good ? std::move(made) : nullptr;
}

Certificate make_authority(EVP_PKEY* key) {
    Certificate made = blank(key, "Hongyan provider universe " + std::to_string(::getpid()));
    if (!made) return nullptr;
    X509* self = made.get();
    const bool good =
        X509_set_issuer_name(self, X509_get_subject_name(self)) == 1 &&
        add_extension(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
        add_extension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign") &&
        add_extension(self, self, NID_subject_key_identifier, "hash") &&
        X509_sign(self, key, EVP_sha256()) > 0;
    return good ? std::move(made) : nullptr;
}

Certificate make_leaf(EVP_PKEY* key, X509* authority, EVP_PKEY* authority_key) {
    Certificate made = blank(key, "localhost");
    if (!made) return nullptr;
    X509* leaf = made.get();
    const bool good = X509_set_issuer_name(leaf, X509_get_subject_name(authority)) == 1 &&
                      add_extension(leaf, authority, NID_basic_constraints, "critical,CA:FALSE") &&
                      add_extension(leaf, authority, NID_key_usage, "critical,digitalSignature") &&
                      add_extension(leaf, authority, NID_ext_key_usage, "serverAuth") &&
                      add_extension(leaf, authority, NID_subject_key_identifier, "hash") &&
                      add_extension(leaf, authority, NID_authority_key_identifier, "keyid") &&
                      add_extension(leaf, authority, NID_subject_alt_name,
                                    "DNS:localhost,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1") &&
                      X509_sign(leaf, authority_key, EVP_sha256()) > 0;
    return good ? std::move(made) : nullptr;
}

std::string text_of(BIO* memory) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory, &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
    const Memory memory(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(memory.get(), certificate) != 1) return "";
    return text_of(memory.get());
}

std::string pem_of(EVP_PKEY* key) {
    const Memory memory(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_PKCS8PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr) !=
        1)
        return "";
    return text_of(memory.get());
}

/// Written beside and moved into place, so that a crash leaves no half of a file.
Status write_file(const std::string& path, const std::string& text, mode_t mode) {
    const std::string fresh = path + ".new";
    ::unlink(fresh.c_str());
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    const bool written =
        fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (fd >= 0) ::close(fd);
    if (!written || ::rename(fresh.c_str(), path.c_str()) != 0)
        return make_error(ErrorCode::io_failed,
                          path + " cannot be written: " + std::strerror(errno) + ".");
    return Done{};
}

Certificate read_certificate(const std::string& path) {
    const Memory memory(BIO_new_file(path.c_str(), "r"));
    return Certificate(memory ? PEM_read_bio_X509(memory.get(), nullptr, nullptr, nullptr)
                              : nullptr);
}

bool is_good(const CertificateFiles& files) {
    const Certificate authority = read_certificate(files.ca);
    const Certificate leaf = read_certificate(files.certificate);
    const Memory memory(BIO_new_file(files.key.c_str(), "r"));
    const Key key(memory ? PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, nullptr)
                         : nullptr);
    if (!authority || !leaf || !key) return false;
    const Key authority_key(X509_get_pubkey(authority.get()));
    std::time_t later = std::time(nullptr) + spare_seconds;
    return X509_check_private_key(leaf.get(), key.get()) == 1 && authority_key &&
           X509_verify(leaf.get(), authority_key.get()) == 1 &&
           X509_cmp_time(X509_get0_notAfter(leaf.get()), &later) > 0 &&
           X509_check_ip_asc(leaf.get(), "127.0.0.1", 0) == 1;
}

Status make_files(const CertificateFiles& files) {
    const Key authority_key(EVP_EC_gen("P-256"));
    const Key key(EVP_EC_gen("P-256"));
    const auto failed = make_error(ErrorCode::io_failed, "OpenSSL could not make a certificate.");
    if (!authority_key || !key) return failed;
    const Certificate authority = make_authority(authority_key.get());
    const Certificate leaf =
        authority ? make_leaf(key.get(), authority.get(), authority_key.get()) : nullptr;
    if (!leaf) return failed;
    if (auto written = write_file(files.key, pem_of(key.get()), 0600); !written) return written;
    if (auto written = write_file(files.certificate, pem_of(leaf.get()), 0644); !written)
        return written;
    return write_file(files.ca, pem_of(authority.get()), 0644);
}

}  // namespace

Result<CertificateFiles> ensure_certificate(const std::string& folder) {
    const std::filesystem::path path(folder);
    CertificateFiles files{path / "ca.pem", path / "cert.pem", path / "key.pem"};
    if (!is_good(files)) {
        if (auto made = make_files(files); !made) return made.error();
    }
    return files;
}

}  // namespace hongyan::universe
