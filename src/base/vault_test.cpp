#include "base/vault.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace hongyan {
namespace {

class VaultFile : public ::testing::Test {
  protected:
    VaultFile() {
        std::string pattern = ::testing::TempDir() + "vault-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }
    ~VaultFile() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path file() const { return folder_ / "master.key"; }
    std::filesystem::path folder_;
};

TEST_F(VaultFile, is_made_once_and_readable_by_its_owner_only) {
    auto first = Vault::open(file(), "");
    ASSERT_TRUE(first);
    struct stat info {};
    ASSERT_EQ(::stat(file().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    const auto sealed = first->seal("secret", "account:1");
    auto second = Vault::open(file(), "");
    ASSERT_TRUE(second);
    EXPECT_EQ(*second->open_sealed(sealed, "account:1"), "secret");
}

TEST_F(VaultFile, opens_old_secrets_after_a_new_key_and_seals_with_the_new_one) {
    auto old_vault = Vault::open(file(), "");
    const auto sealed = old_vault->seal("secret", "x");
    auto renewed = Vault::add_key(file());
    ASSERT_TRUE(renewed);
    EXPECT_EQ(*renewed->open_sealed(sealed, "x"), "secret");
    EXPECT_FALSE(renewed->is_current(sealed));
    const auto again = renewed->seal("secret", "x");
    EXPECT_TRUE(renewed->is_current(again));
    EXPECT_FALSE(old_vault->open_sealed(again, "x")) << "the old keys do not have the new one";
}

TEST_F(VaultFile, refuses_a_file_without_a_key_of_32_bytes) {
    std::ofstream(file()) << "short\n";
    const auto opened = Vault::open(file(), "");
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, ErrorCode::config_invalid);
    EXPECT_EQ(opened.error().detail.find("short"), std::string::npos);
}

TEST(Vault, never_gives_the_same_bytes_twice_and_hides_the_text) {
    const Vault vault({random_bytes(32)});
    const auto a = vault.seal("password", "account:1");
    const auto b = vault.seal("password", "account:1");
    EXPECT_NE(a, b);
    EXPECT_EQ(a.find("password"), std::string::npos);
}

TEST(Vault, opens_nothing_that_was_moved_to_another_owner_changed_or_cut) {
    const Vault vault({random_bytes(32)});
    const auto sealed = vault.seal("password", "account:1");
    EXPECT_FALSE(vault.open_sealed(sealed, "account:2"));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        EXPECT_FALSE(vault.open_sealed(changed, "account:1")) << i;
        EXPECT_FALSE(vault.open_sealed(sealed.substr(0, i), "account:1")) << i;
    }
}

TEST(Vault, takes_several_keys_from_the_environment) {
    const auto a = random_bytes(32);
    const auto b = random_bytes(32);
    const Vault old_vault({b});
    const auto sealed = old_vault.seal("x", "o");
    auto vault = Vault::open("/nonexistent", to_base64(a) + "," + to_base64(b));
    ASSERT_TRUE(vault);
    EXPECT_EQ(*vault->open_sealed(sealed, "o"), "x");
}

TEST(Vault, a_fingerprint_tells_keys_apart_and_never_changes) {
    const Vault both({std::string(32, 'a'), std::string(32, 'b')});
    const Vault second({std::string(32, 'b')});
    ASSERT_EQ(both.fingerprints().size(), 2U);
    EXPECT_NE(both.fingerprints()[0], both.fingerprints()[1]);
    EXPECT_EQ(both.fingerprints()[1], second.fingerprints()[0]);
    // They stand in databases.
    EXPECT_EQ(both.fingerprints()[0], 2369526474269533369);
}

}  // namespace
}  // namespace hongyan
