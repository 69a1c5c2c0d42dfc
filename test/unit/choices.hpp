// Where random tests take their choices from: a seeded generator, or the bytes a fuzzer brings.
#pragma once

#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace lead_scoring::test {

class Choices {
  public:
    virtual ~Choices() = default;

    // From 0 to n - 1; n > 0.
    virtual std::uint64_t below(std::uint64_t n) = 0;

    std::int64_t between(std::int64_t low, std::int64_t high) {
        return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
    }
    bool one_in(std::uint64_t n) { return below(n) == 0; }

    template <class T>
    T pick(const std::vector<T>& values) {
        return values[below(values.size())];
    }
    template <class T>
    void shuffle(std::vector<T>& values) {
        for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
    }
};

class SeededChoices : public Choices {
  public:
    explicit SeededChoices(std::uint64_t seed) : engine_(seed) {}

    std::uint64_t below(std::uint64_t n) override { return engine_() % n; }

  private:
    std::mt19937_64 engine_;
};

}  // namespace lead_scoring::test
