// Text that parses prints as a card that comes back from text and bytes.
#include "core/base/error.hpp"
#include "expect.hpp"
#include "unit/model.hpp"

namespace lead_scoring::test {
namespace {

void parse_and_print(std::string_view text) {
    Scorecard card;
    try {
        card = parse(text);
    } catch (const Error& error) {
        expect(error.code == ErrorCode::InvalidText, "what cannot be parsed is invalid text");
        expect(!error.detail.empty() && !error.hint.empty(), "the error says where and what to do");
        return;
    }
    std::string printed = print(card);
    expect(parse(printed) == card, "a card comes back from its text");
    expect(print(parse(printed)) == printed, "a card has one text");
    std::string bytes = bytes_of(card);
    Scorecard decoded;
    decode(std::as_bytes(std::span(bytes)), decoded);
    expect(decoded == card, "a card comes back from its bytes");
}

}  // namespace
}  // namespace lead_scoring::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    lead_scoring::test::parse_and_print({reinterpret_cast<const char*>(data), size});
    return 0;
}
