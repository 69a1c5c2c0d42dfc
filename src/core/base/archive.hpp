// The four ways to write and read a scorecard: binary and text, out and in; a memory has the binary ones.
//
// Each archive has the same verbs, so that one function describes the layout for all of them:
//   number(name, value, base)   an integer; the binary form stores its distance to base, which is small
//   size(name, n, numbers)      the length of a list that follows, and how many numbers there are at least of each of
//                               its elements; readers refuse what their input cannot hold
#pragma once

#include <bit>
#include <charconv>
#include <cstring>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

#include "core/base/error.hpp"
#include "core/base/units.hpp"

namespace lead_scoring {

__extension__ using UnsignedWide = unsigned __int128;

// Numbers are written seven bits a byte, the lowest first; a byte that another follows has its highest bit set. Up to
// eight of these bytes are taken at once, as a word whose lowest byte is the first.
inline constexpr std::uint64_t kMoreFollows = 0x8080808080808080u;
inline constexpr unsigned kBitsPerWord = 56;

inline std::uint64_t first_lowest(std::uint64_t word) {
    return std::endian::native == std::endian::little ? word : __builtin_bswap64(word);
}

// Spreads the lowest 56 bits of a number over eight bytes.
inline std::uint64_t spread_over_bytes(std::uint64_t bits) {
    bits = (bits & 0x0fffffffu) | (bits & 0xfffffff0000000u) << 4;
    bits = (bits & 0x00003fff00003fffu) | (bits & 0x0fffc0000fffc000u) << 2;
    return (bits & 0x007f007f007f007fu) | (bits & 0x3f803f803f803f80u) << 1;
}

// The reverse; the highest bit of each byte must be 0.
inline std::uint64_t join_bytes(std::uint64_t word) {
    word = (word & 0x007f007f007f007fu) | (word & 0x7f007f007f007f00u) >> 1;
    word = (word & 0x00003fff00003fffu) | (word & 0x3fff00003fff0000u) >> 2;
    return (word & 0x0fffffffu) | (word & 0x0fffffff00000000u) >> 4;
}

// Appends to a string, which has its final size after finish().
class BinaryWriter {
  public:
    static constexpr bool kReads = false;
    explicit BinaryWriter(std::string& to) : to_(to), at_(to.data() + to.size()), end_(at_) {}

    void number(const char*, std::int64_t value, std::int64_t base = 0) {
        std::uint64_t distance = static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(base);
        unsigned_number((distance << 1) ^ (0 - (distance >> 63)));
    }
    void wide(const char*, WideUnits value) {
        auto bits = static_cast<UnsignedWide>(value);
        unsigned_number((bits << 1) ^ (0 - (bits >> 127)));
    }
    void hash(const char*, std::uint64_t value) {
        value = first_lowest(value);
        make_room(sizeof value);
        std::memcpy(at_, &value, sizeof value);
        at_ += sizeof value;
    }
    void size(const char*, std::size_t value, std::size_t = 1) { unsigned_number(static_cast<std::uint64_t>(value)); }
    void natural(std::uint64_t value) { unsigned_number(value); }
    // In eight bytes, whatever it is.
    void fixed(std::int64_t value) { hash("", static_cast<std::uint64_t>(value)); }
    void bytes(std::string_view value) {
        if (value.empty()) return;
        make_room(value.size());
        std::memcpy(at_, value.data(), value.size());
        at_ += value.size();
    }
    void bytes(std::span<const std::byte> value) {
        bytes(std::string_view(reinterpret_cast<const char*>(value.data()), value.size()));
    }

    void finish() { to_.resize(static_cast<std::size_t>(at_ - to_.data())); }

  private:
    template <class Unsigned>
    void unsigned_number(Unsigned value) {
        if (value < 0x80 && at_ != end_)  // most numbers are small
            *at_++ = static_cast<char>(value);
        else
            long_number(value);
    }
    // Of any size.
    template <class Unsigned>
    void long_number(Unsigned value) {
        constexpr std::size_t kLongest = (sizeof(Unsigned) * 8 + 6) / 7;
        static_assert(kLongest >= sizeof(std::uint64_t));
        make_room(kLongest);
        if (value >> kBitsPerWord == 0) {
            auto bits = static_cast<std::uint64_t>(value);
            auto last = static_cast<unsigned>(63 - std::countl_zero(bits | 1)) / 7;
            std::uint64_t more = kMoreFollows & ((std::uint64_t{1} << 8 * last) - 1);
            std::uint64_t word = first_lowest(spread_over_bytes(bits) | more);
            std::memcpy(at_, &word, sizeof word);
            at_ += last + 1;
            return;
        }
        for (; value >= 0x80; value >>= 7) *at_++ = static_cast<char>(static_cast<unsigned char>(value) | 0x80u);
        *at_++ = static_cast<char>(value);
    }
    void make_room(std::size_t bytes) {
        if (static_cast<std::size_t>(end_ - at_) >= bytes) return;
        auto used = static_cast<std::size_t>(at_ - to_.data());
        to_.resize(2 * to_.size() + 512 + bytes);
        at_ = to_.data() + used;
        end_ = to_.data() + to_.size();
    }

    std::string& to_;  // between these two it has room
    char* at_;
    char* end_;
};

// Reads what BinaryWriter wrote, and nothing else: every verb throws where the bytes are no such thing.
class BinaryReader {
  public:
    static constexpr bool kReads = true;
    // `code` is what failures throw: CorruptData of stored bytes, InvalidBinary of received ones.
    // `what` it is that they are about.
    BinaryReader(std::span<const std::byte> from, ErrorCode code, const char* what = "scorecard")
        : at_(reinterpret_cast<const unsigned char*>(from.data())), end_(at_ + from.size()), code_(code), what_(what) {}

    void number(const char*, std::int64_t& value, std::int64_t base = 0) {
        auto zigzag = unsigned_number<std::uint64_t>();
        std::uint64_t distance = (zigzag >> 1) ^ (0 - (zigzag & 1));
        value = static_cast<std::int64_t>(static_cast<std::uint64_t>(base) + distance);
    }
    void wide(const char*, WideUnits& value) {
        auto zigzag = unsigned_number<UnsignedWide>();
        value = static_cast<WideUnits>((zigzag >> 1) ^ (0 - (zigzag & 1)));
    }
    void hash(const char*, std::uint64_t& value) {
        if (left() < sizeof value) fail();
        std::memcpy(&value, at_, sizeof value);
        value = first_lowest(value);
        at_ += sizeof value;
    }
    // Every number takes at least one byte.
    void size(const char*, std::size_t& value, std::size_t numbers) {
        value = unsigned_number<std::uint64_t>();
        if (value > left() || value * numbers > left()) fail();
    }

    // A number that is not negative.
    std::uint64_t natural() { return unsigned_number<std::uint64_t>(); }
    std::int64_t fixed() {
        std::uint64_t value = 0;
        hash("", value);
        return static_cast<std::int64_t>(value);
    }
    // So many bytes as they are, which stay where they are.
    std::string_view bytes(std::size_t count) {
        if (count > left()) fail();
        at_ += count;
        return {reinterpret_cast<const char*>(at_ - count), count};
    }
    // The last bytes, which are read no more after it.
    std::span<const std::byte> take_last(std::size_t count) {
        if (count > left()) fail();
        end_ -= count;
        return {reinterpret_cast<const std::byte*>(end_), count};
    }
    // All that is not read yet.
    std::span<const std::byte> rest() const { return {reinterpret_cast<const std::byte*>(at_), left()}; }
    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
    bool at_end() const { return at_ == end_; }

    void finish() const {
        if (at_ != end_) fail();
    }
    [[noreturn]] void fail() const {
        throw Error(code_, std::string(what_) + " cannot be read", "Its bytes do not follow the storage format.",
                    code_ == ErrorCode::InvalidBinary
                        ? "Send the bytes that a scorecard is sent as."
                        : "Call lead_scoring.repair() of its model, which computes all cards anew.");
    }

  private:
    template <class Unsigned>
    Unsigned unsigned_number() {
        if (at_ != end_ && *at_ < 0x80) return *at_++;  // most numbers are small
        return long_number<Unsigned>();
    }
    // Of more than one byte.
    template <class Unsigned>
    Unsigned long_number() {
        static_assert(sizeof(Unsigned) * 8 > kBitsPerWord);
        std::uint64_t word = 0;
        if (left() >= sizeof word) {
            std::memcpy(&word, at_, sizeof word);
            word = first_lowest(word);
            std::uint64_t ends = ~word & kMoreFollows;
            if (ends != 0) {
                auto last = static_cast<unsigned>(std::countr_zero(ends)) / 8;
                word &= ~std::uint64_t{0} >> 8 * (sizeof word - 1 - last);
                if (word >> 8 * last == 0) fail();  // a number has one form only
                at_ += last + 1;
                return join_bytes(word & ~kMoreFollows);
            }
        }
        Unsigned value = 0;
        for (unsigned shift = 0; shift < sizeof(Unsigned) * 8; shift += 7) {
            if (at_ == end_) fail();
            unsigned char byte = *at_++;
            Unsigned bits = byte & 0x7fu;
            if ((bits << shift) >> shift != bits) fail();
            value |= bits << shift;
            if (byte < 0x80) {
                if (byte == 0 && shift > 0) fail();  // a number has one form only
                return value;
            }
        }
        fail();
    }

    const unsigned char* at_;
    const unsigned char* end_;
    ErrorCode code_;
    const char* what_;
};

// Words and integers with a space between: "clock 763904474000000 fit 2 rule 0 rule 3 ...".
class TextWriter {
  public:
    static constexpr bool kReads = false;

    void number(const char* name, std::int64_t value, std::int64_t = 0) { put(name, value); }
    void wide(const char* name, WideUnits value) { put(name, value); }
    void hash(const char* name, std::uint64_t value) { put(name, value); }
    void size(const char* name, std::size_t value, std::size_t = 1) { put(name, static_cast<std::uint64_t>(value)); }
    std::string take() { return std::move(text_); }

  private:
    template <class Integer>
    void put(const char* name, Integer value) {
        fmt::format_to(std::back_inserter(text_), "{}{} {}", text_.empty() ? "" : " ", name, value);
    }

    std::string text_;
};

// Reads what TextWriter wrote, whatever spaces there are. Throws InvalidText.
class TextReader {
  public:
    static constexpr bool kReads = true;
    explicit TextReader(std::string_view from) : from_(from) {}

    void number(const char* name, std::int64_t& value, std::int64_t = 0) { get(name, value); }
    // As std::from_chars, which knows no 128 bits.
    void wide(const char* name, WideUnits& value) {
        std::string_view word = word_after(name);
        bool negative = !word.empty() && word.front() == '-';
        if (negative) word.remove_prefix(1);
        if (word.empty()) fail();
        value = 0;
        for (char digit : word) {
            WideUnits next = negative ? '0' - digit : digit - '0';
            if (digit < '0' || digit > '9' || __builtin_mul_overflow(value, WideUnits{10}, &value) ||
                __builtin_add_overflow(value, next, &value))
                fail();
        }
    }
    void hash(const char* name, std::uint64_t& value) { get(name, value); }
    // Every number takes at least five characters: a space, a name of two letters, a space, a digit.
    void size(const char* name, std::size_t& value, std::size_t numbers) {
        std::uint64_t n = 0;
        get(name, n);
        if (n > from_.size() / (5 * numbers)) fail();
        value = n;
    }

    void finish() {
        skip_spaces();
        if (!from_.empty()) fail();
    }
    [[noreturn]] void fail() const {
        // Cut before a character, where the text is UTF-8.
        std::size_t length = std::min<std::size_t>(from_.size(), 40);
        while (length > 0 && length < from_.size() && (static_cast<unsigned char>(from_[length]) & 0xc0) == 0x80)
            --length;
        throw Error(ErrorCode::InvalidText, "invalid input syntax for type scorecard",
                    "Cannot read from here: \"" + std::string(from_.substr(0, length)) + "\".",
                    "Use the text that a scorecard prints as: SELECT card FROM model.scores.");
    }

  private:
    void skip_spaces() {
        while (!from_.empty() && from_.front() == ' ') from_.remove_prefix(1);
    }
    // Takes the name and the word that must follow it.
    std::string_view word_after(const char* name) {
        skip_spaces();
        std::size_t length = std::strlen(name);
        if (from_.substr(0, length) != name || from_.size() <= length || from_[length] != ' ') fail();
        from_.remove_prefix(length);
        skip_spaces();
        std::string_view word = from_.substr(0, from_.find(' '));
        if (word.size() > kLongestNumber) fail();
        from_.remove_prefix(word.size());
        return word;
    }
    template <class Integer>
    void get(const char* name, Integer& value) {
        std::string_view word = word_after(name);
        auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (error != std::errc() || end != word.data() + word.size()) fail();
    }

    static constexpr std::size_t kLongestNumber = 40;

    std::string_view from_;
};

}  // namespace lead_scoring
