#include "core/base/key_hash.hpp"

#include <string>

#include <gtest/gtest.h>

namespace lead_scoring::test {
namespace {

// The published vectors: of 0, 1, 2, ... bytes that count from 0.
TEST(KeyHash, IsSipHash) {
    constexpr std::uint64_t kVectors[] = {0x726fdb47dd0e0e31u, 0x74f839c593dc67fdu, 0x0d6c8009d9a94f5au,
                                          0x85676696d7fb7e2du, 0xcf2794e0277187b7u, 0x18765564cd99a68du,
                                          0xcbc9466e58fee3ceu, 0xab0200f58b01d137u, 0x93f5f5799a932462u};
    std::string bytes;
    for (std::uint64_t expected : kVectors) {
        EXPECT_EQ(hash_key(bytes), expected) << bytes.size();
        bytes.push_back(static_cast<char>(bytes.size()));
    }
    while (bytes.size() < 15) bytes.push_back(static_cast<char>(bytes.size()));
    EXPECT_EQ(hash_key(bytes), 0xa129ca6149be45e5u) << "the paper's example";
}

TEST(KeyHash, TellsBytesAndLengthsApart) {
    EXPECT_NE(hash_key("caf\xc3\xa9"), hash_key("caf\xe9"));
    EXPECT_NE(hash_key(std::string(7, '\0')), hash_key(std::string(8, '\0')));
    EXPECT_NE(hash_key(""), hash_key(std::string(1, '\0')));
}

}  // namespace
}  // namespace lead_scoring::test
