// What reading a card takes grows with what there is to read, whatever its lists say they are.
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "core/base/archive.hpp"
#include "core/card/definition.hpp"
#include "core/card/scorecard.hpp"

namespace {

std::size_t in_use = 0;
std::size_t most_in_use = 0;

}  // namespace

// Each allocation is preceded by its size.
void* operator new(std::size_t size) {
    auto* block = static_cast<std::size_t*>(std::malloc(size + 16));
    if (block == nullptr) throw std::bad_alloc();
    *block = size;
    in_use += size;
    if (in_use > most_in_use) most_in_use = in_use;
    return block + 2;
}
void operator delete(void* pointer) noexcept {
    if (pointer == nullptr) return;
    std::size_t* block = static_cast<std::size_t*>(pointer) - 2;
    in_use -= *block;
    std::free(block);
}
void operator delete(void* pointer, std::size_t) noexcept { operator delete(pointer); }

namespace lead_scoring::test {
namespace {

constexpr std::size_t kInput = 10'000'000;

// How much `work`, which must throw, had at the most.
template <class Work>
std::size_t memory_of(Work work) {
    most_in_use = in_use;
    std::size_t before = in_use;
    EXPECT_THROW(work(), Error);
    return most_in_use - before;
}

TEST(CardMemory, OfTextIsBounded) {
    for (std::string claim : {"clock 0 sections 1 fit ", "clock 0 sections 2 adjustments ", "clock 0 sections 4 rules ",
                              "clock 0 sections 4 rules 1 rule 0 closed 0 parts 4 occurrences ",
                              "clock 0 sections 4 rules 1 rule 0 closed 0 parts 8 bucket 0 keyed 0 members ",
                              "clock 0 sections 8 pending_more 0 pending "})
        for (std::size_t size : {std::size_t{65536}, kInput / 30, kInput / 20, kInput / 10, kInput / 5, kInput}) {
            std::string text = claim + std::to_string(size);
            text.resize(kInput, ' ');
            EXPECT_LT(memory_of([&] { (void)parse(text); }), 3 * kInput) << claim << size;
        }
}

TEST(CardMemory, OfBytesIsBounded) {
    for (int list = 0; list < 6; ++list)
        for (std::size_t size : {std::size_t{65536}, kInput / 10, kInput / 3, kInput / 2, kInput}) {
            std::string bytes = "\1";
            BinaryWriter writer(bytes);
            writer.number("clock", 0);
            constexpr std::int64_t kSections[] = {1, 2, 4, 4, 4, 8};
            writer.number("sections", kSections[list]);
            if (list == 3 || list == 4) {
                writer.size("rules", 1);
                writer.number("rule", 0);
                writer.number("closed", 0);
                writer.number("parts", list == 3 ? 4 : 8);
                if (list == 4) writer.number("bucket", 0);
                if (list == 4) writer.number("keyed", 0);
            }
            if (list == 5) writer.number("pending_more", 0);
            writer.size("list", size);
            writer.finish();
            bytes.resize(kInput, '\0');
            Scorecard card;
            EXPECT_LT(memory_of([&] { decode(std::as_bytes(std::span(bytes)), card); }), 13 * kInput)
                << list << " " << size;
        }
}

TEST(CardMemory, OfRulesIsThatOfAVersionAtTheMost) {
    std::string text = "clock 0 sections 4 rules 400000";
    for (int i = 0; i < 400000; ++i) text += " rule " + std::to_string(i) + " closed 0 parts 0";
    EXPECT_LT(memory_of([&] { (void)parse(text); }), std::size_t{100000});
    text.replace(text.find("400000"), 6, std::to_string(Definition::kMaxRules));
    EXPECT_LT(memory_of([&] { (void)parse(text); }), 2 * text.size());
}

}  // namespace
}  // namespace lead_scoring::test
