#include "channel/mail/smtp_features.hpp"

#include <string>
#include <vector>

#include "base/text.hpp"

namespace hongyan::mail {
namespace {

void read_mechanisms(Features& features, const std::vector<std::string>& words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
        features.auth_plain |= words[i] == "PLAIN";
        features.auth_login |= words[i] == "LOGIN";
        features.auth_cram_md5 |= words[i] == "CRAM-MD5";
        features.auth_xoauth2 |= words[i] == "XOAUTH2";
    }
}

std::string upper(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        // Some old servers write "AUTH=PLAIN"; the equals sign counts as a space.
        if (c == '=') c = ' ';
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return out;
}

void read_line(Features& features, std::string_view line) {
    const std::vector<std::string> words = split(upper(trim(line)), ' ');
    const std::string& name = words.front();
    features.pipelining |= name == "PIPELINING";
    features.chunking |= name == "CHUNKING";
    features.eightbit |= name == "8BITMIME";
    features.smtputf8 |= name == "SMTPUTF8";
    features.starttls |= name == "STARTTLS";
    features.notices |= name == "DSN";
    if (name == "SIZE") {
        features.size = true;
        const auto limit = words.size() > 1 ? parse_int(words[1]) : std::nullopt;
        if (limit && *limit > 0) features.max_size = static_cast<std::uint64_t>(*limit);
    }
    if (name == "AUTH") read_mechanisms(features, words);
}

}  // namespace

Features read_features(std::string_view text) {
    Features features;
    auto start = text.find('\n');
    while (start != text.npos) {
        const auto end = text.find('\n', start + 1);
        const auto count = end == text.npos ? text.npos : end - start - 1;
        read_line(features, text.substr(start + 1, count));
        start = end;
    }
    return features;
}

}  // namespace hongyan::mail
