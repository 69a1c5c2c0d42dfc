#include "core/base/json.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

#include "core/base/error.hpp"
#include "unit/stop_signal.hpp"

namespace lead_scoring::test {
namespace {

void refuse(const std::string& detail) { throw std::invalid_argument(detail); }

JsonValue read(std::string_view text) { return parse_json(text, refuse); }

TEST(Json, KeepsNumbersAsTheyAreWritten) {
    JsonValue list =
        read("[1, -2, 0.30, 12345678901234567890123, 0.1000000000000000055511151231257827021181583404541]");
    ASSERT_EQ(list.items.size(), 5u);
    EXPECT_EQ(list.items[0].text, "1");
    EXPECT_EQ(list.items[1].text, "-2");
    EXPECT_EQ(list.items[2].text, "0.30");
    EXPECT_EQ(list.items[3].text, "12345678901234567890123");
    EXPECT_EQ(list.items[4].text, "0.1000000000000000055511151231257827021181583404541");
}

TEST(Json, FindsFieldsByName) {
    JsonValue object = read(R"({"a": null, "b": true, "c": "x\"\n", "d": {"e": [false]}, "a": 2})");
    ASSERT_NE(object.find("a"), nullptr);
    EXPECT_EQ(object.find("a")->text, "2");
    EXPECT_EQ(object.find("b")->kind, JsonValue::Kind::Boolean);
    EXPECT_TRUE(object.find("b")->truth);
    EXPECT_EQ(object.find("c")->text, "x\"\n");
    EXPECT_FALSE(object.find("d")->find("e")->items[0].truth);
    EXPECT_EQ(object.find("A"), nullptr);
    EXPECT_EQ(object.find(""), nullptr);
}

TEST(Json, PassesOnBytesOfAnyEncoding) {
    std::string bytes;
    for (int byte = 0x20; byte < 0x100; ++byte)
        if (byte != '"' && byte != '\\') bytes += static_cast<char>(byte);
    EXPECT_EQ(read("\"" + bytes + "\"").text, bytes);
    EXPECT_EQ(read("{\"" + bytes + "\": 1}").names[0], bytes);
    EXPECT_EQ(read(R"("\u0001\u007f")").text, "\x01\x7f");
    EXPECT_THROW(read(R"("\u20ac")"), std::invalid_argument);
    EXPECT_THROW(read(R"({"\ud83d\ude00": 1})"), std::invalid_argument);
}

TEST(Json, RefusesWhatItIsNot) {
    for (const char* text :
         {"", " ", "{", "[1,]", "{\"a\"}", "nul", "1 2", "'a'", "\"\n\"", "[1e400]", "NaN", "{1: 2}"})
        EXPECT_THROW(read(text), std::invalid_argument) << text;
}

TEST(Json, HasABoundedDepth) {
    auto nested = [](int levels) {
        std::string text;
        for (int i = 0; i < levels; ++i) text += i % 2 == 0 ? "[" : "{\"a\":";
        text += "1";
        for (int i = levels - 1; i >= 0; --i) text += i % 2 == 0 ? "]" : "}";
        return text;
    };
    EXPECT_NO_THROW(read(nested(64)));
    EXPECT_THROW(read(nested(65)), std::invalid_argument);
    EXPECT_THROW(read(nested(100'000)), std::invalid_argument);
}

TEST(Json, HearsThatItIsToStop) {
    std::string list = "[1";
    for (int i = 0; i < 1000; ++i) list += ",1";
    Looks looks(500);
    try {
        read(list + "]");
        ADD_FAILURE() << "not stopped";
    } catch (const Error& error) {
        EXPECT_EQ(error.code, ErrorCode::Stopped);
    }
}

}  // namespace
}  // namespace lead_scoring::test
