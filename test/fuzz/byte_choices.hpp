// Choices taken from a fuzzer's input; 0 for ever where it is used up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "unit/choices.hpp"

namespace lead_scoring::test {

class ByteChoices : public Choices {
  public:
    explicit ByteChoices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    std::uint64_t below(std::uint64_t n) override {
        std::uint64_t value = 0;
        for (std::uint64_t most = n - 1; most > 0 && !bytes_.empty(); most >>= 8) {
            value = value << 8 | bytes_.front();
            bytes_ = bytes_.subspan(1);
        }
        return value % n;
    }

  private:
    std::span<const std::uint8_t> bytes_;
};

}  // namespace lead_scoring::test
