// A mean of 64-bit terms whose sum is exact, so that it is the same for every order and split of the input.
#pragma once

#include <cstdint>
#include <optional>

namespace lead_scoring {

// Lives as four elements in a bigint[] state. The sum is high * 2^64 + low.
struct ExactMean {
    std::int64_t count;
    std::int64_t high;
    std::int64_t low;       // an unsigned number, kept in a signed element
    std::int64_t infinite;  // terms that are positive infinity, not part of the sum

    void add(std::int64_t term) noexcept { add(1, term); }

    void add_infinity() noexcept {
        ++count;
        ++infinite;
    }

    // Requires both to be sound.
    void add(const ExactMean& other) noexcept {
        add(other.count, other.sum());
        infinite += other.infinite;
    }

    // Whether up to 2^62 terms can have led here. Adding to a mean that is sound does not overflow.
    bool sound() const noexcept;

    // The mean in units of `unit`; nothing where there is no term.
    std::optional<double> mean(double unit) const noexcept;

  private:
    void add(std::int64_t terms, __int128 amount) noexcept {
        set_sum(sum() + amount);
        count += terms;
    }

    __int128 sum() const noexcept {
        return static_cast<__int128>(static_cast<unsigned __int128>(static_cast<std::uint64_t>(high)) << 64 |
                                     static_cast<std::uint64_t>(low));
    }

    void set_sum(__int128 sum) noexcept {
        high = static_cast<std::int64_t>(sum >> 64);
        low = static_cast<std::int64_t>(static_cast<std::uint64_t>(sum));
    }
};

static_assert(sizeof(ExactMean) == 4 * sizeof(std::int64_t));

}  // namespace lead_scoring
