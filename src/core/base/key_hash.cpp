#include "core/base/key_hash.hpp"

#include <bit>

namespace lead_scoring {

namespace {

// The lowest byte first, whatever the machine's order is.
std::uint64_t word_of(std::string_view bytes) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return word;
}

struct SipState {
    std::uint64_t v0, v1, v2, v3;

    void round() {
        v0 += v1;
        v2 += v3;
        v1 = std::rotl(v1, 13) ^ v0;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 = std::rotl(v0, 32) + v3;
        v2 += v1;
        v3 = std::rotl(v3, 21) ^ v0;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    void take(std::uint64_t word) {
        v3 ^= word;
        for (int i = 0; i < 2; ++i) round();
        v0 ^= word;
    }
};

}  // namespace

std::uint64_t hash_key(std::string_view utf8) noexcept {
    constexpr std::uint64_t kKey0 = 0x0706050403020100u;
    constexpr std::uint64_t kKey1 = 0x0f0e0d0c0b0a0908u;
    SipState state = {kKey0 ^ 0x736f6d6570736575u, kKey1 ^ 0x646f72616e646f6du, kKey0 ^ 0x6c7967656e657261u,
                      kKey1 ^ 0x7465646279746573u};
    auto length = static_cast<std::uint64_t>(utf8.size()) << 56;
    for (; utf8.size() >= 8; utf8.remove_prefix(8)) state.take(word_of(utf8.substr(0, 8)));
    state.take(word_of(utf8) | length);
    state.v2 ^= 0xff;
    for (int i = 0; i < 4; ++i) state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace lead_scoring
